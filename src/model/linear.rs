//! A linear layer, in the arithmetic that was asked for.

use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{Device, Module, Result, Tensor, bail};

use super::gguf::quantized;
use super::matrix::Matrix;
use super::{Compute, Gguf};
use crate::kernel::{
    Activation, Answer, Bf16Linear, Int8Linear, Q5Linear, Query, Then, answers, dense,
};

/// `y = x Wᵀ + b`.
pub struct Linear {
    weight: Weight,
    bias: Option<Tensor>,
}

enum Weight {
    /// Q5_0 weights on the CPU.
    Q5(Q5Linear),
    /// f32 weights, (out, in).
    Dense(Tensor),
    /// f32 weights rounded to bf16, on the CPU.
    Bf16(Arc<Bf16Linear>),
    /// f32 weights rounded to 8 bits, on the CPU.
    Int8(Arc<Int8Linear>),
    /// Any other quantised type, or another device, through candle.
    Quantized(Product),
}

/// candle's product with quantised weights, which may have zeros after each row and below the last, where its fast
/// code wants whole tiles.
struct Product {
    weight: QMatMul,
    rows: usize,
    /// Zeros that the weights have after each row, and activations get.
    zeros: usize,
}

impl Linear {
    /// The weights of one tensor, or of several with the same width, one under the other, `rows` × `columns` in all.
    ///
    /// # Errors
    /// If a tensor is missing or the shapes do not come to that.
    pub fn load(
        gguf: &Gguf,
        names: &[String],
        (rows, columns): (usize, usize),
        compute: Compute,
        device: &Device,
    ) -> Result<Self> {
        let parts = names
            .iter()
            .map(|name| gguf.tensor(name))
            .collect::<Result<Vec<_>>>()?;
        let fits = |(dtype, dims, _): &(GgmlDType, &[usize], &[u8])| {
            dims.len() == 2 && dims[1] == columns && *dtype == parts[0].0
        };
        if !parts.iter().all(fits) || parts.iter().map(|p| p.1[0]).sum::<usize>() != rows {
            bail!("tensors {names:?} are not {rows} × {columns} weights of one type");
        }
        let widened = || {
            let parts = names.iter().map(|name| gguf.dequantized(name, device));
            Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 0)
        };
        match compute {
            Compute::F32 | Compute::Bf16 => return Ok(Self::new(Matrix::Dense(widened()?), None)),
            Compute::Auto if !device.is_cpu() => {
                return Ok(Self::new(Matrix::Dense(widened()?), None));
            }
            Compute::Auto if is_slow(parts[0].0) => {
                let rounded = QTensor::quantize(&widened()?, GgmlDType::Q8_0)?;
                let bytes = rounded.data()?;
                let product = Product::load(GgmlDType::Q8_0, &bytes, (rows, columns), device)?;
                return Ok(Self::product(product));
            }
            Compute::Auto | Compute::Int8 => (),
        }
        let joined;
        let bytes = match parts.as_slice() {
            [one] => one.2,
            several => {
                joined = several.iter().map(|p| p.2).collect::<Vec<_>>().concat();
                &joined
            }
        };
        if parts[0].0 == GgmlDType::Q5_0 && device.is_cpu() {
            let weight = Weight::Q5(Q5Linear::from_q5_0(bytes, rows, columns)?);
            return Ok(Linear { weight, bias: None });
        }
        let product = Product::load(parts[0].0, bytes, (rows, columns), device)?;
        Ok(Self::product(product))
    }

    fn product(product: Product) -> Self {
        Linear {
            weight: Weight::Quantized(product),
            bias: None,
        }
    }

    /// Weights, (out, in), and a bias for each output, or none.
    pub fn new(weight: Matrix, bias: Option<Tensor>) -> Self {
        let weight = match weight {
            Matrix::Dense(weight) => Weight::Dense(weight),
            Matrix::Bf16(weight) => Weight::Bf16(weight),
            Matrix::Int8(weight) => Weight::Int8(weight),
        };
        Linear { weight, bias }
    }

    /// Whether f32 weights were rounded to 8 bits, or to bf16, which has 8 bits of precision.
    pub fn is_rounded(&self) -> bool {
        matches!(self.weight, Weight::Int8(_) | Weight::Bf16(_))
    }

    /// How many values come out.
    pub fn outputs(&self) -> Result<usize> {
        match &self.weight {
            Weight::Dense(weight) => weight.dim(0),
            Weight::Bf16(weight) => Ok(weight.outputs()),
            Weight::Int8(weight) => Ok(weight.outputs()),
            Weight::Q5(_) | Weight::Quantized(_) => bail!("a layer of a language model"),
        }
    }

    /// The layer that has these outputs alone, in this order.
    pub fn select(&self, outputs: &[u32]) -> Result<Self> {
        let numbers = Tensor::new(outputs, &Device::Cpu)?;
        let weight = match &self.weight {
            Weight::Dense(weight) => {
                Matrix::Dense(weight.index_select(&numbers.to_device(weight.device())?, 0)?)
            }
            Weight::Bf16(weight) => Matrix::Bf16(Arc::new(weight.select(outputs)?)),
            Weight::Int8(weight) => Matrix::Int8(Arc::new(weight.select(outputs)?)),
            Weight::Q5(_) | Weight::Quantized(_) => {
                bail!("a layer of a language model cannot be taken apart")
            }
        };
        let bias = self.bias.as_ref().map(|bias| {
            let numbers = numbers.to_device(bias.device())?;
            bias.index_select(&numbers, bias.rank() - 1)
        });
        Ok(Self::new(weight, bias.transpose()?))
    }

    /// The answers to queries about rows of outputs, the logits of a vocabulary: one a row of `x`, (rows, in).
    pub fn answers(&self, x: &Tensor, queries: &[Query]) -> Result<Vec<Answer>> {
        match &self.weight {
            // Several threads share the product out.
            Weight::Int8(weight) if rayon::current_num_threads() == 1 => {
                weight.answers(x, self.bias.as_ref(), queries)
            }
            _ => answers(&self.forward(x)?, queries),
        }
    }

    /// `x`: (rows, in) → (rows, out).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.run(x, None, None)
    }

    /// The same through a non-linearity.
    pub fn activated(&self, x: &Tensor, activation: Activation) -> Result<Tensor> {
        self.run(x, Some(activation), None)
    }

    /// The same with `residual`, (rows, out), added.
    pub fn added_to(&self, residual: &Tensor, x: &Tensor) -> Result<Tensor> {
        self.run(x, None, Some(residual))
    }

    fn run(
        &self,
        x: &Tensor,
        activation: Option<Activation>,
        residual: Option<&Tensor>,
    ) -> Result<Tensor> {
        let then = Then {
            bias: self.bias.as_ref(),
            activation,
            residual,
        };
        let mut y = match &self.weight {
            Weight::Bf16(linear) => return linear.forward(x, then),
            Weight::Int8(linear) => return linear.forward(x, then),
            Weight::Q5(linear) => linear.forward(x)?,
            Weight::Dense(weight) => dense(x, weight)?,
            Weight::Quantized(linear) => linear.forward(x)?,
        };
        if let Some(bias) = &self.bias {
            y = y.broadcast_add(bias)?;
        }
        if let Some(activation) = activation {
            y = activation.apply(&y)?;
        }
        match residual {
            Some(residual) => residual + y,
            None => Ok(y),
        }
    }
}

impl Product {
    fn load(
        dtype: GgmlDType,
        bytes: &[u8],
        (rows, columns): (usize, usize),
        device: &Device,
    ) -> Result<Self> {
        let (tall, wide) = match device.is_cpu() {
            true => whole_tiles(dtype, rows, columns),
            false => (rows, columns),
        };
        let padded;
        let bytes = if (tall, wide) == (rows, columns) {
            bytes
        } else {
            // A block of zero bytes is one of zeros, for its scale is zero.
            let row_bytes = |columns: usize| columns / dtype.block_size() * dtype.type_size();
            let mut zeroed = vec![0; tall * row_bytes(wide)];
            let from = bytes.chunks_exact(row_bytes(columns));
            for (row, from) in zeroed.chunks_exact_mut(row_bytes(wide)).zip(from) {
                row[..from.len()].copy_from_slice(from);
            }
            padded = zeroed;
            &padded
        };
        let tensor = quantized(dtype, bytes, &[tall, wide], device)?;
        Ok(Product {
            weight: QMatMul::from_qtensor(tensor)?,
            rows,
            zeros: wide - columns,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = match self.zeros {
            0 => self.weight.forward(x)?,
            zeros => self.weight.forward(&x.pad_with_zeros(1, 0, zeros)?)?,
        };
        match y.dim(1)? == self.rows {
            true => Ok(y),
            false => y.narrow(1, 0, self.rows)?.contiguous(),
        }
    }
}

/// Whether candle has no packed product on the CPU for weights of such a quantised type, and rounding them to the 8 bits
/// of Q8_0, which adds less than a tenth of the error that they have, is the faster way.
///
/// 128 rows of activations with Q4_1 weights of 1,536 × 576, as SmolLM2 has, took 155 ms, with Q4_0 71 ms, with f32
/// 16 ms, with Q8_0 1.8 ms (two busy cores, AVX-512).
fn is_slow(dtype: GgmlDType) -> bool {
    use GgmlDType::{Q4K, Q5_0, Q6K, Q8_0};
    dtype.block_size() > 1 && !matches!(dtype, Q5_0 | Q8_0 | Q4K | Q6K)
}

/// The rows and columns with which candle's packed product can be had on the CPU, which wants tiles of 16 × 256. Small
/// matrices stay as they are, for which that would be mostly zeros.
///
/// With a vocabulary of 151,936 and a width of 896, as Qwen's 0.5B has, one row of logits from Q8_0 weights took 51 ms
/// so, 109 ms without, and 108 ms with f32 weights, which take three times the memory (two busy cores, AVX-512).
fn whole_tiles(dtype: GgmlDType, rows: usize, columns: usize) -> (usize, usize) {
    let has_tiles = matches!(dtype, GgmlDType::Q8_0 | GgmlDType::Q4K | GgmlDType::Q6K);
    let (tall, wide) = (rows.next_multiple_of(16), columns.next_multiple_of(256));
    match has_tiles && tall * wide <= rows * columns * 3 / 2 {
        true => (tall, wide),
        false => (rows, columns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_around_the_weights_change_nothing() {
        let wave = |rows: usize, columns: usize, step: f32| {
            let values = (0..rows * columns).map(|i| (i as f32 * step).sin());
            let values = Tensor::from_iter(values, &Device::Cpu).unwrap();
            values.reshape((rows, columns)).unwrap()
        };
        // (rows, columns, whether zeros are put around)
        for (rows, columns, is_padded) in [(61, 224, true), (64, 256, false), (3, 32, false)] {
            let weight = QTensor::quantize(&wave(rows, columns, 0.37), GgmlDType::Q8_0).unwrap();
            let bytes = weight.data().unwrap();
            let shape = (rows, columns);
            let product = Product::load(GgmlDType::Q8_0, &bytes, shape, &Device::Cpu).unwrap();
            assert_eq!(product.zeros > 0, is_padded);
            let weight = weight.dequantize(&Device::Cpu).unwrap();
            for tokens in [1, 9] {
                let x = wave(tokens, columns, 0.37);
                let y = product.forward(&x).unwrap();
                let expected = x.matmul(&weight.t().unwrap()).unwrap();
                assert_eq!(y.dims(), [tokens, rows]);
                let off = (&y - &expected).unwrap().abs().unwrap().max_all().unwrap();
                let largest = expected.abs().unwrap().max_all().unwrap();
                let (off, largest): (f32, f32) =
                    (off.to_scalar().unwrap(), largest.to_scalar().unwrap());
                // Activations between -1 and 1 are rounded to 8 bits: by 0.002 on average, each by itself.
                assert!(off < 0.01 * columns as f32 / 10.0, "off by {off}");
                assert!(largest > columns as f32 / 4.0, "{largest} may be chance");
            }
        }
    }
}
