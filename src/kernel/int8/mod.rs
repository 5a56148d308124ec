//! Products with 8-bit weights: a scale for each output, activations rounded on the fly, a scale for each row.
//!
//! Weights are laid out once in panels of 16 outputs ([`panels`]), the order in which the dot-product instructions of
//! all processors want them: the same bytes serve AMX, AVX-512, AVX2 and NEON, from memory or from a mapped file.
//! [`Path`] chooses the instructions when the program runs. All paths compute the same integers, so a result depends
//! neither on the processor nor on what a row is batched with.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
mod blocks;
mod linear;
mod lines;
#[cfg(target_arch = "aarch64")]
mod neon;
mod panels;
mod path;
mod portable;
mod rank;
mod rows;

pub use linear::{Int8Linear, Int8Parts};

use super::then::WIDTH;

/// Neighbouring inputs of one output that are multiplied and added at once.
const GROUP: usize = 4;
/// Inputs are padded with zeros to a multiple of this: what a tile of AMX takes.
const DEPTH: usize = 64;

/// Dot products of one row of activations with the outputs of one panel.
type Sums = [i32; WIDTH];
