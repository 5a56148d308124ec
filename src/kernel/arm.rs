//! Instructions of ARM processors that multiply bytes. Rust's intrinsics for them are not stable, so they stand in inline
//! assembly.

use std::arch::aarch64::{int8x16_t, int32x4_t};
use std::arch::asm;

/// `sum` + the dot products of each four bytes of `a` with four of `b`.
#[inline]
#[target_feature(enable = "neon,dotprod")]
pub fn sdot<const LANE: usize>(mut sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // Safety: the processor has the instruction, which touches no memory.
    unsafe {
        asm!("sdot {:v}.4s, {:v}.16b, {:v}.4b[{lane}]", inout(vreg) sum, in(vreg) a, in(vreg) b,
             lane = const LANE, options(pure, nomem, nostack, preserves_flags));
    }
    sum
}

/// `sum` + `a` `b`ᵀ, where `a` and `b` are two rows of eight bytes.
#[inline]
#[target_feature(enable = "neon,i8mm")]
pub fn smmla(mut sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // Safety: the processor has the instruction, which touches no memory.
    unsafe {
        asm!("smmla {:v}.4s, {:v}.16b, {:v}.16b", inout(vreg) sum, in(vreg) a, in(vreg) b,
             options(pure, nomem, nostack, preserves_flags));
    }
    sum
}
