//! Which sentences make the brief: the salient ones that repeat nothing and fit its length.
//!
//! Greedy maximal marginal relevance (Carbonell & Goldstein 1998): at each step the sentence with
//! the best score less its likeness to the nearest sentence already taken.

use super::extractive::{Length, MAX_SENTENCES};
use super::sentence::Sentence;

/// Of the cosine with the most similar sentence already taken.
const REDUNDANCY: f32 = 0.5;
/// For a sentence that leans on one not taken.
const DANGLING: f32 = 0.2;
/// Two sentences at this cosine say the same: the second is not taken even to fill the length.
/// It is too near for two sentences of fewer than a hundred words that differ in a number.
const SAME: f32 = 0.99;

/// Places of the sentences taken of those in `pool`, ascending. At least one unless it is empty.
///
/// Only the best [`MAX_SENTENCES`] sentences are considered, so that the cost of comparing them
/// stays bounded however long the article.
pub(super) fn select(
    sentences: &[Sentence],
    scores: &[f32],
    mut pool: Vec<usize>,
    length: Length,
) -> Vec<usize> {
    pool.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    pool.truncate(MAX_SENTENCES);
    pool.sort();

    let mut is_taken = vec![false; sentences.len()];
    let mut likeness = vec![0f32; sentences.len()];
    let mut room = length;
    loop {
        let value = |i: usize| {
            let dangles = sentences[i].leans && !(i > 0 && is_taken[i - 1]);
            scores[i] - REDUNDANCY * likeness[i] - if dangles { DANGLING } else { 0.0 }
        };
        let is_open = |i: &usize| !is_taken[*i] && likeness[*i] < SAME;
        let is_first = !is_taken.contains(&true);
        let better = |a: usize, b: usize| if value(b) > value(a) { b } else { a };
        let fitting = pool
            .iter()
            .copied()
            .filter(is_open)
            .filter(|&i| room.take(&sentences[i]).is_some());
        let Some(best) = fitting
            .reduce(better)
            .or_else(|| pool.iter().copied().filter(|_| is_first).reduce(better))
        else {
            break;
        };
        is_taken[best] = true;
        for &i in &pool {
            likeness[i] = likeness[i].max(sentences[i].vector.cosine(&sentences[best].vector));
        }
        let Some(left) = room.take(&sentences[best]) else {
            break;
        };
        room = left;
    }
    pool.retain(|&i| is_taken[i]);
    pool
}

impl Length {
    /// What is left after a sentence, or `None` if it does not fit.
    fn take(self, sentence: &Sentence) -> Option<Length> {
        match self {
            Length::Sentences(n) => n.checked_sub(1).map(Length::Sentences),
            Length::Words(n) => n.checked_sub(sentence.length).map(Length::Words),
        }
    }
}
