//! Activations to 8-bit integers, a scale for every 32 values.

use multiversion::multiversion;

/// Values that share a scale: the block of GGUF's Q5_0.
pub const BLOCK: usize = 32;

/// Rows of activations as signed bytes: value = `quants` × `scales` of its block.
pub struct QuantizedRows {
    /// Row after row, `columns` bytes each.
    pub quants: Vec<i8>,
    /// Row after row, one for each block.
    pub scales: Vec<f32>,
    /// -16 times the sum of each block's quants: what an unsigned 5-bit weight adds too much,
    /// since it stands for its value less 16.
    pub offsets: Vec<i32>,
    /// Values a row, a multiple of [`BLOCK`].
    pub columns: usize,
}

impl QuantizedRows {
    /// Rounds `values` (rows of `columns`) to the nearest of 255 levels between plus and minus the
    /// largest magnitude of each block.
    pub fn new(values: &[f32], columns: usize) -> Self {
        debug_assert!(columns.is_multiple_of(BLOCK) && values.len().is_multiple_of(columns));
        let blocks = values.len() / BLOCK;
        let mut rows = QuantizedRows {
            quants: vec![0; values.len()],
            scales: vec![0.0; blocks],
            offsets: vec![0; blocks],
            columns,
        };
        quantize_blocks(values, &mut rows);
        rows
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.quants.len() / self.columns
    }
}

#[multiversion(targets = "simd")]
fn quantize_blocks(values: &[f32], rows: &mut QuantizedRows) {
    let blocks = values.as_chunks::<BLOCK>().0.iter();
    let quants = rows.quants.as_chunks_mut::<BLOCK>().0.iter_mut();
    let meta = rows.scales.iter_mut().zip(&mut rows.offsets);
    for ((block, quants), (scale, offset)) in blocks.zip(quants).zip(meta) {
        (*scale, *offset) = quantize_block(block, quants);
    }
}

#[inline(always)]
fn quantize_block(block: &[f32; BLOCK], quants: &mut [i8; BLOCK]) -> (f32, i32) {
    // Magnitudes sort as the integers that their bits are, what is not a number last: it must not vanish.
    let mut largest = [0u32; 8];
    for chunk in block.as_chunks::<8>().0 {
        for (m, v) in largest.iter_mut().zip(chunk) {
            *m = (*m).max(v.to_bits() & 0x7fff_ffff);
        }
    }
    let largest = f32::from_bits(largest.into_iter().fold(0, u32::max));
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let mut sum = 0;
    for (q, v) in quants.iter_mut().zip(block) {
        // Adding and taking away 1.5 × 2^23 rounds to the nearest integer without a call, for |x| < 2^22.
        const MAGIC: f32 = 12_582_912.0;
        let rounded = (v * inverse + MAGIC) - MAGIC;
        let int = rounded.clamp(-127.0, 127.0) as i32;
        *q = int as i8;
        sum += int;
    }
    (scale, -16 * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_within_half_a_step() {
        let values: Vec<f32> = (0..96)
            .map(|i| ((i * 37 % 101) as f32 - 50.0) * 0.37)
            .collect();
        let rows = QuantizedRows::new(&values, 96);
        assert_eq!(rows.len(), 1);
        for (i, v) in values.iter().enumerate() {
            let scale = rows.scales[i / BLOCK];
            let back = f32::from(rows.quants[i]) * scale;
            assert!((back - v).abs() <= scale * 0.5001, "{v} became {back}");
        }
        let sum: i32 = rows.quants[..BLOCK].iter().map(|&q| i32::from(q)).sum();
        assert_eq!(rows.offsets[0], -16 * sum);
    }

    #[test]
    fn zeros_and_extremes_stay_finite() {
        let mut values = vec![0.0; 64];
        values[40] = f32::MAX;
        values[41] = -f32::MAX;
        let rows = QuantizedRows::new(&values, 64);
        assert_eq!(rows.scales[0], 0.0);
        assert_eq!((rows.quants[40], rows.quants[41]), (127, -127));
        for odd in [f32::NAN, f32::INFINITY] {
            values[3] = odd;
            assert!(!QuantizedRows::new(&values, 64).scales[0].is_finite());
        }
    }
}
