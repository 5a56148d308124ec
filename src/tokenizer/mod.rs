//! Text to token ids and back.

mod gguf;
mod special;

use std::sync::Arc;

use thiserror::Error;

pub use special::Part;
use special::{Piece, SpecialTokens};

/// A tokenizer with the special tokens of its model. Cheap to clone.
#[derive(Clone)]
pub struct Tokenizer {
    inner: Arc<tokenizers::Tokenizer>,
    ends: Arc<[u32]>,
    /// The token that a sequence begins with, where there is one.
    start: Option<u32>,
    special: Arc<SpecialTokens>,
}

/// What can be wrong with a tokenizer.
#[derive(Debug, Error)]
pub enum TokenizerError {
    /// The file does not hold a tokenizer, or one that is not known.
    #[error("not a tokenizer that can be used: {0}")]
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
        let empty = inner.encode("", true);
        let empty = empty.map_err(|e| TokenizerError::Malformed(e.to_string()))?;
        let start = empty.get_ids().first().copied();
        let added = inner.get_added_tokens_decoder();
        let special = added.into_iter().filter(|(_, token)| token.special);
        let special = special.map(|(id, token)| (token.content, id)).collect();
        Ok(Tokenizer::with_special(inner, vec![end], start, special))
    }

    fn with_special(
        inner: tokenizers::Tokenizer,
        ends: Vec<u32>,
        start: Option<u32>,
        special: Vec<(String, u32)>,
    ) -> Self {
        Tokenizer {
            inner: Arc::new(inner),
            ends: ends.into(),
            start,
            special: Arc::new(SpecialTokens::new(special)),
        }
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

    /// Ids of a prompt in parts, of which markup may spell special tokens and text may not. It begins with the
    /// beginning-of-sequence token where the tokenizer puts one, whether or not the markup does, too.
    ///
    /// What stands between two special tokens is encoded as one text, so that the ids do not depend on where
    /// markup ends and text begins.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn encode_parts(&self, parts: &[Part]) -> Result<Vec<u32>, TokenizerError> {
        let (mut ids, mut run) = (Vec::new(), String::new());
        let flush = |run: &mut String, ids: &mut Vec<u32>| {
            if !run.is_empty() {
                let encoding = self.inner.encode(run.as_str(), false);
                let encoding = encoding.map_err(|e| TokenizerError::Text(e.to_string()))?;
                ids.extend_from_slice(encoding.get_ids());
                run.clear();
            }
            Ok(())
        };
        for part in parts {
            match part {
                Part::Text(text) => run.push_str(text),
                Part::Markup(markup) => {
                    for piece in self.special.split(markup) {
                        match piece {
                            Piece::Plain(text) => run.push_str(text),
                            Piece::Special(id) => {
                                flush(&mut run, &mut ids)?;
                                ids.push(id);
                            }
                        }
                    }
                }
            }
        }
        flush(&mut run, &mut ids)?;
        if let Some(start) = self.start
            && ids.first() != Some(&start)
        {
            ids.insert(0, start);
        }
        Ok(ids)
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

    /// The token that ends what the model writes: of a model that converses, its turn, else the sequence.
    pub fn end(&self) -> u32 {
        self.ends[0]
    }

    /// How a token is spelled.
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// All tokens that end what the model writes, [`Tokenizer::end`] first.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// Number of tokens, special ones included.
    pub fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
    }
}
