//! What can go wrong with a neural metric.

use std::path::PathBuf;

use thiserror::Error;

use crate::eval::EvalError;
use crate::model::LoadError;
use crate::tokenizer::TokenizerError;

/// Why a model cannot be loaded or a score not be given. Each message says what, where and what to do.
#[derive(Debug, Error)]
pub enum CometError {
    /// The test set is not as it must be, or the caller asked to stop.
    #[error(transparent)]
    Input(#[from] EvalError),
    /// The hyper-parameters cannot be read.
    #[error(
        "{path}: {message}; a COMET model is a folder with hparams.yaml and checkpoints/model.ckpt"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The hyper-parameters say something that cannot be done.
    #[error("{path}: {name}: {found} is not supported, only {known}")]
    Unsupported {
        /// The file with the hyper-parameters.
        path: PathBuf,
        /// The hyper-parameter.
        name: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        known: &'static str,
    },
    /// The encoder or the weights cannot be used.
    #[error("the COMET model in {folder} cannot be used: {source}")]
    Load {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        source: Box<LoadError>,
    },
    /// The tokenizer cannot be used.
    #[error("the encoder's tokenizer in {folder} cannot be used: {source}")]
    Tokenizer {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        source: TokenizerError,
    },
    /// The tokenizer has more tokens than the weights have vectors.
    #[error(
        "the tokenizer has {tokens} tokens and the COMET model {vectors}: the folder of the encoder is of another model"
    )]
    Vocabulary {
        /// Tokens of the tokenizer.
        tokens: usize,
        /// Vectors in the weights.
        vectors: usize,
    },
    /// A text cannot be made into tokens.
    #[error("sentence {sentence}: {source}")]
    Text {
        /// Number of the translation, from 1.
        sentence: usize,
        /// Why.
        source: TokenizerError,
    },
    /// The device fails.
    #[error("the COMET model does not run: {0}")]
    Compute(#[from] candle_core::Error),
    /// Threads cannot be started.
    #[error("no threads can be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}
