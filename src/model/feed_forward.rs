//! The feed-forward sub-layer.

use candle_core::{Result, Tensor};

use super::linear::Linear;
use crate::kernel::Activation;

/// Out of the width, through a non-linearity, and back.
pub struct FeedForward {
    /// Its output is twice the inner width where `gated`: the gate's part, then the other.
    pub inner: Linear,
    pub outer: Linear,
    pub activation: Activation,
    /// Whether the non-linearity of one half gates the other (Shazeer 2020).
    pub gated: bool,
}

impl FeedForward {
    /// `residual` and what becomes of `x`: (rows, width) each.
    pub fn added_to(&self, residual: &Tensor, x: &Tensor) -> Result<Tensor> {
        let inner = match self.gated {
            true => self.activation.gate(&self.inner.forward(x)?)?,
            false => self.inner.activated(x, self.activation)?,
        };
        self.outer.added_to(residual, &inner)
    }
}
