//! The edit distance between two sentences, within a beam around the diagonal.

use std::ops::Range;

/// Half the width of the beam: how far from the diagonal an alignment may stray, in words.
const BEAM: usize = 25;

/// Cost of what the beam has not reached. One more does not overflow.
const UNREACHED: u32 = u32::MAX / 2;

/// The matrix of edit distances between the beginnings of an output and those of a reference: a row for each number of
/// words of the output, a column for each of the reference. Only the part within the beam is held, so that memory grows
/// with the sum of the lengths.
///
/// Insertion, deletion and substitution of a word each cost 1. The diagonal is that of a rectangle, whose sides differ
/// where the lengths do.
#[derive(Debug, Default)]
pub(super) struct Distances {
    /// Which columns of each row are in the beam.
    columns: Vec<Range<usize>>,
    /// Where each row begins in `costs`.
    starts: Vec<usize>,
    costs: Vec<u32>,
    /// The row that is worked on: all columns.
    row: Vec<u32>,
}

/// How the words of output and reference lie beside each other along the cheapest path.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Alignment {
    /// For each word of the reference, how many words of the output stand up to where it is aligned.
    pub(super) ends: Vec<usize>,
    /// Which words of the reference the output does not have there.
    pub(super) missed: Vec<bool>,
    /// Which words of the output the reference does not have there.
    pub(super) wrong: Vec<bool>,
}

impl Distances {
    /// Prepares for outputs and references of these lengths.
    pub(super) fn resize(&mut self, output: usize, reference: usize) {
        let ratio = match output {
            0 => 1.0,
            _ => reference as f64 / output as f64,
        };
        // A row must overlap with the one before, however much longer the reference is.
        let beam = match BEAM as f64 {
            beam if beam < ratio / 2.0 => (ratio / 2.0 + beam).ceil() as usize,
            _ => BEAM,
        };
        self.columns.clear();
        self.columns.push(0..reference + 1);
        for i in 1..=output {
            let diagonal = (i as f64 * ratio).floor() as usize;
            let end = match i == output {
                true => reference + 1,
                false => (diagonal + beam).min(reference + 1),
            };
            self.columns.push(diagonal.saturating_sub(beam)..end);
        }
        let mut len = 0;
        self.starts.clear();
        for columns in &self.columns {
            self.starts.push(len);
            len += columns.len();
        }
        self.costs.clear();
        self.costs.extend(0..=reference as u32);
        self.costs.resize(len, UNREACHED);
    }

    /// Computes the rows for an output, of which as many words as `known` are those of the last one. Gives the distance.
    pub(super) fn fill(&mut self, output: &[u32], reference: &[u32], known: usize) -> u32 {
        self.load(known);
        for i in known + 1..=output.len() {
            self.advance(i, output[i - 1], reference);
            let columns = self.columns[i].clone();
            let costs = &mut self.costs[self.starts[i]..][..columns.len()];
            costs.copy_from_slice(&self.row[columns]);
        }
        self.row[reference.len()]
    }

    /// The distance of an output that shares its first words, as many as `known`, with the one the matrix was filled
    /// for; none where it is above `limit`.
    pub(super) fn within(
        &mut self,
        output: &[u32],
        reference: &[u32],
        known: usize,
        limit: u32,
    ) -> Option<u32> {
        self.load(known);
        for i in known + 1..=output.len() {
            // A path costs at least what the cheapest cell of any row costs.
            if self.advance(i, output[i - 1], reference) > limit {
                return None;
            }
        }
        Some(self.row[reference.len()]).filter(|&cost| cost <= limit)
    }

    /// Goes back along the cheapest path. Where several are equally cheap, a pair of words goes before a word of the
    /// output alone, and that before a word of the reference alone.
    pub(super) fn align(&self, output: &[u32], reference: &[u32], alignment: &mut Alignment) {
        let Alignment {
            ends,
            missed,
            wrong,
        } = alignment;
        ends.clear();
        ends.resize(reference.len(), 0);
        missed.clear();
        missed.resize(reference.len(), true);
        wrong.clear();
        wrong.resize(output.len(), true);
        let (mut i, mut j) = (output.len(), reference.len());
        while i > 0 || j > 0 {
            let cost = self.cost(i, j);
            if i > 0 && j > 0 {
                let differ = output[i - 1] != reference[j - 1];
                if self.cost(i - 1, j - 1) + u32::from(differ) == cost {
                    ends[j - 1] = i;
                    missed[j - 1] = differ;
                    wrong[i - 1] = differ;
                    (i, j) = (i - 1, j - 1);
                    continue;
                }
            }
            if i > 0 && self.cost(i - 1, j) + 1 == cost {
                i -= 1;
            } else {
                ends[j - 1] = i;
                j -= 1;
            }
        }
    }

    fn cost(&self, i: usize, j: usize) -> u32 {
        let columns = &self.columns[i];
        match columns.contains(&j) {
            true => self.costs[self.starts[i] + j - columns.start],
            false => UNREACHED,
        }
    }

    /// Makes `row` the row `i` of the matrix.
    fn load(&mut self, i: usize) {
        let columns = self.columns[i].clone();
        self.row.clear();
        self.row.resize(columns.start, UNREACHED);
        let costs = &self.costs[self.starts[i]..][..columns.len()];
        self.row.extend_from_slice(costs);
        self.row.resize(self.columns[0].end, UNREACHED);
    }

    /// Makes `row`, which is the row `i` - 1, the row `i`, whose last word of the output is `word`. Gives its lowest cost.
    fn advance(&mut self, i: usize, word: u32, reference: &[u32]) -> u32 {
        let Range { start, end } = self.columns[i].clone();
        if i == 1 {
            // The first row knows all columns, later ones none behind the beam.
            self.row[end..].fill(UNREACHED);
        }
        let (mut diagonal, mut left) = (UNREACHED, UNREACHED);
        let mut lowest = UNREACHED;
        let mut from = start;
        if start == 0 {
            diagonal = self.row[0];
            left = diagonal + 1;
            self.row[0] = left;
            lowest = left;
            from = 1;
        } else {
            // The cell before the beam is needed once more, and then out of it.
            std::mem::swap(&mut diagonal, &mut self.row[start - 1]);
        }
        let cells = self.row[from..end].iter_mut();
        for (cell, &other) in cells.zip(&reference[from - 1..]) {
            let up = *cell;
            let cost = (diagonal + u32::from(word != other)).min(up.min(left) + 1);
            // What was not reached must not get cheaper or dearer than that.
            left = cost.min(UNREACHED);
            *cell = left;
            diagonal = up;
            lowest = lowest.min(left);
        }
        lowest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distances(output: &[u32], reference: &[u32]) -> (Distances, u32) {
        let mut distances = Distances::default();
        distances.resize(output.len(), reference.len());
        let distance = distances.fill(output, reference, 0);
        (distances, distance)
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(distances(&[], &[1, 2]).1, 2);
        assert_eq!(distances(&[1, 2], &[1]).1, 1);
        assert_eq!(distances(&[1, 2, 3, 4], &[1, 3, 5, 4, 6]).1, 3);
    }

    #[test]
    fn a_known_beginning_changes_nothing() {
        let reference = [1, 2, 3, 4, 5];
        let (mut distances, _) = distances(&[1, 2, 9, 4, 3], &reference);
        for known in 0..=2 {
            let output = [1, 2, 3, 9, 4];
            assert_eq!(distances.within(&output, &reference, known, 2), Some(2));
            assert_eq!(distances.within(&output, &reference, known, 1), None);
        }
    }

    #[test]
    fn what_strays_from_the_diagonal_is_not_found() {
        // The words match, but 40 places off: the beam sees substitutions alone.
        let output: Vec<u32> = (40..140).collect();
        let reference: Vec<u32> = (0..100).collect();
        assert_eq!(distances(&output, &reference).1, 100);
        let output: Vec<u32> = (20..120).collect();
        assert_eq!(distances(&output, &reference).1, 40);
    }

    #[test]
    fn a_reference_of_another_length_is_reached() {
        let reference: Vec<u32> = (0..1000).collect();
        assert_eq!(distances(&[400, 999], &reference).1, 999);
        assert_eq!(distances(&[999, 5], &reference).1, 1000);
        assert_eq!(distances(&reference, &[999, 5]).1, 999);
    }

    #[test]
    fn words_are_aligned_from_the_end() {
        let (distances, _) = distances(&[1, 7, 2], &[1, 2, 3]);
        let mut alignment = Alignment::default();
        distances.align(&[1, 7, 2], &[1, 2, 3], &mut alignment);
        let expected = Alignment {
            ends: vec![1, 2, 3],
            missed: vec![false, true, true],
            wrong: vec![false, true, true],
        };
        assert_eq!(alignment, expected);
    }
}
