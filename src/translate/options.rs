//! How to translate: what a caller may choose, with defaults that suit a laptop.

use std::path::PathBuf;

use candle_core::Device;

use crate::generate::{ModelSource, Resources};
use crate::model::Compute;
use crate::tokenizer::same_language;

/// Options of a [`Translator`](super::Translator).
#[derive(Debug, Clone)]
pub struct TranslateOptions {
    /// The model.
    pub model: ModelSource,
    /// Language of the articles, as its ISO 639 code (`bn`) or the model's own (`ben_Beng`). Glosses and most checks
    /// are for Bengali alone.
    pub source_language: String,
    /// Arithmetic of its products.
    pub compute: Compute,
    /// Where it runs.
    pub device: DeviceChoice,
    /// Hypotheses kept at each step; 1 is greedy search. None: as many as the model is meant to be searched with,
    /// which is 1 for the embedded one.
    pub beam_size: Option<usize>,
    /// Hypotheses wanted of a sentence: the best is its translation, the others its alternatives, fewer where some
    /// read the same. The beam is at least as wide. Default 1.
    pub n_best: usize,
    /// Exponent of the length by which hypotheses' log-probabilities are divided: see
    /// [`DecodeOptions::length_penalty`](crate::decode::DecodeOptions::length_penalty). None: as the model is meant to be searched. No effect on greedy search.
    pub length_penalty: Option<f32>,
    /// Cores to use; 0 for all.
    pub threads: usize,
    /// Tokens, prompts included, that may be kept for the sentences that one core decodes together: more is faster and
    /// larger. None: 1024 for language models, about 37 kB each with the embedded one, which keep the program below
    /// 350 MB on two cores; 4096 for encoder-decoders, which use a third of what may be kept.
    pub batch_tokens: Option<usize>,
    /// Whether the model scores but a few tokens for each sentence.
    pub shortlist: ShortlistChoice,
    /// A word list that is asked before the embedded one.
    pub lexicon: Option<PathBuf>,
    /// Whether a sentence in which a check finds an error is decoded again with a beam, and the
    /// hypothesis with the fewest findings is taken.
    pub redecode: bool,
    /// Whether each translation is explained token by token, which costs another pass through an encoder-decoder.
    pub explain: bool,
}

impl Default for TranslateOptions {
    fn default() -> Self {
        TranslateOptions {
            model: ModelSource::Embedded,
            source_language: "bn".to_owned(),
            compute: Compute::Auto,
            device: DeviceChoice::Auto,
            beam_size: None,
            n_best: 1,
            length_penalty: None,
            threads: 0,
            batch_tokens: None,
            shortlist: ShortlistChoice::Own,
            lexicon: None,
            redecode: true,
            explain: false,
        }
    }
}

impl TranslateOptions {
    /// What of the machine is used.
    ///
    /// # Errors
    /// If the device cannot be used.
    pub fn resources(&self) -> candle_core::Result<Resources> {
        Ok(Resources {
            device: self.device.open()?,
            compute: self.compute,
            threads: self.threads,
            batch_tokens: self.batch_tokens,
        })
    }

    /// Whether the articles are Bengali.
    pub fn is_bengali(&self) -> bool {
        same_language(&self.source_language, "bn")
    }
}

/// Which shortlist a model is used with: see [`shortlist`](crate::shortlist).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ShortlistChoice {
    /// The one in the model's folder, where its makers mean it to be used with one; else none.
    #[default]
    Own,
    /// None.
    Off,
    /// The one in a file.
    File(PathBuf),
}

/// Where the model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// On the first GPU where the program was built for CUDA and finds one, else on the processor.
    Auto,
    /// On the processor.
    Cpu,
    /// On the first GPU.
    Cuda,
}

impl DeviceChoice {
    /// The device.
    ///
    /// # Errors
    /// If there is none, or the program was not built for it.
    pub fn open(self) -> candle_core::Result<Device> {
        match self {
            DeviceChoice::Cpu => Ok(Device::Cpu),
            DeviceChoice::Cuda => Device::new_cuda(0),
            DeviceChoice::Auto if cfg!(feature = "cuda") => Device::cuda_if_available(0),
            DeviceChoice::Auto => Ok(Device::Cpu),
        }
    }
}
