//! The work in blocks of a size that keeps their sums in registers.

use std::ops::Range;

use super::panels::{Line, Panels};
use super::rows::Rows;
use super::{DEPTH, GROUP, Sums};

/// Rows of a block of sums.
pub const TALL: usize = 16;

/// Dot products of up to 16 rows with the outputs of `P` panels.
pub type Block<const P: usize> = [[Sums; TALL]; P];

/// What a block of sums is computed from: lengths have been checked to fit together.
pub struct Operands<'a, const P: usize> {
    panels: [&'a [Line]; P],
    offsets: [&'a Sums; P],
    rows: &'a [u8],
    count: usize,
    depth: usize,
}

impl<'a, const P: usize> Operands<'a, P> {
    /// The panels that start with `first`, past the last of `which` that one again, and some rows.
    fn new(
        panels: &'a Panels,
        first: usize,
        which: &Range<usize>,
        of: (&'a Rows, &Range<usize>),
    ) -> Self {
        let numbers = std::array::from_fn::<_, P, _>(|i| (first + i).min(which.end - 1));
        let (rows, range) = of;
        let (count, depth) = (range.len(), rows.depth());
        let operands = Operands {
            panels: numbers.map(|n| panels.panel(n)),
            offsets: numbers.map(|n| panels.offsets(n)),
            rows: &rows.from(range.start)[..count * depth],
            count,
            depth,
        };
        // What `unsafe` code relies on.
        assert!(depth.is_multiple_of(DEPTH) && (1..=TALL).contains(&count));
        assert!(
            operands
                .panels
                .iter()
                .all(|panel| panel.len() == depth / GROUP)
        );
        operands
    }

    /// Of each panel a line for every four inputs: [`depth`](Self::depth) / 4.
    pub fn panels(&self) -> [&'a [Line]; P] {
        self.panels
    }

    /// Of each panel, what its sums start with where activations have 128 added to them.
    pub fn offsets(&self) -> [&'a Sums; P] {
        self.offsets
    }

    /// [`count`](Self::count) rows of [`depth`](Self::depth) bytes.
    pub fn rows(&self) -> &'a [u8] {
        self.rows
    }

    /// Number of rows, 1 to 16.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Inputs, with padding: a multiple of 64.
    pub fn depth(&self) -> usize {
        self.depth
    }
}

/// Cuts all rows × some panels into blocks of at most `most` rows × `P` panels, has each computed, and hands it on: its
/// rows, its first panel, and of each panel the sums.
pub fn in_blocks<const P: usize>(
    panels: &Panels,
    which: Range<usize>,
    rows: &Rows,
    most: usize,
    sums: impl Fn(&Operands<P>, &mut Block<P>),
    mut done: impl FnMut(Range<usize>, usize, &[[Sums; TALL]]),
) {
    let mut block = [[[0; _]; TALL]; P];
    // As few parts as there can be, and those alike.
    let parts = rows.count().div_ceil(most);
    for first in which.clone().step_by(P) {
        let count = (which.end - first).min(P);
        for part in 0..parts {
            let range = rows.count() * part / parts..rows.count() * (part + 1) / parts;
            sums(
                &Operands::new(panels, first, &which, (rows, &range)),
                &mut block,
            );
            done(range, first, &block[..count]);
        }
    }
}
