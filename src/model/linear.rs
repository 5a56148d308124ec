//! A linear layer, in the arithmetic that was asked for.

use candle_core::quantized::{GgmlDType, QMatMul};
use candle_core::{Device, Module, Result, Tensor, bail};

use super::gguf::quantized;
use super::{Compute, Gguf};
use crate::kernel::{Q5Linear, dense};

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
    /// Any other quantised type, or another device, through candle.
    Quantized(QMatMul),
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
        let dense = match compute {
            Compute::F32 => true,
            Compute::Int8 => false,
            Compute::Auto => !device.is_cpu() || is_slow(parts[0].0, rows, columns),
        };
        if dense {
            let parts = names.iter().map(|name| gguf.dequantized(name, device));
            let weight = Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 0)?;
            return Ok(Self::dense(weight, None));
        }
        let joined;
        let bytes = match parts.as_slice() {
            [one] => one.2,
            several => {
                joined = several.iter().map(|p| p.2).collect::<Vec<_>>().concat();
                &joined
            }
        };
        let weight = if parts[0].0 == GgmlDType::Q5_0 && device.is_cpu() {
            Weight::Q5(Q5Linear::from_q5_0(bytes, rows, columns)?)
        } else {
            let tensor = quantized(parts[0].0, bytes, &[rows, columns], device)?;
            Weight::Quantized(QMatMul::from_qtensor(tensor)?)
        };
        Ok(Linear { weight, bias: None })
    }

    /// f32 weights, (out, in), and a bias for each output, or none.
    pub fn dense(weight: Tensor, bias: Option<Tensor>) -> Self {
        Linear {
            weight: Weight::Dense(weight),
            bias,
        }
    }

    /// `x`: (rows, in) → (rows, out).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = match &self.weight {
            Weight::Q5(linear) => linear.forward(x)?,
            Weight::Dense(weight) => dense(x, weight)?,
            Weight::Quantized(linear) => linear.forward(x)?,
        };
        match &self.bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }
}

/// Whether candle's product with such weights on the CPU is slower than one with f32 weights: its code for some types
/// is scalar, and its packed code for others wants whole tiles.
fn is_slow(dtype: GgmlDType, rows: usize, columns: usize) -> bool {
    match dtype {
        GgmlDType::Q4_1 | GgmlDType::Q5_1 | GgmlDType::Q8_1 => true,
        GgmlDType::Q8_0 | GgmlDType::Q4K | GgmlDType::Q6K => {
            !rows.is_multiple_of(16) || !columns.is_multiple_of(256)
        }
        _ => false,
    }
}
