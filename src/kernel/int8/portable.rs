//! The sums in plain Rust, which are also what the other paths are tested against.

use super::panels::Line;
use super::{GROUP, Sums};

/// Dot products of a row of signed bytes with each output of a panel.
pub fn sums(panel: &[Line], row: &[u8]) -> Sums {
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
