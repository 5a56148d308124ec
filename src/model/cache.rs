//! Keys and values of past tokens, in slots that sequences name and hypotheses share.

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor, bail};
use half::bf16;
use half::vec::HalfBitsVecExt;

use super::free_slots::FreeSlots;
use super::partial_head::PartialHead;
use crate::kernel::write_rows;

/// Slots for the keys and values of tokens, and, in an encoder-decoder, of source tokens: the same for all layers.
/// Memory is touched when a slot is first used, and low ones are used first, so a cache costs about what its fullest
/// moment needs.
pub struct KvCache {
    tokens: Slots,
    source: Slots,
    /// What of the head the sequences in work were last scored with.
    pub(super) head: Option<PartialHead>,
}

/// Keys and values of so many slots, layer by layer, and who uses them.
struct Slots {
    layers: Vec<(Tensor, Tensor)>,
    free: FreeSlots,
    /// How many sequences name a slot.
    users: Vec<u32>,
}

/// The tokens of one sequence, as the slots that hold their keys and values, oldest first, and the slots of the
/// source that it is about. Give it back with [`KvCache::release`]; one that is dropped keeps its slots.
#[derive(Debug, Default)]
pub struct Sequence {
    slots: Vec<u32>,
    /// The same for all hypotheses about a source.
    source: Arc<Vec<u32>>,
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

    /// The slots of its source; none in a language model.
    pub fn source(&self) -> &[u32] {
        &self.source
    }
}

impl KvCache {
    /// `slots` slots of `width` values for keys and for values in each of `layers` layers.
    pub fn new(layers: usize, slots: usize, width: usize, device: &Device) -> Result<Self> {
        Ok(KvCache {
            tokens: Slots::new(layers, slots, width, DType::F32, device)?,
            source: Slots::new(0, 0, width, DType::F32, device)?,
            head: None,
        })
    }

    /// The same, with `source_slots` slots for the keys and values of source tokens in each layer. Those of tokens and
    /// those of source tokens are kept as `dtypes`: f32, or bf16, which is half as much to read in each step.
    pub fn with_source(
        layers: usize,
        (slots, source_slots): (usize, usize),
        width: usize,
        dtypes: (DType, DType),
        device: &Device,
    ) -> Result<Self> {
        Ok(KvCache {
            tokens: Slots::new(layers, slots, width, dtypes.0, device)?,
            source: Slots::new(layers, source_slots, width, dtypes.1, device)?,
            head: None,
        })
    }

    /// Slots in all.
    pub fn slots(&self) -> usize {
        self.tokens.users.len()
    }

    /// Slots for source tokens in all.
    pub fn source_slots(&self) -> usize {
        self.source.users.len()
    }

    /// Slots that no sequence names.
    pub fn free_slots(&self) -> usize {
        self.tokens.free.len()
    }

    /// Slots for source tokens that no sequence names.
    pub fn free_source_slots(&self) -> usize {
        self.source.free.len()
    }

    /// A sequence without tokens about a source of `tokens` tokens.
    ///
    /// # Errors
    /// If fewer source slots are free; nothing is taken then.
    pub fn begin(&mut self, tokens: usize) -> Result<Sequence> {
        let mut source = Vec::with_capacity(tokens);
        self.source.take(tokens, &mut source)?;
        Ok(Sequence {
            slots: Vec::new(),
            source: Arc::new(source),
        })
    }

    /// Makes room for `tokens` more tokens of `sequence`.
    ///
    /// # Errors
    /// If fewer slots are free; nothing is taken then.
    pub fn extend(&mut self, sequence: &mut Sequence, tokens: usize) -> Result<()> {
        self.tokens.take(tokens, &mut sequence.slots)
    }

    /// A second sequence with the same source and past, without copying it.
    pub fn fork(&mut self, sequence: &Sequence) -> Sequence {
        for &slot in &sequence.slots {
            self.tokens.users[slot as usize] += 1;
        }
        Sequence {
            slots: sequence.slots.clone(),
            source: sequence.source.clone(),
        }
    }

    /// Gives the slots back that no other sequence names.
    pub fn release(&mut self, sequence: Sequence) {
        self.tokens.give_back(sequence.slots);
        if let Some(source) = Arc::into_inner(sequence.source) {
            self.source.give_back(source);
        }
    }

    /// Writes a layer's keys and values, (tokens, width) each, into `slots`.
    pub fn write(&self, layer: usize, k: &Tensor, v: &Tensor, slots: &[u32]) -> Result<()> {
        self.tokens.write(layer, k, v, slots)
    }

    /// Writes what a layer keeps of tokens where others have their keys, (tokens, width), into `slots`.
    pub fn write_keys(&self, layer: usize, k: &Tensor, slots: &[u32]) -> Result<()> {
        write_rows(self.layer(layer).0, k, slots)
    }

    /// Writes a layer's keys and values of source tokens, (tokens, width) each, into source slots.
    pub fn write_source(&self, layer: usize, k: &Tensor, v: &Tensor, slots: &[u32]) -> Result<()> {
        self.source.write(layer, k, v, slots)
    }

    /// A layer's keys and values, (slots, width) each.
    pub fn layer(&self, layer: usize) -> (&Tensor, &Tensor) {
        (&self.tokens.layers[layer].0, &self.tokens.layers[layer].1)
    }

    /// A layer's keys and values of source tokens, (source slots, width) each.
    pub fn source_layer(&self, layer: usize) -> (&Tensor, &Tensor) {
        (&self.source.layers[layer].0, &self.source.layers[layer].1)
    }
}

impl Slots {
    fn new(
        layers: usize,
        slots: usize,
        width: usize,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        let mut pairs = Vec::with_capacity(layers);
        if layers > 0 {
            // One piece of memory: the system hands out a large one as pages that cost nothing until they are touched.
            let shape = (2 * layers, slots, width);
            let slab = match (dtype, device) {
                // candle would write its zeros.
                (DType::BF16, Device::Cpu) => {
                    let zeros = vec![0u16; 2 * layers * slots * width];
                    Tensor::from_vec(zeros.reinterpret_into::<bf16>(), shape, device)?
                }
                _ => Tensor::zeros(shape, dtype, device)?,
            };
            for i in 0..layers {
                pairs.push((slab.get(2 * i)?, slab.get(2 * i + 1)?));
            }
        }
        Ok(Slots {
            layers: pairs,
            free: FreeSlots::new(slots),
            users: vec![0; slots],
        })
    }

    fn take(&mut self, tokens: usize, slots: &mut Vec<u32>) -> Result<()> {
        if tokens > self.free.len() {
            bail!(
                "the cache has {} free slots, {tokens} are needed",
                self.free.len()
            );
        }
        for _ in 0..tokens {
            if let Some(slot) = self.free.take_after(slots.last().copied()) {
                self.users[slot as usize] = 1;
                slots.push(slot);
            }
        }
        Ok(())
    }

    fn give_back(&mut self, slots: Vec<u32>) {
        for slot in slots {
            let users = &mut self.users[slot as usize];
            *users -= 1;
            if *users == 0 {
                self.free.give_back(slot);
            }
        }
    }

    fn write(&self, layer: usize, k: &Tensor, v: &Tensor, slots: &[u32]) -> Result<()> {
        write_rows(&self.layers[layer].0, k, slots)?;
        write_rows(&self.layers[layer].1, v, slots)
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

    #[test]
    fn a_source_is_kept_as_long_as_a_hypothesis_about_it() {
        let mut cache =
            KvCache::with_source(1, (4, 5), 2, (DType::F32, DType::F32), &Device::Cpu).unwrap();
        let mut a = cache.begin(3).unwrap();
        cache.extend(&mut a, 1).unwrap();
        assert!(cache.begin(3).is_err());
        let b = cache.fork(&a);
        assert_eq!(b.source(), [0, 1, 2]);
        cache.release(a);
        assert_eq!((cache.free_slots(), cache.free_source_slots()), (3, 2));
        cache.release(b);
        assert_eq!((cache.free_slots(), cache.free_source_slots()), (4, 5));
    }
}
