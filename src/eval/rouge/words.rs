//! Words as `rouge_score` reads them, numbered.

use rustc_hash::FxHashMap;

use super::stem::stem;
use crate::eval::vocabulary::Vocabulary;

/// Letters that a word must have more of to be stemmed.
const UNSTEMMED: usize = 3;

/// Numbers words. Words with the same number are the same, or have the same stem.
pub struct Words {
    stems: bool,
    /// Words as they were read.
    words: FxHashMap<Box<str>, u32>,
    /// Words as they are compared.
    forms: Vocabulary,
    /// The word being read.
    word: String,
}

impl Words {
    /// With or without stemming.
    pub fn new(stems: bool) -> Words {
        Words {
            stems,
            words: FxHashMap::default(),
            forms: Vocabulary::default(),
            word: String::new(),
        }
    }

    /// Appends the words of a text: runs of ASCII letters and digits, in lower case. All else parts words, so that
    /// "café" is "caf" and Bengali has none.
    pub fn read(&mut self, text: &str, numbers: &mut Vec<u32>) {
        for c in text.chars() {
            match c {
                'a'..='z' | '0'..='9' => self.word.push(c),
                'A'..='Z' => self.word.push(c.to_ascii_lowercase()),
                // The two other characters whose lower case is ASCII. That of İ has a dot of its own behind the i.
                '\u{212a}' => self.word.push('k'),
                'İ' => {
                    self.word.push('i');
                    self.end(numbers);
                }
                _ => self.end(numbers),
            }
        }
        self.end(numbers);
    }

    fn end(&mut self, numbers: &mut Vec<u32>) {
        if !self.word.is_empty() {
            numbers.push(self.number());
            self.word.clear();
        }
    }

    fn number(&mut self) -> u32 {
        if let Some(&number) = self.words.get(self.word.as_str()) {
            return number;
        }
        let word = Box::from(self.word.as_str());
        if self.stems && self.word.len() > UNSTEMMED {
            stem(&mut self.word);
        }
        let number = self.forms.add(&self.word);
        self.words.insert(word, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stems: bool, text: &str) -> Vec<u32> {
        let mut numbers = Vec::new();
        Words::new(stems).read(text, &mut numbers);
        numbers
    }

    #[test]
    fn words_are_ascii_letters_and_digits_in_any_case() {
        assert_eq!(
            read(false, "Don't, DON'T; \u{212a}9 k9 বন্যা"),
            [0, 1, 0, 1, 2, 2]
        );
        assert_eq!(read(false, "İl i l"), [0, 1, 0, 1]);
        assert!(read(false, " \u{a0}—…👍").is_empty());
    }

    #[test]
    fn words_of_more_than_three_letters_are_stemmed() {
        assert_eq!(read(true, "floods flooded flood ties tie"), [0, 0, 0, 1, 1]);
        assert_eq!(read(true, "its it was"), [0, 1, 2]);
        assert_eq!(read(false, "floods flooded"), [0, 1]);
    }
}
