//! From logits to token sequences: greedy and beam search, and the batching of sentences.
//! Knows logits, not architectures.

mod beam;
mod generator;
mod scheduler;

pub use generator::{GenerateError, Generated, Generator, Prompt};
pub use scheduler::generate;

/// How sequences are searched for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecodeOptions {
    /// Hypotheses kept at each step; 1 is greedy search.
    pub beam_size: usize,
    /// Exponent of the length by which a hypothesis's log-probability is divided when hypotheses are
    /// compared (Wu et al. 2016, arXiv:1609.08144, without its constant): 0 prefers short ones, 1 is the mean
    /// of a token. No effect on greedy search.
    pub length_penalty: f32,
    /// Tokens, prompts included, that sequences decoded together may hold in the cache: the more, the
    /// faster and the larger.
    pub batch_tokens: usize,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        DecodeOptions {
            beam_size: 1,
            length_penalty: 1.0,
            batch_tokens: 1024,
        }
    }
}

/// A sequence to be continued.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its tokens so far, at least one.
    pub prompt: Vec<u32>,
    /// Tokens to add at most, the end-of-sequence token included.
    pub max_new_tokens: usize,
}

/// A continuation of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Continuation {
    /// The new tokens, without the end-of-sequence token.
    pub tokens: Vec<u32>,
    /// Natural-log probability of the new tokens, the end included where there is one.
    pub log_prob: f32,
    /// Whether the model ended it; otherwise `max_new_tokens` did, or it had come to repeat itself.
    pub ended: bool,
}

impl Continuation {
    /// Tokens that `log_prob` is of.
    fn scored_tokens(&self) -> usize {
        self.tokens.len() + usize::from(self.ended)
    }

    /// Mean natural-log probability of a token.
    pub fn mean_log_prob(&self) -> f32 {
        self.log_prob / self.scored_tokens().max(1) as f32
    }

    fn rank(&self, length_penalty: f32) -> f32 {
        self.log_prob / (self.scored_tokens().max(1) as f32).powf(length_penalty)
    }
}
