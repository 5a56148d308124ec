//! Text to token ids and back.
//!
//! A model's tokenizer is read from the files its folder has, as its Python class would read them: a
//! `tokenizer.json`, or SentencePiece models with their vocabularies; or from the metadata of a GGUF file. Each family
//! of models has a file here that says what stands around a text and which ids its pieces have.

mod bart;
mod bergamot;
mod codec;
mod detokenise;
mod fairseq;
mod folder;
mod gguf;
mod indic;
mod indictrans2;
mod language;
mod library;
mod m2m100;
mod marian;
mod mbart50;
mod nllb;
mod pegasus;
mod sentencepiece;
mod special;
mod t5;
mod xlm_roberta;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use thiserror::Error;

use codec::{Codec, Parts};
use folder::{Family, Folder};
use library::Library;
use special::{Piece, SpecialTokens};

pub use language::{is_same as same_language, of_prefix as language_of_prefix};
pub(crate) use sentencepiece::{MAX_BYTES as MAX_SENTENCEPIECE_BYTES, SentencePiece};
pub use special::Part;

/// A tokenizer with the special tokens of its model. Cheap to clone.
#[derive(Clone)]
pub struct Tokenizer {
    inner: Arc<Inner>,
}

struct Inner {
    codec: Box<dyn Codec>,
    /// Before and after the ids of every source.
    prefix: Vec<u32>,
    suffix: Vec<u32>,
    /// Tokens of the target that are not written.
    special: FxHashSet<u32>,
    /// Tokens of the source that no text has.
    reserved: FxHashSet<u32>,
    /// Special tokens that the markup of a prompt may spell.
    markup: SpecialTokens,
    /// At least one.
    ends: Vec<u32>,
    unknown: Option<u32>,
    target_language: Option<u32>,
    clean_up: bool,
}

/// What a text is translated from and to, for models of many languages. Codes are the model's own or ISO 639's:
/// `bn`, `ben`, `ben_Beng` and `bn_IN` are the same language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Languages {
    /// The language of the source.
    pub source: Option<String>,
    /// The language to write.
    pub target: Option<String>,
}

impl Languages {
    /// Both languages.
    pub fn new(source: &str, target: &str) -> Self {
        Languages {
            source: Some(source.to_owned()),
            target: Some(target.to_owned()),
        }
    }
}

/// What can be wrong with a tokenizer.
#[derive(Debug, Error)]
pub enum TokenizerError {
    /// A file is not of the format that its name says, or holds what it must not.
    #[error("not a tokenizer that can be used: {0}")]
    Malformed(String),
    /// A special token is not in the vocabulary.
    #[error("the tokenizer has no token {0:?}")]
    NoToken(&'static str),
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The folder holds no tokenizer that is known.
    #[error("no known tokenizer in {folder}: it names {named}, known are {known}")]
    Unsupported {
        /// The folder.
        folder: PathBuf,
        /// What its configuration says it is.
        named: String,
        /// The families of models whose tokenizers are known.
        known: &'static str,
    },
    /// The model has many languages and was not told which.
    #[error("the model needs a {side} language; it knows {known}")]
    NoLanguage {
        /// `source` or `target`.
        side: &'static str,
        /// A few of the model's own codes.
        known: String,
    },
    /// The model does not have this language.
    #[error("the model has no language {wanted:?}; it knows {known}")]
    UnknownLanguage {
        /// The code that was asked for.
        wanted: String,
        /// A few of the model's own codes.
        known: String,
    },
    /// Texts of the target can be decoded, and not encoded.
    #[error(
        "translations by others cannot be encoded for models of this family; use the model's own"
    )]
    NoTargetTexts,
    /// The text could not be encoded or the ids not decoded.
    #[error("cannot tokenize: {0}")]
    Text(String),
}

impl Tokenizer {
    /// Reads the bytes of a `tokenizer.json` that puts its special tokens itself.
    ///
    /// # Errors
    /// If they do not describe a tokenizer with an end-of-sequence token.
    pub fn from_json(json: &[u8]) -> Result<Self, TokenizerError> {
        let inner = tokenizers::Tokenizer::from_bytes(json)
            .map_err(|e| TokenizerError::Malformed(e.to_string()))?;
        let end = inner
            .token_to_id("<eos>")
            .ok_or(TokenizerError::NoToken("<eos>"))?;
        let empty = inner.encode("", true);
        let empty = empty.map_err(|e| TokenizerError::Malformed(e.to_string()))?;
        let start = empty.get_ids().first().copied();
        let added = inner.get_added_tokens_decoder();
        let special = added.into_iter().filter(|(_, token)| token.special);
        let special = special.map(|(id, token)| (token.content, id)).collect();
        Ok(Self::of_language_model(inner, vec![end], start, special))
    }

    /// The tokenizer of a language model: the tokens that end what it writes (at least one), the one that a sequence
    /// begins with, and all special ones with their spellings.
    fn of_language_model(
        inner: tokenizers::Tokenizer,
        ends: Vec<u32>,
        start: Option<u32>,
        special: Vec<(String, u32)>,
    ) -> Self {
        Tokenizer {
            inner: Arc::new(Inner {
                unknown: inner.token_to_id("<unk>"),
                codec: Box::new(Library::of_language_model(inner)),
                prefix: start.into_iter().collect(),
                suffix: Vec::new(),
                special: special.iter().map(|(_, id)| *id).collect(),
                reserved: FxHashSet::default(),
                markup: SpecialTokens::new(special),
                ends,
                target_language: None,
                clean_up: false,
            }),
        }
    }

    /// Reads the tokenizer of a model's folder, by its `config.json`, its `tokenizer_config.json` and what other
    /// files are there. Its ids are those of the model's Python tokenizer.
    ///
    /// # Errors
    /// If a file is missing, too large or not what it should be, if the model is of a family that is not known, or
    /// if it does not have the languages, or has several and is not told which.
    pub fn from_folder(folder: &Path, languages: Languages) -> Result<Self, TokenizerError> {
        let folder = Folder::open(folder)?;
        let family = folder.family()?;
        Ok(Self::new(family.load(&folder, &languages)?))
    }

    /// Reads a tokenizer whose texts are the target's, for those who learn from translations: it encodes them as the
    /// model would write them, without special tokens.
    ///
    /// # Errors
    /// As [`Tokenizer::from_folder`], or if the model's family prepares what it writes in a way that is not known here.
    pub fn of_targets(folder: &Path, languages: Languages) -> Result<Self, TokenizerError> {
        let folder = Folder::open(folder)?;
        let parts = match folder.family()? {
            Family::Marian => marian::load_target(&folder)?,
            Family::IndicTrans2 => return Err(TokenizerError::NoTargetTexts),
            family => family.load(&folder, &languages)?,
        };
        Ok(Self::new(Parts {
            prefix: Vec::new(),
            suffix: Vec::new(),
            ..parts
        }))
    }

    /// The tokenizer of a model whose ids are those of its SentencePiece vocabularies, as Bergamot's students have
    /// them; `source` and `target` may be one file.
    ///
    /// # Errors
    /// If a file cannot be read or is no vocabulary with an end-of-sequence token.
    pub fn from_vocabularies(source: &Path, target: &Path) -> Result<Self, TokenizerError> {
        Ok(Self::new(bergamot::load(source, target)?))
    }

    fn new(parts: Parts) -> Self {
        Tokenizer {
            inner: Arc::new(Inner {
                codec: parts.codec,
                prefix: parts.prefix,
                suffix: parts.suffix,
                special: parts.special,
                reserved: parts.reserved,
                markup: SpecialTokens::default(),
                ends: vec![parts.end],
                unknown: parts.unknown,
                target_language: parts.target_language,
                clean_up: parts.clean_up,
            }),
        }
    }

    /// Ids of a text, with the special tokens that the model expects around it. Nothing is cut off. A text that spells
    /// a special token has the ids of its characters.
    ///
    /// # Errors
    /// If the tokenizer has no token for a part of the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = self.inner.prefix.clone();
        self.encode_run(text, &mut ids)?;
        ids.extend(&self.inner.suffix);
        Ok(ids)
    }

    /// Ids of a prompt in parts, of which markup may spell special tokens and text may not, with the special tokens
    /// that the model expects around it; where the markup itself spells those before it, they come once.
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
                self.encode_run(run, ids)?;
                run.clear();
            }
            Ok(())
        };
        for part in parts {
            match part {
                Part::Text(text) => run.push_str(text),
                Part::Markup(markup) => {
                    for piece in self.inner.markup.split(markup) {
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
        if !ids.starts_with(&self.inner.prefix) {
            ids.splice(0..0, self.inner.prefix.iter().copied());
        }
        ids.extend(&self.inner.suffix);
        Ok(ids)
    }

    /// What of a prefix is text: nothing of one that names a language with a token that the tokenizer puts itself.
    pub fn text_of_prefix<'a>(&self, prefix: &'a str) -> &'a str {
        match language::of_prefix(prefix) {
            Some(_) if !self.inner.prefix.is_empty() => "",
            _ => prefix,
        }
    }

    /// Adds the ids of a text without the special tokens around it.
    fn encode_run(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        let start = ids.len();
        self.inner.codec.encode(text, ids)?;
        // Pieces that spell a special token are not offered to a text; this is for vocabularies that lie.
        for id in &mut ids[start..] {
            if self.inner.reserved.contains(id) {
                let unknown = self.inner.unknown;
                *id = unknown.ok_or(TokenizerError::NoToken("<unk>"))?;
            }
        }
        Ok(())
    }

    /// The text that ids of the target spell, special tokens left out.
    ///
    /// # Errors
    /// If an id is not in the vocabulary.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let special = &self.inner.special;
        let ids: Vec<u32> = ids
            .iter()
            .copied()
            .filter(|id| !special.contains(id))
            .collect();
        let text = self.inner.codec.decode(&ids)?;
        Ok(if self.inner.clean_up {
            detokenise::clean_up(&text)
        } else {
            text
        })
    }

    /// The text of each token of a source by itself, as the model reads it, without white space around it; empty for
    /// special tokens.
    ///
    /// # Errors
    /// If an id is not in the vocabulary.
    pub fn source_texts(&self, ids: &[u32]) -> Result<Vec<String>, TokenizerError> {
        let is_special = |id: &u32| {
            let inner = &self.inner;
            inner.reserved.contains(id) || inner.prefix.contains(id) || inner.suffix.contains(id)
        };
        let text: Vec<u32> = ids.iter().copied().filter(|id| !is_special(id)).collect();
        let mut texts = self.inner.codec.source_texts(&text)?.into_iter();
        let texts = ids.iter().map(|id| match is_special(id) {
            true => String::new(),
            false => texts.next().unwrap_or_default(),
        });
        Ok(texts.collect())
    }

    /// The token that ends what the model writes: of a model that converses, its turn, else the sequence.
    pub fn end(&self) -> u32 {
        self.inner.ends[0]
    }

    /// All tokens that end what the model writes, [`Tokenizer::end`] first.
    pub fn ends(&self) -> &[u32] {
        &self.inner.ends
    }

    /// How a special token is spelled in markup.
    pub fn spelling(&self, id: u32) -> Option<&str> {
        self.inner.markup.spelling(id)
    }

    /// The special tokens that stand around the ids of every source.
    pub fn around(&self) -> Vec<u32> {
        [&*self.inner.prefix, &self.inner.suffix].concat()
    }

    /// Whether source and target have the same tokens.
    pub fn is_shared(&self) -> bool {
        self.inner.codec.is_shared()
    }

    /// The token of what has no token, if there is one.
    pub fn unknown(&self) -> Option<u32> {
        self.inner.unknown
    }

    /// The token of the language to write, which a decoder must be made to write first; none where the model is
    /// told otherwise or writes one language.
    pub fn target_language(&self) -> Option<u32> {
        self.inner.target_language
    }

    /// Number of tokens that can be decoded, special ones included: more than the largest id.
    pub fn vocabulary(&self) -> usize {
        self.inner.codec.vocabulary()
    }

    /// Number of tokens that a source can be encoded with: more than the largest id. Another than
    /// [`vocabulary`](Self::vocabulary) where source and target do not share theirs.
    pub fn source_vocabulary(&self) -> usize {
        self.inner.codec.source_vocabulary()
    }
}
