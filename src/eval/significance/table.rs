//! Numbers of many rows, laid out so that any rows are summed fast, one after the other.

use std::ops::AddAssign;

/// Rows of numbers, cut into blocks of `LANES` columns that fill the vector registers of a processor. The last block
/// is filled up with zeros.
///
/// Rows are added in the order given. Of single precision numbers, other orders would give other sums.
pub(super) struct Table<T, const LANES: usize> {
    width: usize,
    blocks: Vec<Vec<[T; LANES]>>,
}

impl<T: Copy + Default + AddAssign, const LANES: usize> Table<T, LANES> {
    /// A table of rows × `width` numbers; `number` gives that of a row and column.
    pub(super) fn new(rows: usize, width: usize, number: impl Fn(usize, usize) -> T) -> Self {
        let lane = |row, column| match column < width {
            true => number(row, column),
            false => T::default(),
        };
        let block = |start: usize| {
            let row = |row| std::array::from_fn(|i| lane(row, start + i));
            (0..rows).map(row).collect()
        };
        let blocks = (0..width).step_by(LANES).map(block).collect();
        Table { width, blocks }
    }

    /// Writes the sums of the columns over these rows; a row named twice counts twice.
    pub(super) fn sum(&self, rows: &[usize], sums: &mut Vec<T>) {
        sums.clear();
        for block in &self.blocks {
            let mut totals = [T::default(); LANES];
            for &row in rows {
                for (total, number) in totals.iter_mut().zip(&block[row]) {
                    *total += *number;
                }
            }
            sums.extend_from_slice(&totals);
        }
        sums.truncate(self.width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_all_blocks_are_summed() {
        let table = Table::<f64, 4>::new(3, 6, |row, column| (10 * row + column) as f64);
        let mut sums = vec![7.0];
        table.sum(&[2, 0, 2], &mut sums);
        assert_eq!(sums, [40.0, 43.0, 46.0, 49.0, 52.0, 55.0]);
    }

    #[test]
    fn single_precision_is_summed_in_the_order_given() {
        let table = Table::<f32, 8>::new(2, 1, |row, _| [16_777_216.0, 1.0][row]);
        let mut sums = Vec::new();
        table.sum(&[0, 1, 1], &mut sums);
        assert_eq!(sums, [16_777_216.0]);
        table.sum(&[1, 1, 0], &mut sums);
        assert_eq!(sums, [16_777_218.0]);
    }
}
