//! Qwen 2 and 2.5 (Qwen Team 2024, arXiv:2407.10671, arXiv:2412.15115), dense, from GGUF: queries, keys and values
//! have biases.

use candle_core::Result;

use super::Gguf;
use super::decoder_only::{Description, Header, Rope, Sizes};
use crate::kernel::RopeLayout;

/// Reads what a file of this architecture says of itself.
///
/// # Errors
/// If something is missing or does not fit together.
pub fn describe(gguf: &Gguf) -> Result<Description> {
    let (sizes, header) = (Sizes::read(gguf)?, Header::new(gguf)?);
    let rope = Rope::new(header.real("rope.freq_base")?, sizes.head_width)?;
    let rope = rope.stretched(header.stretch()?)?;
    Ok(Description {
        has_bias: true,
        ..Description::plain(sizes, rope, RopeLayout::Halves)
    })
}
