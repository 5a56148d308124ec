//! The sums with AVX-VNNI: 32 products and additions an instruction, on processors without AVX-512.

use std::arch::x86_64::*;

use super::GROUP;
use super::blocks::{Block, Operands};
use super::panels::Line;

/// Rows that are multiplied with a panel in one go, their sums in registers.
pub const MOST_ROWS: usize = 6;
/// Rows that are multiplied with two panels in one go: so few that one panel would leave the processor waiting for sums.
pub const FEW_ROWS: usize = 2;

/// Dot products of up to [`MOST_ROWS`] rows of unsigned bytes, 128 too large each, with the outputs of a panel.
#[target_feature(enable = "avx2,avxvnni")]
pub fn sums(operands: &Operands<1>, out: &mut Block<1>) {
    match operands.count() {
        1 => of_rows::<1, 1>(operands, out),
        2 => of_rows::<1, 2>(operands, out),
        3 => of_rows::<1, 3>(operands, out),
        4 => of_rows::<1, 4>(operands, out),
        5 => of_rows::<1, 5>(operands, out),
        6 => of_rows::<1, 6>(operands, out),
        _ => unreachable!("more than {MOST_ROWS} rows"),
    }
}

/// The same of up to [`FEW_ROWS`] rows with two panels.
#[target_feature(enable = "avx2,avxvnni")]
pub fn sums_of_few(operands: &Operands<2>, out: &mut Block<2>) {
    match operands.count() {
        1 => of_rows::<2, 1>(operands, out),
        2 => of_rows::<2, 2>(operands, out),
        _ => unreachable!("more than {FEW_ROWS} rows"),
    }
}

#[target_feature(enable = "avx2,avxvnni")]
fn of_rows<const P: usize, const R: usize>(operands: &Operands<P>, out: &mut Block<P>) {
    assert!(operands.count() == R);
    let depth = operands.depth();
    // Safety: the operands have `depth / 4` lines of each panel and `R * depth` bytes of rows; lines, offsets and sums are
    // of twice 32 bytes.
    unsafe {
        let halves = |offsets: &[i32; 16]| {
            let start = offsets.as_ptr().cast::<__m256i>();
            [_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1))]
        };
        let mut sums = [operands.offsets().map(halves); R];
        let panels = operands.panels().map(<[Line]>::as_ptr);
        let x = operands.rows().as_ptr();
        for group in 0..depth / GROUP {
            let weights = panels.map(|panel| {
                let line = panel.add(group).cast::<__m256i>();
                [_mm256_load_si256(line), _mm256_load_si256(line.add(1))]
            });
            for (r, sums) in sums.iter_mut().enumerate() {
                let four = x.add(r * depth + group * GROUP).cast::<i32>();
                let four = _mm256_set1_epi32(four.read_unaligned());
                for (sums, weights) in sums.iter_mut().zip(&weights) {
                    sums[0] = _mm256_dpbusd_avx_epi32(sums[0], four, weights[0]);
                    sums[1] = _mm256_dpbusd_avx_epi32(sums[1], four, weights[1]);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (out, [low, high]) in out.iter_mut().zip(sums) {
                let out = out[r].as_mut_ptr().cast::<__m256i>();
                _mm256_storeu_si256(out, low);
                _mm256_storeu_si256(out.add(1), high);
            }
        }
    }
}
