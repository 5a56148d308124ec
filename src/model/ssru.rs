//! A recurrent cell in the place of self-attention: the simpler simple recurrent unit.

use candle_core::{Result, Tensor};

use super::KvCache;
use super::layers::DecoderPlan;
use super::linear::Linear;
use super::norm::Residual;
use crate::kernel::ssru;

/// SSRU (Kim et al. 2019, section 3.1, <https://aclanthology.org/D19-5632>): with a gate f = σ(W_f x + b) of the input
/// x, the cell c becomes f c + (1 - f) W x, and max(c, 0) goes on.
///
/// A token's cell stays in the cache where self-attention has its key, and the next token's is made from it: so
/// hypotheses share cells as they share keys.
pub struct Ssru {
    /// W_f x + b, then W x: each as wide as a key of the cross-attention.
    pub gates: Linear,
    pub residual: Residual,
}

impl Ssru {
    /// What goes on of new tokens `x`, (rows, width), whose cells take their place in the cache.
    pub fn forward(
        &self,
        x: &Tensor,
        plan: &DecoderPlan,
        cache: &KvCache,
        layer: usize,
    ) -> Result<Tensor> {
        self.residual.around(x, |residual, x| {
            let gates = self.gates.forward(x)?;
            let cells = ssru(&gates, cache.layer(layer).0, &plan.itself)?;
            cache.write_keys(layer, &cells, &plan.slots)?;
            residual + cells.relu()?
        })
    }
}
