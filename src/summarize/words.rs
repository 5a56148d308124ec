//! English words as the second pass sees them: numbers by value, names by their capital, the rest by stem.

use unicode_segmentation::UnicodeSegmentation;

/// A word, or a number of several words ("2.5 million").
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word<'a> {
    /// As written, without a possessive ending.
    pub text: &'a str,
    /// What equal words share: the value of a number, otherwise the lower-case stem.
    pub key: String,
    /// What it is.
    pub kind: Kind,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, in digits or spelt.
    Number,
    /// Begins with a capital inside a sentence.
    Name,
    /// Begins with a capital where every sentence does: a name or not.
    Opener,
    /// "not", "never", "without" …; all have one key.
    Negation,
    /// "the", "of", "was" …: no meaning of its own.
    Stop,
    /// Any other.
    Plain,
}

/// The words of a text in order, by the word boundaries of Unicode (UAX #29), which keep "53,000",
/// "7.8" and "U.S" whole.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut pieces = text.unicode_word_indices().peekable();
    let mut words = Vec::new();
    while let Some((start, piece)) = pieces.next() {
        if let Some(mut value) = numeral(piece) {
            let mut end = start + piece.len();
            if let Some(&(at, next)) = pieces.peek()
                && let Some(units) = spelt(next).filter(|units| *units < 10.0)
                && (20.0..100.0).contains(&value)
                && &text[end..at] == "-"
            {
                value += units;
                end = at + next.len();
                pieces.next();
            }
            while let Some((at, next)) = pieces.next_if(|(_, next)| scale(next).is_some()) {
                value *= scale(next).expect("just seen");
                end = at + next.len();
            }
            // Twelve digits: as many as a newspaper needs, and few enough to hide the rounding of a product.
            words.push(Word {
                text: &text[start..end],
                key: format!("{value:.11e}"),
                kind: Kind::Number,
            });
            continue;
        }
        let bare = without_possessive(piece);
        // "U.S" is "US", and "didn’t" is "didn't".
        let lower = bare.to_lowercase().replace('.', "").replace('’', "'");
        let kind = if piece.starts_with(|c: char| c.is_ascii_digit()) {
            Kind::Number // "12.5.2025": no value, but as much to be kept
        } else if is_negation(&lower) {
            Kind::Negation
        } else if STOP_WORDS.binary_search(&lower.as_str()).is_ok() {
            Kind::Stop
        } else if !bare.starts_with(char::is_uppercase) {
            Kind::Plain
        } else if opens_sentence(&text[..start]) {
            Kind::Opener
        } else {
            Kind::Name
        };
        let key = if kind == Kind::Negation {
            "not".to_owned()
        } else {
            stem(&lower)
        };
        words.push(Word {
            text: bare,
            key,
            kind,
        });
    }
    words
}

/// Whether a capital after `before` tells nothing.
fn opens_sentence(before: &str) -> bool {
    before
        .trim_end()
        .chars()
        .next_back()
        .is_none_or(|c| ".!?:;\"'“‘«([–—•".contains(c))
}

fn without_possessive(word: &str) -> &str {
    word.strip_suffix("'s")
        .or_else(|| word.strip_suffix("’s"))
        .unwrap_or(word)
}

fn is_negation(lower: &str) -> bool {
    lower.ends_with("n't")
        || [
            "no", "not", "nor", "none", "neither", "never", "cannot", "without",
        ]
        .contains(&lower)
}

/// Value of digits ("53,000", "1,00,000", "7.8", "21st", "1990s") or of a spelt numeral.
fn numeral(word: &str) -> Option<f64> {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return spelt(word);
    }
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    digits.replace(',', "").parse().ok()
}

/// Value of a spelt numeral below 100. "one" is not among them: it is a pronoun as often as a number.
fn spelt(word: &str) -> Option<f64> {
    const SMALL: [&str; 18] = [
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
    let place = |list: &[&str]| list.iter().position(|n| n.eq_ignore_ascii_case(word));
    let value = place(&SMALL)
        .map(|i| i + 2)
        .or_else(|| place(&TENS).map(|i| (i + 2) * 10))?;
    Some(value as f64)
}

/// What a word after a number multiplies it by.
fn scale(word: &str) -> Option<f64> {
    Some(match word.to_ascii_lowercase().as_str() {
        "hundred" => 1e2,
        "thousand" => 1e3,
        "lakh" | "lakhs" => 1e5,
        "million" => 1e6,
        "crore" | "crores" => 1e7,
        "billion" | "bn" => 1e9,
        "trillion" => 1e12,
        _ => return None,
    })
}

/// Light stemming: the endings of plurals and verbs off, so that "fires", "fired" and "firing" meet.
/// Stems are compared, never shown.
fn stem(lower: &str) -> String {
    let mut stem = lower.to_owned();
    if !lower.is_ascii() || lower.len() < 4 {
        return stem;
    }
    if stem.ends_with("ies") && stem.len() > 4 {
        stem.replace_range(stem.len() - 3.., "y");
    } else if stem.ends_with('s') && !["ss", "us", "is"].iter().any(|end| stem.ends_with(end)) {
        stem.pop();
    }
    for ending in ["ing", "ed"] {
        if let Some(base) = stem.strip_suffix(ending)
            && base.len() >= 3
            && base.contains(['a', 'e', 'i', 'o', 'u', 'y'])
        {
            stem.truncate(base.len());
            let end = &stem.as_bytes()[stem.len() - 2..];
            if end[0] == end[1] && !b"aeiouflsz".contains(&end[0]) {
                stem.pop();
            }
            break;
        }
    }
    if stem.len() > 3 && stem.ends_with('e') {
        stem.pop();
    }
    stem
}

/// Sorted, for binary search. "may" is not among them, for it is a month as well.
#[rustfmt::skip]
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "all", "also", "although", "am", "among", "an", "and", "any", "are", "as", "at",
    "be", "because", "been", "before", "being", "both", "but", "by", "can", "could", "did", "do", "does",
    "each", "either", "for", "from", "had", "has", "have", "he", "her", "here", "hers", "him", "his", "how",
    "however", "i", "if", "in", "into", "is", "it", "its", "just", "like", "me", "meanwhile", "might",
    "more", "most", "must", "my", "of", "on", "one", "only", "or", "other", "our", "out", "over", "own",
    "said", "say", "saying", "says", "shall", "she", "should", "so", "some", "such", "than", "that", "the",
    "their", "theirs", "them", "then", "there", "these", "they", "this", "those", "though", "through",
    "to", "too", "under", "until", "up", "very", "was", "we", "were", "what", "when", "where", "which",
    "while", "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        words(text).into_iter().map(|w| w.key).collect()
    }

    fn kinds(text: &str) -> Vec<(&str, Kind)> {
        words(text).into_iter().map(|w| (w.text, w.kind)).collect()
    }

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn numbers_meet_by_value() {
        for (a, b) in [
            ("2.5 million", "2,500,000"),
            ("2.3 million", "2300000"),
            ("1,00,000", "100,000"),
            ("3 lakh", "300 thousand"),
            ("12 crore", "120 million"),
            ("three", "3"),
            ("Twenty-five", "25"),
            ("two hundred", "200"),
            ("21st", "21"),
            ("$7.80", "7.8"),
            ("5%", "5"),
        ] {
            assert_eq!(keys(a), keys(b), "{a} and {b}");
        }
        assert_ne!(keys("3 million"), keys("3 billion"));
        assert_ne!(keys("7.8"), keys("78"));
        assert_eq!(words("about 2.5 million people")[1].text, "2.5 million");
    }

    #[test]
    fn a_range_is_two_numbers() {
        assert_eq!(keys("20-25").len(), 2);
        assert_eq!(keys("thirty five"), [keys("30"), keys("5")].concat());
    }

    #[test]
    fn endings_do_not_part_words() {
        for group in [
            vec!["fire", "fires", "fired", "firing"],
            vec!["stop", "stops", "stopped", "stopping"],
            vec!["city", "cities"],
            vec!["Korea", "Korea's", "Korea’s"],
            vec!["call", "called"],
        ] {
            let first = keys(group[0]);
            assert!(group.iter().all(|w| keys(w) == first), "{group:?}");
        }
        assert_eq!(
            keys("gas bus analysis press"),
            ["gas", "bus", "analysis", "press"]
        );
    }

    #[test]
    fn capitals_tell_names_only_inside_a_sentence() {
        assert_eq!(
            kinds("Ministers met in Dhaka. They did not say why, Rahman’s aide told: \"Wait.\""),
            [
                ("Ministers", Kind::Opener),
                ("met", Kind::Plain),
                ("in", Kind::Stop),
                ("Dhaka", Kind::Name),
                ("They", Kind::Stop),
                ("did", Kind::Stop),
                ("not", Kind::Negation),
                ("say", Kind::Stop),
                ("why", Kind::Stop),
                ("Rahman", Kind::Name),
                ("aide", Kind::Plain),
                ("told", Kind::Plain),
                ("Wait", Kind::Opener),
            ]
        );
    }

    #[test]
    fn abbreviations_meet_with_and_without_points() {
        assert_eq!(keys("the U.S. troops"), keys("the US troops"));
        assert_eq!(words("the U.S. troops")[1].kind, Kind::Name);
    }

    #[test]
    fn denials_share_a_key() {
        assert_eq!(keys("didn't"), keys("never"));
        assert_eq!(keys("hasn’t"), keys("no"));
    }
}
