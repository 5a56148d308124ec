//! Which target token translates which source token: IBM's model 1 (Brown et al. 1993, section 4.1), by EM.
//!
//! Every target token of a sentence comes from one of the source tokens or from none, each as likely; all there is to
//! learn is the probability of a target token given a source token.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

/// Target tokens that are kept for a source token, at least: those that it stands beside most often. Tokens that all
/// sentences have stand beside everything; this bounds the memory to some kilobytes a source token.
const MOST: usize = 1024;

/// A sentence and its translation, as tokens.
pub type Pair = (Vec<u32>, Vec<u32>);

/// Probabilities of target tokens, given source tokens.
pub struct Model1<'a> {
    pairs: &'a [Pair],
    /// For each source token; the last is for target tokens that come from none.
    rows: Vec<Row>,
}

/// What may come from a source token.
#[derive(Debug, Clone, Default)]
struct Row {
    /// Rising.
    targets: Vec<u32>,
    probabilities: Vec<f32>,
    /// How often each is expected to have come, while that is counted.
    counts: Vec<f32>,
}

impl<'a> Model1<'a> {
    /// One that has yet to learn from these pairs, whose source tokens are below `sources`; others teach nothing.
    ///
    /// Takes memory for the pairs of tokens that stand beside each other in a pair of sentences, of which some thousand
    /// are kept a source token, and time for all of them.
    pub fn new(pairs: &'a [Pair], sources: usize) -> Self {
        let mut beside: Vec<FxHashMap<u32, u32>> = vec![FxHashMap::default(); sources + 1];
        for (source, target) in pairs {
            let source = distinct(source.iter().copied().filter(|&s| (s as usize) < sources));
            let target = distinct(target.iter().copied());
            for s in source.into_iter().chain([sources as u32]) {
                let row = &mut beside[s as usize];
                for &t in &target {
                    *row.entry(t).or_default() += 1;
                }
                if row.len() > 2 * MOST {
                    keep_most_frequent(row);
                }
            }
        }
        let rows = beside.into_iter().map(|mut row| {
            if row.len() > MOST {
                keep_most_frequent(&mut row);
            }
            let targets = distinct(row.into_keys());
            // All as likely; by how much does not matter.
            Row {
                probabilities: vec![1.0; targets.len()],
                counts: vec![0.0; targets.len()],
                targets,
            }
        });
        Model1 {
            pairs,
            rows: rows.collect(),
        }
    }

    /// One iteration of EM over all pairs.
    pub fn iterate(&mut self) {
        let none = self.rows.len() - 1;
        // Source tokens that a target token may come from, its place in their rows, and its probability there.
        let mut from: Vec<(usize, usize, f32)> = Vec::new();
        for (source, target) in self.pairs {
            for t in target {
                from.clear();
                let known = source.iter().map(|&s| s as usize).filter(|&s| s < none);
                from.extend(known.chain([none]).filter_map(|s| {
                    let row = &self.rows[s];
                    let at = row.targets.binary_search(t).ok()?;
                    Some((s, at, row.probabilities[at]))
                }));
                let sum: f32 = from.iter().map(|(_, _, p)| p).sum();
                if sum > 0.0 {
                    for &(s, at, p) in &from {
                        self.rows[s].counts[at] += p / sum;
                    }
                }
            }
        }
        for row in &mut self.rows {
            let sum: f32 = row.counts.iter().sum();
            for (p, count) in row.probabilities.iter_mut().zip(&mut row.counts) {
                *p = if sum > 0.0 { *count / sum } else { 0.0 };
                *count = 0.0;
            }
        }
    }

    /// The target tokens that most probably come from a source token, at most `most`, with their probabilities,
    /// falling. The improbable ones are worth having: of rare tokens little is known.
    pub fn best(&self, source: u32, most: usize) -> Vec<(u32, f32)> {
        // The last row is that of no source token.
        let rows = &self.rows[..self.rows.len() - 1];
        let Some(row) = rows.get(source as usize) else {
            return Vec::new();
        };
        let both = row
            .targets
            .iter()
            .copied()
            .zip(row.probabilities.iter().copied());
        let mut best: Vec<(u32, f32)> = both.filter(|(_, p)| *p > 0.0).collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(most);
        best
    }
}

/// Rising, each once.
fn distinct(tokens: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut tokens: Vec<u32> = tokens.collect();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// Leaves [`MOST`]; of as frequent ones the lower tokens.
fn keep_most_frequent(row: &mut FxHashMap<u32, u32>) {
    let mut counts: Vec<(u32, u32)> = row.drain().collect();
    counts.sort_unstable_by_key(|&(token, count)| (Reverse(count), token));
    counts.truncate(MOST);
    row.extend(counts);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every sentence has an end, token 0, on both sides.
    fn pairs(sentences: &[(&[u32], &[u32])]) -> Vec<Pair> {
        let ended = |tokens: &[u32]| [tokens, &[0]].concat();
        let pairs = sentences.iter();
        pairs.map(|(s, t)| (ended(s), ended(t))).collect()
    }

    #[test]
    fn what_stands_beside_each_other_again_and_again_is_told_from_what_stands_there_once() {
        // The textbook's: das Haus, das Buch, ein Buch.
        let pairs = pairs(&[
            (&[1, 2], &[11, 12]),
            (&[1, 3], &[11, 13]),
            (&[4, 3], &[14, 13]),
        ]);
        let mut model = Model1::new(&pairs, 5);
        for _ in 0..20 {
            model.iterate();
        }
        for source in [1, 2, 3, 4] {
            let best = model.best(source, 2);
            assert_eq!(best[0].0, source + 10);
            assert!(best[0].1 > 0.7, "{source}: {best:?}");
        }
        assert!(model.best(5, 2).is_empty(), "beyond the source tokens");
        assert_eq!(model.best(0, 1)[0].0, 0);
    }

    #[test]
    fn probabilities_sum_to_one() {
        let pairs = pairs(&[(&[1, 2, 2], &[5, 6, 5]), (&[2], &[6, 7]), (&[1], &[5])]);
        let mut model = Model1::new(&pairs, 3);
        model.iterate();
        for source in [0, 1, 2] {
            let sum: f32 = model.best(source, 9).iter().map(|b| b.1).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{source}: {sum}");
        }
    }

    #[test]
    fn a_token_that_stands_beside_everything_keeps_the_most_frequent() {
        let rare = 3 * MOST as u32;
        let sentences: Vec<Pair> = (0..rare)
            .map(|i| (vec![0], vec![10 + i, rare + 10 + i % 2]))
            .collect();
        let mut model = Model1::new(&sentences, 1);
        model.iterate();
        let best = model.best(0, 2);
        let mut frequent: Vec<u32> = best.iter().map(|b| b.0).collect();
        frequent.sort_unstable();
        assert_eq!(frequent, [rare + 10, rare + 11]);
        assert!(model.rows[0].targets.len() <= MOST);
    }

    #[test]
    fn tokens_that_are_none_teach_nothing() {
        let sentences = vec![(vec![7, 1], vec![3]), (vec![], vec![4]), (vec![1], vec![])];
        let mut model = Model1::new(&sentences, 2);
        model.iterate();
        assert_eq!(model.best(1, 3), [(3, 1.0)]);
        assert!(model.best(0, 3).is_empty());
    }
}
