//! English words as the second pass sees them: numbers by value, names by their capital, the rest by stem.

use unicode_segmentation::UnicodeSegmentation;

use crate::text::{Kind as NumberKind, Number, Written, is_denial, numbers_en};

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

/// The words of a text in order, by the word boundaries of Unicode (UAX #29), which keep "U.S" whole,
/// and its numbers ([`numbers_en`]); dates and scores come in parts. Words that may be no numbers
/// ("one", "both") and ordinals in words are words.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let is_word =
        |n: &Number| n.ambiguous || (n.kind, n.written) == (NumberKind::Ordinal, Written::Words);
    let mut numbers = numbers_en(text)
        .into_iter()
        .filter(|number| !is_word(number))
        .peekable();
    let mut words = Vec::new();
    let mut number_end = 0;
    for (start, piece) in text.unicode_word_indices() {
        if start < number_end {
            continue;
        }
        // Digits inside a word are part of it: G20.
        while numbers.next_if(|n| n.span.start < start).is_some() {}
        let is_number = numbers.peek().is_some_and(|n| n.span.start == start);
        if is_number {
            let end = start + piece.len();
            while let Some(number) = numbers.next_if(|n| n.span.start < end) {
                number_end = number.span.end;
                words.push(Word {
                    text: &text[number.span],
                    key: number.value.to_string(),
                    kind: Kind::Number,
                });
            }
        } else {
            let (before, after) = (&text[..start], &text[start + piece.len()..]);
            words.push(word(piece, opens_sentence(before), precedes_number(after)));
        }
    }
    words
}

/// A word that is no number; `opens` where it has a capital in any case, `numbers` where digits follow.
fn word(piece: &str, opens: bool, numbers: bool) -> Word<'_> {
    let text = without_possessive(piece);
    // "U.S" is "US", and "didn’t" is "didn't".
    let lower = text.to_lowercase().replace('.', "").replace('’', "'");
    let kind = if lower == "no" && numbers {
        Kind::Stop // No. 7
    } else if is_denial(&lower) || lower == "without" {
        Kind::Negation
    } else if STOP_WORDS.binary_search(&lower.as_str()).is_ok() {
        Kind::Stop
    } else if !text.starts_with(char::is_uppercase) {
        Kind::Plain
    } else if opens {
        Kind::Opener
    } else {
        Kind::Name
    };
    let key = if kind == Kind::Negation {
        "not".to_owned()
    } else {
        stem(&lower)
    };
    Word { text, key, kind }
}

/// Whether a capital after `before` tells nothing.
fn opens_sentence(before: &str) -> bool {
    before
        .trim_end()
        .chars()
        .next_back()
        .is_none_or(|c| ".!?:;\"'“‘«([–—•".contains(c))
}

/// Whether digits come next, with no more than a point between.
fn precedes_number(after: &str) -> bool {
    let after = after.strip_prefix('.').unwrap_or(after).trim_start();
    after.starts_with(|c: char| c.is_ascii_digit())
}

fn without_possessive(word: &str) -> &str {
    word.strip_suffix("'s")
        .or_else(|| word.strip_suffix("’s"))
        .unwrap_or(word)
}

/// Light stemming: the endings of plurals and verbs off, so that "fires", "fired" and "firing" meet.
/// Stems are compared, never shown.
pub(super) fn stem(lower: &str) -> String {
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
            ("2.5bn", "2.5 billion"),
            ("$5m", "5 million"),
            ("half a million", "500,000"),
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
    fn ranges_scores_and_dates_are_several_numbers() {
        assert_eq!(keys("20-25"), ["20", "25"]);
        assert_eq!(
            keys("won 2-1 on 12.5.2025"),
            ["won", "2", "1", "on", "12", "5", "2025"]
        );
        assert_eq!(keys("half past eight"), ["8", "30"]);
    }

    #[test]
    fn digits_in_words_and_ordinals_in_words_are_words() {
        assert_eq!(
            kinds("the G20 third"),
            [
                ("the", Kind::Stop),
                ("G20", Kind::Name),
                ("third", Kind::Plain)
            ]
        );
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
        let kind = |text| words(text)[1].kind;
        assert_eq!(kind("Gate No. 7"), Kind::Stop);
        assert_eq!(kind("Has no gate"), Kind::Negation);
    }
}
