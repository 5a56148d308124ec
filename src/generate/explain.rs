//! What a model wrote, token by token: how sure it was of each, and what of the source it looked at.

use rayon::ThreadPoolBuilder;
use serde::{Deserialize, Serialize};

use super::{GenerateError, Generator, Prompt};
use crate::decode::{Continuation, DecodeError};
use crate::tokenizer::TokenizerError;

/// A token that a model wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedToken {
    /// What it adds to the text, a space before a word included; empty for what is not text, such as the end, and for
    /// all but the last of the tokens that spell one character. Joined, the texts are what the model wrote, but
    /// where the tokenizer tidies up after a token that follows.
    pub text: String,
    /// Its natural-log probability: see [`Continuation::token_log_probs`].
    pub log_prob: f32,
    /// The source token, as the model reads it, to which the last layer's cross-attention was strongest when this one
    /// was written; special tokens do not count. None in a language model. A hint, no proof: attention need not be
    /// what decides (Jain and Wallace 2019, arXiv:1902.10186).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Generator {
    /// Where the model looked in the source when it wrote each token of a continuation, the end included where there
    /// is one: the last layer's cross-attention, averaged over heads, a row a token, a weight for each token of the
    /// source, special ones included, each row summing to one. None for language models, which read no source.
    ///
    /// It costs a pass through the model: encoder, and decoder over all tokens at once.
    ///
    /// # Errors
    /// If the model or a thread fails, or the continuation is not one of this model's.
    pub fn align(
        &self,
        prompt: &Prompt,
        continuation: &Continuation,
    ) -> Result<Option<Vec<Vec<f32>>>, GenerateError> {
        if prompt.source.is_empty() {
            return Ok(None);
        }
        // The last token, which may be the end, is written and not read.
        let read = continuation.token_log_probs.len().saturating_sub(1);
        let mut target = prompt.start.clone();
        target.extend(continuation.tokens.iter().take(read));
        let threads = self.options.threads;
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let align = || self.model.align(&prompt.source, &target)?.to_vec2::<f32>();
        let mut rows = pool.install(align).map_err(DecodeError::from)?;
        // The row of a token is that of the one read before it.
        Ok(Some(rows.split_off(prompt.start.len().saturating_sub(1))))
    }

    /// The tokens of a continuation, the end included where there is one, each with what it says, how sure the model
    /// was and where it looked. Costs what [`Generator::align`] does.
    ///
    /// # Errors
    /// As [`Generator::align`], or if the tokenizer does not know a token.
    pub fn explain(
        &self,
        prompt: &Prompt,
        continuation: &Continuation,
    ) -> Result<Vec<ExplainedToken>, GenerateError> {
        let texts = self.texts(&continuation.tokens)?;
        let sources = self.tokenizer.source_texts(&prompt.source)?;
        let looks = self.align(prompt, continuation)?.unwrap_or_default();
        let strongest = |row: &Vec<f32>| {
            let pairs = row.iter().zip(&sources).filter(|(_, s)| !s.is_empty());
            let strongest = pairs.max_by(|(a, _), (b, _)| a.total_cmp(b));
            strongest.map(|(_, source)| source.clone())
        };
        let tokens = continuation.token_log_probs.iter().enumerate();
        let tokens = tokens.map(|(i, &log_prob)| ExplainedToken {
            text: texts.get(i).cloned().unwrap_or_default(),
            log_prob,
            source: looks.get(i).and_then(strongest),
        });
        Ok(tokens.collect())
    }

    /// What each token adds to the text of those before it.
    fn texts(&self, tokens: &[u32]) -> Result<Vec<String>, TokenizerError> {
        let mut before = String::new();
        let texts = (1..=tokens.len()).map(|n| {
            let text = self.text(&tokens[..n])?;
            // A character that is not whole yet.
            if text.ends_with(char::REPLACEMENT_CHARACTER) {
                return Ok(String::new());
            }
            let pairs = text.char_indices().zip(before.chars());
            let same = pairs.take_while(|((_, a), b)| a == b).last();
            let same = same.map_or(0, |((at, c), _)| at + c.len_utf8());
            let new = text[same..].to_owned();
            before = text;
            Ok(new)
        });
        texts.collect()
    }
}
