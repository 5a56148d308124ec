//! The linear layer.

use std::ops::Range;
use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use multiversion::multiversion;
use rayon::prelude::*;

use super::lines::Lines;
use super::panels::Panels;
use super::path::Path;
use super::rows::{Rows, Step, largest};
use super::{DEPTH, Sums, WIDTH};
use crate::bytes::Bytes;
use crate::kernel::f32_slice;
use crate::kernel::then::{After, Matrix, Then, share_out};

/// The weights of a linear layer on the CPU, rounded to 8 bits.
///
/// The weights of an output are its integers, -127 to 127, times its scale; a row of activations is rounded to integers
/// of the same range times a scale of its own, so a product is one of integers, exact, times two numbers.
pub struct Int8Linear {
    panels: Panels,
    /// One an output, with zeros up to whole panels.
    scales: Vec<f32>,
    step: Step,
}

/// What a layer is made of, as it is kept on disk: by [`Int8Linear::parts`], for [`Int8Linear::from_parts`].
pub struct Int8Parts<'a> {
    /// The weights in their layout: see [`Int8Parts::sizes`].
    pub lines: &'a [u8],
    /// One an output, with zeros up to a multiple of 16.
    pub scales: &'a [f32],
    /// -128 times the sum of each output's integers, as many as there are scales.
    pub offsets: &'a [i32],
}

impl Int8Parts<'_> {
    /// Bytes of the lines, and number of scales and of offsets, of a layer; none if they cannot be counted.
    pub fn sizes(outputs: usize, inputs: usize) -> Option<(usize, usize)> {
        let tall = outputs.checked_next_multiple_of(WIDTH)?;
        let lines = tall.checked_mul(inputs.checked_next_multiple_of(DEPTH)?)?;
        Some((lines, tall))
    }
}

impl Int8Linear {
    /// Rounds the weights of each output, (outputs, inputs), to 127 steps on either side of zero.
    ///
    /// # Errors
    /// If a weight is not a finite number, or sizes do not fit together.
    pub fn quantize(weights: &[f32], outputs: usize, inputs: usize) -> Result<Self> {
        if inputs == 0 || Some(weights.len()) != outputs.checked_mul(inputs) {
            bail!(
                "{} weights for {outputs} outputs of {inputs} inputs",
                weights.len()
            );
        }
        let mut integers = vec![0i8; weights.len()];
        let mut scales = vec![0.0; outputs];
        let rows = integers.par_chunks_exact_mut(inputs);
        let rows = rows.zip(weights.par_chunks_exact(inputs)).zip(&mut scales);
        rows.for_each(|((integers, weights), scale)| *scale = quantize_output(weights, integers));
        if scales.iter().any(|scale| !scale.is_finite()) {
            bail!("weights that are not finite numbers");
        }
        Self::new(&integers, &scales, outputs, inputs)
    }

    /// Takes weights as they are: (outputs, inputs) integers and a scale for each output.
    ///
    /// # Errors
    /// If sizes do not fit together, or an integer is -128.
    pub fn new(integers: &[i8], scales: &[f32], outputs: usize, inputs: usize) -> Result<Self> {
        if scales.len() != outputs {
            bail!("{} scales for {outputs} outputs", scales.len());
        }
        let panels = Panels::new(integers, outputs, inputs)?;
        let mut scales = scales.to_vec();
        scales.resize(panels.count() * WIDTH, 0.0);
        Ok(Int8Linear {
            panels,
            scales,
            step: Step::Dynamic,
        })
    }

    /// The layer that has these outputs alone, in this order.
    ///
    /// # Errors
    /// If there is no such output.
    pub fn select(&self, outputs: &[u32]) -> Result<Self> {
        if let Some(n) = outputs.iter().find(|&&n| n as usize >= self.outputs()) {
            bail!("there is no output {n} among {}", self.outputs());
        }
        let panels = self.panels.select(outputs);
        let mut scales: Vec<f32> = outputs.iter().map(|&n| self.scales[n as usize]).collect();
        scales.resize(panels.count() * WIDTH, 0.0);
        Ok(Int8Linear {
            panels,
            scales,
            step: self.step,
        })
    }

    /// A layer whose parts were taken from another of the same sizes, its lines in a file, where they stay.
    ///
    /// # Errors
    /// If the lines are not inside the file or not aligned to 64 bytes, or sizes do not fit together.
    pub fn from_parts(
        (file, lines): (Arc<Bytes>, Range<usize>),
        scales: Vec<f32>,
        offsets: Vec<i32>,
        (outputs, inputs): (usize, usize),
    ) -> Result<Self> {
        let lines = Lines::mapped(file, lines)?;
        if scales.len() != offsets.len() {
            bail!("{} scales and {} offsets", scales.len(), offsets.len());
        }
        Ok(Int8Linear {
            panels: Panels::from_lines(lines, offsets, outputs, inputs)?,
            scales,
            step: Step::Dynamic,
        })
    }

    /// What it is made of, the step of activations apart.
    pub fn parts(&self) -> Int8Parts<'_> {
        Int8Parts {
            lines: self.panels.lines().bytes(),
            scales: &self.scales,
            offsets: self.panels.all_offsets(),
        }
    }

    /// The same layer that rounds activations to multiples of `step`, at most 127 of them on either side, whatever the
    /// row: a step found when the model was made.
    pub fn with_step(self, step: f32) -> Self {
        Int8Linear {
            step: Step::Fixed(step),
            ..self
        }
    }

    /// Outputs.
    pub fn outputs(&self) -> usize {
        self.panels.outputs()
    }

    /// Inputs.
    pub fn inputs(&self) -> usize {
        self.panels.inputs()
    }

    /// The weights of output `n` as numbers, into `weights`.
    pub fn output(&self, n: usize, weights: &mut [f32]) {
        let scale = self.scales[n];
        for (weight, integer) in weights.iter_mut().zip(self.panels.output(n)) {
            *weight = f32::from(integer) * scale;
        }
    }

    /// `x Wᵀ`, and what is done to it then. `x`: f32 on the CPU, (rows, inputs) → (rows, outputs).
    ///
    /// # Errors
    /// If shapes do not fit together.
    pub fn forward(&self, x: &Tensor, then: Then) -> Result<Tensor> {
        x.apply_op1_no_bwd(&Product { linear: self, then })
    }

    fn multiply(&self, x: &[f32], after: After, path: Path) -> Vec<f32> {
        let rows = Rows::new(x, self.inputs(), self.step, path.bias());
        let (count, outputs) = (rows.count(), self.outputs());
        let mut y = Vec::with_capacity(count * outputs);
        let matrix = Matrix::new(&mut y, 0..outputs);
        let weights = outputs * self.panels.depth();
        share_out(self.panels.count(), weights, count, |which| {
            // Safety: `y` has room for all rows, and panels are disjoint columns of it, each written by one task.
            unsafe { self.write(&rows, which, path, after, matrix) };
        });
        // Safety: all panels of all rows have been written.
        unsafe { y.set_len(count * outputs) };
        y
    }

    /// Writes the outputs of some panels, for all rows.
    ///
    /// # Safety
    /// `matrix` must have room for all rows and for the columns of these panels, which nobody else may use meanwhile.
    pub(super) unsafe fn write(
        &self,
        rows: &Rows,
        which: Range<usize>,
        path: Path,
        after: After,
        matrix: Matrix,
    ) {
        path.sums(&self.panels, which, rows, |range, panel, sums| {
            for (panel, sums) in (panel..).zip(sums) {
                let start = panel * WIDTH;
                let block = Block {
                    sums: &sums[..range.len()],
                    steps: &rows.scales()[range.clone()],
                    scales: &self.scales.as_chunks().0[panel],
                    columns: start..self.outputs().min(start + WIDTH),
                    first: range.start,
                };
                // Safety: the caller sees to it.
                unsafe { finish(&block, after, matrix) };
            }
        });
    }

    /// How activations are rounded.
    pub(super) fn step(&self) -> Step {
        self.step
    }

    /// The weights' integers.
    pub(super) fn panels(&self) -> &Panels {
        &self.panels
    }
}

/// The sums of one panel with up to 16 rows, and what they are multiplied by.
struct Block<'a> {
    sums: &'a [Sums],
    /// One a row.
    steps: &'a [f32],
    scales: &'a [f32; WIDTH],
    columns: Range<usize>,
    /// The first row.
    first: usize,
}

/// Makes numbers of sums.
///
/// # Safety
/// The block must lie inside the matrix, and nobody else use that part of it.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
unsafe fn finish(block: &Block, after: After, matrix: Matrix) {
    let bias = after.bias(&block.columns);
    for (row, (sums, step)) in (block.first..).zip(block.sums.iter().zip(block.steps)) {
        let mut y = [0f32; WIDTH];
        for i in 0..WIDTH {
            y[i] = sums[i] as f32 * (step * block.scales[i]) + bias[i];
        }
        // Safety: the caller sees to it.
        unsafe { matrix.put(row, &block.columns, y, &after) };
    }
}

/// Rounds the weights of an output and returns their step.
#[multiversion(targets = "simd")]
fn quantize_output(weights: &[f32], integers: &mut [i8]) -> f32 {
    let scale = largest(weights) / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    for (integer, w) in integers.iter_mut().zip(weights) {
        // Added to 1.5 × 2^23, a number is rounded to the nearest integer, which is in the low bits then.
        *integer = ((w * inverse).clamp(-127.0, 127.0) + 12_582_912.0).to_bits() as i8;
    }
    scale
}

struct Product<'a> {
    linear: &'a Int8Linear,
    then: Then<'a>,
}

impl CustomOp1 for Product<'_> {
    fn name(&self) -> &'static str {
        "int8-linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, inputs) = layout.shape().dims2()?;
        let outputs = self.linear.outputs();
        if inputs != self.linear.inputs() {
            bail!(
                "a product of rows of {inputs} with outputs of {} inputs",
                self.linear.inputs()
            );
        }
        let x = f32_slice(x, layout)?;
        let y = self.then.with_values((rows, outputs), |after| {
            Ok(self.linear.multiply(x, after, Path::fastest(rows)))
        })?;
        Ok((CpuStorage::F32(y), Shape::from((rows, outputs))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that look random, the same each time.
    fn noise(count: usize, seed: u32) -> Vec<i8> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 24) as i8
        };
        (0..count).map(|_| next().max(-127)).collect()
    }

    /// What integers give, in plain arithmetic.
    fn expected(x: &[i8], weights: &[i8], inputs: usize) -> Vec<f32> {
        let dot = |x: &[i8], w: &[i8]| {
            x.iter()
                .zip(w)
                .map(|(&x, &w)| i64::from(x) * i64::from(w))
                .sum::<i64>()
        };
        let rows = x.chunks_exact(inputs);
        rows.flat_map(|x| weights.chunks_exact(inputs).map(move |w| dot(x, w) as f32))
            .collect()
    }

    /// The layer's result for rows that have 127 somewhere, so that their step is 1.
    fn check(x: &[i8], weights: &[i8], (rows, outputs, inputs): (usize, usize, usize)) {
        let linear = Int8Linear::new(weights, &vec![1.0; outputs], outputs, inputs).unwrap();
        let linear = linear.with_step(1.0);
        let values: Vec<f32> = x.iter().map(|&x| f32::from(x)).collect();
        let expected = expected(x, weights, inputs);
        let after = After::default();
        for path in Path::available() {
            let y = linear.multiply(&values, after, path);
            assert_eq!(y.len(), rows * outputs);
            let wrong = y.iter().zip(&expected).position(|(y, e)| y != e);
            assert_eq!(
                wrong, None,
                "{path:?}, {rows} rows, {outputs} outputs, {inputs} inputs"
            );
        }
    }

    #[test]
    fn all_paths_give_the_exact_integers_of_random_numbers() {
        println!("instructions: {:?}", Path::available().collect::<Vec<_>>());
        // Miri takes a thousand times as long.
        let (all_inputs, all_outputs, most_rows): (&[usize], &[usize], usize) = match cfg!(miri) {
            true => (&[3, 130], &[17, 33], 7),
            false => (
                &[1, 3, 4, 31, 64, 65, 130, 512],
                &[1, 15, 16, 17, 33, 64, 70],
                65,
            ),
        };
        for &inputs in all_inputs {
            for &outputs in all_outputs {
                let weights = noise(outputs * inputs, inputs as u32);
                for rows in (1..=34)
                    .chain([47, 48, 49, 65])
                    .filter(|&rows| rows <= most_rows)
                {
                    let x = noise(rows * inputs, 7 + rows as u32);
                    check(&x, &weights, (rows, outputs, inputs));
                }
            }
        }
    }

    #[test]
    fn all_paths_give_the_exact_integers_of_extreme_numbers() {
        let shapes = [(1, 16, 1024), (5, 17, 1000), (33, 40, 1024)];
        let shapes = if cfg!(miri) { &shapes[..1] } else { &shapes };
        for &(rows, outputs, inputs) in shapes {
            for (x, w) in [
                (127, 127),
                (-127, 127),
                (127, -127),
                (-127, -127),
                (0, -127),
                (-127, 0),
            ] {
                // 1024 × 127 × 127 is exact in f32 by chance of having few bits: below 2^24.
                check(
                    &vec![x; rows * inputs],
                    &vec![w; outputs * inputs],
                    (rows, outputs, inputs),
                );
            }
        }
    }
}
