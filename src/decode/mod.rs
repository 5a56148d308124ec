//! From logits to token sequences: greedy and beam search, and the batching of sentences.
//! Knows logits, not architectures.
//!
//! [`generate`] takes requests of token ids as they come, [`generate_all`] a slice of them;
//! [`Generator`](crate::generate::Generator) takes texts. Each request is a beam search (`beam.rs`), which asks the model
//! for the likeliest tokens, changes the scores of some as the options have it (`constraints.rs`) and keeps its finished
//! hypotheses in a pool (`pool.rs`); the scheduler (`scheduler.rs`) runs many together.

mod beam;
mod constraints;
mod error;
mod options;
mod pool;
mod scheduler;

pub use error::{DecodeError, RequestError};
pub use options::{DecodeOptions, EarlyStopping};
pub use scheduler::{Step, generate, generate_all};

use crate::model::Limits;

/// Token slots that one request may need at most, whatever the budget: its prompt and the new tokens of all its beams.
/// Far beyond any text, it keeps a slip from asking for more memory than there is.
pub const MOST_SLOTS: usize = 1 << 18;

/// A sequence to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What an encoder-decoder reads, special tokens included; empty for a language model.
    pub source: Vec<u32>,
    /// Tokens that the sequence begins with, at least one: what the decoder starts with; of a language model, the text
    /// to be continued.
    pub prompt: Vec<u32>,
    /// Tokens to add at most, the end-of-sequence token included; at least one.
    pub max_new_tokens: usize,
}

impl Request {
    /// Whether a model with such limits can answer it.
    ///
    /// # Errors
    /// If it is too long for the model, or lacks a part that the model needs.
    pub fn check(&self, limits: Limits, options: &DecodeOptions) -> Result<(), RequestError> {
        let tokens = self.prompt.len().saturating_add(self.max_new_tokens);
        if self.prompt.is_empty() {
            Err(RequestError::NoPrompt)
        } else if self.max_new_tokens == 0 {
            Err(RequestError::NoNewTokens)
        } else if limits.source > 0 && self.source.is_empty() {
            Err(RequestError::NoSource)
        } else if limits.source == 0 && !self.source.is_empty() {
            Err(RequestError::NotASourceModel)
        } else if self.source.len() > limits.source {
            Err(RequestError::SourceTooLong {
                tokens: self.source.len(),
                most: limits.source,
            })
        } else if tokens > limits.target {
            Err(RequestError::TooLong {
                prompt: self.prompt.len(),
                new: self.max_new_tokens,
                most: limits.target,
            })
        } else if self.slots(options).max(self.source.len()) > MOST_SLOTS {
            Err(RequestError::TooLarge {
                slots: self.slots(options).max(self.source.len()),
            })
        } else {
            Ok(())
        }
    }

    /// Cache slots that it may come to need: its prompt once, and the new tokens of every beam.
    fn slots(&self, options: &DecodeOptions) -> usize {
        let new = options.beam_size.saturating_mul(self.max_new_tokens);
        self.prompt.len().saturating_add(new)
    }
}

/// What was written for a request: a hypothesis of its search that is finished.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Continuation {
    /// The new tokens, without the end-of-sequence token.
    pub tokens: Vec<u32>,
    /// Natural-log probability of each of the new tokens, and of the end where there is one, after the constraints of
    /// [`DecodeOptions`]: a forced token has 0. As the reference, greedy search normalises after the constraints,
    /// beam search before them, and after them only with [`DecodeOptions::renormalise`].
    pub token_log_probs: Vec<f32>,
    /// The sum of `token_log_probs`.
    pub log_prob: f32,
    /// What hypotheses are ranked by, higher is better: `log_prob`, divided by a power of the length
    /// ([`DecodeOptions::length_penalty`]), with the coverage penalty added.
    pub score: f32,
    /// The token that ended it; none where `max_new_tokens` did, or where it had come to repeat itself.
    pub end: Option<u32>,
}

impl Continuation {
    /// Whether the model ended it: otherwise it is cut off.
    pub fn ended(&self) -> bool {
        self.end.is_some()
    }

    /// Mean natural-log probability of a token, the end included.
    pub fn mean_log_prob(&self) -> f32 {
        self.log_prob / self.token_log_probs.len().max(1) as f32
    }
}
