//! Neural models: one file an architecture, and what they share.

mod cache;
mod gemma3;
mod gguf;
mod linear;
mod package;

pub use cache::{KvCache, Sequence};
pub use gemma3::Gemma3;
pub use gguf::{Bytes, Gguf};
pub use package::{Package, PackageError};

/// Arithmetic of the products with the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compute {
    /// The fastest that keeps quality: `Int8` on the CPU, `F32` elsewhere.
    #[default]
    Auto,
    /// Activations rounded to 8 bits, the file's weights as they are.
    Int8,
    /// Weights widened to f32: the reference, and about five times the memory.
    F32,
}

/// A decoder-only language model over a slot cache.
pub trait LanguageModel: Send + Sync {
    /// Words in the vocabulary: the width of a row of logits.
    fn vocabulary(&self) -> usize;

    /// Where it runs.
    fn device(&self) -> &candle_core::Device;

    /// A cache with room for `slots` tokens over all sequences.
    fn new_cache(&self, slots: usize) -> candle_core::Result<KvCache>;

    /// Appends tokens to sequences and returns the logits after the last token of each:
    /// (sequences, vocabulary), f32. Sequences may be of any lengths and at any stage.
    ///
    /// # Errors
    /// If a token is not in the vocabulary, a sequence gets no token, or the cache is full.
    fn step(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
    ) -> candle_core::Result<candle_core::Tensor>;
}
