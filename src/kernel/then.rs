//! What is done to the sums of a product, and where the results go: what the linear layers of all arithmetics share.

use std::mem::MaybeUninit;
use std::ops::Range;
use std::slice;

use candle_core::{Result, Storage, Tensor, bail};
use rayon::prelude::*;

use super::{Activation, f32_slice};

/// Outputs that are computed side by side: a panel of the weights.
pub const WIDTH: usize = 16;

/// What is done to a product `x Wᵀ`, in this order; all on the CPU, in f32.
#[derive(Clone, Copy, Default)]
pub struct Then<'a> {
    /// (outputs): added to each row.
    pub bias: Option<&'a Tensor>,
    /// Of each value.
    pub activation: Option<Activation>,
    /// (rows, outputs): added.
    pub residual: Option<&'a Tensor>,
}

impl Then<'_> {
    /// Shows the values of its tensors, which must fit a product of that shape.
    pub fn with_values<T>(
        &self,
        (rows, outputs): (usize, usize),
        show: impl FnOnce(After) -> Result<T>,
    ) -> Result<T> {
        with_values(self.bias, &[outputs], |bias| {
            with_values(self.residual, &[rows, outputs], |residual| {
                show(After {
                    bias,
                    activation: self.activation,
                    residual,
                })
            })
        })
    }
}

/// Shows the values of a tensor, where there is one, which must have this shape.
fn with_values<T>(
    tensor: Option<&Tensor>,
    shape: &[usize],
    show: impl FnOnce(Option<&[f32]>) -> Result<T>,
) -> Result<T> {
    let Some(tensor) = tensor else {
        return show(None);
    };
    if tensor.dims() != shape {
        bail!("{:?} values where {shape:?} are needed", tensor.dims());
    }
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => show(Some(f32_slice(storage, layout)?)),
        _ => bail!("a product of the processor with values on another device"),
    }
}

/// [`Then`], as values.
#[derive(Clone, Copy, Default)]
pub struct After<'a> {
    /// One an output.
    pub bias: Option<&'a [f32]>,
    pub activation: Option<Activation>,
    /// Added: (rows, outputs).
    pub residual: Option<&'a [f32]>,
}

impl After<'_> {
    /// What is added to the outputs of a panel, with zeros past the last.
    #[inline(always)]
    pub fn bias(&self, columns: &Range<usize>) -> [f32; WIDTH] {
        let mut bias = [0f32; WIDTH];
        if let Some(all) = self.bias {
            let all = &all[columns.clone()];
            bias[..all.len()].copy_from_slice(all);
        }
        bias
    }
}

/// Some columns of the result, written in parts.
#[derive(Clone, Copy)]
pub struct Matrix {
    values: *mut MaybeUninit<f32>,
    first: usize,
    width: usize,
}

// Safety: see `put`.
unsafe impl Send for Matrix {}
unsafe impl Sync for Matrix {}

impl Matrix {
    /// These columns of the result, in the spare room of a vector.
    pub fn new(values: &mut Vec<f32>, columns: Range<usize>) -> Self {
        Matrix {
            values: values.spare_capacity_mut().as_mut_ptr(),
            first: columns.start,
            width: columns.len(),
        }
    }

    /// Puts what a row has in some columns, of which there are up to 16, bias included, where it belongs.
    ///
    /// # Safety
    /// The vector must still be there and have room for the row, and nobody else may use these columns of it meanwhile.
    #[inline(always)]
    pub unsafe fn put(
        self,
        row: usize,
        columns: &Range<usize>,
        mut y: [f32; WIDTH],
        after: &After,
    ) {
        assert!(columns.start >= self.first && columns.end <= self.first + self.width);
        if let Some(activation) = after.activation {
            activation.apply_to(&mut y);
        }
        let start = row * self.width + columns.start - self.first;
        // Safety: the caller sees to it.
        let out = unsafe { slice::from_raw_parts_mut(self.values.add(start), columns.len()) };
        if let Some(residual) = after.residual {
            let residual = &residual[start..][..out.len()];
            y.iter_mut().zip(residual).for_each(|(y, r)| *y += r);
        }
        match <&mut [_; WIDTH]>::try_from(&mut *out) {
            Ok(out) => *out = y.map(MaybeUninit::new),
            Err(_) => out
                .iter_mut()
                .zip(y)
                .for_each(|(out, y)| *out = MaybeUninit::new(y)),
        }
    }
}

/// Weights from which on sharing them out among threads is worth the time that it takes.
const WORTH_SHARING: usize = 1 << 20;
/// Rows with which a product of so many weights takes as long as reading them.
const TALL: usize = 16;

/// Runs all of a product's panels, on all threads of the pool where that is worth it: `weights` of them in all, for so
/// many rows.
pub fn share_out(panels: usize, weights: usize, rows: usize, run: impl Fn(Range<usize>) + Sync) {
    let threads = rayon::current_num_threads();
    if threads == 1 || weights * rows.min(TALL) < WORTH_SHARING {
        return run(0..panels);
    }
    // A few a thread, so that one that is held up does not hold up all; four panels are done at once.
    let fours = panels.div_ceil(4);
    let parts = (4 * threads).min(fours);
    let start = |part: usize| (fours * part / parts * 4).min(panels);
    (0..parts)
        .into_par_iter()
        .for_each(|part| run(start(part)..start(part + 1)));
}
