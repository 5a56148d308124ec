//! Comparing lines with tables of phrases, whatever their encoding, digits and punctuation.

use rustc_hash::FxHashSet;
use unicode_normalization::UnicodeNormalization;

/// A table of phrases, each a sequence of words in the spelling of [`words`].
pub(super) struct Phrases {
    phrases: FxHashSet<String>,
    longest: usize,
}

impl Phrases {
    /// A table from its phrases, set apart by commas.
    pub fn new(table: &str) -> Self {
        let split: Vec<Vec<String>> = table.split(',').map(words).collect();
        Phrases {
            longest: split.iter().map(Vec::len).max().unwrap_or(0),
            phrases: split.into_iter().map(|words| words.join(" ")).collect(),
        }
    }

    /// Whether the words are one of the phrases.
    pub fn contains(&self, words: &[String]) -> bool {
        !words.is_empty() && words.len() <= self.longest && self.phrases.contains(&words.join(" "))
    }

    /// Number of words of the longest phrase that the words begin with; 0 for none.
    pub fn prefix(&self, words: &[String]) -> usize {
        let most = self.longest.min(words.len());
        (1..=most)
            .rev()
            .find(|&n| self.contains(&words[..n]))
            .unwrap_or(0)
    }

    /// Number of words of the longest phrase that the words end with; 0 for none.
    pub fn suffix(&self, words: &[String]) -> usize {
        let most = self.longest.min(words.len());
        (1..=most)
            .rev()
            .find(|&n| self.contains(&words[words.len() - n..]))
            .unwrap_or(0)
    }

    /// Whether the words are phrases of the table one after another, with nothing but `filler`
    /// between them.
    pub fn cover(&self, mut words: &[String], filler: impl Fn(&str) -> bool) -> bool {
        let mut found = false;
        while !words.is_empty() {
            let n = self.prefix(words);
            if n == 0 && !filler(&words[0]) {
                return false;
            }
            found |= n > 0;
            words = &words[n.max(1)..];
        }
        found
    }
}

/// The words of a line in one spelling, so that encodings and typography do not matter: letters
/// and digits only, NFC (by which ড় ঢ় য় are always two code points, and ো ৌ one), no zero-width
/// characters, ASCII digits, lower case, and no visarga at the end of a word, where it stands for
/// a colon ("ছবিঃ").
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in line.nfc().filter(|&c| !is_zero_width(c)).chain([' ']) {
        if is_word_char(c) {
            match c {
                '০'..='৯' => {
                    word.push(char::from(b'0' + (u32::from(c) - u32::from('০')) as u8))
                }
                _ => word.extend(c.to_lowercase()),
            }
            continue;
        }
        word.truncate(word.trim_end_matches('ঃ').len());
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    words
}

fn is_zero_width(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe0f}' | '\u{feff}'
    )
}

/// Letters, digits, and the Bengali signs that Unicode does not count as alphabetic (hasanta,
/// nukta).
fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{981}'..='\u{9cd}' | '\u{9d7}')
}

/// Whether a word is a number, alone or with a classifier ("3", "3টি").
pub(super) fn is_count(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < word.len() && matches!(rest, "" | "টি" | "টা" | "জন" | "বার" | "k" | "হাজার")
}

/// Cuts a line after its label: at the first colon (also a visarga that stands for one), dash,
/// bar, arrow or double danda. The label is looked for in the first 120 bytes.
pub(super) fn split_label(line: &str) -> Option<(&str, &str)> {
    let (at, c) = separators(line).next()?;
    Some((&line[..at], &line[at + c.len_utf8()..]))
}

/// Places of the characters at which [`split_label`] may cut: the first few, so that a line made
/// of them costs no more than another.
pub(super) fn separators(line: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    const MARKS: &str = ":：-–—―|॥»›>→";
    let is_separator = |&(at, c): &(usize, char)| {
        let colon = c == 'ঃ' && !line[at..].chars().nth(1).is_some_and(is_word_char);
        colon || MARKS.contains(c)
    };
    line.char_indices()
        .take_while(|&(at, _)| at < 120)
        .filter(is_separator)
        .take(8)
}

/// The last character that is not a closing quotation mark, bracket or blank.
fn last_mark(text: &str) -> Option<char> {
    text.chars().rev().find(|&c| {
        !super::block::is_blank(c)
            && !matches!(
                c,
                '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '}' | '\u{200c}' | '\u{200d}'
            )
    })
}

/// Whether a text ends like a sentence.
pub(super) fn ends_sentence(text: &str) -> bool {
    last_mark(text).is_some_and(|c| matches!(c, '।' | '॥' | '?' | '!' | '.' | '…' | '|'))
}

/// Whether a line reads like a headline: a few words, no danda in it or at its end. Headlines may
/// ask and exclaim.
pub(super) fn is_headline(line: &str) -> bool {
    const MOST_CHARS: usize = 150;
    const MOST_WORDS: usize = 25;
    if line.chars().nth(MOST_CHARS).is_some() || line.contains(['।', '॥']) {
        return false;
    }
    let open = last_mark(line).is_none_or(|c| matches!(c, '.' | '…' | '|' | ':' | ',' | ';' | 'ঃ'));
    !open && (1..=MOST_WORDS).contains(&words(line).len()) && line.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_in_every_encoding() {
        let decomposed = "আরও প\u{9a1}\u{9bc}ুন";
        let composed = "আরও প\u{9dc}ুন";
        assert_eq!(words(decomposed), words(composed));
        assert_eq!(words("শে\u{9af}\u{9bc}ার"), words("শে\u{9df}ার"));
        assert_eq!(words("ফ\u{9c7}\u{9be}টো"), words("ফোটো"));
        assert_eq!(words("[বিজ্ঞাপন_২]"), ["বিজ্ঞাপন", "2"]);
        assert_eq!(words("ছবিঃ সং\u{200c}গৃহীত"), ["ছবি", "সংগৃহীত"]);
        assert_eq!(words("দুঃখ"), ["দুঃখ"]);
        assert_eq!(words("【Photo】"), ["photo"]);
        assert!(words("— *** —").is_empty());
    }

    #[test]
    fn a_table_covers_lines_of_its_phrases_only() {
        let table = Phrases::new("শেয়ার করুন, শেয়ার, ফেসবুক");
        assert!(table.cover(&words("শেয়ার করুন | ফেসবুক"), is_count));
        assert!(table.cover(&words("ফেসবুক ১২"), is_count));
        assert!(!table.cover(&words("১২"), is_count));
        assert!(!table.cover(&words("ফেসবুক বন্ধ"), is_count));
        assert_eq!(table.prefix(&words("শেয়ার করুন এখনই")), 2);
        assert_eq!(table.suffix(&words("এখনই শেয়ার")), 1);
    }

    #[test]
    fn labels_end_at_a_colon_or_what_stands_for_one() {
        assert_eq!(split_label("ছবি: রয়টার্স"), Some(("ছবি", " রয়টার্স")));
        assert_eq!(split_label("ছবিঃ রয়টার্স"), Some(("ছবি", " রয়টার্স")));
        assert_eq!(split_label("ছবি — রয়টার্স"), Some(("ছবি ", " রয়টার্স")));
        assert_eq!(split_label("দুঃখ প্রকাশ"), None);
    }

    #[test]
    fn headlines_are_short_and_have_no_danda() {
        assert!(is_headline("টানা বৃষ্টিতে ডুবল শহর"));
        assert!(is_headline("দাম বাড়ছে কেন?"));
        assert!(is_headline("‘আমরা ফিরব’"));
        for not in [
            "সরকার বলেছে।",
            "‘আমরা ফিরব।’",
            "তিনি বলেন:",
            "12 345",
            "",
            "পরে তিনি বলেন,",
        ] {
            assert!(!is_headline(not), "{not}");
        }
        assert!(!is_headline(&"শব্দ ".repeat(40)));
    }
}
