//! The part of a head that scores the tokens which the sentences in work may have, and few others.

use std::sync::Arc;

use candle_core::{Result, Tensor, bail};

use super::linear::Linear;
use super::{Answer, Query};
use crate::kernel::answers_at;

/// Pieces that are put together to one when there would be more: each is a product of its own.
const MOST_PIECES: usize = 8;
/// How many times more tokens than are needed may be scored before the part is made anew.
const MOST_TOO_MANY: usize = 2;

/// A list of tokens, rising, and the outputs of the part that score them.
struct List {
    tokens: Arc<[u32]>,
    outputs: Vec<u32>,
}

/// The outputs of a head for some lists of tokens.
///
/// It is kept between steps and grows with the lists that come, for the same tokens are in most; when it has become much
/// larger than what is needed, it is made anew.
pub struct PartialHead {
    /// Their outputs stand one after another.
    pieces: Vec<Linear>,
    /// The output that scores each token of the vocabulary, if any does.
    places: Vec<Option<u32>>,
    /// How many tokens are scored.
    len: usize,
    lists: Vec<List>,
}

impl PartialHead {
    /// The part of a head for the lists of queries that have one each. `kept` is that of the step before.
    ///
    /// # Errors
    /// If a list names an output that the head does not have.
    pub fn update<'a>(
        kept: &'a mut Option<Self>,
        head: &Linear,
        queries: &[Query],
    ) -> Result<&'a Self> {
        let mut wanted: Vec<&Arc<[u32]>> = Vec::new();
        for list in queries.iter().filter_map(|query| query.among.as_ref()) {
            // Hypotheses of a sentence stand side by side.
            if !wanted.last().is_some_and(|last| Arc::ptr_eq(last, list)) {
                wanted.push(list);
            }
        }
        let mut part = match kept.take() {
            Some(part) if part.has(&wanted) => return Ok(kept.insert(part)),
            Some(part) if part.may_grow(&wanted) => part,
            _ => PartialHead {
                pieces: Vec::new(),
                places: vec![None; head.outputs()?],
                len: 0,
                lists: Vec::new(),
            },
        };
        part.lists.retain(|list| wanted.iter().any(|w| list.is(w)));
        part.grow(head, &wanted)?;
        Ok(kept.insert(part))
    }

    /// Whether its lists are these and no others.
    fn has(&self, wanted: &[&Arc<[u32]>]) -> bool {
        self.lists.len() == wanted.len() && wanted.iter().all(|list| self.find(list).is_some())
    }

    /// Whether it is of use for these lists.
    fn may_grow(&self, wanted: &[&Arc<[u32]>]) -> bool {
        let mut is_needed = vec![false; self.places.len()];
        let mut needed = 0;
        for token in wanted.iter().flat_map(|list| list.iter()) {
            if let Some(is_needed) = is_needed.get_mut(*token as usize) {
                needed += usize::from(!*is_needed);
                *is_needed = true;
            }
        }
        self.pieces.len() < MOST_PIECES && self.len <= MOST_TOO_MANY * needed
    }

    /// Takes in the lists that it does not have.
    fn grow(&mut self, head: &Linear, wanted: &[&Arc<[u32]>]) -> Result<()> {
        let mut new = Vec::new();
        for list in wanted {
            if self.find(list).is_some() {
                continue;
            }
            let mut outputs = Vec::with_capacity(list.len());
            for &token in list.iter() {
                let Some(place) = self.places.get_mut(token as usize) else {
                    bail!("token {token} is not in the vocabulary");
                };
                outputs.push(*place.get_or_insert_with(|| {
                    new.push(token);
                    (self.len + new.len() - 1) as u32
                }));
            }
            self.lists.push(List {
                tokens: Arc::clone(list),
                outputs,
            });
        }
        if !new.is_empty() {
            self.pieces.push(head.select(&new)?);
            self.len += new.len();
        }
        Ok(())
    }

    fn find(&self, list: &Arc<[u32]>) -> Option<&List> {
        self.lists.iter().find(|own| own.is(list))
    }

    /// The answers to queries, each about its own list, of rows before the head.
    ///
    /// # Errors
    /// If a query has a list that this part does not have.
    pub fn answers(&self, x: &Tensor, queries: &[Query]) -> Result<Vec<Answer>> {
        let outputs = queries.iter().map(|query| {
            let list = query.among.as_ref().and_then(|list| self.find(list));
            list.map(|list| list.outputs.as_slice())
        });
        let outputs: Vec<_> = outputs.collect();
        let logits = self.pieces.iter().map(|piece| piece.forward(x));
        let logits = logits.collect::<Result<Vec<_>>>()?;
        match logits.as_slice() {
            [one] => answers_at(one, queries, &outputs),
            pieces => answers_at(&Tensor::cat(pieces, 1)?, queries, &outputs),
        }
    }
}

impl List {
    fn is(&self, list: &Arc<[u32]>) -> bool {
        Arc::ptr_eq(&self.tokens, list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::answers;
    use crate::model::matrix::Matrix;
    use candle_core::Device;

    const VOCABULARY: u32 = 500;

    fn wave(rows: usize, columns: usize, step: f32) -> Tensor {
        let values = (0..rows * columns).map(|i| (i as f32 * step).sin());
        let values = Tensor::from_iter(values, &Device::Cpu).unwrap();
        values.reshape((rows, columns)).unwrap()
    }

    fn list(first: u32, step: usize) -> Arc<[u32]> {
        (first..VOCABULARY).step_by(step).collect()
    }

    fn query(list: &Arc<[u32]>) -> Query<'static> {
        Query {
            k: 4,
            edited: vec![1, 10, 11],
            among: Some(Arc::clone(list)),
            ..Query::default()
        }
    }

    #[test]
    fn lists_come_and_go_and_answers_are_those_of_the_whole_head() {
        let head = Linear::new(Matrix::Dense(wave(VOCABULARY as usize, 16, 0.37)), None);
        let lists: Vec<_> = (0..40).map(|i| list(i % 7, 5 + i as usize % 11)).collect();
        let mut kept = None;
        let mut most_pieces = 0;
        for step in 0..lists.len() {
            // Sentences of different lengths: each list stays for a while, with two hypotheses.
            let in_work = (0..=step).filter(|i| i + 2 + i % 4 > step);
            let queries = in_work.flat_map(|i| [query(&lists[i]), query(&lists[i])]);
            let queries: Vec<_> = queries.collect();
            let x = wave(queries.len(), 16, 0.71 + step as f32);
            let part = PartialHead::update(&mut kept, &head, &queries).unwrap();
            let found = part.answers(&x, &queries).unwrap();
            let expected = answers(&head.forward(&x).unwrap(), &queries).unwrap();
            for (found, expected) in found.iter().zip(&expected) {
                let tokens = |answer: &Answer| answer.best.iter().map(|b| b.0).collect::<Vec<_>>();
                assert_eq!(tokens(found), tokens(expected));
                assert!((found.rest_log_sum - expected.rest_log_sum).abs() < 1e-5);
                assert!(
                    found
                        .edited
                        .iter()
                        .zip(&expected.edited)
                        .all(|(a, b)| a == b || (a - b).abs() < 1e-5)
                );
            }
            most_pieces = most_pieces.max(part.pieces.len());
            let outputs: usize = part.pieces.iter().map(|p| p.outputs().unwrap()).sum();
            assert_eq!(outputs, part.len);
        }
        assert!(most_pieces > 1 && most_pieces <= MOST_PIECES);
    }

    #[test]
    fn what_is_no_longer_needed_is_dropped() {
        let head = Linear::new(Matrix::Dense(wave(VOCABULARY as usize, 16, 0.37)), None);
        let (large, small, other) = (list(0, 2), list(1, 50), list(2, 60));
        let mut kept = None;
        let mut len = |lists: &[&Arc<[u32]>]| {
            let queries: Vec<_> = lists.iter().map(|list| query(list)).collect();
            PartialHead::update(&mut kept, &head, &queries).unwrap().len
        };
        assert_eq!(len(&[&large, &small]), 260);
        assert_eq!(len(&[&small]), 10);
        assert_eq!(len(&[&small, &other]), 19);
        assert_eq!(len(&[&other]), 9, "twice as many as needed, and more");
    }

    #[test]
    fn a_token_beyond_the_vocabulary_is_an_error() {
        let head = Linear::new(Matrix::Dense(wave(5, 4, 0.37)), None);
        let beyond: Arc<[u32]> = [2, 5].into();
        let update = PartialHead::update(&mut None, &head, &[query(&beyond)]).map(|part| part.len);
        assert!(update.is_err());
    }
}
