//! Neural models: one file an architecture, and what they share.

mod architecture;
mod bart;
mod bergamot;
mod cache;
mod checkpoint;
mod decoder_only;
mod embedding;
mod encoder_decoder;
mod fairseq;
mod feed_forward;
mod free_slots;
mod gemma3;
mod gguf;
mod indictrans2;
mod language;
mod layers;
mod linear;
mod llama;
mod loader;
mod m2m100;
mod marian;
mod matrix;
mod mbart;
mod norm;
mod number;
mod package;
mod partial_head;
mod pegasus;
mod pickle;
mod position;
mod quantized;
mod qwen2;
mod qwen3;
mod rows;
mod scope;
mod ssru;
mod t5;
mod torch;
mod weights;
mod xlm_roberta;

use candle_core::{Device, Result, Tensor, bail};

use crate::kernel::answers;
use matrix::Arithmetic;

pub use crate::bytes::Bytes;
pub use crate::kernel::{Answer, Query};
pub use architecture::load_gguf;
pub use bergamot::{BergamotError, BergamotFiles, load as load_bergamot};
pub use cache::{KvCache, Sequence};
pub use gguf::Gguf;
pub use language::LanguageModel;
pub use loader::{LoadError, load_folder, read_json};
pub use package::{Package, PackageError};
pub use quantized::{Keep, KeepError, Kept, OnRead, load_kept};
pub use weights::{Weights, WeightsError};
pub use xlm_roberta::XlmRoberta;

pub(crate) use linear::Linear;
pub(crate) use scope::Scope;

/// Arithmetic of the products with the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compute {
    /// The fastest that keeps quality: on the CPU `Int8`, with weights of quantised types that have no fast product
    /// rounded to 8 bits too; `F32` elsewhere.
    #[default]
    Auto,
    /// Activations rounded to 8 bits, the file's weights as they are.
    Int8,
    /// Weights of encoder-decoders rounded to bf16 on the CPU, half the memory of `F32` and nearly its results;
    /// as `F32` for language models, whose weights are rounded already, and on other devices.
    Bf16,
    /// Weights widened to f32: the reference, and about five times the memory.
    F32,
}

impl Compute {
    /// Whether the matrices of a model whose file is not quantised are rounded to 8 bits: of a checkpoint on the CPU.
    pub(crate) fn is_int8(self, device: &Device) -> bool {
        self.arithmetic(device) == Arithmetic::Int8
    }

    /// What the matrices of a checkpoint, whose own are not quantised, become on a device.
    pub(crate) fn arithmetic(self, device: &Device) -> Arithmetic {
        match self {
            _ if !device.is_cpu() => Arithmetic::Dense,
            Compute::Auto | Compute::Int8 => Arithmetic::Int8,
            Compute::Bf16 => Arithmetic::Bf16,
            Compute::F32 => Arithmetic::Dense,
        }
    }
}

/// A neural model that writes token after token: a language model, or an encoder-decoder, which reads a source first.
pub trait Model: Send + Sync {
    /// Words in the vocabulary: the width of a row of logits.
    fn vocabulary(&self) -> usize;

    /// Where it runs.
    fn device(&self) -> &Device;

    /// Tokens that a source and a sequence can have at most; the source of a language model has none.
    fn limits(&self) -> Limits;

    /// A cache with room for `slots` tokens and `source_slots` source tokens over all sequences.
    fn new_cache(&self, slots: usize, source_slots: usize) -> Result<KvCache>;

    /// Reads sources, special tokens included: for each, a sequence without tokens that is about it.
    ///
    /// # Errors
    /// If a source is empty or too long, a token is not in the vocabulary, or the cache is full. A language model
    /// reads no sources: its sequences begin as [`Sequence::default`].
    fn encode(&self, cache: &mut KvCache, sources: &[&[u32]]) -> Result<Vec<Sequence>> {
        let _ = (cache, sources);
        bail!("a language model reads no source")
    }

    /// Appends tokens to sequences and returns the logits after the last token of each:
    /// (sequences, vocabulary), f32. Sequences may be of any lengths and at any stage.
    ///
    /// # Errors
    /// If a token is not in the vocabulary, a sequence gets no token or grows too long, or the cache is full.
    fn step(&self, cache: &mut KvCache, batch: &mut [(&mut Sequence, &[u32])]) -> Result<Tensor>;

    /// As [`Model::step`], with the cross-attention of the last token of each sequence: last layer, averaged over
    /// heads, a value for each source token, summing to one. For the coverage penalty.
    ///
    /// # Errors
    /// As [`Model::step`]; an architecture need not offer it, and a language model has no cross-attention.
    fn step_with_attention(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
    ) -> Result<(Tensor, Vec<Vec<f32>>)> {
        let _ = (cache, batch);
        bail!("this model does not give its cross-attention step by step")
    }

    /// As [`Model::step`], with what a search needs of the logits instead of them: the answer to a query for each
    /// sequence.
    ///
    /// # Errors
    /// As [`Model::step`], or if the queries are not one a sequence or are about tokens that are not in the vocabulary.
    fn step_best(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
        queries: &[Query],
    ) -> Result<Vec<Answer>> {
        answers(&self.step(cache, batch)?, queries)
    }

    /// As [`Model::step_best`], with cross-attention as [`Model::step_with_attention`] has it.
    ///
    /// # Errors
    /// As these two.
    fn step_best_with_attention(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
        queries: &[Query],
    ) -> Result<(Vec<Answer>, Vec<Vec<f32>>)> {
        let (logits, attention) = self.step_with_attention(cache, batch)?;
        Ok((answers(&logits, queries)?, attention))
    }

    /// Cross-attention of the last layer, averaged over heads, of a whole target given its source:
    /// (target tokens, source tokens), each row summing to one. Both with their special tokens, the target from the
    /// token that the decoder starts with.
    ///
    /// # Errors
    /// As [`Model::encode`] and [`Model::step`]; a language model has no cross-attention.
    fn align(&self, source: &[u32], target: &[u32]) -> Result<Tensor> {
        let _ = (source, target);
        bail!("a language model has no cross-attention")
    }
}

/// Tokens at most, special ones included; `usize::MAX` where the architecture sets no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In a source.
    pub source: usize,
    /// In a sequence: what the decoder starts with and what it writes; of a language model, prompt and answer.
    pub target: usize,
}
