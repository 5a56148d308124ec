//! N-grams of a text, and how many two texts share.

use std::cmp::Ordering;

/// The n-grams of a text: places where they begin, in the order of what stands there.
#[derive(Debug, Default)]
pub struct Grams(Vec<usize>);

impl Grams {
    /// Reads the runs of `n` words.
    pub fn read(&mut self, words: &[u32], n: usize) {
        let count = (words.len() + 1).saturating_sub(n);
        self.0.clear();
        self.0.extend(0..count);
        self.0.sort_unstable_by_key(|&start| &words[start..][..n]);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// How many n-grams two texts share, each as often as it is in both.
pub fn shared(n: usize, (a, a_grams): (&[u32], &Grams), (b, b_grams): (&[u32], &Grams)) -> usize {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while let (Some(&at), Some(&bt)) = (a_grams.0.get(i), b_grams.0.get(j)) {
        let order = a[at..][..n].cmp(&b[bt..][..n]);
        shared += usize::from(order.is_eq());
        i += usize::from(order != Ordering::Greater);
        j += usize::from(order != Ordering::Less);
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(n: usize, a: &[u32], b: &[u32]) -> usize {
        let (mut a_grams, mut b_grams) = (Grams::default(), Grams::default());
        a_grams.read(a, n);
        b_grams.read(b, n);
        shared(n, (a, &a_grams), (b, &b_grams))
    }

    #[test]
    fn an_ngram_counts_as_often_as_both_have_it() {
        assert_eq!(count(1, &[7, 7, 7, 2], &[2, 7, 7, 9]), 3);
        assert_eq!(count(2, &[1, 2, 1, 2, 1], &[2, 1, 2]), 2);
        assert_eq!(count(3, &[1, 2], &[1, 2, 3]), 0);
        assert_eq!(count(2, &[], &[1, 2]), 0);
    }
}
