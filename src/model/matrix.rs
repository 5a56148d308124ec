//! Weights as a matrix, in the arithmetic that was asked for: of a linear layer, or a table of vectors.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor};

use crate::kernel::{Bf16Linear, Int8Linear};

/// What the numbers of a matrix are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// f32, on any device.
    Dense,
    /// bf16, on the CPU.
    Bf16,
    /// 8-bit integers, on the CPU.
    Int8,
}

/// (outputs, inputs), or (tokens, width). Copies share the numbers.
#[derive(Clone)]
pub enum Matrix {
    /// f32.
    Dense(Tensor),
    /// bf16, on the CPU.
    Bf16(Arc<Bf16Linear>),
    /// 8 bits, on the CPU.
    Int8(Arc<Int8Linear>),
}

impl Matrix {
    /// (rows, columns) values, rounded where that is asked for.
    ///
    /// # Errors
    /// If there are not so many, the device has no room, or they are to be integers and one is no number.
    pub fn new(
        values: Vec<f32>,
        (rows, columns): (usize, usize),
        arithmetic: Arithmetic,
        device: &Device,
    ) -> Result<Self> {
        Ok(match arithmetic {
            Arithmetic::Dense => Matrix::Dense(Tensor::from_vec(values, (rows, columns), device)?),
            Arithmetic::Bf16 => Matrix::Bf16(Arc::new(Bf16Linear::new(&values, rows, columns)?)),
            Arithmetic::Int8 => {
                Matrix::Int8(Arc::new(Int8Linear::quantize(&values, rows, columns)?))
            }
        })
    }

    /// Rows and columns.
    pub fn dims(&self) -> Result<(usize, usize)> {
        match self {
            Matrix::Dense(tensor) => tensor.dims2(),
            Matrix::Bf16(weights) => Ok((weights.outputs(), weights.inputs())),
            Matrix::Int8(weights) => Ok((weights.outputs(), weights.inputs())),
        }
    }

    /// Rows, by their numbers, which must be there: (rows, columns), f32.
    pub fn rows(&self, numbers: &[u32]) -> Result<Tensor> {
        match self {
            Matrix::Dense(tensor) => {
                tensor.index_select(&Tensor::new(numbers, tensor.device())?, 0)
            }
            Matrix::Bf16(weights) => {
                let output = |n, row: &mut [f32]| weights.output(n, row);
                gather(numbers, weights.inputs(), output)
            }
            Matrix::Int8(weights) => {
                let output = |n, row: &mut [f32]| weights.output(n, row);
                gather(numbers, weights.inputs(), output)
            }
        }
    }
}

/// Rows that `output` writes.
fn gather(numbers: &[u32], width: usize, output: impl Fn(usize, &mut [f32])) -> Result<Tensor> {
    let mut rows = vec![0f32; numbers.len() * width];
    for (row, &number) in rows.chunks_exact_mut(width).zip(numbers) {
        output(number as usize, row);
    }
    Tensor::from_vec(rows, (numbers.len(), width), &Device::Cpu)
}
