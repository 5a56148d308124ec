//! The new tokens of a batch, the tokens of all sequences one after another in rows.

use candle_core::{Result, bail};

use super::{KvCache, Sequence};
use crate::kernel::Span;

/// What a step adds to sequences.
#[derive(Default)]
pub struct Rows {
    pub tokens: Vec<u32>,
    /// Where each stands in its sequence.
    pub positions: Vec<usize>,
    /// The cache's slots for them.
    pub slots: Vec<u32>,
    /// Of each sequence: its rows, and the slots of its past and of them.
    pub spans: Vec<Span>,
    /// The last row of each sequence.
    pub last: Vec<u32>,
}

impl Rows {
    /// Takes slots for the new tokens of sequences that have room for `limit` tokens.
    ///
    /// # Errors
    /// If a sequence gets no token or grows too long, or the cache is full; nothing is taken then.
    pub fn take(
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
        limit: usize,
    ) -> Result<Self> {
        let needed: usize = batch.iter().map(|(_, new)| new.len()).sum();
        if needed > cache.free_slots() {
            bail!(
                "the cache has {} free slots, {needed} are needed",
                cache.free_slots()
            );
        }
        for (sequence, new) in batch.iter() {
            let past = sequence.len();
            if new.is_empty() || new.len() > limit.saturating_sub(past) {
                bail!(
                    "{} tokens after {past} do not fit into a sequence of 1 to {limit}",
                    new.len()
                );
            }
        }
        let mut all = Rows::default();
        for (sequence, new) in batch.iter_mut() {
            let past = sequence.len();
            cache.extend(sequence, new.len())?;
            let rows = all.tokens.len()..all.tokens.len() + new.len();
            all.tokens.extend_from_slice(new);
            all.positions.extend(past..past + new.len());
            all.slots.extend_from_slice(&sequence.slots()[past..]);
            all.last.push(rows.end as u32 - 1);
            all.spans.push(Span {
                rows,
                slots: sequence.slots().to_vec(),
            });
        }
        Ok(all)
    }
}
