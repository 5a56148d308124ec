//! Keys and values of past tokens, in slots that sequences name and hypotheses share.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use candle_core::{DType, Device, Result, Tensor, bail};

use crate::kernel::write_rows;

/// Slots for keys and values, the same for all layers. Memory is touched when a slot is first used, and
/// the lowest free slot is used first, so a cache costs what its fullest moment needs.
pub struct KvCache {
    layers: Vec<(Tensor, Tensor)>,
    free: BinaryHeap<Reverse<u32>>,
    /// How many sequences name a slot.
    users: Vec<u32>,
}

/// The tokens of one sequence, as the slots that hold their keys and values, oldest first.
/// Give it back with [`KvCache::release`]; one that is dropped keeps its slots.
#[derive(Debug, Default)]
pub struct Sequence {
    slots: Vec<u32>,
}

impl Sequence {
    /// Tokens so far.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it has no token yet.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The slots of its tokens.
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }
}

impl KvCache {
    /// `slots` slots of `width` values for keys and for values in each of `layers` layers.
    pub fn new(layers: usize, slots: usize, width: usize, device: &Device) -> Result<Self> {
        // One piece of memory: the system hands out a large one as pages that cost nothing until they are touched.
        let slab = Tensor::zeros((2 * layers, slots, width), DType::F32, device)?;
        Ok(KvCache {
            layers: (0..layers)
                .map(|i| Ok((slab.get(2 * i)?, slab.get(2 * i + 1)?)))
                .collect::<Result<_>>()?,
            free: (0..slots as u32).map(Reverse).collect(),
            users: vec![0; slots],
        })
    }

    /// Slots in all.
    pub fn slots(&self) -> usize {
        self.users.len()
    }

    /// Slots that no sequence names.
    pub fn free_slots(&self) -> usize {
        self.free.len()
    }

    /// Makes room for `tokens` more tokens of `sequence`.
    ///
    /// # Errors
    /// If fewer slots are free; nothing is taken then.
    pub fn extend(&mut self, sequence: &mut Sequence, tokens: usize) -> Result<()> {
        if tokens > self.free.len() {
            bail!(
                "the cache has {} free slots, {tokens} are needed",
                self.free.len()
            );
        }
        for _ in 0..tokens {
            if let Some(Reverse(slot)) = self.free.pop() {
                self.users[slot as usize] = 1;
                sequence.slots.push(slot);
            }
        }
        Ok(())
    }

    /// A second sequence with the same past, without copying it.
    pub fn fork(&mut self, sequence: &Sequence) -> Sequence {
        for &slot in &sequence.slots {
            self.users[slot as usize] += 1;
        }
        Sequence {
            slots: sequence.slots.clone(),
        }
    }

    /// Gives the slots back that no other sequence names.
    pub fn release(&mut self, sequence: Sequence) {
        for slot in sequence.slots {
            let users = &mut self.users[slot as usize];
            *users -= 1;
            if *users == 0 {
                self.free.push(Reverse(slot));
            }
        }
    }

    /// Writes a layer's keys and values, (tokens, width) each, into `slots`.
    pub fn write(&self, layer: usize, k: &Tensor, v: &Tensor, slots: &[u32]) -> Result<()> {
        write_rows(&self.layers[layer].0, k, slots)?;
        write_rows(&self.layers[layer].1, v, slots)
    }

    /// A layer's keys and values, (slots, width) each.
    pub fn layer(&self, layer: usize) -> (&Tensor, &Tensor) {
        (&self.layers[layer].0, &self.layers[layer].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_shared_counted_and_given_back() {
        let mut cache = KvCache::new(1, 6, 2, &Device::Cpu).unwrap();
        let mut a = Sequence::default();
        cache.extend(&mut a, 3).unwrap();
        let mut b = cache.fork(&a);
        cache.extend(&mut a, 1).unwrap();
        cache.extend(&mut b, 2).unwrap();
        assert_eq!(
            (a.slots(), b.slots()),
            (&[0, 1, 2, 3][..], &[0, 1, 2, 4, 5][..])
        );
        assert!(cache.extend(&mut a, 1).is_err());
        assert_eq!(a.len(), 4);
        cache.release(a);
        assert_eq!(cache.free_slots(), 1);
        cache.release(b);
        assert_eq!(cache.free_slots(), 6);
        let mut c = Sequence::default();
        cache.extend(&mut c, 1).unwrap();
        assert_eq!(c.slots(), [0]);
    }
}
