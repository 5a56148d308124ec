//! Which instructions compute the sums, chosen when the program runs.

use std::ops::Range;

use super::panels::Panels;
use super::rows::{Bias, Rows};
use super::{Sums, portable};
#[cfg(target_arch = "x86_64")]
use super::{amx, avx512};

/// Rows of a block of sums.
pub const TALL: usize = 16;

/// Instructions to compute with; all give the same integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    #[cfg(target_arch = "x86_64")]
    Amx,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    Portable,
}

/// Rows from which on AMX beats AVX-512: with fewer most of a tile is padding.
const ENOUGH_FOR_TILES: usize = 5;

impl Path {
    /// All, fastest first where there are many rows.
    const ALL: &[Path] = &[
        #[cfg(target_arch = "x86_64")]
        Path::Amx,
        #[cfg(target_arch = "x86_64")]
        Path::Avx512,
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
            Path::Portable => true,
        }
    }

    /// Those that this processor has.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|path| path.is_available())
    }

    /// The fastest for so many rows of activations.
    pub fn fastest(rows: usize) -> Self {
        let suits = |path: &Path| match path {
            #[cfg(target_arch = "x86_64")]
            Path::Amx => rows >= ENOUGH_FOR_TILES,
            _ => true,
        };
        Self::available().find(suits).unwrap_or(Path::Portable)
    }

    /// How it wants activations.
    pub fn bias(self) -> Bias {
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => Bias::Half,
            _ => Bias::Zero,
        }
    }

    /// Dot products of all rows with the outputs of panels, block by block: `done` gets the first row of a block, its first
    /// panel, and of each panel the sums of up to 16 rows.
    pub fn sums(
        self,
        panels: &Panels,
        which: Range<usize>,
        rows: &Rows,
        mut done: impl FnMut(usize, usize, &[[Sums; TALL]]),
    ) {
        debug_assert!(rows.depth() == panels.depth());
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Amx => amx_sums(panels, which, rows, done),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => avx512_sums(panels, which, rows, done),
            Path::Portable => {
                let depth = rows.depth();
                for panel in which {
                    for first in (0..rows.count()).step_by(TALL) {
                        let mut block = [[0; _]; TALL];
                        let bytes = rows.from(first).chunks_exact(depth);
                        for (sums, row) in block.iter_mut().zip(bytes) {
                            *sums = portable::sums(panels.panel(panel), row);
                        }
                        done(first, panel, &[block]);
                    }
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn amx_sums(
    panels: &Panels,
    which: Range<usize>,
    rows: &Rows,
    mut done: impl FnMut(usize, usize, &[[Sums; TALL]]),
) {
    assert!(amx::is_available());
    // Safety: the line above.
    let tiles = unsafe { amx::Tiles::new() };
    let depth = rows.depth();
    let mut block = [[[0; _]; TALL]; 4];
    for start in which.clone().step_by(4) {
        let count = (which.end - start).min(4);
        // Past the last panel the last is taken again, and not looked at.
        let four = std::array::from_fn(|i| panels.panel(start + i.min(count - 1)));
        let mut first = 0;
        while first + TALL < rows.count() {
            for pair in (0..count).step_by(2) {
                tiles.two_by_two(
                    [four[pair], four[pair + 1]],
                    rows.from(first),
                    depth,
                    &mut block,
                );
                let count = (count - pair).min(2);
                done(first, start + pair, &block[..count]);
                done(first + TALL, start + pair, &block[2..][..count]);
            }
            first += 2 * TALL;
        }
        if first < rows.count() {
            tiles.one_by_four(four, rows.from(first), depth, &mut block);
            done(first, start, &block[..count]);
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn avx512_sums(
    panels: &Panels,
    which: Range<usize>,
    rows: &Rows,
    mut done: impl FnMut(usize, usize, &[[Sums; TALL]]),
) {
    assert!(Path::Avx512.is_available());
    let depth = rows.depth();
    let mut block = [[[0; _]; TALL]; 2];
    // As few parts as there can be, and those alike.
    let parts = rows.count().div_ceil(avx512::MOST_ROWS).max(1);
    for start in which.clone().step_by(2) {
        let count = (which.end - start).min(2);
        let pair = [start, start + count - 1];
        let (lines, offsets) = (
            pair.map(|n| panels.panel(n)),
            pair.map(|n| panels.offsets(n)),
        );
        for part in 0..parts {
            let (first, end) = (
                rows.count() * part / parts,
                rows.count() * (part + 1) / parts,
            );
            macro_rules! sums {
                ($($rows:literal)*) => {
                    match end - first {
                        // Safety: the processor has the instructions; panels and rows have the same depth.
                        $($rows => unsafe { avx512::sums::<$rows>(lines, offsets, rows.from(first), depth, &mut block) },)*
                        _ => unreachable!("parts have at most {} rows", avx512::MOST_ROWS),
                    }
                };
            }
            sums!(1 2 3 4 5 6 7 8 9 10 11 12);
            done(first, start, &block[..count]);
        }
    }
}
