//! Products with weights in bf16, which take half the memory of f32 and keep its range: activations and sums are f32.

use std::ops::Range;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use half::bf16;
use multiversion::multiversion;
use multiversion::target::selected_target;

use super::f32_slice;
use super::then::{After, Matrix, Then, WIDTH, share_out};

/// Rows that are multiplied with a panel in one go, their sums in registers.
const MOST_ROWS: usize = 6;

/// One input of 16 outputs.
type Line = [bf16; WIDTH];

/// The weights of a linear layer on the CPU, in bf16.
pub struct Bf16Linear {
    /// Those of the first 16 outputs, a line for each input, then those of the next 16, … with zeros past the last output.
    lines: Vec<Line>,
    outputs: usize,
    inputs: usize,
}

impl Bf16Linear {
    /// Rounds weights, (outputs, inputs), to the nearest.
    ///
    /// # Errors
    /// If sizes do not fit together.
    pub fn new(weights: &[f32], outputs: usize, inputs: usize) -> Result<Self> {
        if inputs == 0 || Some(weights.len()) != outputs.checked_mul(inputs) {
            bail!(
                "{} weights for {outputs} outputs of {inputs} inputs",
                weights.len()
            );
        }
        let mut lines = vec![[bf16::ZERO; WIDTH]; outputs.div_ceil(WIDTH) * inputs];
        for (n, weights) in weights.chunks_exact(inputs).enumerate() {
            let panel = &mut lines[n / WIDTH * inputs..][..inputs];
            for (line, &weight) in panel.iter_mut().zip(weights) {
                line[n % WIDTH] = bf16::from_f32(weight);
            }
        }
        Ok(Bf16Linear {
            lines,
            outputs,
            inputs,
        })
    }

    /// The layer that has these outputs alone, in this order.
    ///
    /// # Errors
    /// If there is no such output.
    pub fn select(&self, outputs: &[u32]) -> Result<Self> {
        let mut weights = vec![0f32; outputs.len() * self.inputs];
        for (weights, &n) in weights.chunks_exact_mut(self.inputs).zip(outputs) {
            if n as usize >= self.outputs {
                bail!("there is no output {n} among {}", self.outputs);
            }
            self.output(n as usize, weights);
        }
        Self::new(&weights, outputs.len(), self.inputs)
    }

    /// Outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The weights of output `n` as numbers, into `weights`.
    pub fn output(&self, n: usize, weights: &mut [f32]) {
        for (weight, line) in weights.iter_mut().zip(self.panel(n / WIDTH)) {
            *weight = line[n % WIDTH].to_f32();
        }
    }

    fn panel(&self, n: usize) -> &[Line] {
        &self.lines[n * self.inputs..][..self.inputs]
    }

    /// `x Wᵀ`, and what is done to it then. `x`: f32 on the CPU, (rows, inputs) → (rows, outputs).
    ///
    /// # Errors
    /// If shapes do not fit together.
    pub fn forward(&self, x: &Tensor, then: Then) -> Result<Tensor> {
        x.apply_op1_no_bwd(&Product { linear: self, then })
    }

    fn multiply(&self, x: &[f32], after: After) -> Vec<f32> {
        let count = x.len() / self.inputs;
        let mut y = Vec::with_capacity(count * self.outputs);
        let matrix = Matrix::new(&mut y, 0..self.outputs);
        let panels = self.outputs.div_ceil(WIDTH);
        share_out(panels, self.outputs * self.inputs, count, |which| {
            for panel in which {
                let columns = panel * WIDTH..self.outputs.min((panel + 1) * WIDTH);
                // Safety: `y` has room for all rows, and panels are disjoint columns of it, each written by one task.
                unsafe { multiply_panel(self.panel(panel), x, after, &columns, matrix) };
            }
        });
        // Safety: all panels of all rows have been written.
        unsafe { y.set_len(count * self.outputs) };
        y
    }
}

/// The outputs of a panel for all rows.
///
/// # Safety
/// `matrix` must have room for all rows, and nobody else may use these columns of it meanwhile.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
unsafe fn multiply_panel(
    panel: &[Line],
    x: &[f32],
    after: After,
    columns: &Range<usize>,
    matrix: Matrix,
) {
    const FUSED: bool =
        cfg!(target_arch = "aarch64") || selected_target!().supports_feature_str("fma");
    let inputs = panel.len();
    let bias = after.bias(columns);
    let count = x.len() / inputs;
    // As few parts as there can be, and those alike.
    let parts = count.div_ceil(MOST_ROWS);
    for part in 0..parts {
        let (first, end) = (count * part / parts, count * (part + 1) / parts);
        let x = &x[first * inputs..end * inputs];
        let sums = match end - first {
            1 => pad(sums::<1, FUSED>(panel, x)),
            2 => pad(sums::<2, FUSED>(panel, x)),
            3 => pad(sums::<3, FUSED>(panel, x)),
            4 => pad(sums::<4, FUSED>(panel, x)),
            5 => pad(sums::<5, FUSED>(panel, x)),
            _ => sums::<MOST_ROWS, FUSED>(panel, x),
        };
        for (row, mut y) in (first..end).zip(sums) {
            y.iter_mut().zip(&bias).for_each(|(y, bias)| *y += bias);
            // Safety: the caller sees to it.
            unsafe { matrix.put(row, columns, y, &after) };
        }
    }
}

/// Dot products of `R` rows with each output of a panel, inputs added in their order. `FUSED`: whether the processor
/// multiplies and adds in one instruction.
#[inline(always)]
fn sums<const R: usize, const FUSED: bool>(panel: &[Line], x: &[f32]) -> [[f32; WIDTH]; R] {
    let inputs = panel.len();
    let rows: [&[f32]; R] = std::array::from_fn(|r| &x[r * inputs..][..inputs]);
    let mut sums = [[0f32; WIDTH]; R];
    for (k, line) in panel.iter().enumerate() {
        // What bf16 leaves out are the last bits.
        let weights = line.map(|w| f32::from_bits(u32::from(w.to_bits()) << 16));
        for (sums, row) in sums.iter_mut().zip(&rows) {
            let x = row[k];
            for (sum, w) in sums.iter_mut().zip(&weights) {
                *sum = match FUSED {
                    true => x.mul_add(*w, *sum),
                    false => x * w + *sum,
                };
            }
        }
    }
    sums
}

#[inline(always)]
fn pad<const R: usize>(sums: [[f32; WIDTH]; R]) -> [[f32; WIDTH]; MOST_ROWS] {
    let mut padded = [[0f32; WIDTH]; MOST_ROWS];
    padded[..R].copy_from_slice(&sums);
    padded
}

struct Product<'a> {
    linear: &'a Bf16Linear,
    then: Then<'a>,
}

impl CustomOp1 for Product<'_> {
    fn name(&self) -> &'static str {
        "bf16-linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, inputs) = layout.shape().dims2()?;
        let (linear, outputs) = (self.linear, self.linear.outputs);
        if inputs != linear.inputs {
            bail!(
                "a product of rows of {inputs} with outputs of {} inputs",
                linear.inputs
            );
        }
        let x = f32_slice(x, layout)?;
        let show = |after: After| Ok(linear.multiply(x, after));
        let y = self.then.with_values((rows, outputs), show)?;
        Ok((CpuStorage::F32(y), Shape::from((rows, outputs))))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::kernel::Activation;

    fn wave(count: usize, step: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * step).sin()).collect()
    }

    fn tensor(values: Vec<f32>, shape: (usize, usize)) -> Tensor {
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    #[test]
    fn products_are_those_of_the_rounded_weights_and_do_not_depend_on_the_batch() {
        for (outputs, inputs) in [(1, 1), (16, 7), (33, 64), (70, 130)] {
            let weights = wave(outputs * inputs, 0.37);
            let linear = Bf16Linear::new(&weights, outputs, inputs).unwrap();
            for rows in (1..=14).chain([31]) {
                let x = wave(rows * inputs, 0.71);
                let y = linear.multiply(&x, After::default());
                assert_eq!(y.len(), rows * outputs);
                for (i, y) in y.iter().enumerate() {
                    let (x, w) = (&x[i / outputs * inputs..], &weights[i % outputs * inputs..]);
                    let products = x[..inputs].iter().zip(w).map(|(&x, &w)| {
                        let w = f64::from(bf16::from_f32(w));
                        f64::from(x) * w
                    });
                    let expected: f64 = products.sum();
                    assert!((f64::from(*y) - expected).abs() < 1e-5 * inputs as f64);
                }
                let last = linear.multiply(&x[(rows - 1) * inputs..], After::default());
                assert_eq!(last, y[(rows - 1) * outputs..]);
            }
        }
    }

    #[test]
    fn bias_activation_and_residual_follow_one_another() {
        let (rows, outputs, inputs) = (7, 20, 9);
        let linear = Bf16Linear::new(&wave(outputs * inputs, 0.37), outputs, inputs).unwrap();
        let x = tensor(wave(rows * inputs, 0.71), (rows, inputs));
        let bias = Tensor::from_vec(wave(outputs, 0.9), outputs, &Device::Cpu).unwrap();
        let residual = tensor(wave(rows * outputs, 0.2), (rows, outputs));
        let then = Then {
            bias: Some(&bias),
            activation: Some(Activation::Relu),
            residual: Some(&residual),
        };
        let plain = linear.forward(&x, Then::default()).unwrap();
        let expected = plain.broadcast_add(&bias).unwrap().relu().unwrap();
        let expected = (expected + &residual).unwrap().to_vec2::<f32>().unwrap();
        let y = linear.forward(&x, then).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), expected);
        let narrow = tensor(wave(rows * 8, 0.1), (rows, 8));
        assert!(linear.forward(&narrow, Then::default()).is_err());
    }

    #[test]
    fn outputs_are_selected_and_come_back_rounded() {
        let (outputs, inputs) = (40, 9);
        let weights = wave(outputs * inputs, 0.37);
        let linear = Bf16Linear::new(&weights, outputs, inputs).unwrap();
        let part = linear.select(&[39, 0, 17]).unwrap();
        assert_eq!((part.outputs(), part.inputs()), (3, inputs));
        for (n, of) in [(0, 39), (1, 0), (2, 17)] {
            let mut found = vec![0f32; inputs];
            part.output(n, &mut found);
            let weights = &weights[of * inputs..][..inputs];
            let rounded = weights.iter().map(|&w| bf16::from_f32(w).to_f32());
            assert_eq!(found, rounded.collect::<Vec<_>>());
        }
        assert!(linear.select(&[40]).is_err());
        assert!(Bf16Linear::new(&weights, outputs, inputs + 1).is_err());
    }
}
