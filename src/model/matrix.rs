//! Weights as a matrix, in the arithmetic that was asked for: of a linear layer, or a table of vectors.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor};

use crate::kernel::Int8Linear;

/// (outputs, inputs), or (tokens, width). Copies share the numbers.
#[derive(Clone)]
pub enum Matrix {
    /// f32.
    Dense(Tensor),
    /// 8 bits, on the CPU.
    Int8(Arc<Int8Linear>),
}

impl Matrix {
    /// Rows and columns.
    pub fn dims(&self) -> Result<(usize, usize)> {
        match self {
            Matrix::Dense(tensor) => tensor.dims2(),
            Matrix::Int8(weights) => Ok((weights.outputs(), weights.inputs())),
        }
    }

    /// Rows, by their numbers, which must be there: (rows, columns), f32.
    pub fn rows(&self, numbers: &[u32]) -> Result<Tensor> {
        match self {
            Matrix::Dense(tensor) => {
                tensor.index_select(&Tensor::new(numbers, tensor.device())?, 0)
            }
            Matrix::Int8(weights) => {
                let width = weights.inputs();
                let mut rows = vec![0f32; numbers.len() * width];
                for (row, &number) in rows.chunks_exact_mut(width).zip(numbers) {
                    weights.output(number as usize, row);
                }
                Tensor::from_vec(rows, (numbers.len(), width), &Device::Cpu)
            }
        }
    }
}
