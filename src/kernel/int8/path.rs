//! Which instructions compute the sums, chosen when the program runs.

#[cfg(target_arch = "aarch64")]
use std::arch::is_aarch64_feature_detected;
use std::ops::Range;

use super::blocks::{TALL, in_blocks};
#[cfg(target_arch = "aarch64")]
use super::neon;
use super::panels::Panels;
use super::rows::{Bias, Rows};
use super::{Sums, portable};
#[cfg(target_arch = "x86_64")]
use super::{amx, avx_vnni, avx2, avx512};

/// Instructions to compute with; all give the same integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    #[cfg(target_arch = "x86_64")]
    Amx,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// NEON with products of matrices of bytes.
    #[cfg(target_arch = "aarch64")]
    NeonMatrix,
    /// NEON with dot products of bytes.
    #[cfg(target_arch = "aarch64")]
    NeonDot,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

/// Rows from which on AMX beats AVX-512: with fewer most of a tile is padding.
#[cfg(target_arch = "x86_64")]
const ENOUGH_FOR_TILES: usize = 5;

impl Path {
    /// All, fastest first where there are many rows.
    const ALL: &[Path] = &[
        #[cfg(target_arch = "x86_64")]
        Path::Amx,
        #[cfg(target_arch = "x86_64")]
        Path::Avx512,
        #[cfg(target_arch = "x86_64")]
        Path::AvxVnni,
        #[cfg(target_arch = "x86_64")]
        Path::Avx2,
        #[cfg(target_arch = "aarch64")]
        Path::NeonMatrix,
        #[cfg(target_arch = "aarch64")]
        Path::NeonDot,
        #[cfg(target_arch = "aarch64")]
        Path::Neon,
        Path::Portable,
    ];

    fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Amx => amx::is_available(),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "x86_64")]
            Path::AvxVnni => {
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni")
            }
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "aarch64")]
            Path::NeonMatrix => is_aarch64_feature_detected!("i8mm"),
            #[cfg(target_arch = "aarch64")]
            Path::NeonDot => is_aarch64_feature_detected!("dotprod"),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => is_aarch64_feature_detected!("neon"),
            Path::Portable => true,
        }
    }

    /// Those that this processor has.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|path| path.is_available())
    }

    /// The fastest for so many rows of activations.
    pub fn fastest(rows: usize) -> Self {
        let suits = |path: &Path| rows >= path.fewest_rows();
        Self::available().find(suits).unwrap_or(Path::Portable)
    }

    /// Rows from which on it is the fastest of those after it.
    fn fewest_rows(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Amx => ENOUGH_FOR_TILES,
            _ => 0,
        }
    }

    /// How it wants activations.
    pub fn bias(self) -> Bias {
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 | Path::AvxVnni => Bias::Half,
            _ => Bias::Zero,
        }
    }

    /// Dot products of all rows with the outputs of panels, block by block: `done` gets the rows of a block, its first
    /// panel, and of each panel the sums.
    pub fn sums(
        self,
        panels: &Panels,
        which: Range<usize>,
        rows: &Rows,
        done: impl FnMut(Range<usize>, usize, &[[Sums; TALL]]),
    ) {
        assert!(self.is_available() && rows.depth() == panels.depth());
        /// Cuts the work into blocks for a function. Safety: it has been asserted that the processor has the instructions.
        macro_rules! blocks {
            ($most:expr, $sums:path) => {
                in_blocks(
                    panels,
                    which,
                    rows,
                    $most,
                    |operands, out| unsafe { $sums(operands, out) },
                    done,
                )
            };
        }
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Amx => amx::sums(panels, which, rows, done),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => blocks!(avx512::MOST_ROWS, avx512::sums),
            #[cfg(target_arch = "x86_64")]
            Path::AvxVnni if rows.count() <= avx_vnni::FEW_ROWS => {
                blocks!(avx_vnni::FEW_ROWS, avx_vnni::sums_of_few)
            }
            #[cfg(target_arch = "x86_64")]
            Path::AvxVnni => blocks!(avx_vnni::MOST_ROWS, avx_vnni::sums),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => blocks!(avx2::MOST_ROWS, avx2::sums),
            #[cfg(target_arch = "aarch64")]
            Path::NeonMatrix => blocks!(neon::MOST_ROWS.0, neon::matrix_sums),
            #[cfg(target_arch = "aarch64")]
            Path::NeonDot => blocks!(neon::MOST_ROWS.1, neon::dot_sums),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => blocks!(neon::MOST_ROWS.2, neon::plain_sums),
            Path::Portable => in_blocks(panels, which, rows, TALL, portable::sums, done),
        }
    }
}
