//! The sums on ARM: with matrix products of bytes (I8MM), with dot products of bytes, or with NEON as every 64-bit ARM
//! processor has it.

use std::arch::aarch64::*;

use super::GROUP;
use super::blocks::{Block, Operands};
use super::panels::Line;
use crate::kernel::arm::{sdot, smmla};

/// The most rows that are multiplied with a panel in one go, their sums in registers: with I8MM, with dot products, and
/// with neither.
pub const MOST_ROWS: (usize, usize, usize) = (6, 4, 2);

/// Groups of inputs in a register.
const GROUPS: usize = 4;

/// The four vectors of a line: four outputs each.
#[inline]
#[target_feature(enable = "neon")]
fn quarters(line: &Line) -> [int8x16_t; 4] {
    let bytes = line.0.as_ptr();
    // Safety: a line has 64 bytes.
    unsafe {
        [
            vld1q_s8(bytes),
            vld1q_s8(bytes.add(16)),
            vld1q_s8(bytes.add(32)),
            vld1q_s8(bytes.add(48)),
        ]
    }
}

/// The sums of row `r`, four outputs a vector.
#[inline]
#[target_feature(enable = "neon")]
fn store(out: &mut Block<1>, r: usize, sums: [int32x4_t; 4]) {
    for (out, sums) in out[0][r].as_chunks_mut::<4>().0.iter_mut().zip(sums) {
        // Safety: `out` has room for four.
        unsafe { vst1q_s32(out.as_mut_ptr(), sums) };
    }
}

/// Dot products of rows of signed bytes with the outputs of a panel, with matrix products: 2 × 8 bytes times 8 × 2.
#[target_feature(enable = "neon,i8mm")]
pub fn matrix_sums(operands: &Operands<1>, out: &mut Block<1>) {
    match operands.count() {
        1..=2 => matrix_pairs::<1>(operands, out),
        3..=4 => matrix_pairs::<2>(operands, out),
        5..=6 => matrix_pairs::<3>(operands, out),
        _ => unreachable!("more than {} rows", MOST_ROWS.0),
    }
}

/// `R` pairs of rows; where their number is odd, the last with itself.
#[target_feature(enable = "neon,i8mm")]
fn matrix_pairs<const R: usize>(operands: &Operands<1>, out: &mut Block<1>) {
    let (depth, count) = (operands.depth(), operands.count());
    assert!(count.div_ceil(2) == R);
    let [panel] = operands.panels();
    let x = operands.rows().as_ptr();
    // Of each pair of rows and each pair of outputs, a matrix of 2 × 2.
    let mut sums = [[vdupq_n_s32(0); 8]; R];
    for (n, [left, right]) in panel.as_chunks::<2>().0.iter().enumerate() {
        // Eight inputs of two outputs each.
        let mut weights = [vdupq_n_s8(0); 8];
        let quarters = quarters(left).into_iter().zip(quarters(right));
        for (weights, (left, right)) in weights.as_chunks_mut::<2>().0.iter_mut().zip(quarters) {
            let (left, right) = (vreinterpretq_s32_s8(left), vreinterpretq_s32_s8(right));
            weights[0] = vreinterpretq_s8_s32(vzip1q_s32(left, right));
            weights[1] = vreinterpretq_s8_s32(vzip2q_s32(left, right));
        }
        for (pair, sums) in sums.iter_mut().enumerate() {
            let [upper, lower] = [2 * pair, (2 * pair + 1).min(count - 1)].map(|r| {
                // Safety: the operands have `count * depth` bytes of rows, and a line for every four of a row's.
                unsafe { vld1_s8(x.add(r * depth + 2 * GROUP * n).cast()) }
            });
            let rows = vcombine_s8(upper, lower);
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum = smmla(*sum, rows, weights);
            }
        }
    }
    for (pair, sums) in sums.into_iter().enumerate() {
        let [mut upper, mut lower] = [[vdupq_n_s32(0); 4]; 2];
        for (i, [left, right]) in sums.as_chunks::<2>().0.iter().enumerate() {
            let (left, right) = (vreinterpretq_s64_s32(*left), vreinterpretq_s64_s32(*right));
            upper[i] = vreinterpretq_s32_s64(vzip1q_s64(left, right));
            lower[i] = vreinterpretq_s32_s64(vzip2q_s64(left, right));
        }
        store(out, 2 * pair, upper);
        if 2 * pair + 1 < count {
            store(out, 2 * pair + 1, lower);
        }
    }
}

/// Dot products of rows of signed bytes with the outputs of a panel, with dot products of four bytes each.
#[target_feature(enable = "neon,dotprod")]
pub fn dot_sums(operands: &Operands<1>, out: &mut Block<1>) {
    match operands.count() {
        1 => dot_rows::<1>(operands, out),
        2 => dot_rows::<2>(operands, out),
        3 => dot_rows::<3>(operands, out),
        4 => dot_rows::<4>(operands, out),
        _ => unreachable!("more than {} rows", MOST_ROWS.1),
    }
}

#[target_feature(enable = "neon,dotprod")]
fn dot_rows<const R: usize>(operands: &Operands<1>, out: &mut Block<1>) {
    assert!(operands.count() == R);
    let depth = operands.depth();
    let [panel] = operands.panels();
    let x = operands.rows().as_ptr();
    let mut sums = [[vdupq_n_s32(0); 4]; R];
    for (n, lines) in panel.as_chunks::<GROUPS>().0.iter().enumerate() {
        let rows: [int8x16_t; R] = std::array::from_fn(|r| {
            // Safety: the operands have `R * depth` bytes of rows, and a line for every four of a row's.
            unsafe { vld1q_s8(x.add(r * depth + GROUPS * GROUP * n).cast()) }
        });
        macro_rules! groups {
            ($($lane:literal)*) => {$(
                let weights = quarters(&lines[$lane]);
                for (sums, &row) in sums.iter_mut().zip(&rows) {
                    for (sum, weights) in sums.iter_mut().zip(weights) {
                        *sum = sdot::<$lane>(*sum, weights, row);
                    }
                }
            )*};
        }
        groups!(0 1 2 3);
    }
    for (r, sums) in sums.into_iter().enumerate() {
        store(out, r, sums);
    }
}

/// Dot products of rows of signed bytes with the outputs of a panel. Two products, at most 32,258 together, are added in
/// 16 bits, pairs of such to sums of 32.
#[target_feature(enable = "neon")]
pub fn plain_sums(operands: &Operands<1>, out: &mut Block<1>) {
    match operands.count() {
        1 => plain_rows::<1>(operands, out),
        2 => plain_rows::<2>(operands, out),
        _ => unreachable!("more than {} rows", MOST_ROWS.2),
    }
}

#[target_feature(enable = "neon")]
fn plain_rows<const R: usize>(operands: &Operands<1>, out: &mut Block<1>) {
    assert!(operands.count() == R);
    let depth = operands.depth();
    let [panel] = operands.panels();
    let x = operands.rows().as_ptr();
    // Of each quarter of the outputs, two halves of two outputs, each with the sums of its even and odd pairs.
    let mut sums = [[[vdupq_n_s32(0); 2]; 4]; R];
    for (n, [left, right]) in panel.as_chunks::<2>().0.iter().enumerate() {
        let (left, right) = (quarters(left), quarters(right));
        for (r, sums) in sums.iter_mut().enumerate() {
            // Safety: the operands have `R * depth` bytes of rows, and a line for every four of a row's.
            let rows = unsafe { vld1_s32(x.add(r * depth + 2 * GROUP * n).cast()) };
            let first = vreinterpretq_s8_s32(vdupq_lane_s32::<0>(rows));
            let second = vreinterpretq_s8_s32(vdupq_lane_s32::<1>(rows));
            for (i, [low, high]) in sums.iter_mut().enumerate() {
                let products = vmull_s8(vget_low_s8(left[i]), vget_low_s8(first));
                let products = vmlal_s8(products, vget_low_s8(right[i]), vget_low_s8(second));
                *low = vpadalq_s16(*low, products);
                let products = vmull_high_s8(left[i], first);
                let products = vmlal_high_s8(products, right[i], second);
                *high = vpadalq_s16(*high, products);
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        store(out, r, sums.map(|[low, high]| vpaddq_s32(low, high)));
    }
}
