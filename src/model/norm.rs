//! Normalisation of layers, and how a sub-layer joins the residual stream.

use candle_core::{Result, Tensor};

use crate::kernel::{layer_norm, rms_norm};

/// A norm over the width, with its learned factors.
pub enum Norm {
    /// Mean and variance (Ba et al. 2016).
    Layer {
        weight: Tensor,
        bias: Tensor,
        eps: f32,
    },
    /// The root of the mean square alone (Zhang and Sennrich 2019).
    Rms { weight: Tensor, eps: f32 },
}

impl Norm {
    /// `x`: (rows, width).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Norm::Layer { weight, bias, eps } => layer_norm(x, weight, bias, *eps),
            Norm::Rms { weight, eps } => rms_norm(x, weight, *eps),
        }
    }
}

/// The connection around a sub-layer, with its norm before the sub-layer or after the sum
/// (Xiong et al. 2020 compare the two).
pub struct Residual {
    pub norm: Norm,
    pub norm_first: bool,
}

impl Residual {
    /// What the sub-layer sees of `x`.
    pub fn input(&self, x: &Tensor) -> Result<Tensor> {
        match self.norm_first {
            true => self.norm.forward(x),
            false => Ok(x.clone()),
        }
    }

    /// `x` and what the sub-layer adds to it: it gets `x` to add to, and what it sees of it.
    pub fn around(
        &self,
        x: &Tensor,
        sub_layer: impl FnOnce(&Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let sum = sub_layer(x, &self.input(x)?)?;
        match self.norm_first {
            true => Ok(sum),
            false => self.norm.forward(&sum),
        }
    }
}
