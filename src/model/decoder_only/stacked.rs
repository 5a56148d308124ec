//! Several linear layers of one input, side by side: one product where their weights are of one type.

use candle_core::{Result, Tensor};

use crate::model::linear::Linear;

/// `y = x [W₁ | W₂ | …]ᵀ`. Quantised files mix types, but mostly not within a group of layers.
pub struct Stacked(Vec<Linear>);

impl Stacked {
    /// Layers one after another, of one input width.
    pub fn new(parts: Vec<Linear>) -> Self {
        Stacked(parts)
    }

    /// `x`: (rows, in) → (rows, sum of out).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self.0.as_slice() {
            [one] => one.forward(x),
            parts => {
                let outputs = parts.iter().map(|part| part.forward(x));
                Tensor::cat(&outputs.collect::<Result<Vec<_>>>()?, 1)
            }
        }
    }
}
