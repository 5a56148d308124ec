//! The part of a head that scores the tokens which the sentences in work may have, and no others.

use std::sync::Arc;

use candle_core::{Result, Tensor, bail};

use super::linear::Linear;
use super::{Answer, Query};
use crate::kernel::answers_at;

/// A list of tokens, rising, and the outputs of the head's part that score them.
struct List {
    tokens: Arc<[u32]>,
    outputs: Vec<u32>,
}

/// The outputs of a head for some lists of tokens. It is kept between steps, and made anew when a list comes that it
/// does not have, from all that are wanted then.
pub struct PartialHead {
    linear: Linear,
    /// How many it scores.
    tokens: usize,
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
        let part = match kept.take().filter(|part| part.suits(&wanted)) {
            Some(part) => part,
            None => Self::new(head, &wanted)?,
        };
        Ok(kept.insert(part))
    }

    /// Whether it has all these lists, and is not mostly for others that have left.
    fn suits(&self, wanted: &[&Arc<[u32]>]) -> bool {
        let needed: usize = wanted.iter().map(|list| list.len()).sum();
        self.tokens <= 2 * needed && wanted.iter().all(|list| self.find(list).is_some())
    }

    fn find(&self, list: &Arc<[u32]>) -> Option<&List> {
        let same = |own: &&List| Arc::ptr_eq(&own.tokens, list);
        self.lists.iter().find(same)
    }

    fn new(head: &Linear, wanted: &[&Arc<[u32]>]) -> Result<Self> {
        let vocabulary = head.outputs()?;
        // The place of each token among those that are in a list.
        let mut places = vec![u32::MAX; vocabulary];
        for &token in wanted.iter().flat_map(|list| list.iter()) {
            match places.get_mut(token as usize) {
                Some(place) => *place = 0,
                None => bail!("token {token} is not in the vocabulary of {vocabulary}"),
            }
        }
        let mut tokens = Vec::new();
        for (token, place) in (0..).zip(&mut places) {
            if *place == 0 {
                *place = tokens.len() as u32;
                tokens.push(token);
            }
        }
        let list = |tokens: &&Arc<[u32]>| List {
            outputs: tokens.iter().map(|&token| places[token as usize]).collect(),
            tokens: Arc::clone(tokens),
        };
        Ok(PartialHead {
            linear: head.select(&tokens)?,
            tokens: tokens.len(),
            lists: wanted.iter().map(list).collect(),
        })
    }

    /// The answers to queries, each about its own list, of rows before the head.
    ///
    /// # Errors
    /// If a query has a list that this part was not made for.
    pub fn answers(&self, x: &Tensor, queries: &[Query]) -> Result<Vec<Answer>> {
        let outputs = queries.iter().map(|query| {
            let list = query.among.as_ref().and_then(|list| self.find(list));
            list.map(|list| list.outputs.as_slice())
        });
        answers_at(
            &self.linear.forward(x)?,
            queries,
            &outputs.collect::<Vec<_>>(),
        )
    }
}
