//! Llama (Touvron et al. 2023, arXiv:2302.13971; Llama 3: arXiv:2407.21783) and what shares its architecture
//! (SmolLM2, Mistral, TinyLlama, …), from GGUF, whose converter puts the values of a head that turn together side by
//! side. Llama 3.1 and later slow the rotary angles by factors that stand in a tensor of their own.

use candle_core::{Device, Result};

use super::Gguf;
use super::decoder_only::{Description, Header, Rope, Sizes};
use crate::kernel::RopeLayout;

/// Base of rotary angles where the file does not say.
const ROPE_BASE: f32 = 10_000.0;

/// Reads what a file of this architecture says of itself.
///
/// # Errors
/// If something is missing or does not fit together.
pub fn describe(gguf: &Gguf) -> Result<Description> {
    let (sizes, header) = (Sizes::read(gguf)?, Header::new(gguf)?);
    let base = header.optional_real("rope.freq_base")?;
    let rope = Rope::new(base.unwrap_or(ROPE_BASE), sizes.head_width)?;
    let mut rope = rope.stretched(header.stretch()?)?;
    if gguf.tensor("rope_freqs.weight").is_ok() {
        let factors = gguf.vector("rope_freqs.weight", sizes.head_width / 2, &Device::Cpu)?;
        rope = rope.divided(&factors.to_vec1()?)?;
    }
    let has_bias = gguf.tensor("blk.0.attn_q.bias").is_ok();
    Ok(Description {
        has_bias,
        ..Description::plain(sizes, rope, RopeLayout::Pairs)
    })
}
