//! Sums of products on any processor.

use super::tile::{ROWS, Tile};
use crate::kernel::quantize::{BLOCK, QuantizedRows};

/// The products of rows `row..row + M` of `x` with the 16 rows of a band of tiles.
pub fn products<const M: usize>(tiles: &[Tile], x: &QuantizedRows, row: usize) -> [[f32; ROWS]; M] {
    let mut sums = [[0f32; ROWS]; M];
    for (block, tile) in tiles.iter().enumerate() {
        let mut numbers = [[0i32; BLOCK]; ROWS];
        for (r, numbers) in numbers.iter_mut().enumerate() {
            for (k, number) in numbers.iter_mut().enumerate() {
                *number = i32::from(tile.number(r, k));
            }
        }
        for (m, sums) in sums.iter_mut().enumerate() {
            let at = (row + m) * x.columns / BLOCK + block;
            let quants = &x.quants[at * BLOCK..][..BLOCK];
            for (r, sum) in sums.iter_mut().enumerate() {
                let products = numbers[r]
                    .iter()
                    .zip(quants)
                    .map(|(w, &q)| w * i32::from(q));
                let dot = products.sum::<i32>() + x.offsets[at];
                *sum += dot as f32 * (tile.scales[r].to_f32() * x.scales[at]);
            }
        }
    }
    sums
}
