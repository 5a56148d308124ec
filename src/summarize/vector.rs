//! Texts as sparse vectors of word counts, and how near two of them are.
//!
//! Counts are not weighted by rarity (TF-IDF): a single article is too small a sample to tell rare
//! words from common ones, and on our corpus the weights did not change the briefs' ROUGE.

use rustc_hash::FxHashMap;

use super::words::{Kind, Word};

/// Numbers for word keys, shared by the vectors that are to be compared.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    terms: FxHashMap<String, u32>,
}

/// Word counts of a text scaled to length 1, or nothing for a text without words that carry meaning.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Vector {
    /// (term, weight), ascending by term.
    weights: Vec<(u32, f32)>,
}

impl Vocabulary {
    /// The vector of a text's words, stop words left out.
    pub fn vector(&mut self, words: &[Word]) -> Vector {
        let meaningful = words.iter().filter(|w| w.kind != Kind::Stop);
        Vector::sum(meaningful.map(|word| (self.term(&word.key), 1.0)).collect())
    }

    fn term(&mut self, key: &str) -> u32 {
        if let Some(&term) = self.terms.get(key) {
            return term;
        }
        let term = self.terms.len() as u32;
        self.terms.insert(key.to_owned(), term);
        term
    }
}

impl Vector {
    /// Cosine of the angle between two vectors: 0 without a common word, 1 for the same words.
    pub fn cosine(&self, other: &Vector) -> f32 {
        let (mut a, mut b) = (self.weights.as_slice(), other.weights.as_slice());
        let mut product = 0.0;
        while let (Some(&(left, x)), Some(&(right, y))) = (a.first(), b.first()) {
            if left == right {
                product += x * y;
            }
            a = &a[usize::from(left <= right)..];
            b = &b[usize::from(right <= left)..];
        }
        product
    }

    /// The mean direction of many vectors.
    pub fn centroid<'a>(vectors: impl IntoIterator<Item = &'a Vector>) -> Vector {
        Vector::sum(
            vectors
                .into_iter()
                .flat_map(|v| v.weights.iter().copied())
                .collect(),
        )
    }

    fn sum(mut parts: Vec<(u32, f32)>) -> Vector {
        parts.sort_by_key(|&(term, _)| term);
        parts.dedup_by(|part, sum| {
            let same = part.0 == sum.0;
            if same {
                sum.1 += part.1;
            }
            same
        });
        let length = parts
            .iter()
            .map(|(_, weight)| weight * weight)
            .sum::<f32>()
            .sqrt();
        for (_, weight) in &mut parts {
            *weight /= length;
        }
        Vector { weights: parts }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    #[test]
    fn cosine_counts_common_words() {
        let mut vocabulary = Vocabulary::default();
        let mut vector = |text| vocabulary.vector(&words(text));
        let floods = vector("Floods hit Sylhet");
        assert!((floods.cosine(&vector("The flood hits Sylhet")) - 1.0).abs() < 1e-6);
        assert!((floods.cosine(&vector("Sylhet wins")) - 1.0 / 6f32.sqrt()).abs() < 1e-6);
        assert_eq!(floods.cosine(&vector("Rice prices rise")), 0.0);
        assert_eq!(floods.cosine(&vector("of the")), 0.0);
    }

    #[test]
    fn the_centroid_leans_to_the_majority() {
        let mut vocabulary = Vocabulary::default();
        let vectors =
            ["rice price", "rice export", "cricket"].map(|t| vocabulary.vector(&words(t)));
        let centroid = Vector::centroid(&vectors);
        assert!(vectors[0].cosine(&centroid) > vectors[2].cosine(&centroid));
    }
}
