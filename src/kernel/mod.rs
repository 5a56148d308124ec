//! What makes the model fast on a CPU: quantised products, attention over a slot cache, fused
//! element-wise steps, as candle custom ops.
//!
//! Every kernel computes each row of its output from that row's input alone and in one order of
//! additions, so a sentence gets the same bits whatever it is batched with. Kernels share their work
//! among the threads of the rayon pool they are called from; in a pool of one thread they run serially.

mod activation;
#[cfg(target_arch = "aarch64")]
mod arm;
mod attention;
mod bf16;
mod dense;
mod int8;
mod lanes;
mod norm;
mod q5;
mod quantize;
mod ssru;
mod then;
mod vocab;

pub use activation::Activation;
pub use attention::{AttentionPlan, PositionBias, Span, attention, write_rows};
pub use bf16::Bf16Linear;
pub use dense::dense;
pub use int8::{Int8Linear, Int8Parts};
pub use norm::{RopeLayout, add_rms_norm, layer_norm, rms_norm, rope};
pub use q5::Q5Linear;
pub use ssru::ssru;
pub use then::Then;
pub use vocab::{Answer, Query, answers, answers_at, log_sum_exp};

use candle_core::{CpuStorage, Layout, Result, bail};

/// Values of a contiguous f32 tensor on the CPU.
fn f32_slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("kernel input is not contiguous: {:?}", layout.shape()),
    }
}
