//! The sums in plain Rust.

use super::blocks::{Block, Operands};
use super::panels::Line;
use super::{GROUP, Sums};

/// Dot products of rows of signed bytes with each output of a panel.
pub fn sums(operands: &Operands<1>, out: &mut Block<1>) {
    let [panel] = operands.panels();
    let rows = operands.rows().chunks_exact(operands.depth());
    for (out, row) in out[0].iter_mut().zip(rows) {
        *out = of_row(panel, row);
    }
}

fn of_row(panel: &[Line], row: &[u8]) -> Sums {
    let mut sums = [0; _];
    for (line, x) in panel.iter().zip(row.as_chunks::<GROUP>().0) {
        for (sum, w) in sums.iter_mut().zip(line.0.as_chunks::<GROUP>().0) {
            let products = x
                .iter()
                .zip(w)
                .map(|(&x, &w)| i32::from(x as i8) * i32::from(w));
            *sum += products.sum::<i32>();
        }
    }
    sums
}
