//! Words, fragments and n-grams of a brief, held against its source.

use rustc_hash::{FxHashMap, FxHashSet};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::eval::vocabulary::Vocabulary;
use crate::eval::{Counter, Sides};

/// Counts a metric of the words of source and brief, which `value` computes, where there is any.
pub struct WordCounter<V> {
    value: V,
    /// Words of source and briefs.
    vocabulary: Vocabulary,
    source: Vec<u32>,
}

impl<V> WordCounter<V> {
    pub fn new(value: V) -> WordCounter<V> {
        WordCounter {
            value,
            vocabulary: Vocabulary::default(),
            source: Vec::new(),
        }
    }

    /// The words of a text, numbered: equal words have equal numbers.
    fn words(&mut self, text: &str) -> Vec<u32> {
        let text = text.nfc().collect::<String>().to_lowercase();
        let words = text.unicode_words();
        words.map(|word| self.vocabulary.add(word)).collect()
    }
}

impl<V: Fn(&[u32], &[u32]) -> Option<f64>> Counter for WordCounter<V> {
    fn set(&mut self, sides: Sides) {
        self.vocabulary.clear();
        self.source = self.words(sides.source.unwrap_or_default());
    }

    fn count(&mut self, hypothesis: &str, statistics: &mut [f64]) {
        let brief = self.words(hypothesis);
        if let Some(value) = (self.value)(&self.source, &brief) {
            statistics.copy_from_slice(&[value, 1.0]);
        }
    }
}

/// Share of a brief's words that are in fragments from the source.
pub fn coverage(source: &[u32], brief: &[u32]) -> Option<f64> {
    let covered: usize = fragments(source, brief).into_iter().sum();
    Some(covered as f64 / brief.len().max(1) as f64)
}

/// Squares of the lengths of those fragments by words of the brief.
pub fn density(source: &[u32], brief: &[u32]) -> Option<f64> {
    let fragments = fragments(source, brief).into_iter();
    let squares: f64 = fragments.map(|length| (length as f64).powi(2)).sum();
    Some(squares / brief.len().max(1) as f64)
}

/// Words of the source by words of the brief; `None` where it has none.
pub fn compression(source: &[u32], brief: &[u32]) -> Option<f64> {
    (!brief.is_empty()).then(|| source.len() as f64 / brief.len() as f64)
}

/// Lengths of the fragments that a brief has from its source: from left to right, the longest run of words that begins
/// here in the brief and is somewhere in the source. This is the procedure of figure 3 of Grusky et al., which looks for
/// the next run behind the end of the last; it looks only where the first word is.
/// Time grows with the words of the brief times the places where the source has them.
fn fragments(source: &[u32], brief: &[u32]) -> Vec<usize> {
    let mut places: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for (place, &word) in source.iter().enumerate() {
        places.entry(word).or_default().push(place);
    }
    let mut fragments = Vec::new();
    let mut at = 0;
    while let Some(word) = brief.get(at) {
        let mut longest = 0;
        let mut searched = 0;
        for &place in places.get(word).into_iter().flatten() {
            if place >= searched {
                let pairs = source[place..].iter().zip(&brief[at..]);
                let length = pairs.take_while(|(a, b)| a == b).count();
                longest = longest.max(length);
                searched = place + length;
            }
        }
        if longest > 0 {
            fragments.push(longest);
        }
        at += longest.max(1);
    }
    fragments
}

/// Share of the different n-grams of a brief that are not in its source; `None` where it has none.
pub fn novel(source: &[u32], brief: &[u32], n: usize) -> Option<f64> {
    let known: FxHashSet<&[u32]> = source.windows(n).collect();
    let grams: FxHashSet<&[u32]> = brief.windows(n).collect();
    let novel = grams.difference(&known).count();
    (!grams.is_empty()).then(|| novel as f64 / grams.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_run_is_a_fragment() {
        // 1 2 is in the source, 1 2 3 too and is longer; 9 is not; 2 alone is.
        assert_eq!(fragments(&[1, 2, 5, 1, 2, 3], &[1, 2, 3, 9, 2]), [3, 1]);
        assert_eq!(fragments(&[1, 2], &[3]), [0; 0]);
        assert_eq!(fragments(&[], &[3]), [0; 0]);
    }

    #[test]
    fn a_run_is_sought_behind_the_one_before() {
        // "a a a b" has "a a b", but the procedure takes "a a" and goes on behind it.
        assert_eq!(fragments(&[1, 1, 1, 2], &[1, 1, 2]), [2, 1]);
    }

    #[test]
    fn ngrams_are_compared_as_sets() {
        assert_eq!(novel(&[1, 2, 3], &[1, 2, 1, 2, 4], 2), Some(2.0 / 3.0));
        assert_eq!(novel(&[1, 2, 3], &[1], 2), None);
    }

    #[test]
    fn words_are_compared_in_any_case_and_either_encoding() {
        let mut counter = WordCounter::new(coverage);
        let words = counter.words("Padma PADMA, \u{9ac}\u{9be}\u{9dc}\u{9bf} বাড়ি 2.5");
        assert_eq!(words, [0, 0, 1, 1, 2]);
    }
}
