//! The search for shifts of words that make a sentence more like its reference.

use std::cmp::Reverse;

use super::distance::{Alignment, Distances};

/// The most words that are shifted together.
const MAX_SIZE: usize = 10;
/// How far a word may stand from its place in the reference.
const MAX_DISTANCE: usize = 50;
/// How many shifts are tried for a pair of sentences.
const MAX_CANDIDATES: usize = 1000;

/// Counts edits; holds buffers that one pair of sentences after the other uses.
#[derive(Debug, Default)]
pub(super) struct Editor {
    distances: Distances,
    alignment: Alignment,
    output: Vec<u32>,
    shifted: Vec<u32>,
}

/// Words of the output that go elsewhere.
#[derive(Debug, Clone, Copy)]
struct Shift {
    start: usize,
    len: usize,
    /// The word before which they are put, as they are counted before the shift.
    target: usize,
}

impl Editor {
    /// The edits that make the output the reference: shifts of words that stand together, found greedily, and
    /// insertions, deletions and substitutions of single words.
    pub(super) fn edits(&mut self, output: &[u32], reference: &[u32]) -> u32 {
        if reference.is_empty() {
            return output.len() as u32;
        }
        self.output.clear();
        self.output.extend_from_slice(output);
        self.distances.resize(output.len(), reference.len());
        let (mut shifts, mut tried, mut known) = (0, 0, 0);
        loop {
            let distance = self.distances.fill(&self.output, reference, known);
            let best = self.best_shift(reference, distance, &mut tried);
            match best {
                Some(shift) if tried < MAX_CANDIDATES => {
                    known = shift.apply(&mut self.output);
                    shifts += 1;
                }
                _ => return shifts + distance,
            }
        }
    }

    /// The shift that lowers the distance the most; of equals, the longest, then the one that starts first, then the one
    /// that ends up first. None where none lowers it.
    fn best_shift(&mut self, reference: &[u32], distance: u32, tried: &mut usize) -> Option<Shift> {
        let Editor {
            distances,
            alignment,
            output,
            shifted,
        } = self;
        distances.align(output, reference, alignment);
        let Alignment {
            ends,
            missed,
            wrong,
        } = alignment;
        // What a shift may cost to be taken: as much as the best, or less than no shift.
        let mut limit = distance.saturating_sub(1);
        let mut best: Option<Shift> = None;
        for pair in pairs(output, reference) {
            let Pair { start, place, len } = pair;
            // Only what stands wrong goes to where something is missing, and not to within itself.
            if !wrong[start..start + len].contains(&true)
                || !missed[place..place + len].contains(&true)
                || (start + 1..=start + len).contains(&ends[place])
            {
                continue;
            }
            let before = if place == 0 { 0 } else { ends[place - 1] };
            let mut last = None;
            for &target in std::iter::once(&before).chain(&ends[place..place + len]) {
                if last.replace(target) == Some(target) {
                    continue;
                }
                *tried += 1;
                let shift = Shift { start, len, target };
                shifted.clone_from(output);
                let known = shift.apply(shifted);
                let Some(cost) = distances.within(shifted, reference, known, limit) else {
                    continue;
                };
                // It costs as much as the best, or less.
                if best.is_none_or(|best| cost < limit || shift.rank() > best.rank()) {
                    best = Some(shift);
                    limit = cost;
                }
            }
            if *tried >= MAX_CANDIDATES {
                break;
            }
        }
        best
    }
}

impl Shift {
    /// Orders shifts that are equally good; the greatest is taken.
    fn rank(&self) -> (usize, Reverse<usize>, Reverse<usize>) {
        (self.len, Reverse(self.start), Reverse(self.target))
    }

    /// Shifts the words, and gives how many at the beginning stay as they were. Where the target is within the words
    /// themselves, they go as many places ahead as it is words behind their start.
    fn apply(&self, words: &mut [u32]) -> usize {
        let &Shift { start, len, target } = self;
        if target < start {
            words[target..start + len].rotate_right(len);
            target
        } else {
            let end = match target > start + len {
                true => target,
                false => (len + target).min(words.len()),
            };
            words[start..end].rotate_left(len);
            start
        }
    }
}

/// Words that output and reference share.
#[derive(Debug, PartialEq)]
struct Pair {
    /// Where they begin in the output.
    start: usize,
    /// Where they begin in the reference.
    place: usize,
    len: usize,
}

/// What output and reference share, up to the longest words in a row that may be shifted, by place in the output, then
/// by place in the reference, the shorter first.
fn pairs<'a>(output: &'a [u32], reference: &'a [u32]) -> impl Iterator<Item = Pair> + 'a {
    (0..output.len()).flat_map(move |start| {
        let first = start.saturating_sub(MAX_DISTANCE);
        let last = (start + MAX_DISTANCE + 1).min(reference.len());
        (first..last).flat_map(move |place| {
            let words = output[start..].iter().zip(&reference[place..]);
            let shared = words.take(MAX_SIZE).take_while(|(a, b)| a == b).count();
            (1..=shared).map(move |len| Pair { start, place, len })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(output: &[u32], reference: &[u32]) -> u32 {
        Editor::default().edits(output, reference)
    }

    #[test]
    fn a_shift_is_one_edit() {
        assert_eq!(edits(&[4, 5, 1, 2, 3], &[1, 2, 3, 4, 5]), 1);
        assert_eq!(edits(&[3, 4, 1, 2, 6, 5], &[1, 2, 3, 4, 5, 6]), 2);
        assert_eq!(edits(&[1, 2, 3], &[1, 2, 3]), 0);
        assert_eq!(edits(&[], &[1, 2]), 2);
        assert_eq!(edits(&[1, 2], &[]), 2);
    }

    #[test]
    fn words_may_go_behind_where_their_last_is_aligned() {
        assert_eq!(edits(&[1, 2, 3, 4, 5], &[3, 4, 3, 5, 1, 2]), 2);
    }

    #[test]
    fn what_is_too_long_is_shifted_in_parts() {
        let (ten, eleven): (Vec<u32>, Vec<u32>) = ((0..10).collect(), (0..11).collect());
        let twenty: Vec<u32> = (100..120).collect();
        assert_eq!(
            edits(&[&ten[..], &twenty].concat(), &[&twenty[..], &ten].concat()),
            1
        );
        assert_eq!(
            edits(
                &[&eleven[..], &twenty].concat(),
                &[&twenty[..], &eleven].concat()
            ),
            2
        );
    }

    #[test]
    fn words_go_where_they_are_put() {
        for (start, len, target, expected, same) in [
            (3, 2, 1, [0, 3, 4, 1, 2, 5], 1),
            (0, 2, 4, [2, 3, 0, 1, 4, 5], 0),
            (1, 2, 2, [0, 3, 1, 2, 4, 5], 1),
            (1, 4, 4, [0, 5, 1, 2, 3, 4], 1),
            (1, 2, 1, [0, 1, 2, 3, 4, 5], 1),
        ] {
            let mut words = [0, 1, 2, 3, 4, 5];
            let shift = Shift { start, len, target };
            assert_eq!(shift.apply(&mut words), same);
            assert_eq!(words, expected, "{shift:?}");
        }
    }

    #[test]
    fn shared_words_come_in_order() {
        let shared: Vec<Pair> = pairs(&[1, 2], &[2, 1, 2]).collect();
        let pair = |start, place, len| Pair { start, place, len };
        assert_eq!(
            shared,
            [pair(0, 1, 1), pair(0, 1, 2), pair(1, 0, 1), pair(1, 2, 1)]
        );
    }

    #[test]
    fn the_search_gives_up_after_so_many() {
        // Two words over and over: thousands of shifts could be tried.
        let output: Vec<u32> = (0..400).map(|i| i * i % 7 % 2).collect();
        let reference: Vec<u32> = (0..400).map(|i| i * i % 11 % 2).collect();
        let mut editor = Editor::default();
        editor.output.extend_from_slice(&output);
        editor.distances.resize(output.len(), reference.len());
        let distance = editor.distances.fill(&output, &reference, 0);
        let mut tried = 0;
        editor.best_shift(&reference, distance, &mut tried);
        assert!((MAX_CANDIDATES..=MAX_CANDIDATES + MAX_SIZE).contains(&tried));
        assert_eq!(edits(&output, &reference), distance);
    }
}
