//! Articles as newspapers print them, read from files and taken apart.
//!
//! The articles in `tests/data/articles/` are written for this project; their events and people
//! are invented. They are numbered so that a folder is read in a known order.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anubad::article::{
    Article, Boilerplate, Format, InputError, Part, ReadOptions, Role, articles, read, sources,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/articles")
}

fn fixture(name: &str) -> Vec<Article> {
    articles([folder().join(name)], ReadOptions::default())
        .map(|article| article.expect(name))
        .collect()
}

/// The structure of an article, a line a paragraph: role, and its first words.
fn outline(article: &Article) -> Vec<String> {
    let words = |text: &str| {
        text.split_whitespace()
            .take(3)
            .collect::<Vec<_>>()
            .join(" ")
    };
    article
        .paragraphs
        .iter()
        .map(|p| format!("{:?}: {}", p.role, words(&p.text)))
        .collect()
}

fn assert_outline(article: &Article, expected: &[&str]) {
    let found = outline(article);
    assert_eq!(found, expected, "\n{}", found.join("\n"));
}

/// Every article keeps: spans in order and within the text, the words of a paragraph where its
/// span says, and between the spans only white space and what is `aside`.
fn check_spans(article: &Article, aside: impl Fn(&str) -> bool) {
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let mut end = 0;
    for paragraph in article.paragraphs.iter().filter(|p| p.part == Part::Text) {
        let span = paragraph.span.clone();
        // The address behind a link in the paragraph before.
        if paragraph.role == Role::Verbatim && span.end <= end {
            assert_eq!(article.text[span], paragraph.text);
            continue;
        }
        assert!(
            span.start >= end && span.end > span.start,
            "{}: {paragraph:?}",
            article.id
        );
        let between = article.text[end..span.start].trim_matches(blank);
        assert!(
            between.is_empty() || aside(between),
            "{}: lost {between:?}",
            article.id
        );
        end = span.end;
        assert_eq!(paragraph.source_span(0..paragraph.text.len()), span);
        for word in paragraph.text.split_whitespace() {
            let start = word.as_ptr() as usize - paragraph.text.as_ptr() as usize;
            let source = &article.text[paragraph.source_span(start..start + word.len())];
            assert!(
                source == word || source.contains(['*', ']']),
                "{word:?} is from {source:?}"
            );
        }
    }
    let rest = article.text[end..].trim_matches(blank);
    assert!(
        rest.is_empty() || aside(rest),
        "{}: lost {rest:?}",
        article.id
    );
}

fn nothing(_: &str) -> bool {
    false
}

/// The bullet of an item of plain text, which is markup.
fn bullet(text: &str) -> bool {
    matches!(text, "-" | "*" | "•")
}

#[test]
fn a_folder_is_read_in_order_and_nothing_is_lost() {
    let all = fixture("");
    let names: Vec<&str> = all
        .iter()
        .map(|a| a.id.rsplit('/').next().unwrap())
        .collect();
    let expected = "01-flood.txt 02-metro.md 03-headline.txt 04-one-sentence.txt 05-data-breach.md \
                    06-sadhu.txt 07-kolkata.txt cricket-1 2 3 09-wrapped.txt";
    assert_eq!(names.join(" "), expected);
    for article in &all {
        if article.id.ends_with(".md") {
            // Between paragraphs stand marks, link targets and a field that is not read.
            let bengali = |c| ('\u{980}'..='\u{9ff}').contains(&c);
            check_spans(article, |text| {
                !text.contains(bengali) || text.contains("tags: ")
            });
        } else {
            check_spans(article, nothing);
        }
    }
}

#[test]
fn a_front_page_report() {
    assert_outline(
        &fixture("01-flood.txt")[0],
        &[
            "Title: তিস্তার পানি বিপৎসীমার",
            "Byline: নিজস্ব প্রতিবেদক, রংপুর",
            "Dateline: প্রকাশ: ১৪ জুলাই",
            "Dateline: আপডেট: ১৪ জুলাই",
            "Boilerplate(Share): শেয়ার করুন",
            "Boilerplate(Share): ফেসবুক | টুইটার",
            "Caption: নৌকায় করে ত্রাণ",
            "Boilerplate(PhotoCredit): ছবি: আশরাফুল আলম",
            "Body: উজানের ঢল আর",
            "Body: পানি উন্নয়ন বোর্ডের",
            "Boilerplate(Advertisement): [বিজ্ঞাপন]",
            "Body: জেলা প্রশাসনের হিসাবে,",
            "Boilerplate(Related): আরও পড়ুন",
            "Boilerplate(Related): উত্তরের নদীগুলোতে পানি",
            "Boilerplate(Related): ত্রাণ পৌঁছায়নি চরের",
            "Body: হাতীবান্ধার গৃহবধূ রহিমা",
            "Boilerplate(Advertisement): [বিজ্ঞাপন_২]",
            "Heading: ত্রাণ নিয়ে অভিযোগ",
            "Body: ক্ষতিগ্রস্ত মানুষের অভিযোগ,",
            "Body: ত্রাণের তালিকা পত্রিকায়",
            "Boilerplate(Related): আরও পড়ুন: বাঁধ",
            "Body: আবহাওয়া অধিদপ্তর জানিয়েছে,",
            "Boilerplate(Source): সূত্র: বাসস",
            "Boilerplate(Comments): মন্তব্য (0)",
            "Boilerplate(Comments): মন্তব্য করুন",
        ],
    );
}

#[test]
fn markdown_with_headings_lists_and_a_picture() {
    assert_outline(
        &fixture("02-metro.md")[0],
        &[
            "Title: মেট্রোরেলের নতুন অংশে",
            "Byline: নিজস্ব প্রতিবেদক, ঢাকা",
            "Dateline: মঙ্গলবার, ৫ মার্চ",
            "Caption: নতুন স্টেশনে যাত্রীদের",
            "Dateline: ঢাকা, ৫ মার্চ:",
            "Body: মেট্রোরেলের নতুন অংশে",
            "Verbatim: https://example.org/metro",
            "Heading: ভাড়া ও সময়সূচি",
            "Body: সর্বনিম্ন ভাড়া ২০",
            "Item: প্রথম ট্রেন ছাড়বে",
            "Item: শেষ ট্রেন ছাড়বে",
            "Item: শুক্রবার ট্রেন চলবে",
            "Body: ‘এত দিন অফিসে",
            "Boilerplate(Related): আরও পড়ুন",
            "Boilerplate(Related): মেট্রোরেলের কার্ড পাবেন",
            "Boilerplate(Related): বাড়তি ভাড়া নয়,",
            "Heading: এরপর কী",
            "Body: প্রকল্প পরিচালক জানান,",
            "Boilerplate(Source): সূত্র: https://example.org/metro/press",
        ],
    );
}

#[test]
fn a_headline_alone() {
    assert_outline(&fixture("03-headline.txt")[0], &["Title: টানা চার দিন"]);
}

#[test]
fn a_single_sentence_is_no_headline() {
    assert_outline(
        &fixture("04-one-sentence.txt")[0],
        &["Body: কুমিল্লায় ট্রেনের ধাক্কায়"],
    );
}

#[test]
fn front_matter_code_and_addresses() {
    assert_outline(
        &fixture("05-data-breach.md")[0],
        &[
            "Title: অনলাইন সেবার তথ্য",
            "Dateline: ১২ আগস্ট ২০২৪",
            "Byline: প্রযুক্তি প্রতিবেদক",
            "Body: একটি অনলাইন সেবার",
            "Body: ব্যবহারকারীদের security@example.com ঠিকানায়",
            "Body: গবেষক আনিসুর রহমান",
            "Verbatim: openssl version -a",
            "Verbatim: https://example.org/advisory/2024-08",
            "Body: তবে পাসওয়ার্ড ফাঁস",
            "Verbatim: #নিরাপত্তা #প্রযুক্তি",
        ],
    );
}

#[test]
fn formal_style() {
    assert_outline(
        &fixture("06-sadhu.txt")[0],
        &[
            "Title: সেকালের এক মহাপ্লাবন",
            "Body: গত শতাব্দীর প্রথম",
            "Body: প্রাচীন ব্যক্তিগণ বলিয়া",
            "Body: কলিকাতা হইতে স্বেচ্ছাসেবকগণ",
        ],
    );
}

#[test]
fn a_report_from_kolkata() {
    assert_outline(
        &fixture("07-kolkata.txt")[0],
        &[
            "Title: বর্ষার আগেই গ্রামীণ",
            "Byline: নিজস্ব সংবাদদাতা, কলকাতা:",
            "Body: বর্ষা নামার আগেই",
            "Body: বৈঠকে দেখা যায়,",
            "Boilerplate(Advertisement): বিজ্ঞাপন",
            "Body: বিরোধী দলনেতা অবশ্য",
            "Boilerplate(Related): এই সংক্রান্ত আরও",
            "Boilerplate(Related): সেতু সংস্কারে দরপত্র",
            "Body: জেলা প্রশাসন সূত্রে",
        ],
    );
}

#[test]
fn wrapped_lines_are_one_paragraph() {
    assert_outline(
        &fixture("09-wrapped.txt")[0],
        &[
            "Title: চরের স্কুলে নতুন",
            "Byline: সিরাজগঞ্জ প্রতিনিধি",
            "Body: যমুনার চরে ভাঙনের",
            "Body: প্রধান শিক্ষক আবদুল",
        ],
    );
}

#[test]
fn json_lines_with_and_without_titles() {
    let found = fixture("08-wire.jsonl");
    assert_outline(
        &found[0],
        &[
            "Title: মিরপুরে রোমাঞ্চকর জয়ে",
            "Byline: ক্রীড়া প্রতিবেদক",
            "Body: শেষ ওভারে দরকার",
            "Boilerplate(Related): আরও পড়ুন: বিশ্বকাপের",
            "Body: ম্যাচ শেষে অধিনায়ক",
        ],
    );
    assert_outline(
        &found[1],
        &[
            "Title: নতুন রকেট ইঞ্জিনের",
            "Dateline: সিউল, ১৬ ডিসেম্বর",
            "Body: উত্তর কোরিয়া একটি",
            "Body: দক্ষিণ কোরিয়ার সামরিক",
            "Boilerplate(Advertisement): [বিজ্ঞাপন]",
            "Body: তারা বলেছে, পরিস্থিতি",
            "Boilerplate(Source): সূত্র: রয়টার্স",
        ],
    );
    assert_outline(
        &found[2],
        &[
            "Title: পেঁয়াজের দাম কেজিতে",
            "Body: ঢাকার খুচরা বাজারে",
            "Boilerplate(PhotoCredit): ছবি: সংগৃহীত",
        ],
    );
}

fn plain(text: &str) -> Article {
    let article = Article::from_plain("test", None, text.to_owned());
    check_spans(&article, bullet);
    article
}

fn markdown(text: &str) -> Article {
    Article::from_markdown("test", text.to_owned())
}

fn roles(article: &Article) -> Vec<Role> {
    article
        .paragraphs
        .iter()
        .map(|paragraph| paragraph.role)
        .collect()
}

const ADVERTISEMENT: Role = Role::Boilerplate(Boilerplate::Advertisement);
const RELATED: Role = Role::Boilerplate(Boilerplate::Related);
const PHOTO: Role = Role::Boilerplate(Boilerplate::PhotoCredit);
const SOURCE: Role = Role::Boilerplate(Boilerplate::Source);

#[test]
fn a_title_is_followed_by_a_blank_line_or_the_body() {
    for text in [
        "সংসদে বিল পাস\n\nবিলটি পাস হয়েছে।",
        "সংসদে বিল পাস\nবিলটি পাস হয়েছে।",
        "\u{feff}সংসদে বিল পাস\r\n\r\nবিলটি পাস হয়েছে।\r\n",
    ] {
        let article = plain(text);
        assert_eq!(roles(&article), [Role::Title, Role::Body]);
        assert_eq!(article.paragraphs[0].text, "সংসদে বিল পাস");
    }
    // A title given apart leaves the first line what it is.
    let article = Article::from_plain(
        "test",
        Some(" শিরোনাম ".to_owned()),
        "প্রেক্ষাপট\n\nবিলটি পাস হয়েছে।".to_owned(),
    );
    assert_eq!(roles(&article), [Role::Title, Role::Heading, Role::Body]);
    assert_eq!(
        (
            article.paragraphs[0].part,
            article.paragraphs[0].span.clone()
        ),
        (Part::Title, 1..22)
    );
    // An empty one does not count.
    let article = Article::from_plain(
        "test",
        Some("  ".to_owned()),
        "সংসদে বিল পাস\n\nবিলটি পাস হয়েছে।".to_owned(),
    );
    assert_eq!(
        (article.title.as_deref(), roles(&article)[0]),
        (None, Role::Title)
    );
}

#[test]
fn news_before_the_headline_is_no_headline() {
    let article = plain("[বিজ্ঞাপন]\n\nনিজস্ব প্রতিবেদক\n\nসংসদে বিল পাস\n\nবিলটি পাস হয়েছে।");
    assert_eq!(
        roles(&article),
        [ADVERTISEMENT, Role::Byline, Role::Title, Role::Body]
    );
}

#[test]
fn datelines_before_a_sentence_are_cut_off() {
    let article =
        plain("সংসদে বিল পাস\n\nঢাকা, ৫ মার্চ (বাসস) : বিলটি আজ পাস হয়েছে। এটি ১ জুলাই কার্যকর হবে।");
    assert_eq!(roles(&article), [Role::Title, Role::Dateline, Role::Body]);
    assert_eq!(article.paragraphs[1].text, "ঢাকা, ৫ মার্চ (বাসস) :");
    assert_eq!(
        article.paragraphs[2].text,
        "বিলটি আজ পাস হয়েছে। এটি ১ জুলাই কার্যকর হবে।"
    );
    let article = plain("সংসদে বিল পাস\nসালমা আক্তার, ঢাকা\nকলকাতা\nবিলটি আজ পাস হয়েছে।");
    assert_eq!(
        roles(&article),
        [Role::Title, Role::Byline, Role::Dateline, Role::Body]
    );
}

#[test]
fn related_headlines_end_where_the_body_goes_on() {
    for text in [
        "প্রথম অনুচ্ছেদ এখানে শেষ হলো।\n\nআরও পড়ুন\nবাঁধ মেরামতে প্রকল্প\nদাম বাড়ছে কেন?\nপরের অনুচ্ছেদ শুরু হলো।",
        "প্রথম অনুচ্ছেদ এখানে শেষ হলো।\n\nআরও পড়ুন:\n- বাঁধ মেরামতে প্রকল্প\n- দাম বাড়ছে কেন?\n\nপরের অনুচ্ছেদ শুরু হলো।",
    ] {
        assert_eq!(
            roles(&plain(text)),
            [Role::Body, RELATED, RELATED, RELATED, Role::Body]
        );
    }
    // After a blank line one headline follows, and never a paragraph.
    let article = plain(
        "প্রথম অনুচ্ছেদ।\n\nআরও পড়ুন\n\nবাঁধ মেরামতে প্রকল্প\n\nযা বললেন মন্ত্রী\n\nমন্ত্রী বলেন, কাজ চলছে।",
    );
    assert_eq!(
        roles(&article),
        [Role::Body, RELATED, RELATED, Role::Heading, Role::Body]
    );
    let article = plain("প্রথম অনুচ্ছেদ।\n\nআরও পড়ুন\n\nপরের অনুচ্ছেদ।");
    assert_eq!(roles(&article), [Role::Body, RELATED, Role::Body]);
    // What may be a sentence of the article after the label is translated.
    let article = plain("প্রথম অনুচ্ছেদ।\n\nআরও পড়ুন: সরকার বলেছে, কাজ চলছে।");
    assert_eq!(roles(&article), [Role::Body, RELATED, Role::Body]);
    let article = markdown(
        "প্রথম অনুচ্ছেদ।\n\n## আরও পড়ুন\n\n* [বাঁধ মেরামতে প্রকল্প](a)\n* [দাম বাড়ছে কেন?](b)\n\n## এরপর\n\nকাজ চলছে।",
    );
    assert_eq!(
        roles(&article),
        [
            Role::Body,
            RELATED,
            RELATED,
            RELATED,
            Role::Heading,
            Role::Body
        ]
    );
    let article = markdown("প্রথম অনুচ্ছেদ।\n\n**আরও পড়ুন:** [বাঁধ মেরামতে প্রকল্প](a)\n\nকাজ চলছে।");
    assert_eq!(roles(&article), [Role::Body, RELATED, Role::Body]);
}

#[test]
fn boilerplate_inside_a_line_is_cut_out() {
    let article = plain("কাজ চলছে। [বিজ্ঞাপন_২] আরও টাকা লাগবে। (আরও পড়ুন: বাঁধ মেরামতে প্রকল্প) মেয়াদ বাড়বে না।");
    assert_eq!(
        roles(&article),
        [Role::Body, ADVERTISEMENT, Role::Body, RELATED, Role::Body]
    );
    let article = plain("কাজ চলছে (দ্বিতীয় ধাপ) এবং [বিজ্ঞাপনী সংস্থা] টাকা দিচ্ছে। সূত্র: বিবিসি");
    assert_eq!(roles(&article), [Role::Body, SOURCE]);
    let article = plain("সংসদ ভবন (ফাইল ছবি)\n\nবিলটি পাস হয়েছে।");
    assert_eq!(roles(&article), [Role::Caption, PHOTO, Role::Body]);
}

#[test]
fn captions_stand_at_pictures() {
    let article = plain("শিরোনাম\n\nনদীর পাড়ে মানুষের ভিড়\nছবি: রয়টার্স\n\nপাড় ভেঙে গেছে।");
    assert_eq!(
        roles(&article),
        [Role::Title, Role::Caption, PHOTO, Role::Body]
    );
    let article = plain("শিরোনাম\n\n[ছবি]\nনদীর পাড়ে মানুষের ভিড়\n\nপাড় ভেঙে গেছে।");
    assert_eq!(
        roles(&article),
        [Role::Title, PHOTO, Role::Caption, Role::Body]
    );
    let article =
        markdown("# শিরোনাম\n\n![ছবি: সংগৃহীত](a.jpg)\n\n![নদীর পাড়ে ভিড়](b.jpg) পাড় ভেঙে গেছে।");
    assert_eq!(
        roles(&article),
        [Role::Title, PHOTO, Role::Caption, Role::Body]
    );
}

#[test]
fn wrapped_lines_are_joined_and_lines_that_are_paragraphs_are_not() {
    let article = plain(
        "সরকার জানিয়েছে, নতুন সেতুর কাজ আগামী বছরের মার্চ মাসে\nশেষ হবে। এতে খরচ হবে ২০০ কোটি টাকা, যা আগের হিসাবের\nচেয়ে ৩০ কোটি টাকা বেশি।",
    );
    assert_eq!(roles(&article), [Role::Body]);
    assert!(!article.paragraphs[0].text.contains('\n'));
    let article = plain("সরকার কাজ শুরু করেছে। খরচ হবে ২০০ কোটি টাকা,\nমেয়াদ দুই বছর।");
    assert_eq!(roles(&article), [Role::Body]);
    let article = plain("শিরোনাম\n\nসরকার কাজ শুরু করেছে।\nখরচ হবে ২০০ কোটি টাকা।\nমেয়াদ দুই বছর।");
    assert_eq!(
        roles(&article),
        [Role::Title, Role::Body, Role::Body, Role::Body]
    );
    let article =
        plain("শিরোনাম\n\nদাবিগুলো হলো:\n• বেতন বাড়ানো\n• ছুটি বাড়ানো, যাতে\n  সবাই বিশ্রাম পান\n- নতুন নিয়োগ");
    assert_eq!(roles(&article)[2..], [Role::Item, Role::Item, Role::Item]);
    assert_eq!(article.paragraphs[3].text, "ছুটি বাড়ানো, যাতে সবাই বিশ্রাম পান");
}

#[test]
fn items_of_a_list_are_news() {
    let article = markdown("# শিরোনাম\n\n- ফেসবুক\n- রয়টার্স\n- মন্তব্য\n- [বিজ্ঞাপন]\n");
    assert_eq!(
        roles(&article)[1..],
        [Role::Item, Role::Item, Role::Item, ADVERTISEMENT]
    );
}

#[test]
fn both_encodings_give_the_same_structure() {
    let text = fs::read_to_string(folder().join("01-flood.txt")).unwrap();
    let decomposed = text
        .replace('\u{9dc}', "ড\u{9bc}")
        .replace('\u{9dd}', "ঢ\u{9bc}")
        .replace('\u{9df}', "য\u{9bc}");
    let composed = decomposed
        .replace("ড\u{9bc}", "\u{9dc}")
        .replace("ঢ\u{9bc}", "\u{9dd}")
        .replace("য\u{9bc}", "\u{9df}");
    assert_ne!(composed, decomposed);
    let (a, b) = (plain(&composed), plain(&decomposed));
    assert_eq!(roles(&a), roles(&b));
    assert!(a.paragraphs.iter().all(|p| p.role == Role::Verbatim
        || composed[p.span.clone()].starts_with(p.text.split(' ').next().unwrap())));
}

/// Lines that a program may be fed with, none of which is an article.
fn hostile() -> Vec<(&'static str, String)> {
    const MIB: usize = 1 << 20;
    let fill = |unit: &str| unit.repeat(MIB / unit.len());
    vec![
        ("line breaks", fill("\n")),
        ("carriage returns", fill("\r")),
        ("opening brackets", fill("[")),
        ("brackets", fill("[]()")),
        ("links", fill("[a](")),
        ("images", fill("![")),
        ("quotes", fill("> ")),
        ("lists", fill("- ")),
        (
            "nested list",
            (0..1000)
                .map(|i| format!("{}- ক\n", " ".repeat(2 * i)))
                .collect(),
        ),
        (
            "nested quotes",
            (0..1000)
                .map(|i| format!("{}ক\n", "> ".repeat(i)))
                .collect(),
        ),
        ("stars", fill("*a **a ")),
        (
            "backquotes",
            (0..1400).map(|i| format!("{} ", "`".repeat(i))).collect(),
        ),
        ("tags", fill("<a ")),
        ("entities", fill("&amp;")),
        ("rules", fill("---\n")),
        ("dandas", fill("।")),
        ("colons", fill(": ")),
        ("lines of colons", fill(&(": ".repeat(60) + "\n"))),
        (
            "lines of commas",
            fill(&(",".repeat(900) + "ক নিজস্ব প্রতিবেদক\n")),
        ),
        ("related", fill("আরও পড়ুন\n")),
        ("related on one line", fill("আরও পড়ুন: ")),
        ("advertisements", fill("[বিজ্ঞাপন]")),
        ("captions", fill("ক\nছবি: খ\n")),
        ("words", fill("ক ")),
        ("one word", fill("ক")),
        ("short lines", fill("ক\n")),
        ("wrapped lines", fill("সরকার জানিয়েছে নতুন সেতুর কাজ আগামী বছর\n")),
        ("marks", fill("\u{9cd}\u{200d}")),
        ("zero width", fill("\u{200b}")),
    ]
}

#[test]
fn hostile_text_takes_bounded_time_and_loses_nothing() {
    for (name, text) in hostile() {
        let start = Instant::now();
        let article = Article::from_plain(name, None, text.clone());
        check_spans(&article, |text| {
            bullet(text) || text.chars().all(|c| c == '\u{200b}')
        });
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "plain {name}: {:?}",
            start.elapsed()
        );
        let start = Instant::now();
        let article = markdown(&text);
        assert!(
            article
                .paragraphs
                .iter()
                .all(|p| text.is_char_boundary(p.span.start) && text.is_char_boundary(p.span.end))
        );
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "markdown {name}: {:?}",
            start.elapsed()
        );
    }
}

/// The messages of everything that arguments give, "ok" for an article.
fn messages(arguments: &[&Path], options: ReadOptions) -> Vec<String> {
    articles(arguments, options)
        .map(|item| item.map_or_else(|error| error.to_string(), |_| "ok".to_owned()))
        .collect()
}

#[test]
fn bad_input_is_one_clear_line_and_the_rest_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let utf16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let news = "সরকার নতুন নীতি ঘোষণা করেছে।";
    let files: [(&str, Vec<u8>, &str); 19] = [
        ("01.txt", news.into(), "ok"),
        ("02.txt", Vec::new(), "is empty; nothing to translate"),
        (
            "03.txt",
            b" \n\xef\xbb\xbf\n".to_vec(),
            "is empty; nothing to translate",
        ),
        (
            "04.txt",
            [news.as_bytes(), b"\xff\xfe"].concat(),
            "is not UTF-8 (first bad byte at offset 76)",
        ),
        (
            "05.txt",
            [b"\xff\xfe".to_vec(), utf16(news)].concat(),
            "looks like UTF-16LE, not UTF-8",
        ),
        ("06.txt", utf16(news), "looks like UTF-16LE, not UTF-8"),
        (
            "07.txt",
            b"\x7fELF\x00\x01\x02abc".to_vec(),
            "is binary, not text",
        ),
        (
            "08.txt",
            b"%PDF-1.4\n%\xe2\xe3".to_vec(),
            "is a PDF, not text",
        ),
        (
            "09.txt",
            b"The government announced a new policy.".to_vec(),
            "is not Bengali: the script seems to be Latin (0% of",
        ),
        (
            "10.md",
            "सरकार ने नई नीति घोषित की।".into(),
            "is not Bengali: the script seems to be Devanagari",
        ),
        (
            "11.txt",
            b"https://example.org\n----\n".to_vec(),
            "holds no words to translate",
        ),
        (
            "12.txt",
            "ক ".repeat(1000).into(),
            "is larger than an article may be (2000 bytes)",
        ),
        (
            "13.jsonl",
            b"{\"title\":\"a\"}".to_vec(),
            "line 1: the object has no \"text\"",
        ),
        (
            "14.jsonl",
            b"{\"text\":\n".to_vec(),
            "line 1, column 8: not a JSON object with an article: EOF",
        ),
        ("15.txt", vec![0; 1500], "is binary, not text"),
        (
            "16.txt",
            b"\n<!DOCTYPE html><p>".to_vec(),
            "is HTML, not text",
        ),
        ("17.txt", "iPhone 15 নিয়ে নতুন খবর".into(), "ok"),
        (
            "18.txt",
            b"x\n".to_vec(),
            "is not Bengali: the script seems to be Latin",
        ),
        (
            "19.txt",
            "অসমৰ ৰাজধানী দিছপুৰত আজি বৰষুণ হৈছে।".into(),
            "looks like Assamese, not Bengali; use --force",
        ),
    ];
    for (name, bytes, _) in &files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let options = ReadOptions {
        max_bytes: 2000,
        ..ReadOptions::default()
    };
    let found = messages(&[dir.path()], options);
    assert_eq!(found.len(), files.len());
    for (found, (name, _, expected)) in found.iter().zip(&files) {
        let named = *expected == "ok"
            || found.starts_with(&format!("{}: ", dir.path().join(name).display()));
        assert!(
            named && found.contains(expected) && !found.contains('\n'),
            "{name}: {found} / {expected}"
        );
    }
    let forced = messages(
        &[&dir.path().join("09.txt")],
        ReadOptions {
            force: true,
            ..options
        },
    );
    assert_eq!(forced, ["ok"]);
}

#[test]
fn paths_that_cannot_be_used_are_errors_in_their_place() {
    let dir = tempfile::tempdir().unwrap();
    let (missing, empty, file) = (
        dir.path().join("missing"),
        dir.path().join("empty"),
        dir.path().join("খবর"),
    );
    fs::create_dir(&empty).unwrap();
    fs::write(empty.join("notes.docx"), "x").unwrap();
    fs::write(&file, "{\"text\":\"সরকার বলেছে।\"}").unwrap();
    let found = messages(&[&missing, &file, &empty], ReadOptions::default());
    assert!(found[0].ends_with("missing: no such file or folder; check the path"));
    assert_eq!(
        found[1], "ok",
        "a file without an extension is read by its content"
    );
    assert!(found[2].contains("the folder holds no .txt, .md"));
}

#[test]
fn folders_are_searched_in_order_without_hidden_files_and_loops() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["b", ".git"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    for file in [
        "c.md",
        "a.TXT",
        "b/2.ndjson",
        "b/10.txt",
        ".hidden.txt",
        ".git/x.txt",
        "d.html",
    ] {
        fs::write(dir.path().join(file), "{\"text\":\"সরকার বলেছে।\"}").unwrap();
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path(), dir.path().join("b/loop")).unwrap();
    let found: Vec<String> = sources([dir.path()])
        .into_iter()
        .map(|source| {
            source
                .unwrap()
                .name()
                .strip_prefix(&format!("{}/", dir.path().display()))
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(found, ["a.TXT", "b/10.txt", "b/2.ndjson", "c.md"]);
}

#[test]
fn the_format_of_a_stream_is_detected_or_given() {
    let stream = |text: &'static str, format| {
        read(
            text.as_bytes(),
            "-",
            ReadOptions {
                format,
                ..ReadOptions::default()
            },
        )
        .map(|article| article.unwrap())
        .collect::<Vec<_>>()
    };
    let found = stream("\u{feff}\n {\"id\":\"x\",\"text\":\"সরকার বলেছে।\"}\n", None);
    assert_eq!(found[0].id, "x");
    let found = stream("সরকার বলেছে।", None);
    assert_eq!(
        (found[0].id.as_str(), roles(&found[0])),
        ("-", vec![Role::Body])
    );
    let found = stream("# সংসদে বিল\n\nসরকার বলেছে।", Some(Format::Markdown));
    assert_eq!(found[0].paragraphs[0].text, "সংসদে বিল");
}

/// A reader that never ends, as a gigabyte of one line may be.
struct Endless;

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        buffer.fill(b'x');
        Ok(buffer.len())
    }
}

#[test]
fn a_line_without_end_is_refused_before_it_is_read() {
    let endless = std::io::BufReader::new(Endless);
    let error = read(endless, "-", ReadOptions::default())
        .next()
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, InputError::TooLarge { .. }), "{error}");
    let long = std::io::BufReader::new(std::io::Read::chain(
        std::io::Read::take(Endless, 1 << 28),
        "\n{\"text\":\"সরকার বলেছে।\"}".as_bytes(),
    ));
    let options = ReadOptions {
        format: Some(Format::JsonLines),
        ..ReadOptions::default()
    };
    let found: Vec<_> = read(long, "-", options).collect();
    assert!(matches!(
        &found[..],
        [Err(InputError::TooLarge { .. }), Ok(_)]
    ));
}

fn shown(article: &Article) -> Vec<(Role, &str)> {
    let paragraphs = article.paragraphs.iter();
    paragraphs.map(|p| (p.role, p.text.as_str())).collect()
}

#[test]
fn addresses_behind_links_follow_their_paragraph() {
    let article = markdown(
        "# [শিরোনাম](https://example.com/১ \"নাম\")\n\nভাড়া [বাড়ানোর](https://example.com/a_(b)?q=১) কথা \
         [বলেছেন](/news/১) তিনি, [মন্ত্রী][ক]।\n\nলিখুন <https://example.org> ও <a@example.org>।\n\n\
         - [ফেসবুক](https://facebook.com/sharer)\n\n[ক]: https://example.net/খ\n",
    );
    assert_eq!(
        shown(&article),
        [
            (Role::Title, "শিরোনাম"),
            (Role::Verbatim, "https://example.com/১"),
            (Role::Body, "ভাড়া বাড়ানোর কথা বলেছেন তিনি, মন্ত্রী।"),
            (Role::Verbatim, "https://example.com/a_(b)?q=১"),
            (Role::Body, "লিখুন https://example.org ও a@example.org।"),
            (Role::Item, "ফেসবুক"),
            (Role::Verbatim, "https://facebook.com/sharer"),
            (Role::Verbatim, "https://example.net/খ"),
        ]
    );
    for paragraph in &article.paragraphs {
        if paragraph.role == Role::Verbatim {
            assert_eq!(&article.text[paragraph.span.clone()], paragraph.text);
        }
    }
    let related =
        markdown("প্রথম অনুচ্ছেদ।\n\n**আরও পড়ুন:** [বাঁধ মেরামতে প্রকল্প](https://example.com/ক)\n");
    assert!(
        related
            .paragraphs
            .iter()
            .all(|p| !p.text.contains("example.com"))
    );
}

#[test]
fn a_title_given_twice_is_one_headline() {
    let article = markdown("---\ntitle: \"ঢাকায় বৃষ্টি\"\n---\n# ঢাকায়  বৃষ্টি\n\nবৃষ্টি হয়েছে।\n");
    assert_eq!(
        shown(&article),
        [(Role::Title, "ঢাকায়  বৃষ্টি"), (Role::Body, "বৃষ্টি হয়েছে।")]
    );
    let title = Some("ঢাকায় বৃষ্টি".to_owned());
    for text in ["ঢাকা\u{9df} বৃষ্টি।\n\nবৃষ্টি হয়েছে।", "ঢাকায় বৃষ্টি\nবৃষ্টি হয়েছে।"]
    {
        let article = Article::from_plain("a", title.clone(), text.to_owned());
        let roles: Vec<_> = article
            .paragraphs
            .iter()
            .map(|p| (p.role, p.part))
            .collect();
        assert_eq!(
            roles,
            [(Role::Title, Part::Text), (Role::Body, Part::Text)],
            "{text}"
        );
    }
}
