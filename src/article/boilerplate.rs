//! Lines that stand in an article and are no part of its news.
//!
//! To teach a new phrase, add it to its table: spelling, digits and punctuation do not matter
//! (see [`words`](super::phrases::words)).

use std::sync::LazyLock;

use super::Boilerplate;
use super::phrases::{Phrases, ends_sentence, is_count, is_headline, separators, split_label};

static ADVERTISEMENT: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        বিজ্ঞাপন, বিজ্ঞাপন বার্তা, বিজ্ঞাপন বিরতি, বিজ্ঞাপনের পর আরও পড়ুন,
        খবরের বাকি অংশ বিজ্ঞাপনের পর, স্পনসরড, স্পন্সরড, স্পনসর্ড, পেইড কনটেন্ট, Advertisement,
        Advertisements, Advertorial, Sponsored, Sponsored content, Ad",
    )
});

/// What introduces headlines of other articles, on the same line or the next ones.
static RELATED: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        আরও পড়ুন, আরো পড়ুন, আরও পড়তে পারেন, আরো পড়তে পারেন, আরও পড়ুন এখানে, আরও দেখুন, আরো দেখুন,
        আরও খবর, আরো খবর, আরও সংবাদ, পড়তে পারেন, এটিও পড়ুন, এই সংবাদও পড়ুন, এ সম্পর্কিত খবর,
        এ সম্পর্কিত আরও খবর, এ সম্পর্কিত আরো খবর, এই সম্পর্কিত আরও খবর, এ সংক্রান্ত আরও খবর,
        এ সংক্রান্ত আরো খবর, এ বিষয়ে আরও পড়ুন, এ বিভাগের আরও খবর, এ বিভাগের আরো খবর,
        এই সংক্রান্ত আরও খবর, এই সংক্রান্ত আরো খবর, এ সংক্রান্ত খবর, এই সংক্রান্ত খবর,
        এই সম্পর্কিত খবর, এই সম্পর্কিত আরো খবর, এই বিভাগের আরও খবর, এই বিভাগের আরো খবর, সম্পর্কিত খবর, সম্পর্কিত সংবাদ, সংশ্লিষ্ট খবর,
        সংশ্লিষ্ট সংবাদ, সর্বশেষ খবর, বিস্তারিত পড়ুন, Read more, Also read, Read also, See also,
        More news, Related, Related news, Related articles, Related stories",
    )
});

/// Last words of labels that ask the reader to read.
static ASKS: LazyLock<Phrases> = LazyLock::new(|| Phrases::new("পড়ুন, দেখুন, more, read"));

static COMMENTS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        মন্তব্য, মন্তব্যসমূহ, মন্তব্য করুন, মন্তব্য লিখুন, মন্তব্য দেখুন, মন্তব্য নেই, কোনো মন্তব্য নেই,
        আপনার মন্তব্য, আপনার মন্তব্য লিখুন, আপনার মতামত লিখুন, মতামত দিন, মতামত জানান,
        মন্তব্য করতে লগইন করুন, মন্তব্য করতে লগ ইন করুন, পাঠকের মন্তব্য, Comment, Comments,
        No comments, Leave a comment, Leave a reply, Post a comment",
    )
});

static SHARE: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        শেয়ার, শেয়ার করুন, শেয়ার করে ছড়িয়ে দিন, সংবাদটি শেয়ার করুন, খবরটি শেয়ার করুন,
        এই খবর শেয়ার করুন, অনুসরণ করুন, ফলো করুন, লাইক দিন, সাবস্ক্রাইব করুন, ফেসবুক, ফেইসবুক, টুইটার,
        এক্স, ইনস্টাগ্রাম, ইউটিউব, লিংকডইন, হোয়াটসঅ্যাপ, মেসেঞ্জার, টেলিগ্রাম, পিন্টারেস্ট, ইমেইল,
        ই-মেইল, প্রিন্ট, প্রিন্ট করুন, কপি লিংক, কপি লিঙ্ক, লিংক কপি করুন, লিঙ্ক কপি করুন, গুগল নিউজ,
        গুগল নিউজে ফলো করুন, অ- অ+, Share, Share this, Share this article, Shares, Tweet,
        Facebook, Twitter, X, Instagram, YouTube, LinkedIn, WhatsApp, Messenger, Telegram,
        Pinterest, Email, Print, Copy link, Google News, Follow us, Follow us on, Subscribe",
    )
});

/// A short line that names one of these and ends in one of [`FOLLOW`] asks the reader to follow.
static CHANNEL: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        গুগল নিউজ, গুগল নিউজে, ফেসবুক পেজ, ফেসবুক পেজে, ফেসবুক পেজটি, ইউটিউব চ্যানেল,
        ইউটিউব চ্যানেলটি, ইউটিউব চ্যানেলে, টেলিগ্রাম চ্যানেল, টেলিগ্রাম চ্যানেলে, হোয়াটসঅ্যাপ চ্যানেল,
        হোয়াটসঅ্যাপ চ্যানেলে, Google News",
    )
});
static FOLLOW: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        ফলো করুন, ফিড ফলো করুন, অনুসরণ করুন, সাবস্ক্রাইব করুন, সঙ্গে থাকুন, সাথেই থাকুন, যুক্ত থাকুন,
        যুক্ত হোন, লাইক দিন, চোখ রাখুন, Follow",
    )
});

/// Credits that are a whole line.
static PHOTO: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        ফাইল ছবি, ফাইল ফটো, ছবি ফাইল, ছবি সংগৃহীত, সংগৃহীত ছবি, সংগৃহীত, প্রতীকী ছবি, ছবি প্রতীকী,
        প্রতিনিধিত্বমূলক ছবি, ছবি প্রতিবেদক, ছবি লেখক, ছবি রয়টার্স, ছবি এএফপি, ছবি এপি, ছবি বাসস,
        ছবি পিটিআই, ছবি ভিডিও থেকে নেওয়া, ভিডিও থেকে নেওয়া, ভিডিও থেকে নেওয়া ছবি,
        ফেসবুক থেকে নেওয়া, File photo, Photo collected, Representational image",
    )
});
/// Labels of credits: the photographer or agency follows.
static PHOTO_LABEL: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        ছবি, ফটো, ফোটো, আলোকচিত্র, আলোকচিত্রী, ছবি সৌজন্যে, ছবি সৌজন্য, ছবির সৌজন্যে, ছবির উৎস,
        ছবির সূত্র, ছবি কৃতজ্ঞতা, ইলাস্ট্রেশন, অলংকরণ, গ্রাফিক্স, Photo, Photo credit, Photo courtesy,
        Image, Image source, Picture",
    )
});

static SOURCE_LABEL: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        সূত্র, সুত্র, তথ্যসূত্র, তথ্য সূত্র, খবরের সূত্র, সংবাদ সূত্র, উৎস, লিংক, লিঙ্ক, মূল খবর, মূল প্রতিবেদন,
        Source, Sources, Link",
    )
});

/// What a line of these tables is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The line is set apart.
    Line(Boilerplate),
    /// The line is a label, and headlines of other articles may follow on the next lines.
    RelatedLabel,
    /// The line names a picture in so many words that they are its caption.
    Caption,
}

/// Longest credit, in words: what is longer after "ছবি:" describes the picture.
const CREDIT_WORDS: usize = 6;

/// What a line is, given also as its words; `None` for all that may be news.
pub(super) fn line(line: &str, words: &[String]) -> Option<Found> {
    let set_apart = if ADVERTISEMENT.cover(words, is_count) {
        Boilerplate::Advertisement
    } else if COMMENTS.cover(words, is_count) {
        Boilerplate::Comments
    } else if SHARE.cover(words, is_count) || asks_to_follow(words) {
        Boilerplate::Share
    } else if RELATED.contains(words) {
        return Some(Found::RelatedLabel);
    } else if is_related(line, words) {
        Boilerplate::Related
    } else if PHOTO.cover(words, |_| false) {
        Boilerplate::PhotoCredit
    } else {
        let label = label(line)?;
        let rest = words.len() - label.words;
        if label.table == Table::Photo && rest > CREDIT_WORDS {
            return (label.rest_is_phrase && super::credits::is_short(line))
                .then_some(Found::Caption);
        }
        match label.table {
            Table::Photo if label.rest_is_phrase => Boilerplate::PhotoCredit,
            Table::Source if rest <= 12 && label.rest_is_phrase || is_url(label.rest) => {
                Boilerplate::Source
            }
            _ => return None,
        }
    };
    Some(Found::Line(set_apart))
}

/// Where the label of related news ends in a line that goes on with text of the article.
pub(super) fn related_label(line: &str) -> Option<usize> {
    separators(line)
        .find(|&(at, _)| RELATED.contains(&super::phrases::words(&line[..at])))
        .map(|(at, c)| at + c.len_utf8())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Photo,
    Source,
}

/// A line that begins with a label.
struct Label<'a> {
    table: Table,
    /// Number of words of the label.
    words: usize,
    /// What follows it.
    rest: &'a str,
    /// Whether that is one phrase: no sentence ends in it but at its own end.
    rest_is_phrase: bool,
}

fn label(line: &str) -> Option<Label<'_>> {
    let comma = || line.split_once(',').filter(|(head, _)| head.len() < 60);
    [split_label(line), comma()]
        .into_iter()
        .flatten()
        .find_map(|(head, rest)| {
            let words = super::phrases::words(head);
            let table = if PHOTO_LABEL.contains(&words) {
                Table::Photo
            } else if SOURCE_LABEL.contains(&words) && !line[head.len()..].starts_with(',') {
                Table::Source
            } else {
                return None;
            };
            let rest = rest.trim();
            let rest_is_phrase =
                !rest.is_empty() && !rest.trim_end_matches(['।', '.']).contains(['।', '॥']);
            Some(Label {
                table,
                words: words.len(),
                rest,
                rest_is_phrase,
            })
        })
}

/// "আরও পড়ুন: HEADLINE", the colon also missing.
fn is_related(line: &str, words: &[String]) -> bool {
    let n = RELATED.prefix(words);
    let after_label = split_label(line).is_some_and(|(head, rest)| {
        RELATED.contains(&super::phrases::words(head)) && is_headline(rest)
    });
    // Without a mark after it only a label that asks to read is told from the words of a headline.
    let asks = n > 1 && ASKS.contains(&words[n - 1..n]);
    after_label || asks && n < words.len() && is_headline(line) && !ends_sentence(line)
}

fn asks_to_follow(words: &[String]) -> bool {
    const LONGEST: usize = 16;
    words.len() <= LONGEST
        && FOLLOW.suffix(words) > 0
        && (0..words.len()).any(|i| CHANNEL.prefix(&words[i..]) > 0)
}

fn is_url(text: &str) -> bool {
    !text.contains(char::is_whitespace) && (text.contains("://") || text.starts_with("www."))
}

#[cfg(test)]
mod tests {
    use super::super::phrases::words;
    use super::*;
    use Boilerplate::*;

    fn found(text: &str) -> Option<Found> {
        line(text, &words(text))
    }

    /// Every line, in both encodings of ড় ঢ় য়, is of the kind.
    fn all(kind: Boilerplate, lines: &[&str]) {
        use unicode_normalization::UnicodeNormalization;
        for line in lines {
            let nfc: String = line.nfc().collect();
            let composed = nfc
                .replace("ড\u{9bc}", "\u{9dc}")
                .replace("ঢ\u{9bc}", "\u{9dd}")
                .replace("য\u{9bc}", "\u{9df}");
            for line in [line, nfc.as_str(), composed.as_str()] {
                assert_eq!(found(line), Some(Found::Line(kind)), "{line}");
            }
        }
    }

    #[test]
    fn advertisements() {
        all(
            Advertisement,
            &[
                "[বিজ্ঞাপন]",
                "[বিজ্ঞাপন_২]",
                "[বিজ্ঞাপন_2]",
                "বিজ্ঞাপন",
                "(বিজ্ঞাপন ৩)",
                "【বিজ্ঞাপন】",
                "— বিজ্ঞাপন —",
                "*** বিজ্ঞাপন ***",
                "Advertisement",
                "ADVERTISEMENT",
                "{বিজ্ঞাপন-১}",
                "<বিজ্ঞাপন>",
                "Sponsored",
                "স্পনসরড",
            ],
        );
    }

    #[test]
    fn related_news() {
        all(
            Related,
            &[
                "আরও পড়ুন: তিস্তার পানি বিপৎসীমার ওপরে",
                "আরো পড়ুনঃ দাম বাড়ছে কেন?",
                "আরও পড়ুন — ‘আমরা ফিরব’, বললেন অধিনায়ক",
                "[আরও পড়ুন: তিস্তার পানি বিপৎসীমার ওপরে]",
                "► আরও পড়ুন | সংসদে বিল পাস",
                "আরও পড়ুন সংসদে বিল পাস",
                "Read more: Floods in the north",
                "এ সম্পর্কিত আরও খবর: বন্যায় ফসলের ক্ষতি",
            ],
        );
        for label in [
            "আরও পড়ুন",
            "আরো পড়ুন:",
            "**আরও পড়ুন**",
            "এ সম্পর্কিত আরও খবর",
            "আরও পড়ুন »",
            "Related news",
            "[আরও পড়ুন]",
        ] {
            assert_eq!(found(label), Some(Found::RelatedLabel), "{label}");
        }
    }

    #[test]
    fn comments() {
        all(
            Comments,
            &[
                "মন্তব্য (0)",
                "মন্তব্য (০)",
                "মন্তব্য করুন",
                "০ মন্তব্য",
                "১২টি মন্তব্য",
                "মন্তব্য: ৫",
                "মন্তব্য [৩]",
                "Comments (4)",
                "3 comments",
                "আপনার মন্তব্য লিখুন",
            ],
        );
    }

    #[test]
    fn share_buttons() {
        all(
            Share,
            &[
                "শেয়ার করুন",
                "শেয়ার করুন:",
                "ফেসবুক",
                "ফেসবুক | টুইটার | হোয়াটসঅ্যাপ",
                "Share",
                "Print",
                "প্রিন্ট",
                "কপি লিংক",
                "গুগল নিউজে ফলো করুন",
                "১৫ শেয়ার",
                "Facebook Twitter WhatsApp Copy link",
                "ই-মেইল",
                "সর্বশেষ খবর পেতে আমাদের গুগল নিউজ ফিড ফলো করুন",
                "আমাদের ইউটিউব চ্যানেলটি সাবস্ক্রাইব করুন।",
            ],
        );
    }

    #[test]
    fn photo_credits() {
        all(
            PhotoCredit,
            &[
                "ছবি: সংগৃহীত",
                "ছবিঃ সংগৃহীত",
                "ছবি : রয়টার্স",
                "ছবি- প্রতিবেদক",
                "ফাইল ছবি",
                "(ফাইল ছবি)",
                "[ছবি: এএফপি]",
                "ছবি: আশরাফুল আলম",
                "প্রতীকী ছবি",
                "ছবির উৎস, রয়টার্স",
                "Photo: Reuters",
                "ছবি সৌজন্যে: বিসিবি",
                "ছবি সংগৃহীত",
                "ছবি: ভিডিও থেকে নেওয়া",
                "ছবি: সংগৃহীত।",
            ],
        );
        assert_eq!(
            found("ছবি: বন্যায় ডুবে যাওয়া গ্রামের মানুষ ত্রাণের জন্য অপেক্ষা করছেন"),
            Some(Found::Caption)
        );
    }

    #[test]
    fn sources() {
        all(
            Source,
            &[
                "সূত্র: https://example.org/news/1",
                "সূত্র: বিবিসি",
                "সূত্রঃ রয়টার্স, এএফপি",
                "তথ্যসূত্র: বাংলাদেশ পরিসংখ্যান ব্যুরো",
                "সূত্র— বাসস",
                "Source: BBC",
                "লিংক: www.example.org",
                "সূত্র: আল–জাজিরা।",
            ],
        );
    }

    #[test]
    fn sentences_that_only_mention_such_things_are_news() {
        for news in [
            "পত্রিকায় বিজ্ঞাপন দিয়ে নিয়োগ দেওয়া হবে।",
            "বিজ্ঞাপন বাবদ ব্যয় হয়েছে ৩ কোটি টাকা।",
            "বিজ্ঞাপন বন্ধ করল প্রতিষ্ঠানটি",
            "ছবিতে দেখা যায়, নদীর পাড় ভেঙে গেছে।",
            "ছবি তুলতে গিয়ে নদীতে পড়ে যান তিনি।",
            "ছবি: এই শব্দটির অর্থ বদলেছে। এখন একে ভিডিও বলা হয়।",
            "আরও পড়ুন, আরও জানুন—এই স্লোগানে বইমেলা শুরু হয়েছে।",
            "আরও পড়ুন এই স্লোগানে মেলা শুরু হয়েছে।",
            "সূত্র জানায়, মামলার তদন্ত শেষ হয়েছে।",
            "সূত্র: এই শব্দটি নিয়ে বিতর্ক আছে। আদালত পরে রায় দেবেন।",
            "মন্তব্য করতে রাজি হননি মন্ত্রী।",
            "মন্তব্য নিয়ে বিতর্ক",
            "শেয়ার বাজারে ধস",
            "ফেসবুক বন্ধের দাবি",
            "ফেসবুকে ছবি শেয়ার করেন তিনি।",
            "২০২৪",
            "আরও ১০ জন নিহত",
            "আরও খবর আসছে উপকূল থেকে",
            "পড়তে পারেন শিশুরাও",
        ] {
            assert_eq!(found(news), None, "{news}");
        }
    }

    #[test]
    fn a_label_before_a_sentence_is_found_alone() {
        let line = "আরও পড়ুন: সরকার বলেছে, কাজ চলছে।";
        assert_eq!(found(line), None);
        assert_eq!(&line[..related_label(line).unwrap()], "আরও পড়ুন:");
    }
}
