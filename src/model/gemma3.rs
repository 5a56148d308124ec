//! Gemma 3 (Gemma Team 2025, arXiv:2503.19786), text only, from GGUF.
//!
//! As the reference implementation in `transformers` (`modeling_gemma3.py`) has it: embeddings scaled by √d, RMS
//! norms before and after attention and feed-forward, RMS norms of queries and keys, rotary positions with one base
//! for layers that see a window and another for those that see everything, GELU in its tanh form, output tied to the
//! embeddings. The norms' "+ 1" is already in a GGUF file's weights.

use candle_core::{Result, bail};

use super::Gguf;
use super::decoder_only::{Description, Header, Rope, Sizes, View};
use crate::kernel::{Activation, RopeLayout};

/// Every how many layers one sees everything (`sliding_window_pattern`), where the file does not say.
const GLOBAL_EVERY: usize = 6;
/// Base of rotary angles in layers with a window (`rope_local_base_freq`), where the file does not say.
const LOCAL_ROPE_BASE: f32 = 10_000.0;
/// Layers of the one size (27B) whose queries are scaled by the model's width over its heads
/// (`query_pre_attn_scalar`; not in GGUF metadata), not by the width of a head.
const LAYERS_OF_27B: usize = 62;

/// Reads what a file of this architecture says of itself. The larger sizes stretch the positions of layers that see
/// everything (`rope.scaling.*`).
///
/// # Errors
/// If something is missing or does not fit together.
pub fn describe(gguf: &Gguf) -> Result<Description> {
    let (sizes, header) = (Sizes::read(gguf)?, Header::new(gguf)?);
    let local_base = header.optional_real("rope.freq_base_swa")?;
    let local = Rope::new(local_base.unwrap_or(LOCAL_ROPE_BASE), sizes.head_width)?;
    let global = Rope::new(header.real("rope.freq_base")?, sizes.head_width)?;
    let window = header.number("attention.sliding_window")?;
    let every = header.optional("attention.sliding_window_pattern")?;
    let every = every.unwrap_or(GLOBAL_EVERY);
    if window == 0 || every == 0 {
        bail!("a window of {window} tokens in all but every {every}th layer makes no sense");
    }
    let view = |i: usize| match (i + 1).is_multiple_of(every) {
        true => View {
            rope: 1,
            window: None,
        },
        false => View {
            rope: 0,
            window: Some(window),
        },
    };
    let query_width = match sizes.layers {
        LAYERS_OF_27B => sizes.width / sizes.heads,
        _ => sizes.head_width,
    };
    Ok(Description {
        embedding_scale: (sizes.width as f32).sqrt(),
        attention_scale: (query_width.max(1) as f32).sqrt().recip(),
        rope_layout: RopeLayout::Halves,
        ropes: vec![local, global.stretched(header.stretch()?)?],
        views: (0..sizes.layers).map(view).collect(),
        gate: Activation::GeluTanh,
        has_bias: false,
        has_head_norms: true,
        has_post_norms: true,
        sizes,
    })
}
