//! Text to token ids and back.

use std::sync::Arc;

use thiserror::Error;

/// A tokenizer with the special tokens of its model. Cheap to clone.
#[derive(Clone)]
pub struct Tokenizer {
    inner: Arc<tokenizers::Tokenizer>,
    end: u32,
}

/// What can be wrong with a tokenizer.
#[derive(Debug, Error)]
pub enum TokenizerError {
    /// The file is not a tokenizer of the `tokenizers` crate.
    #[error("not a tokenizer.json that can be used: {0}")]
    Malformed(String),
    /// A special token is not in the vocabulary.
    #[error("the tokenizer has no token {0:?}")]
    NoToken(&'static str),
    /// The text could not be encoded or the ids not decoded.
    #[error("cannot tokenize: {0}")]
    Text(String),
}

impl Tokenizer {
    /// Reads the bytes of a `tokenizer.json`.
    ///
    /// # Errors
    /// If they do not describe a tokenizer with an end-of-sequence token.
    pub fn from_json(json: &[u8]) -> Result<Self, TokenizerError> {
        let mut inner = tokenizers::Tokenizer::from_bytes(json)
            .map_err(|e| TokenizerError::Malformed(e.to_string()))?;
        // An article that spells out "<eos>" must not end a sentence.
        inner.set_encode_special_tokens(true);
        let end = inner
            .token_to_id("<eos>")
            .ok_or(TokenizerError::NoToken("<eos>"))?;
        Ok(Tokenizer {
            inner: Arc::new(inner),
            end,
        })
    }

    /// Ids of a text, after the beginning-of-sequence token where the tokenizer puts one.
    ///
    /// # Errors
    /// If the tokenizer has no token for a part of the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self.inner.encode(text, true);
        Ok(encoding
            .map_err(|e| TokenizerError::Text(e.to_string()))?
            .get_ids()
            .to_vec())
    }

    /// Text of ids, special tokens left out.
    ///
    /// # Errors
    /// If an id is not in the vocabulary.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        self.inner
            .decode(ids, true)
            .map_err(|e| TokenizerError::Text(e.to_string()))
    }

    /// The end-of-sequence token.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// Number of tokens, special ones included.
    pub fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
    }
}
