//! The same sums with ARM's dot products of bytes.

use std::arch::aarch64::*;

use half::slice::HalfFloatSliceExt;

use super::tile::{ROWS, Tile};
use crate::kernel::arm::sdot;
use crate::kernel::quantize::{BLOCK, QuantizedRows};

/// Rows in a register.
const QUARTER: usize = ROWS / 4;

/// # Safety
/// The processor must have dot products; `x` must hold rows `row..row + M` of as many blocks as there are tiles.
#[target_feature(enable = "neon,dotprod")]
pub unsafe fn dot<const M: usize>(
    tiles: &[Tile],
    x: &QuantizedRows,
    row: usize,
) -> [[f32; ROWS]; M] {
    let blocks = x.columns / BLOCK;
    debug_assert!(tiles.len() == blocks && (row + M) * blocks <= x.scales.len());
    let mut sums = [[vdupq_n_f32(0.0); 4]; M];
    for (block, tile) in tiles.iter().enumerate() {
        let mut scales = [0f32; ROWS];
        tile.scales.convert_to_f32_slice(&mut scales);
        for quarter in 0..4 {
            let weights = unpack(tile, quarter);
            // Safety: there are 16 scales; the other loads read elements of `x` inside the bounds asserted above.
            unsafe {
                let scales = vld1q_f32(scales.as_ptr().add(QUARTER * quarter));
                for (m, sums) in sums.iter_mut().enumerate() {
                    let at = (row + m) * blocks + block;
                    let quants = x.quants.as_ptr().add(at * BLOCK);
                    let quants = [vld1q_s8(quants), vld1q_s8(quants.add(16))];
                    let mut dot = vdupq_n_s32(*x.offsets.get_unchecked(at));
                    macro_rules! add {
                        ($($v:literal)*) => {
                            $(dot = sdot::<{ $v % 4 }>(dot, weights[$v], quants[$v / 4]);)*
                        };
                    }
                    add!(0 1 2 3 4 5 6 7);
                    let scale = vmulq_n_f32(scales, *x.scales.get_unchecked(at));
                    sums[quarter] = vfmaq_f32(sums[quarter], vcvtq_f32_s32(dot), scale);
                }
            }
        }
    }
    let mut out = [[0f32; ROWS]; M];
    for (out, sums) in out.iter_mut().zip(sums) {
        for (out, sums) in out.as_chunks_mut::<QUARTER>().0.iter_mut().zip(sums) {
            // Safety: `out` has room for four floats.
            unsafe { vst1q_f32(out.as_mut_ptr(), sums) };
        }
    }
    out
}

/// The numbers of four rows of a tile, four neighbouring values of each a register.
#[inline]
#[target_feature(enable = "neon")]
fn unpack(tile: &Tile, quarter: usize) -> [int8x16_t; 8] {
    let fifth_bit = vdupq_n_u8(16);
    let load = |bytes: &[u8; 64]| {
        let bytes = &bytes.as_chunks::<16>().0[quarter];
        // Safety: 16 bytes.
        unsafe { vld1q_u8(bytes.as_ptr()) }
    };
    let high = load(&tile.high);
    let mut weights = [vdupq_n_s8(0); 8];
    macro_rules! unpack {
        ($($v:literal: $shifted:expr),*) => {$(
            let nibbles = load(&tile.nibbles[$v % 4]);
            let low = if $v < 4 { vandq_u8(nibbles, vdupq_n_u8(15)) } else { vshrq_n_u8::<4>(nibbles) };
            weights[$v] = vreinterpretq_s8_u8(vorrq_u8(low, vandq_u8($shifted, fifth_bit)));
        )*};
    }
    unpack!(
        0: vshlq_n_u8::<4>(high), 1: vshlq_n_u8::<3>(high), 2: vshlq_n_u8::<2>(high), 3: vshlq_n_u8::<1>(high),
        4: high, 5: vshrq_n_u8::<1>(high), 6: vshrq_n_u8::<2>(high), 7: vshrq_n_u8::<3>(high)
    );
    weights
}
