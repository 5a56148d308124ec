//! Q5_0 weights laid out anew: tiles of 16 rows × 32 values.
//!
//! A Q5_0 block is a half-precision scale, 32 high bits, 16 bytes of low nibbles, for 32 values of one
//! row; a value is `scale × (5-bit number - 16)`. In a tile 16 rows are interleaved, so that one 512-bit
//! register holds four neighbouring values of each of them.
//!
//! A tile holds, for value `k = 4v + i` (v in 0..8, i in 0..4) of row `r`, at byte `b = 4r + i`:
//! - `nibbles[v % 4][b]`: the low four bits, in the low nibble for v < 4, else in the high one;
//! - `high[b]`: the fifth bit, as bit v;
//! - `scales[r]`: the scale, in half precision.

use candle_core::{Result, bail};
use half::f16;
use rayon::prelude::*;

use crate::kernel::quantize::BLOCK;

/// Rows of the weight matrix in a tile.
pub const ROWS: usize = 16;
/// Bytes of a Q5_0 block: scale, high bits, nibbles.
const Q5_0_BYTES: usize = 2 + 4 + 16;

/// The weights of 16 rows in 32 columns; rows past the last of the matrix are zero.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct Tile {
    /// The low four bits of each weight.
    pub nibbles: [[u8; 64]; 4],
    /// The fifth bit.
    pub high: [u8; 64],
    /// One for each row.
    pub scales: [f16; ROWS],
}

/// Lays out a Q5_0 tensor of `rows` × `columns` values: the tiles of its first 16 rows from left to right,
/// then those of the next 16, …
///
/// # Errors
/// If `columns` is not a multiple of 32 or `bytes` has another length than the shape asks for.
pub fn tiles(bytes: &[u8], rows: usize, columns: usize) -> Result<Vec<Tile>> {
    let row_bytes = columns / BLOCK * Q5_0_BYTES;
    if columns == 0
        || !columns.is_multiple_of(BLOCK)
        || Some(bytes.len()) != rows.checked_mul(row_bytes)
    {
        bail!(
            "Q5_0 tensor of {rows} × {columns} values does not have {} bytes",
            bytes.len()
        );
    }
    let blocks = columns / BLOCK;
    let mut tiles = vec![Tile::ZERO; rows.div_ceil(ROWS) * blocks];
    let bands = tiles
        .par_chunks_mut(blocks)
        .zip(bytes.par_chunks(ROWS * row_bytes));
    bands.for_each(|(tiles, band)| {
        for (r, row) in band.chunks_exact(row_bytes).enumerate() {
            for (tile, block) in tiles.iter_mut().zip(row.chunks_exact(Q5_0_BYTES)) {
                tile.set_row(r, block);
            }
        }
    });
    Ok(tiles)
}

impl Tile {
    const ZERO: Self = Self {
        nibbles: [[0; 64]; 4],
        high: [0; 64],
        scales: [f16::ZERO; ROWS],
    };

    /// Puts block `b` of a Q5_0 row into row `r`.
    fn set_row(&mut self, r: usize, b: &[u8]) {
        self.scales[r] = f16::from_le_bytes([b[0], b[1]]);
        // The nibbles of byte j of a block are values j and j + 16: the tile's order already.
        for v in 0..4 {
            self.nibbles[v][4 * r..4 * r + 4].copy_from_slice(&b[6 + 4 * v..10 + 4 * v]);
        }
        let bits = u32::from_le_bytes([b[2], b[3], b[4], b[5]]);
        self.high[4 * r..4 * r + 4].copy_from_slice(&transpose_4x8(bits).to_le_bytes());
    }

    /// The 5-bit number of value `k` of row `r`.
    pub fn number(&self, r: usize, k: usize) -> u8 {
        let (v, b) = (k / 4, 4 * r + k % 4);
        let low = if v < 4 {
            self.nibbles[v][b] & 15
        } else {
            self.nibbles[v - 4][b] >> 4
        };
        low | (self.high[b] >> v & 1) << 4
    }
}

/// Bit `4v + i` to bit `8i + v`, for v in 0..8, i in 0..4.
fn transpose_4x8(mut x: u32) -> u32 {
    // The bits of the index (v2 v1 v0 i1 i0) become (i1 i0 v2 v1 v0), rotated right by two: the inverse
    // of a perfect outer shuffle (Warren, Hacker's Delight, 7-2) rotates them by one.
    for _ in 0..2 {
        for (mask, shift) in [
            (0x2222_2222, 1),
            (0x0c0c_0c0c, 2),
            (0x00f0_00f0, 4),
            (0x0000_ff00, 8),
        ] {
            let t = (x ^ (x >> shift)) & mask;
            x ^= t ^ (t << shift);
        }
    }
    x
}

/// Values of row `row` of a Q5_0 tensor of `columns` values a row, from its bytes.
///
/// # Errors
/// If the tensor has no such row.
#[cfg(test)]
pub fn dequantize_q5_0_row(bytes: &[u8], row: usize, out: &mut [f32]) -> Result<()> {
    let row_bytes = out.len() / BLOCK * Q5_0_BYTES;
    let Some(row_data) = bytes.get(row * row_bytes..(row + 1) * row_bytes) else {
        bail!("row {row} lies outside the tensor");
    };
    for (block, out) in row_data
        .chunks_exact(Q5_0_BYTES)
        .zip(out.chunks_exact_mut(BLOCK))
    {
        let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
        let high = u32::from_le_bytes([block[2], block[3], block[4], block[5]]);
        for j in 0..16 {
            let byte = block[6 + j];
            let number = |low: u8, k: usize| i32::from(low | ((high >> k & 1) << 4) as u8) - 16;
            out[j] = scale * number(byte & 15, j) as f32;
            out[j + 16] = scale * number(byte >> 4, j + 16) as f32;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_transposed() {
        for bit in 0..32 {
            let (v, i) = (bit / 4, bit % 4);
            assert_eq!(transpose_4x8(1 << bit), 1 << (8 * i + v), "bit {bit}");
        }
    }

    #[test]
    fn a_tile_holds_the_numbers_of_the_tensor() {
        let (rows, columns) = (19, 64);
        let blocks = (0..rows * columns / BLOCK).map(|block| {
            let bytes: [u8; 20] = std::array::from_fn(|i| (block * 89 + i * 151 + 7) as u8);
            [f16::ONE.to_le_bytes().as_slice(), &bytes].concat()
        });
        let bytes = blocks.collect::<Vec<_>>().concat();
        let tiles = tiles(&bytes, rows, columns).unwrap();
        let mut row = vec![0.0; columns];
        for r in 0..rows {
            dequantize_q5_0_row(&bytes, r, &mut row).unwrap();
            for (k, value) in row.iter().enumerate() {
                let tile = &tiles[r / ROWS * columns / BLOCK + k / BLOCK];
                let number = tile.number(r % ROWS, k % BLOCK);
                assert_eq!(f32::from(number) - 16.0, *value, "row {r}, column {k}");
            }
        }
    }

    #[test]
    fn wrong_sizes_are_refused() {
        assert!(tiles(&[0; 22], 1, 48).is_err());
        assert!(tiles(&[0; 21], 1, 32).is_err());
        assert!(dequantize_q5_0_row(&[0; 22], 1, &mut [0.0; 32]).is_err());
    }
}
