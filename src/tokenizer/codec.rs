//! What families of tokenizers have in common.

use rustc_hash::{FxHashMap, FxHashSet};

use super::TokenizerError;
use super::sentencepiece::SPACE;

/// Text to ids and back, without special tokens.
pub(super) trait Codec: Send + Sync {
    /// Adds the ids of a source text to `ids`.
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError>;

    /// The text that ids of the target spell.
    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError>;

    /// The text of each id of the source by itself, without white space around it.
    fn source_texts(&self, ids: &[u32]) -> Result<Vec<String>, TokenizerError> {
        // Where source and target share their vocabulary.
        let text = |id| Ok(self.decode(&[id])?.trim().to_owned());
        ids.iter().copied().map(text).collect()
    }

    /// Whether source and target have the same tokens.
    fn is_shared(&self) -> bool {
        true
    }

    /// One more than the largest id of the target.
    fn vocabulary(&self) -> usize;

    /// One more than the largest id of the source.
    fn source_vocabulary(&self) -> usize {
        self.vocabulary()
    }
}

/// All that makes a tokenizer.
pub(super) struct Parts {
    pub codec: Box<dyn Codec>,
    pub prefix: Vec<u32>,
    pub suffix: Vec<u32>,
    /// Tokens of the target that are not written.
    pub special: FxHashSet<u32>,
    /// Tokens of the source that no text has.
    pub reserved: FxHashSet<u32>,
    pub end: u32,
    pub unknown: Option<u32>,
    pub target_language: Option<u32>,
    pub clean_up: bool,
}

/// Tokens that are no text, by name.
#[derive(Default)]
pub(super) struct Specials(FxHashMap<String, u32>);

impl Specials {
    pub fn insert(&mut self, token: &str, id: u32) {
        self.0.insert(token.to_owned(), id);
    }

    pub fn get(&self, token: &str) -> Option<u32> {
        self.0.get(token).copied()
    }

    /// The id of a token that must be there.
    pub fn id(&self, token: &'static str) -> Result<u32, TokenizerError> {
        self.get(token).ok_or(TokenizerError::NoToken(token))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn ids(&self) -> FxHashSet<u32> {
        self.0.values().copied().collect()
    }
}

/// The texts of ids, by a vocabulary of SentencePiece's pieces.
pub(super) fn piece_texts(vocabulary: &FxHashMap<String, u32>, ids: &[u32]) -> Vec<String> {
    let mut texts: FxHashMap<u32, &str> = ids.iter().map(|&id| (id, "")).collect();
    for (piece, id) in vocabulary {
        if let Some(text) = texts.get_mut(id) {
            *text = piece;
        }
    }
    let text = |id: &u32| texts[id].replace(SPACE, " ").trim().to_owned();
    ids.iter().map(text).collect()
}

/// The error of an id that no token has.
pub(super) fn no_id(id: u32) -> TokenizerError {
    TokenizerError::Text(format!("no token has the id {id}"))
}
