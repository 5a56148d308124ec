//! The sums with AVX2: products are added in pairs of 16 bits, and those to sums of 32.
//!
//! The instruction that multiplies bytes wants one of the two unsigned, and keeps a pair's sum at the limits of 16 bits
//! where it lies beyond. So the activations' magnitudes are multiplied with weights that have taken the activations'
//! signs: both are at most 127, and a pair of products at most 32,258.

use std::arch::x86_64::*;

use super::GROUP;
use super::blocks::{Block, Operands};

/// Rows that are multiplied with a panel in one go, their sums in registers.
pub const MOST_ROWS: usize = 4;

/// Dot products of up to [`MOST_ROWS`] rows of signed bytes with the outputs of a panel.
#[target_feature(enable = "avx2")]
pub fn sums(operands: &Operands<1>, out: &mut Block<1>) {
    match operands.count() {
        1 => of_rows::<1>(operands, out),
        2 => of_rows::<2>(operands, out),
        3 => of_rows::<3>(operands, out),
        4 => of_rows::<4>(operands, out),
        _ => unreachable!("more than {MOST_ROWS} rows"),
    }
}

#[target_feature(enable = "avx2")]
fn of_rows<const R: usize>(operands: &Operands<1>, out: &mut Block<1>) {
    assert!(operands.count() == R);
    let depth = operands.depth();
    let ones = _mm256_set1_epi16(1);
    let mut sums = [[_mm256_setzero_si256(); 2]; R];
    let [panel] = operands.panels();
    let x = operands.rows().as_ptr();
    for (group, line) in panel.iter().enumerate() {
        let line = line.0.as_ptr().cast::<__m256i>();
        // Safety: a line has twice 32 bytes, aligned to 64.
        let weights = unsafe { [_mm256_load_si256(line), _mm256_load_si256(line.add(1))] };
        for (r, sums) in sums.iter_mut().enumerate() {
            // Safety: the operands have `R * depth` bytes of rows, and `depth / 4` lines.
            let four = unsafe {
                x.add(r * depth + group * GROUP)
                    .cast::<i32>()
                    .read_unaligned()
            };
            let four = _mm256_set1_epi32(four);
            let magnitudes = _mm256_abs_epi8(four);
            for (sum, weights) in sums.iter_mut().zip(weights) {
                let signed = _mm256_sign_epi8(weights, four);
                let pairs = _mm256_maddubs_epi16(magnitudes, signed);
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
            }
        }
    }
    for (out, [low, high]) in out[0].iter_mut().zip(sums) {
        let out = out.as_mut_ptr().cast::<__m256i>();
        // Safety: a row's sums are twice 32 bytes.
        unsafe {
            _mm256_storeu_si256(out, low);
            _mm256_storeu_si256(out.add(1), high);
        }
    }
}
