//! The sums with AVX-512 VNNI: 64 products and additions an instruction.

use std::arch::x86_64::*;

use super::panels::Line;
use super::path::TALL;
use super::{GROUP, Sums};

/// Rows that are multiplied with a pair of panels in one go, their sums in registers.
pub const MOST_ROWS: usize = 12;

/// Dot products of `R` rows of unsigned bytes with each output of two panels, added to `offsets`.
///
/// # Safety
/// The processor must have AVX-512 F, BW and VNNI, and `rows` must hold `R` rows of `depth` bytes, `panels` so many lines
/// each that they cover `depth`.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub unsafe fn sums<const R: usize>(
    panels: [&[Line]; 2],
    offsets: [&Sums; 2],
    rows: &[u8],
    depth: usize,
    out: &mut [[Sums; TALL]; 2],
) {
    let groups = depth / GROUP;
    debug_assert!(panels.iter().all(|p| p.len() >= groups) && rows.len() >= R * depth);
    // Safety: reads stay below `groups` lines of each panel and `R * depth` bytes of the rows.
    unsafe {
        let load = |line: *const Line| _mm512_load_si512(line.cast());
        let start = offsets.map(|o| _mm512_loadu_si512(o.as_ptr().cast()));
        let mut sums = [start; R];
        let [left, right] = panels.map(<[Line]>::as_ptr);
        let x = rows.as_ptr();
        for group in 0..groups {
            let weights = [load(left.add(group)), load(right.add(group))];
            for (r, sums) in sums.iter_mut().enumerate() {
                let four = x
                    .add(r * depth + group * GROUP)
                    .cast::<i32>()
                    .read_unaligned();
                let four = _mm512_set1_epi32(four);
                sums[0] = _mm512_dpbusd_epi32(sums[0], four, weights[0]);
                sums[1] = _mm512_dpbusd_epi32(sums[1], four, weights[1]);
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (out, sums) in out.iter_mut().zip(sums) {
                _mm512_storeu_si512(out[r].as_mut_ptr().cast(), sums);
            }
        }
    }
}
