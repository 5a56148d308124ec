//! Number words of Bengali, and the endings they take.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::super::digits::digit_value;
use super::super::normalise::for_lookup;
use super::super::script::is_bengali_letter;
use super::reader::{Atom, Token, read_digits};
use super::value::Value;

/// 0 to 99, in order; spellings of one number are parted by `/`.
const UNITS: &str = "শূন্য এক দুই/দু তিন চার পাঁচ ছয় সাত আট নয় \
    দশ এগারো/এগার বারো তেরো/তের চৌদ্দ/চোদ্দ পনেরো/পনের ষোলো/ষোল সতেরো/সতের আঠারো/আঠার উনিশ/ঊনিশ \
    বিশ/কুড়ি একুশ বাইশ তেইশ চব্বিশ পঁচিশ/পচিশ ছাব্বিশ সাতাশ আটাশ/আঠাশ ঊনত্রিশ/উনত্রিশ \
    ত্রিশ/তিরিশ একত্রিশ বত্রিশ তেত্রিশ চৌত্রিশ পঁয়ত্রিশ ছত্রিশ সাঁইত্রিশ/সাইত্রিশ আটত্রিশ ঊনচল্লিশ/উনচল্লিশ \
    চল্লিশ একচল্লিশ বিয়াল্লিশ তেতাল্লিশ চুয়াল্লিশ পঁয়তাল্লিশ ছেচল্লিশ সাতচল্লিশ আটচল্লিশ ঊনপঞ্চাশ/উনপঞ্চাশ \
    পঞ্চাশ একান্ন বায়ান্ন/বাহান্ন তিপ্পান্ন চুয়ান্ন পঞ্চান্ন ছাপ্পান্ন সাতান্ন আটান্ন ঊনষাট/উনষাট \
    ষাট একষট্টি বাষট্টি তেষট্টি চৌষট্টি পঁয়ষট্টি ছেষট্টি সাতষট্টি আটষট্টি ঊনসত্তর/উনসত্তর \
    সত্তর একাত্তর বাহাত্তর তিয়াত্তর চুয়াত্তর পঁচাত্তর ছিয়াত্তর সাতাত্তর আটাত্তর ঊনআশি/উনআশি/ঊনাশি/উনাশি \
    আশি একাশি বিরাশি তিরাশি চুরাশি পঁচাশি ছিয়াশি সাতাশি অষ্টাশি/আটাশি ঊননব্বই/উননব্বই/ঊনানব্বই \
    নব্বই একানব্বই বিরানব্বই তিরানব্বই চুরানব্বই পঁচানব্বই ছিয়ানব্বই সাতানব্বই আটানব্বই নিরানব্বই";

/// 1st to 21st.
const ORDINALS: &str = "প্রথম/পহেলা/পয়লা দ্বিতীয়/দোসরা তৃতীয়/তেসরা চতুর্থ/চৌঠা পঞ্চম ষষ্ঠ সপ্তম অষ্টম নবম দশম একাদশ দ্বাদশ ত্রয়োদশ \
    চতুর্দশ পঞ্চদশ ষোড়শ সপ্তদশ অষ্টাদশ ঊনবিংশ/উনবিংশ বিংশ একবিংশ";

const SCALES: [(&str, u128); 12] = [
    ("শত", 100),
    ("হাজার", 1_000),
    ("সহস্র", 1_000),
    ("লাখ", 100_000),
    ("লক্ষ", 100_000),
    ("কোটি", 10_000_000),
    ("মিলিয়ন", 1_000_000),
    ("বিলিয়ন", 1_000_000_000),
    ("ট্রিলিয়ন", 1_000_000_000_000),
    ("ডজন", 12),
    ("হাজারো", 1_000),
    ("লাখো", 100_000),
];

/// Counters, which make a bare number word a count; each may have a case after it.
const COUNTERS: [&str; 11] = [
    "টি",
    "টা",
    "টো",
    "টে",
    "জন",
    "খানা",
    "খানি",
    "খান",
    "গুণ",
    "বার",
    "খানেক",
];
const CASES: [&str; 6] = ["", "র", "ের", "কে", "তে", "য়"];
/// "Only" and "too", behind a case.
const PARTICLES: [&str; 3] = ["", "ই", "ও"];

/// Cases and particles after a number word without a counter. `র` and `য়` need a vowel before them, and `কে` and
/// `য়ে` are left out: `একর` is an acre, `আটকে` "stuck", `কুড়িয়ে` "picking up".
const BARE_CASES: [&str; 11] = [
    "ই",
    "ও",
    "ের",
    "েরই",
    "েরও",
    "ে",
    "েই",
    "েও",
    "াধিক",
    "েক",
    "তম",
];
const VOWEL_CASES: [&str; 6] = ["র", "রই", "রও", "য়ের", "তে", "য়েক"];

/// Magnitudes that are written onto their coefficient: পাঁচশ, দেড়শত, অর্ধলাখ.
const SUFFIXES: [&str; 7] = ["শত", "শো", "শ", "হাজার", "লাখ", "লক্ষ", "কোটি"];

/// Endings that make digits ordinal: `৫ম`, `১লা`, `২৫শে`.
const ORDINAL_ENDINGS: [&str; 12] = [
    "ম",
    "য়",
    "র্থ",
    "র্থী",
    "ষ্ঠ",
    "তম",
    "লা",
    "রা",
    "ঠা",
    "ই",
    "শে",
    "শ্রেণি",
];

/// What a stem of the table is.
#[derive(Clone, Copy)]
struct Entry {
    atom: Atom,
    ordinal: bool,
    doubt: Doubt,
}

/// When a word may be something other than a number.
#[derive(Clone, Copy, PartialEq)]
enum Doubt {
    Never,
    /// Without a counter: `নয়` "is not", `শত` "hundreds of".
    Bare,
    /// Also with one: `একটি` "a".
    Always,
}

static STEMS: LazyLock<FxHashMap<String, Entry>> = LazyLock::new(|| {
    let mut stems = FxHashMap::default();
    let mut add = |word: &str, atom, ordinal, doubt| {
        stems.insert(
            for_lookup(word).into_owned(),
            Entry {
                atom,
                ordinal,
                doubt,
            },
        );
    };
    for (value, spellings) in (0u128..).zip(UNITS.split_whitespace()) {
        let doubt = match value {
            1 => Doubt::Always,
            0 | 9 | 21 | 71 => Doubt::Bare,
            _ => Doubt::Never,
        };
        for word in spellings.split('/') {
            add(word, Atom::Word(value), false, doubt);
        }
    }
    for (value, spellings) in (1u128..).zip(ORDINALS.split_whitespace()) {
        let doubt = if value == 1 {
            Doubt::Always
        } else {
            Doubt::Never
        };
        for word in spellings.split('/') {
            add(word, Atom::Word(value), true, doubt);
        }
    }
    for (word, value) in SCALES {
        // লক্ষ alone is "aim, notice".
        add(
            word,
            Atom::Scale {
                value,
                alone: word != "লক্ষ",
            },
            false,
            Doubt::Bare,
        );
    }
    let hundred = Atom::Scale {
        value: 100,
        alone: false,
    };
    add("শ", hundred, false, Doubt::Never);
    add("শো", hundred, false, Doubt::Never);
    let part = |numerator, denominator| {
        Value::ratio(numerator, denominator).expect("denominators are not 0")
    };
    let more = |by| Atom::Change { add: true, by };
    let less = |by| Atom::Change { add: false, by };
    for (word, atom, doubt) in [
        ("দেড়", Atom::Fixed(part(3, 2)), Doubt::Never),
        ("আড়াই", Atom::Fixed(part(5, 2)), Doubt::Never),
        ("অর্ধেক", Atom::Fixed(part(1, 2)), Doubt::Never),
        ("আধা", Atom::Fixed(part(1, 2)), Doubt::Always),
        ("আধ", Atom::Fixed(part(1, 2)), Doubt::Always),
        ("অর্ধ", Atom::Fixed(part(1, 2)), Doubt::Always),
        ("সাড়ে", more(part(1, 2)), Doubt::Never),
        ("সোয়া", more(part(1, 4)), Doubt::Never),
        ("সওয়া", more(part(1, 4)), Doubt::Never),
        ("পৌনে", less(part(1, 4)), Doubt::Never),
        ("তৃতীয়াংশ", Atom::Part(3), Doubt::Never),
        ("চতুর্থাংশ", Atom::Part(4), Doubt::Never),
        ("পঞ্চমাংশ", Atom::Part(5), Doubt::Never),
        ("দশমাংশ", Atom::Part(10), Doubt::Never),
        ("দশমিক", Atom::Point { alone: true }, Doubt::Never),
    ] {
        add(word, atom, false, doubt);
    }
    stems
});

/// Every ending, without its stem's restrictions, the longest first.
static ENDINGS: LazyLock<Vec<Ending>> = LazyLock::new(|| {
    let mut endings = Vec::new();
    for (counter, case) in COUNTERS.iter().flat_map(|c| CASES.map(|case| (c, case))) {
        endings.extend(PARTICLES.map(|particle| Ending {
            text: for_lookup(&format!("{counter}{case}{particle}")).into_owned(),
            counter: true,
            after_vowel: false,
        }));
    }
    let mut bare = |cases: &[&str], after_vowel| {
        endings.extend(cases.iter().map(|case| Ending {
            text: for_lookup(case).into_owned(),
            counter: false,
            after_vowel,
        }));
    };
    bare(&BARE_CASES, false);
    bare(&VOWEL_CASES, true);
    endings.sort_by_key(|ending| std::cmp::Reverse(ending.text.len()));
    endings
});

struct Ending {
    text: String,
    counter: bool,
    after_vowel: bool,
}

impl Ending {
    /// Whether it makes a count a rough one: চারেক, দুয়েক.
    fn is_about(&self) -> bool {
        !self.counter && self.text.ends_with("েক")
    }
}

static ORDINAL_ENDING_FORMS: LazyLock<Vec<String>> = LazyLock::new(|| {
    ORDINAL_ENDINGS
        .iter()
        .map(|ending| for_lookup(ending).into_owned())
        .collect()
});

/// The pieces of numbers in a Bengali text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    // Where the last token ended, while only spaces and the like have been read since.
    let mut joins = false;
    while let Some(c) = text[at..].chars().next() {
        if digit_value(c).is_some() {
            let (value, count, len) = read_digits(text, at);
            let mut token = Token::new(at..at + len, Atom::Digits { value, count }, joins);
            at += len;
            let ending = &text[at..at + word_len(&text[at..])];
            let form = for_lookup(bounded(ending));
            token.ordinal = ORDINAL_ENDING_FORMS.iter().any(|known| *known == form);
            if token.ordinal || (!ending.is_empty() && !is_scale(&form)) {
                token.closed = true;
                token.clock = is_clock(&form);
                at += ending.len();
            }
            tokens.push(token);
            joins = true;
        } else if is_letter(c) {
            let len = word_len(&text[at..]);
            let before = tokens.len();
            read_word(text, at..at + len, joins, &mut tokens);
            joins = tokens.len() > before;
            at += len;
        } else {
            let linked = match c {
                ' ' | '\n' | '\u{A0}' | '’' | '\'' => true,
                // এক-তৃতীয়াংশ; other hyphens part numbers.
                '-' => {
                    for_lookup(&text[at + 1..at + 1 + word_len(&text[at + 1..])]).ends_with("াংশ")
                }
                _ => false,
            };
            joins &= linked;
            at += c.len_utf8();
        }
    }
    tokens
}

/// Whether a text begins with a sign or word for percent.
pub(super) fn is_percent(text: &str) -> bool {
    ["%", "শতাংশ", "পারসেন্ট", "পার্সেন্ট"]
        .iter()
        .any(|word| text.starts_with(word))
}

/// Reads a word as one or two tokens: পাঁচ, পাঁচটি, পাঁচশ.
fn read_word(text: &str, span: std::ops::Range<usize>, joined: bool, tokens: &mut Vec<Token>) {
    let form = for_lookup(bounded(&text[span.clone()]));
    // দু’জন, ছ’টি: short forms before an apostrophe.
    let short = match form.as_ref() {
        "ছ" => Some(6),
        "ন" => Some(9),
        _ => None,
    };
    let after = text[span.end..].chars().next();
    if let Some((value, apostrophe)) = short.zip(after.filter(|c| matches!(c, '’' | '\''))) {
        let next = text[span.end + apostrophe.len_utf8()..].trim_start_matches(' ');
        let mut token = Token::new(span, Atom::Word(value), joined);
        // ন’শো and ছ’ হাজার are one number.
        token.closed = !is_scale(&for_lookup(bounded(&next[..word_len(next)])));
        tokens.push(token);
        return;
    }
    let Some((entries, ending)) = analyse(&form) else {
        return;
    };
    for (index, entry) in entries.iter().flatten().enumerate() {
        let mut token = Token::new(span.clone(), entry.atom, joined || index > 0);
        let counter = ending.is_some_and(|ending| ending.counter);
        token.ordinal = entry.ordinal || ending.is_some_and(|ending| ending.text == "তম");
        token.multiplies = ending.is_some_and(|ending| ending.is_about());
        token.ambiguous = entry.doubt == Doubt::Always || (entry.doubt == Doubt::Bare && !counter);
        let last = index + 1 == entries.iter().flatten().count();
        token.closed = last && (token.ordinal || ending.is_some());
        token.clock = last && ending.is_some_and(|ending| is_clock(&ending.text));
        tokens.push(token);
    }
}

/// The stems of a word and its ending, if it is a number word.
fn analyse(form: &str) -> Option<([Option<Entry>; 2], Option<&'static Ending>)> {
    if let Some(entries) = stems(form) {
        return Some((entries, None));
    }
    ENDINGS.iter().find_map(|ending| {
        let stem = form.strip_suffix(ending.text.as_str())?;
        // সাত শর: শ is said with a vowel.
        let vowel = stem.ends_with('শ')
            || stem.ends_with(|c: char| {
                !('ক'..='হ').contains(&c) && !matches!(c, '\u{9DC}'..='\u{9DF}')
            });
        (!ending.after_vowel || vowel)
            .then(|| stems(stem))
            .flatten()
            .map(|entries| (entries, Some(ending)))
    })
}

/// A stem of the table, or one with a magnitude written onto it: পাঁচ, পাঁচশ, দেড়শত.
fn stems(word: &str) -> Option<[Option<Entry>; 2]> {
    if let Some(&entry) = STEMS.get(word) {
        return Some([Some(entry), None]);
    }
    SUFFIXES.iter().find_map(|suffix| {
        let entry = STEMS.get(word.strip_suffix(suffix)?)?;
        let counts = matches!(entry.atom, Atom::Word(_) | Atom::Fixed(_)) && !entry.ordinal;
        counts.then(|| [Some(*entry), STEMS.get(*suffix).copied()])
    })
}

fn is_scale(form: &str) -> bool {
    analyse(form)
        .and_then(|(entries, _)| entries[0])
        .is_some_and(|entry| matches!(entry.atom, Atom::Scale { .. }))
}

/// The ending of a count that also tells the time: আটটা, আটটায়, তিনটে.
fn is_clock(ending: &str) -> bool {
    ending.starts_with("টা") || ending == "টে"
}

/// A word, or nothing for a string too long to be one.
fn bounded(word: &str) -> &str {
    if word.len() <= 64 { word } else { "" }
}

fn word_len(text: &str) -> usize {
    text.find(|c| !is_letter(c)).unwrap_or(text.len())
}

/// Letters and signs of Bengali, and joiners.
fn is_letter(c: char) -> bool {
    is_bengali_letter(c) || matches!(c, '\u{200C}' | '\u{200D}')
}
