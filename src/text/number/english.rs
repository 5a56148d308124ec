//! Number words of English, of the short scale and of South Asia.

use super::super::digits::digit_value;
use super::reader::{Atom, Token, read_digits};
use super::value::Value;

const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
const ORDINALS: [&str; 19] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];
const SCALES: [(&str, u128); 11] = [
    ("hundred", 100),
    ("thousand", 1_000),
    ("lakh", 100_000),
    ("lac", 100_000),
    ("million", 1_000_000),
    ("crore", 10_000_000),
    ("billion", 1_000_000_000),
    ("trillion", 1_000_000_000_000),
    ("dozen", 12),
    ("score", 20),
    ("myriad", 10_000),
];
/// Words that hold a number without saying it.
const COUNTS: [(&str, u128); 8] = [
    ("once", 1),
    ("both", 2),
    ("twice", 2),
    ("couple", 2),
    ("pair", 2),
    ("thrice", 3),
    ("noon", 12),
    ("midnight", 12),
];
/// Magnitudes written onto digits.
const SUFFIXES: [(&str, u128); 5] = [
    ("k", 1_000),
    ("mn", 1_000_000),
    ("bn", 1_000_000_000),
    ("tn", 1_000_000_000_000),
    ("cr", 10_000_000),
];

/// The pieces of numbers in an English text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    let mut joins = false;
    // The next number is the hour of "half past eight".
    let mut hour = false;
    while let Some(c) = text[at..].chars().next() {
        if digit_value(c).is_some() {
            let (value, count, len) = read_digits(text, at);
            let mut token = Token::new(at..at + len, Atom::Digits { value, count }, joins);
            let money = text[..at].ends_with(['$', '€', '£', '৳', '₹']);
            at += len;
            let suffix = &text[at..at + word_len(&text[at..])];
            let scale = SUFFIXES
                .iter()
                .find(|(known, _)| suffix.eq_ignore_ascii_case(known))
                .map(|&(_, scale)| scale);
            let scale = scale.or((money && suffix.eq_ignore_ascii_case("m")).then_some(1_000_000));
            token.ordinal = ["st", "nd", "rd", "th"]
                .iter()
                .any(|known| suffix.eq_ignore_ascii_case(known));
            token.clock = std::mem::take(&mut hour);
            token.closed = token.clock || (!suffix.is_empty() && scale.is_none());
            tokens.push(token);
            if let Some(value) = scale {
                let span = at..at + suffix.len();
                tokens.push(Token {
                    closed: true,
                    ..Token::new(
                        span,
                        Atom::Scale {
                            value,
                            alone: false,
                        },
                        true,
                    )
                });
            }
            at += suffix.len();
            joins = true;
        } else if c.is_alphabetic() {
            let len = word_len(&text[at..]);
            let word = &text[at..at + len];
            if let Some((change, end)) = past_hour(text, at, word) {
                tokens.push(Token::new(at..end, change, false));
                (at, joins, hour) = (end, true, true);
                continue;
            }
            // Longer words are no numbers.
            let lower = if word.len() <= 16 {
                word.to_lowercase()
            } else {
                String::new()
            };
            let mut token = read_word(&lower, at..at + len, joins);
            if let Some(token) = &mut token {
                // Twenty-second is an ordinal, twenty second(s) are a time.
                token.ones &= lower != "second" || text[..at].ends_with('-');
                token.clock = hour;
                token.closed |= hour;
                if lower == "half" && is_after_one(&text[..at]) {
                    token.atom = Atom::Fixed(Value::ratio(3, 2).unwrap_or(Value::from(1)));
                    token.joined = false;
                }
            }
            hour = false;
            joins = token.is_some();
            tokens.extend(token);
            at += len;
        } else {
            // "2-1" is two numbers; "twenty-one" and "1.5-million" are one.
            let hyphen = c == '-' && text[at + 1..].starts_with(char::is_alphabetic);
            joins &= matches!(c, ' ' | '\n' | '\u{A0}') || hyphen;
            at += c.len_utf8();
        }
    }
    tokens
}

/// "half past", "quarter past", "quarter to" before an hour: what they change, and where they end.
fn past_hour(text: &str, at: usize, word: &str) -> Option<(Atom, usize)> {
    let by = match word {
        "half" => Value::ratio(1, 2)?,
        "quarter" => Value::ratio(1, 4)?,
        _ => return None,
    };
    let end = at + word.len();
    let add = text[end..].starts_with(" past ");
    let less = word == "quarter" && text[end..].starts_with(" to ");
    (add || less).then_some((
        Atom::Change { add, by },
        end + if add { " past".len() } else { " to".len() },
    ))
}

/// Whether "half" after this text is that of "a year and a half": one and a half.
fn is_after_one(before: &str) -> bool {
    let Some(thing) = before.strip_suffix(" and a ") else {
        return false;
    };
    let start = thing.len() - word_len_back(thing);
    let rest = thing[..start].trim_end();
    start < thing.len()
        && ["a", "an", "one", "A", "An", "One"].contains(&&rest[rest.len() - word_len_back(rest)..])
}

fn word_len_back(text: &str) -> usize {
    text.chars()
        .rev()
        .take(24)
        .take_while(|c| c.is_alphabetic())
        .map(char::len_utf8)
        .sum()
}

/// Whether a text begins with a sign or word for percent.
pub(super) fn is_percent(text: &str) -> bool {
    ["%", "percent", "per cent"]
        .iter()
        .any(|word| text.starts_with(word))
}

fn read_word(word: &str, span: std::ops::Range<usize>, joined: bool) -> Option<Token> {
    let half = Value::ratio(1, 2)?;
    let singular = word.strip_suffix('s').unwrap_or(word);
    let plural = singular.len() < word.len();
    let number = |words: &[&str]| {
        words
            .iter()
            .position(|known| *known == word)
            .map(|index| index as u128)
    };
    let mut token = Token::new(span, Atom::And, joined);
    if let Some(value) = number(&UNITS) {
        token.atom = Atom::Word(value);
        token.ones = value > 0;
        token.ambiguous = value == 1;
    } else if let Some(tens) = number(&TENS) {
        token.atom = Atom::Word((tens + 2) * 10);
    } else if let Some(index) = ORDINALS
        .iter()
        .position(|known| *known == word || *known == singular)
    {
        token.atom = Atom::Word(index as u128 + 1);
        token.ordinal = true;
        token.ones = !plural;
        token.part = true;
        token.closed = true;
        token.ambiguous = index < 2 || plural;
    } else if let Some(tens) = word.strip_suffix("ieth").and_then(|stem| {
        TENS.iter()
            .position(|ten| ten.strip_suffix('y') == Some(stem))
    }) {
        token.atom = Atom::Word((tens as u128 + 2) * 10);
        token.ordinal = true;
        token.closed = true;
    } else if let Some(&(_, value)) = SCALES.iter().find(|(known, _)| *known == singular) {
        token.atom = Atom::Scale {
            value,
            alone: !matches!(singular, "score" | "lac"),
        };
        token.ambiguous = true;
    } else if let Some(&(_, value)) = SCALES
        .iter()
        .find(|(known, _)| word.strip_suffix("th") == Some(known))
    {
        token.atom = Atom::Scale { value, alone: true };
        token.ordinal = true;
        token.closed = true;
    } else if let Some(&(_, value)) = SUFFIXES[1..].iter().find(|(known, _)| *known == word) {
        token.atom = Atom::Scale {
            value,
            alone: false,
        };
    } else if let Some(&(_, value)) = COUNTS.iter().find(|(known, _)| *known == word) {
        token.atom = Atom::Word(value);
        token.closed = true;
        token.ambiguous = true;
    } else {
        token.atom = match word {
            "half" => Atom::Fixed(half),
            "quarter" | "quarters" => Atom::Part(4),
            "point" => Atom::Point { alone: false },
            "a" | "an" => Atom::Article,
            "and" => Atom::And,
            _ => return None,
        };
    }
    Some(token)
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len())
}
