//! A table learnt from sentences and their translations, by people or by the model itself.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use super::model1::{Model1, Pair};
use super::{Table, Vocabularies};

/// Tokens that a side of a pair should have at most: time goes with the product of both sides.
pub const LONGEST: usize = 512;

/// How large the lists are, and how they are learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipe {
    /// How many of the target tokens that come most often every sentence may have.
    pub first: usize,
    /// How many target tokens each source token may bring at most.
    pub best: usize,
    /// Iterations of EM.
    pub iterations: usize,
}

impl Default for Recipe {
    fn default() -> Self {
        Recipe {
            first: 100,
            best: 100,
            iterations: 5,
        }
    }
}

/// The table of a model with these tokens, from sentences and translations; none where `keep_going` broke.
///
/// The tokens that come most often are in the lists of those that stand around every source, for a vocabulary need not
/// be sorted by frequency, which is what the format asks for. A source token that no pair has gets no list.
pub fn learn(
    pairs: &[Pair],
    vocabularies: &Vocabularies,
    recipe: Recipe,
    keep_going: &dyn Fn() -> ControlFlow<()>,
) -> Option<Table> {
    let mut model = Model1::new(pairs, vocabularies.source);
    for _ in 0..recipe.iterations {
        if keep_going().is_break() {
            return None;
        }
        model.iterate();
    }
    let frequent = most_frequent(pairs, recipe.first);
    let sources = 0..vocabularies.source as u32;
    let lists = sources.map(|source| {
        let best = model.best(source, recipe.best);
        let mut list: Vec<u32> = best.into_iter().map(|(token, _)| token).collect();
        if vocabularies.around.contains(&source) {
            list.extend(&frequent);
        }
        list
    });
    Some(Table::new(0, lists))
}

/// The target tokens that come most often; of equals the lower ones.
fn most_frequent(pairs: &[Pair], most: usize) -> Vec<u32> {
    let mut counts: FxHashMap<u32, u32> = FxHashMap::default();
    for token in pairs.iter().flat_map(|(_, target)| target) {
        *counts.entry(*token).or_default() += 1;
    }
    let mut counts: Vec<(u32, u32)> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|&(token, count)| (Reverse(count), token));
    counts
        .into_iter()
        .take(most)
        .map(|(token, _)| token)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_token_brings_its_translation_and_every_source_the_frequent_ones() {
        // Token n is translated with 10 + n; token 9 comes everywhere and is no translation of any.
        let pair = |tokens: &[u32]| {
            let source = [tokens, &[0]].concat();
            let target = tokens.iter().flat_map(|t| [10 + t, 9]).collect();
            (source, target)
        };
        let pairs = [[1, 2], [2, 3], [3, 4], [4, 1], [1, 3]].map(|tokens| pair(&tokens));
        let vocabularies = Vocabularies {
            source: 7,
            target: 20,
            around: vec![0],
            ..Vocabularies::default()
        };
        let recipe = Recipe {
            first: 2,
            best: 2,
            iterations: 20,
        };
        let go = || ControlFlow::Continue(());
        let table = learn(&pairs, &vocabularies, recipe, &go).unwrap();
        assert_eq!(table.sources(), 7);
        for token in 1..5 {
            assert!(table.list(token).contains(&(10 + token)), "{token}");
            assert!(table.list(token).len() <= 2);
        }
        assert!(table.list(5).is_empty() && table.list(6).is_empty());
        assert!(table.list(0).contains(&9));
        let stop = || ControlFlow::Break(());
        assert!(learn(&pairs, &vocabularies, recipe, &stop).is_none());
    }
}
