//! What can be wrong with a request, its options or the model's answer.

use thiserror::Error;

use super::MOST_SLOTS;

/// Why decoding failed.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// The model failed.
    #[error("the model failed: {0}")]
    Model(#[from] candle_core::Error),
    /// The model's weights or arithmetic are broken.
    #[error("the model's output is not a number")]
    NotANumber,
    /// Every token is forbidden.
    #[error("the decoding options leave no token to choose")]
    NoChoice,
    /// An option has a value that makes no sense, or names a token that is not in the vocabulary.
    #[error("decoding options: {0}")]
    Options(String),
    /// A request cannot be answered by this model.
    #[error("request {id}: {reason}")]
    Request {
        /// The number that came with the request.
        id: usize,
        /// What is wrong with it.
        reason: RequestError,
    },
}

/// Why a request cannot be answered by a model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// There is nothing to continue.
    #[error("it has no token to begin with")]
    NoPrompt,
    /// Nothing is asked for.
    #[error("it asks for no new token")]
    NoNewTokens,
    /// An encoder-decoder has nothing to read.
    #[error("it has no source, which this model needs")]
    NoSource,
    /// A language model reads no source.
    #[error("it has a source, which a language model cannot read")]
    NotASourceModel,
    /// The source does not fit into the model.
    #[error("its source has {tokens} tokens, the model reads at most {most}; cut the text")]
    SourceTooLong {
        /// Tokens of the source.
        tokens: usize,
        /// What the model reads.
        most: usize,
    },
    /// Prompt and answer do not fit into the model.
    #[error(
        "{prompt} tokens of its prompt and {new} new ones are more than the model's {most}; cut the text or ask for \
         fewer"
    )]
    TooLong {
        /// Tokens of the prompt.
        prompt: usize,
        /// New tokens that are asked for.
        new: usize,
        /// What the model takes together.
        most: usize,
    },
    /// It would take more memory than any request may.
    #[error(
        "it may need {slots} token slots, and {MOST_SLOTS} are allowed; ask for fewer tokens or beams"
    )]
    TooLarge {
        /// Slots that it may come to need.
        slots: usize,
    },
}
