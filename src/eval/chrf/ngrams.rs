//! N-grams of a reference in a trie, which an output is matched against.

/// All n-grams up to some order of a sequence of symbols.
///
/// An n-gram is the path to a node, so that each costs one step from the one that is shorter by a symbol, and the walk
/// ends at the first that the reference does not have. Nodes lie in a hash table with linear probing: a node is the
/// number of its slot, found by its parent's and the symbol between them. How many there can be is known beforehand.
#[derive(Debug, Default)]
pub(super) struct Ngrams {
    order: usize,
    /// Length of the sequence.
    len: usize,
    /// A power of two of them, of which at least half are empty.
    slots: Vec<Slot>,
    /// Nodes that the output at hand has matched, once for each match.
    matched: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    parent: u32,
    symbol: u32,
    /// How often the reference has the n-gram, less the matches of the output at hand.
    left: u32,
}

/// The parent of n-grams of one symbol.
const ROOT: u32 = u32::MAX - 1;

const EMPTY: Slot = Slot {
    parent: u32::MAX,
    symbol: 0,
    left: 0,
};

impl Ngrams {
    /// Reads a reference, in place of the last one.
    pub(super) fn read(&mut self, symbols: &[u32], order: usize) {
        self.order = order;
        self.len = symbols.len();
        let nodes = order * symbols.len();
        self.slots.clear();
        self.slots
            .resize((2 * nodes + 1).next_power_of_two(), EMPTY);
        for start in 0..symbols.len() {
            let mut parent = ROOT;
            for &symbol in symbols[start..].iter().take(order) {
                let node = self.find(parent, symbol);
                let slot = &mut self.slots[node];
                *slot = Slot {
                    parent,
                    symbol,
                    left: slot.left + 1,
                };
                parent = node as u32;
            }
        }
    }

    /// Writes for each order how many n-grams the output has, how many the reference has, and how many they share, each
    /// as often as both have it. Of an order that the reference is too short for, those of the output are not counted.
    pub(super) fn count(&mut self, symbols: &[u32], statistics: &mut [f64]) {
        let statistics = statistics.as_chunks_mut::<3>().0;
        for (n, [output, reference, matches]) in (1..).zip(statistics.iter_mut()) {
            let ngrams = |len: usize| (len + 1).saturating_sub(n) as f64;
            *reference = ngrams(self.len);
            *output = if self.len < n {
                0.0
            } else {
                ngrams(symbols.len())
            };
            *matches = 0.0;
        }
        for start in 0..symbols.len() {
            let mut parent = ROOT;
            let ngram = symbols[start..].iter().take(self.order);
            for (&symbol, [.., matches]) in ngram.zip(statistics.iter_mut()) {
                let node = self.find(parent, symbol);
                let slot = &mut self.slots[node];
                if slot.parent == EMPTY.parent {
                    break;
                }
                parent = node as u32;
                if slot.left > 0 {
                    slot.left -= 1;
                    *matches += 1.0;
                    self.matched.push(parent);
                }
            }
        }
        for node in self.matched.drain(..) {
            self.slots[node as usize].left += 1;
        }
    }

    /// The slot of a node, or the empty one where it would be.
    fn find(&self, parent: u32, symbol: u32) -> usize {
        /// 2^64 by the golden ratio (Knuth, TAOCP 6.4): spreads what is close together.
        const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
        let mask = self.slots.len() - 1;
        let hash = (u64::from(parent) << 32 | u64::from(symbol)).wrapping_mul(SPREAD);
        let mut at = (hash >> 32) as usize & mask;
        loop {
            let slot = self.slots[at];
            // One branch for both: which of them holds cannot be foretold.
            let is_it = (slot.parent == parent) & (slot.symbol == symbol);
            if is_it | (slot.parent == EMPTY.parent) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ngram_matches_as_often_as_both_have_it() {
        let mut ngrams = Ngrams::default();
        ngrams.read(&[1, 1, 2, 1, 1, 3], 3);
        let mut statistics = [0.0; 9];
        // 1-grams: three of the four 1s. 2-grams: 1 1 twice. 3-grams: none.
        ngrams.count(&[1, 1, 1], &mut statistics);
        assert_eq!(statistics, [3.0, 6.0, 3.0, 2.0, 5.0, 2.0, 1.0, 4.0, 0.0]);
        // What one output used up is there again for the next.
        ngrams.count(&[1, 1, 1], &mut statistics);
        assert_eq!(statistics[2], 3.0);
    }

    #[test]
    fn orders_that_the_reference_is_too_short_for_do_not_count() {
        let mut ngrams = Ngrams::default();
        ngrams.read(&[7], 2);
        let mut statistics = [0.0; 6];
        ngrams.count(&[7, 7, 7], &mut statistics);
        assert_eq!(statistics, [3.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        ngrams.read(&[], 2);
        ngrams.count(&[7], &mut statistics);
        assert_eq!(statistics, [0.0; 6]);
    }
}
