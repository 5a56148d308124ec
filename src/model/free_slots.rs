//! Which slots of a cache are free, and which of them a sequence should take next.

/// Slots of a block: a sequence has blocks to itself as long as there are any, so that its tokens stand next to one
/// another in memory, where a processor reads them fastest.
const BLOCK: usize = 16;
/// Bits of a word.
const BITS: usize = u64::BITS as usize;

/// A bit a slot, set where it is free.
pub struct FreeSlots {
    words: Vec<u64>,
    count: usize,
    /// Words before this one have no free block.
    first_with_block: usize,
    /// Words before this one have no free slot.
    first: usize,
}

impl FreeSlots {
    /// All of so many slots.
    pub fn new(slots: usize) -> Self {
        let mut words = vec![u64::MAX; slots / BITS];
        if !slots.is_multiple_of(BITS) {
            words.push((1 << (slots % BITS)) - 1);
        }
        FreeSlots {
            words,
            count: slots,
            first_with_block: 0,
            first: 0,
        }
    }

    /// How many are free.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Takes a slot for a sequence whose newest is `last`: the next one, or the first of a free block, or any.
    pub fn take_after(&mut self, last: Option<u32>) -> Option<u32> {
        let next = last.map(|last| last as usize + 1);
        let next = next.filter(|next| !next.is_multiple_of(BLOCK) && self.is_free(*next));
        let slot = next.or_else(|| self.block()).or_else(|| self.any())?;
        self.words[slot / BITS] &= !(1 << (slot % BITS));
        self.count -= 1;
        Some(slot as u32)
    }

    /// Makes a taken slot free.
    pub fn give_back(&mut self, slot: u32) {
        let (word, bit) = (slot as usize / BITS, slot as usize % BITS);
        debug_assert!(!self.is_free(slot as usize), "a slot given back twice");
        self.words[word] |= 1 << bit;
        self.count += 1;
        self.first_with_block = self.first_with_block.min(word);
        self.first = self.first.min(word);
    }

    fn is_free(&self, slot: usize) -> bool {
        let word = self.words.get(slot / BITS);
        word.is_some_and(|word| word >> (slot % BITS) & 1 == 1)
    }

    /// The first slot of the lowest free block.
    fn block(&mut self) -> Option<usize> {
        while let Some(word) = self.words.get(self.first_with_block) {
            let all = (1 << BLOCK) - 1;
            let is_free = |start: &usize| word >> start & all == all;
            if let Some(start) = (0..BITS).step_by(BLOCK).find(is_free) {
                return Some(self.first_with_block * BITS + start);
            }
            self.first_with_block += 1;
        }
        None
    }

    /// The lowest free slot.
    fn any(&mut self) -> Option<usize> {
        while let Some(word) = self.words.get(self.first) {
            if *word != 0 {
                return Some(self.first * BITS + word.trailing_zeros() as usize);
            }
            self.first += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_have_blocks_to_themselves_while_there_are_any() {
        let mut free = FreeSlots::new(40);
        let a = free.take_after(None).unwrap();
        let b = free.take_after(None).unwrap();
        assert_eq!((a, b), (0, 16));
        assert_eq!(free.take_after(Some(a)), Some(1));
        assert_eq!(free.take_after(Some(b)), Some(17));
        // Of 40 slots the last eight are no block.
        assert_eq!(free.take_after(None), Some(2));
        assert_eq!(free.take_after(Some(31)), Some(3));
        assert_eq!(free.len(), 34);
    }

    #[test]
    fn every_slot_is_taken_once_and_comes_back() {
        for slots in [0, 1, 16, 63, 64, 65, 200] {
            let mut free = FreeSlots::new(slots);
            for _ in 0..2 {
                let mut taken: Vec<u32> = Vec::new();
                while let Some(slot) = free.take_after(taken.last().copied()) {
                    taken.push(slot);
                }
                taken.sort_unstable();
                assert!(taken.iter().copied().eq(0..slots as u32), "{slots} slots");
                assert_eq!(free.len(), 0);
                taken
                    .into_iter()
                    .rev()
                    .for_each(|slot| free.give_back(slot));
                assert_eq!(free.len(), slots);
            }
        }
    }
}
