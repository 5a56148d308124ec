//! Numbers that stand for words, which are compared faster.

use rustc_hash::FxHashMap;

/// Numbers of the words of some texts: of references, where outputs are held against them.
#[derive(Debug, Default)]
pub(super) struct Vocabulary(FxHashMap<Box<str>, u32>);

impl Vocabulary {
    /// What stands for every word that was not added.
    pub(super) const UNKNOWN: u32 = u32::MAX;

    /// Forgets all words.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The number of a word, which is added where it is new.
    pub(super) fn add(&mut self, word: &str) -> u32 {
        if let Some(&number) = self.0.get(word) {
            return number;
        }
        let number = self.0.len() as u32;
        self.0.insert(word.into(), number);
        number
    }

    /// The number of a word that need not be there.
    pub(super) fn get(&self, word: &str) -> u32 {
        self.0.get(word).copied().unwrap_or(Vocabulary::UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_outside_the_references_are_all_the_same() {
        let mut vocabulary = Vocabulary::default();
        let numbers = ["ক", "খ", "ক"].map(|word| vocabulary.add(word));
        assert_eq!(numbers, [0, 1, 0]);
        assert_eq!(vocabulary.get("খ"), 1);
        assert_eq!(vocabulary.get("গ"), Vocabulary::UNKNOWN);
    }
}
