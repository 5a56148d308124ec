//! The sums with AVX-512 VNNI: 64 products and additions an instruction.

use std::arch::x86_64::*;

use super::GROUP;
use super::blocks::{Block, Operands};
use super::panels::Line;

/// Rows that are multiplied with a pair of panels in one go, their sums in registers.
pub const MOST_ROWS: usize = 12;

/// Dot products of up to [`MOST_ROWS`] rows of unsigned bytes, 128 too large each, with the outputs of two panels.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub fn sums(operands: &Operands<2>, out: &mut Block<2>) {
    macro_rules! by_count {
        ($($rows:literal)*) => {
            match operands.count() {
                $($rows => of_rows::<$rows>(operands, out),)*
                _ => unreachable!("more than {MOST_ROWS} rows"),
            }
        };
    }
    by_count!(1 2 3 4 5 6 7 8 9 10 11 12);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn of_rows<const R: usize>(operands: &Operands<2>, out: &mut Block<2>) {
    assert!(operands.count() == R);
    let depth = operands.depth();
    // Safety: the operands have `depth / 4` lines of each panel and `R * depth` bytes of rows; offsets and sums are of 64
    // bytes.
    unsafe {
        let load = |line: *const Line| _mm512_load_si512(line.cast());
        let start = operands
            .offsets()
            .map(|o| _mm512_loadu_si512(o.as_ptr().cast()));
        let mut sums = [start; R];
        let [left, right] = operands.panels().map(<[Line]>::as_ptr);
        let x = operands.rows().as_ptr();
        for group in 0..depth / GROUP {
            let weights = [load(left.add(group)), load(right.add(group))];
            for (r, sums) in sums.iter_mut().enumerate() {
                let four = x.add(r * depth + group * GROUP).cast::<i32>();
                let four = _mm512_set1_epi32(four.read_unaligned());
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
