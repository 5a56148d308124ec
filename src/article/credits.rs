//! Lines that say where, when and by whom an article was written, and what a picture shows.
//!
//! To teach a new phrase, add it to its table: spelling, digits and punctuation do not matter
//! (see [`words`]).

use std::sync::LazyLock;

use super::Role;
use super::phrases::{Phrases, ends_sentence, is_count, separators, split_label, words};

/// Labels of a date.
static DATE_LABEL: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        প্রকাশ, প্রকাশিত, প্রকাশকাল, প্রকাশের সময়, প্রকাশের তারিখ, আপডেট, আপডেটেড, শেষ আপডেট,
        সর্বশেষ আপডেট, আপডেট সময়, হালনাগাদ, সর্বশেষ হালনাগাদ, তারিখ, প্রিন্ট সংস্করণ, অনলাইন সংস্করণ,
        Published, Published at, Updated, Last updated, Update",
    )
});

/// Words of which a date and a time of day are made, besides numbers.
static DATE_WORD: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        সকাল, দুপুর, বিকেল, বিকাল, সন্ধ্যা, রাত, ভোর, এএম, পিএম, am, pm, এ এম, পি এম, সাল, খ্রি,
        খ্রিস্টাব্দ, খ্রিষ্টাব্দ, বঙ্গাব্দ, বাংলা, হিজরি, মিনিট, ঘণ্টা, ঘন্টা, দিন, আগে, সময়,
        বাংলাদেশ সময়, ভারতীয় সময়, gmt, bst, ist, বার",
    )
});

/// Names of months and days, without one of which numbers are no date.
static MONTH_OR_DAY: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        জানুয়ারি, জানুয়ারী, ফেব্রুয়ারি, ফেব্রুয়ারী, মার্চ, এপ্রিল, মে, জুন, জুলাই, আগস্ট, আগষ্ট, অগস্ট,
        সেপ্টেম্বর, অক্টোবর, নভেম্বর, ডিসেম্বর, বৈশাখ, জ্যৈষ্ঠ, আষাঢ়, শ্রাবণ, ভাদ্র, আশ্বিন, কার্তিক,
        অগ্রহায়ণ, পৌষ, মাঘ, ফাল্গুন, চৈত্র, শনিবার, রবিবার, রোববার, সোমবার, মঙ্গলবার, বুধবার,
        বৃহস্পতিবার, শুক্রবার, january, february, march, april, may, june, july, august, september,
        october, november, december, jan, feb, mar, apr, jun, jul, aug, sep, oct, nov, dec",
    )
});

/// Places that stand in datelines without a date.
static PLACE: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        ঢাকা, চট্টগ্রাম, খুলনা, রাজশাহী, বরিশাল, সিলেট, রংপুর, ময়মনসিংহ, কুমিল্লা, গাজীপুর, নারায়ণগঞ্জ,
        কক্সবাজার, যশোর, বগুড়া, দিনাজপুর, পাবনা, ফরিদপুর, নোয়াখালী, টাঙ্গাইল, কুষ্টিয়া, কলকাতা,
        নয়াদিল্লি, নয়া দিল্লি, দিল্লি, মুম্বই, মুম্বাই, চেন্নাই, শিলিগুড়ি, আসানসোল, দুর্গাপুর, হাওড়া,
        বর্ধমান, মালদহ, আগরতলা, গুয়াহাটি, লন্ডন, ওয়াশিংটন, নিউইয়র্ক, নিউ ইয়র্ক, প্যারিস, মস্কো,
        বেইজিং, টোকিও, ইসলামাবাদ, কাবুল, কাঠমান্ডু, কলম্বো, ইয়াঙ্গুন, জেনেভা, ব্রাসেলস, বার্লিন, কিয়েভ,
        তেহরান, জেরুজালেম, কায়রো, রিয়াদ, দুবাই, দোহা, জাকার্তা, কুয়ালালামপুর, সিউল, সিডনি, রোম",
    )
});

/// News agencies and broadcasters, in a dateline or alone on a line.
static AGENCY: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        বাসস, ইউএনবি, রয়টার্স, এএফপি, এপি, পিটিআই, এএনআই, সিনহুয়া, বিবিসি, বিবিসি বাংলা,
        বিবিসি নিউজ, সিএনএন, আল জাজিরা, আল-জাজিরা, আলজাজিরা, ডয়চে ভেলে, ডিডব্লিউ, আনাদোলু, তাস,
        কিয়োদো, ইয়োনহাপ, ভয়েস অব আমেরিকা, ভিওএ, ব্লুমবার্গ, দ্য গার্ডিয়ান, এনডিটিভি, Reuters, AFP,
        AP, BSS, UNB, PTI, ANI, BBC",
    )
});

/// Who writes for a newspaper without being named.
static BYLINE: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        নিজস্ব প্রতিবেদক, নিজস্ব প্রতিনিধি, নিজস্ব সংবাদদাতা, নিজস্ব বার্তা পরিবেশক, জ্যেষ্ঠ প্রতিবেদক,
        সিনিয়র রিপোর্টার, সিনিয়র করেসপন্ডেন্ট, স্টাফ রিপোর্টার, স্টাফ করেসপন্ডেন্ট, করেসপন্ডেন্ট,
        বিশেষ প্রতিবেদক, বিশেষ প্রতিনিধি, বিশেষ সংবাদদাতা, প্রতিবেদক, প্রতিনিধি, সংবাদদাতা,
        জেলা প্রতিনিধি, উপজেলা প্রতিনিধি, আঞ্চলিক প্রতিনিধি, জেলা সংবাদদাতা, বিশ্ববিদ্যালয় প্রতিনিধি,
        বিশ্ববিদ্যালয় প্রতিবেদক, বিশ্ববিদ্যালয় সংবাদদাতা, কূটনৈতিক প্রতিবেদক, আদালত প্রতিবেদক,
        অর্থনৈতিক প্রতিবেদক, ক্রীড়া প্রতিবেদক, ক্রীড়া প্রতিনিধি, বিনোদন প্রতিবেদক, সংসদ প্রতিবেদক,
        আন্তর্জাতিক প্রতিবেদক, অনলাইন ডেস্ক, অনলাইন প্রতিবেদক, অনলাইন রিপোর্টার, নিউজ ডেস্ক,
        সংবাদ ডেস্ক, ডেস্ক রিপোর্ট, ডেস্ক প্রতিবেদন, স্পোর্টস ডেস্ক, খেলা ডেস্ক, ক্রীড়া ডেস্ক,
        বিনোদন ডেস্ক, আন্তর্জাতিক ডেস্ক, বাণিজ্য ডেস্ক, বিশ্ব ডেস্ক, বিজ্ঞান ডেস্ক, প্রযুক্তি ডেস্ক,
        ডিজিটাল ডেস্ক, ফিচার ডেস্ক, ব্যুরো, অফিস, সংবাদ সংস্থা, সংস্থা, Staff Reporter,
        Staff Correspondent, News Desk, Online Desk, Special Correspondent",
    )
});

/// Labels of a name.
static BYLINE_LABEL: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        রিপোর্ট, রিপোর্টার, প্রতিবেদক, প্রতিবেদন, লেখক, লেখা, লিখেছেন, অনুবাদ, অনুবাদক, ভাষান্তর,
        গ্রন্থনা, সম্পাদনা, সাক্ষাৎকার গ্রহণ, সাক্ষাৎকার নিয়েছেন, অনুলিখন, Report, Author,
        Writer, By, Byline",
    )
});

/// Labels of a caption, which follows on the same line or the next.
static CAPTION_LABEL: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "\
        ছবির ক্যাপশন, ক্যাপশন, ছবির বর্ণনা, ছবিতে, চিত্র, Caption, Image caption, Photo caption",
    )
});
/// Marks that a picture stood here.
static IMAGE: LazyLock<Phrases> = LazyLock::new(|| Phrases::new("ছবি, Image, Photo"));

/// What a line of these tables is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The line is of this role.
    Line(Role),
    /// The line is a label, and the caption follows on the next line.
    CaptionLabel,
    /// The line stands for a picture, and its caption may follow on the next line.
    Image,
}

/// What a line is, given also as its words; `None` for all that may be news.
pub(super) fn line(line: &str, words: &[String]) -> Option<Found> {
    if CAPTION_LABEL.contains(words) {
        return Some(Found::CaptionLabel);
    }
    if IMAGE.cover(words, is_count) {
        return Some(Found::Image);
    }
    if is_caption(line) && is_short(line) {
        return Some(Found::Line(Role::Caption));
    }
    if line.contains(['।', '?', '!']) {
        return None;
    }
    // "নিজস্ব সংবাদদাতা, কলকাতা, ৫ মার্চ" is a byline with place and date.
    let role = if is_byline(line, words) {
        Role::Byline
    } else if is_dateline(line, words) {
        Role::Dateline
    } else {
        return None;
    };
    Some(Found::Line(role))
}

/// The dateline or byline before the first sentence of a paragraph ("ঢাকা, ৫ মার্চ: সরকার …"):
/// where it ends, its mark included.
pub(super) fn leading(line: &str) -> Option<(usize, Role)> {
    const LEAST_REST: usize = 3;
    separators(line)
        // A hyphen inside a word ("ঢাকা-চট্টগ্রাম") ends nothing.
        .filter(|&(at, c)| c != '-' || line[at + 1..].starts_with(char::is_whitespace))
        .find_map(|(at, c)| {
            let (head, rest) = (&line[..at], &line[at + c.len_utf8()..]);
            let role = match self::line(head, &words(head)) {
                Some(Found::Line(role @ (Role::Dateline | Role::Byline))) => role,
                _ if is_place(head) => Role::Dateline,
                _ => return None,
            };
            let rest_tells = rest.contains('।') || ends_sentence(rest);
            let rest_tells = rest_tells && words(rest).len() >= LEAST_REST;
            rest_tells.then_some((line.len() - rest.len(), role))
        })
}

/// Whether a line is only the name of a place known from datelines.
pub(super) fn is_place(line: &str) -> bool {
    PLACE.contains(&words(line))
}

fn is_caption(line: &str) -> bool {
    let comma = line.split_once(',').filter(|(head, _)| head.len() < 60);
    [split_label(line), comma]
        .into_iter()
        .flatten()
        .any(|(head, rest)| {
            let head = words(head);
            // "ছবিতে," begins a sentence as well.
            CAPTION_LABEL.contains(&head)
                && !words(rest).is_empty()
                && (head.len() > 1 || line.contains(':'))
        })
}

/// Whether a text is as short as a caption: two sentences, the second often place and day.
pub(super) fn is_short(text: &str) -> bool {
    const LONGEST: usize = 220;
    text.chars().nth(LONGEST).is_none() && text.matches(['।', '?', '!']).count() <= 2
}

fn is_dateline(line: &str, words: &[String]) -> bool {
    const LONGEST: usize = 24;
    if words.len() > LONGEST || !words.iter().any(|word| is_date_number(word)) {
        // "ঢাকা (বাসস)"
        let place = PLACE.prefix(words);
        return place > 0 && AGENCY.contains(&words[place..]);
    }
    let label = DATE_LABEL.prefix(words);
    if label > 0 {
        return is_date(&words[label..]);
    }
    // The place is a known one, or set off by a comma, dash or bracket.
    let date = (0..words.len())
        .find(|&i| is_date_number(&words[i]) || MONTH_OR_DAY.prefix(&words[i..]) > 0);
    let date = date.expect("there is a number");
    let has_month = (date..words.len()).any(|i| MONTH_OR_DAY.prefix(&words[i..]) > 0);
    has_month
        && is_date(&words[date..])
        && (date == 0
            || PLACE.cover(&words[..date], |_| false)
            || date <= 4 && ends_at_mark(line, date, ",([|–—-"))
}

/// Whether words are nothing but dates, their labels, places and agencies.
fn is_date(mut words: &[String]) -> bool {
    while !words.is_empty() {
        let tables: [&Phrases; 5] = [&DATE_WORD, &MONTH_OR_DAY, &DATE_LABEL, &AGENCY, &PLACE];
        let n = tables
            .iter()
            .map(|table| table.prefix(words))
            .max()
            .unwrap_or(0);
        if n == 0 && !is_date_number(&words[0]) {
            return false;
        }
        words = &words[n.max(1)..];
    }
    true
}

/// "5", "5ই", "21শে", "10টা", "5th".
fn is_date_number(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < word.len()
        && matches!(
            rest,
            "" | "ই"
                | "লা"
                | "রা"
                | "ঠা"
                | "শে"
                | "টা"
                | "মি"
                | "th"
                | "st"
                | "nd"
                | "rd"
                | "am"
                | "pm"
        )
}

fn is_byline(line: &str, words: &[String]) -> bool {
    const LONGEST: usize = 14;
    const LONGEST_NAME: usize = 5;
    const BYLINE_MARKS: &str = ",;:([|॥–—-/•";
    if words.is_empty() || words.len() > LONGEST {
        return false;
    }
    if AGENCY.cover(words, |word| matches!(word, "ও" | "এবং" | "অবলম্বনে"))
    {
        return true;
    }
    if let Some((head, rest)) = split_label(line)
        && BYLINE_LABEL.contains(&self::words(head))
        && (1..=LONGEST_NAME).contains(&self::words(rest.split(',').next().unwrap_or(rest)).len())
    {
        return true;
    }
    let first = BYLINE.prefix(words);
    if first > 0 {
        let rest = &words[first..];
        return rest.is_empty()
            || is_date(rest)
            || ends_at_mark(line, first, BYLINE_MARKS) && rest.len() <= 6;
    }
    // "কুমিল্লা প্রতিনিধি", "রাশেদ খান, নিজস্ব প্রতিবেদক"; in a headline a genitive comes before.
    let last = BYLINE.suffix(words);
    let lead = &words[..words.len() - last];
    last > 0
        && (lead.len() <= 2 && !lead.last().is_some_and(|word| word.ends_with("ের"))
            || lead.len() <= 5 && ends_at_mark(line, lead.len(), BYLINE_MARKS))
}

/// Whether one of the marks comes right after this many words of a line; it is looked for among
/// the first few.
fn ends_at_mark(line: &str, count: usize, marks: &str) -> bool {
    line.char_indices()
        .filter(|&(_, c)| marks.contains(c))
        .take(8)
        .any(|(at, _)| words(&line[..at]).len() == count)
}

#[cfg(test)]
mod tests {
    use super::super::phrases::in_both_encodings;
    use super::*;

    fn all(role: Role, lines: &[&str]) {
        for line in lines.iter().flat_map(|line| in_both_encodings(line)) {
            assert_eq!(
                super::line(&line, &words(&line)),
                Some(Found::Line(role)),
                "{line}"
            );
        }
    }

    #[test]
    fn datelines() {
        all(
            Role::Dateline,
            &[
                "ঢাকা, ৫ মার্চ",
                "ঢাকা, ৫ মার্চ ২০২৪",
                "ঢাকা, ৫ মার্চ (বাসস)",
                "ঢাকা, মার্চ ০৫, ২০২৪ (বাসস)",
                "ঢাকা (বাসস)",
                "নিউ ইয়র্ক, ৫ মার্চ",
                "শ্রীমঙ্গল, মৌলভীবাজার, ১২ই আষাঢ়",
                "প্রকাশ: ০৫ মার্চ ২০২৪, ১০: ৩০",
                "প্রকাশিত: মঙ্গলবার, ৫ মার্চ ২০২৪, ১০:৩০ এএম",
                "আপডেট: ০৫ মার্চ ২০২৪, ১২: ৪৫",
                "আপডেটঃ ২ ঘণ্টা আগে",
                "প্রকাশ: ০৫ মার্চ ২০২৪, ১০: ৩০ | আপডেট: ০৫ মার্চ ২০২৪, ১৩: ১০",
                "মঙ্গলবার, ৫ মার্চ ২০২৪",
                "২১ ফাল্গুন ১৪৩০ বঙ্গাব্দ",
                "Published: 5 March 2024",
                "কলকাতা ৫ মার্চ",
            ],
        );
    }

    #[test]
    fn bylines() {
        all(
            Role::Byline,
            &[
                "নিজস্ব প্রতিবেদক",
                "নিজস্ব প্রতিবেদক, চট্টগ্রাম",
                "নিজস্ব প্রতিবেদক ঢাকা",
                "স্টাফ রিপোর্টার",
                "কুমিল্লা প্রতিনিধি",
                "প্রতিনিধি, কক্সবাজার",
                "কক্সবাজার প্রতিনিধি",
                "বিশ্ববিদ্যালয় প্রতিবেদক",
                "রাশেদ খান, নিজস্ব প্রতিবেদক",
                "রিপোর্ট: সালমা আক্তার",
                "লেখক: মাহবুব হাসান, অধ্যাপক",
                "লেখকঃ মাহবুব হাসান",
                "অনলাইন ডেস্ক",
                "ক্রীড়া প্রতিবেদক",
                "রয়টার্স",
                "এএফপি, বিবিসি",
                "(বাসস)",
                "রয়টার্স ও এএফপি",
                "নিজস্ব সংবাদদাতা, কলকাতা, ৫ মার্চ",
                "চট্টগ্রাম ব্যুরো",
                "Staff Reporter",
            ],
        );
    }

    #[test]
    fn captions() {
        all(
            Role::Caption,
            &[
                "ছবির ক্যাপশন: নৌকায় ত্রাণ নিয়ে যাচ্ছেন স্বেচ্ছাসেবকেরা।",
                "ছবির ক্যাপশন, বন্যায় ডুবে আছে গ্রাম",
                "ছবিতে: বাঁ থেকে সালমা ও রাশেদ",
            ],
        );
        for (label, expected) in [
            ("ছবির ক্যাপশন", Found::CaptionLabel),
            ("ক্যাপশন:", Found::CaptionLabel),
            ("[ছবি]", Found::Image),
            ("[ছবি ২]", Found::Image),
            ("(Image)", Found::Image),
        ] {
            assert_eq!(line(label, &words(label)), Some(expected), "{label}");
        }
    }

    #[test]
    fn news_is_neither() {
        for news in [
            "ঢাকায় ৫ মার্চ সমাবেশ",
            "৫ মার্চের সমাবেশ স্থগিত",
            "আপডেট: ১০ জন নিহত",
            "প্রকাশ পেল নতুন বই",
            "২০২৪",
            "১২ ১৩",
            "জাতিসংঘের বিশেষ প্রতিনিধি",
            "জাতিসংঘের বিশেষ প্রতিনিধি ঢাকায়",
            "বিশেষ প্রতিনিধি নিয়োগ দিল জাতিসংঘ",
            "প্রতিনিধি দল আজ ঢাকায় আসছে।",
            "ছবিতে দেখা যায়, নদীর পাড় ভেঙে গেছে।",
            "ছবিতে, গানে আর কথায় স্মরণ।",
            "রয়টার্স জানায়, যুদ্ধ থেমেছে।",
            "বিবিসি বন্ধ করল রাশিয়া",
            "রেসকোর্সের সেই বিকেল: ১৬ ডিসেম্বর ১৯৭১",
            "সাক্ষাৎকার: ‘বিনিয়োগ না বাড়লে প্রবৃদ্ধি হবে না’",
            "প্রতিবেদন: নদীর পানি বাড়ছে উত্তরের সব জেলায়",
            "ঢাকা",
        ] {
            assert_eq!(line(news, &words(news)), None, "{news}");
        }
    }

    #[test]
    fn datelines_and_bylines_before_the_first_sentence_end_at_their_mark() {
        for (text, expected, role) in [
            (
                "ঢাকা, ৫ মার্চ: সরকার নতুন নীতি ঘোষণা করেছে।",
                "ঢাকা, ৫ মার্চ:",
                Role::Dateline,
            ),
            (
                "ঢাকা, ৫ মার্চ (বাসস) — সরকার নতুন নীতি ঘোষণা করেছে।",
                "ঢাকা, ৫ মার্চ (বাসস) —",
                Role::Dateline,
            ),
            (
                "কলকাতাঃ রাজ্য সরকার নতুন নীতি ঘোষণা করেছে।",
                "কলকাতাঃ",
                Role::Dateline,
            ),
            (
                "নিজস্ব সংবাদদাতা, কলকাতা: রাজ্য সরকার নতুন নীতি ঘোষণা করল।",
                "নিজস্ব সংবাদদাতা, কলকাতা:",
                Role::Byline,
            ),
            (
                "স্টাফ রিপোর্টার ॥ সরকার নতুন নীতি ঘোষণা করেছে।",
                "স্টাফ রিপোর্টার ॥",
                Role::Byline,
            ),
        ] {
            let (end, found) = leading(text).expect(text);
            assert_eq!((&text[..end], found), (expected, role));
        }
        for none in [
            "ঢাকা-চট্টগ্রাম মহাসড়কে ৫ ঘণ্টা যানজট ছিল।",
            "ঢাকা: যানজটের শহর",
            "রাত ১১টা ৪০: ঘূর্ণিঝড়টি উপকূল পার হচ্ছে।",
            "তিনি বলেন: আমরা ৫ মার্চ আসব।",
        ] {
            assert_eq!(leading(none), None, "{none}");
        }
    }
}
