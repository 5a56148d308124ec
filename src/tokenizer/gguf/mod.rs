//! The tokenizer that a GGUF file carries in its metadata.
//!
//! Two kinds: byte-level BPE (`tokenizer.ggml.model` = "gpt2") and SentencePiece BPE ("llama"). Either becomes a
//! tokenizer of the `tokenizers` crate. What a token is for stands in `tokenizer.ggml.token_type`.

mod byte_level;
mod sentencepiece;

use candle_core::quantized::gguf_file::Value;
use tokenizers::models::bpe::BPE;
use tokenizers::processors::template::{SpecialToken, Template, TemplateProcessing};
use tokenizers::{AddedToken, Tokenizer as Inner};

use super::{Tokenizer, TokenizerError};
use crate::model::Gguf;

/// Tokens in a vocabulary at most: four times the largest in use.
const MOST_TOKENS: usize = 1 << 20;
/// Bytes of a token at most; the longest in use have a few hundred.
const LONGEST_TOKEN: usize = 1024;

/// Tokens that end a turn of a conversation, by their names in the models that can be run.
const ENDS_OF_TURN: [&str; 5] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<end_of_turn>",
    "<|end|>",
    "<|eom_id|>",
];

/// What a token is for (`llama_token_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Normal,
    Unknown,
    Control,
    /// Found in any text before it is cut into words.
    UserDefined,
    Unused,
    Byte,
}

/// The vocabulary of a file.
struct Vocabulary<'a> {
    /// Spellings, by id.
    tokens: Vec<&'a str>,
    kinds: Vec<Kind>,
}

/// How text becomes words, and words tokens.
struct Parts {
    inner: Inner,
    /// Whether a sequence begins with the beginning-of-sequence token where the file does not say.
    has_start: bool,
}

impl Tokenizer {
    /// The tokenizer in the metadata of a GGUF file.
    ///
    /// # Errors
    /// If there is none, it is of a kind that is not known, or its parts do not fit together.
    pub fn from_gguf(gguf: &Gguf) -> Result<Self, TokenizerError> {
        let vocabulary = Vocabulary::read(gguf)?;
        let kind = text(gguf, "tokenizer.ggml.model")?;
        let parts = match kind {
            "gpt2" => byte_level::convert(gguf, &vocabulary)?,
            "llama" => sentencepiece::convert(gguf, &vocabulary)?,
            _ => {
                return Err(malformed(format!(
                    "a tokenizer of kind {kind:?} is not known; those known are gpt2 and llama"
                )));
            }
        };
        let template = gguf.text("tokenizer.chat_template").map_err(invalid)?;
        let id = |name: &str| vocabulary.id(gguf, name);
        let start = id("bos_token_id")?;
        let ends = vocabulary.ends(id("eos_token_id")?, id("eot_token_id")?, template.is_some())?;

        let mut inner = parts.inner;
        let is_special = |i: usize| {
            let token = vocabulary.tokens[i];
            match vocabulary.kinds[i] {
                Kind::Unknown | Kind::Control => true,
                // Some files call the tokens of their own template user-defined.
                Kind::UserDefined => {
                    token.starts_with("<|") && token.ends_with("|>")
                        || template.is_some_and(|t| token.starts_with('<') && t.contains(token))
                }
                _ => start == Some(i as u32) || ends.contains(&(i as u32)),
            }
        };
        let special: Vec<(String, u32)> = (0..vocabulary.tokens.len())
            .filter(|&i| is_special(i))
            .map(|i| (vocabulary.tokens[i].to_owned(), i as u32))
            .collect();
        let added = (0..vocabulary.tokens.len())
            .filter(|&i| is_special(i) || vocabulary.kinds[i] == Kind::UserDefined)
            .map(|i| AddedToken::from(vocabulary.tokens[i], is_special(i)).normalized(false));
        inner
            .add_tokens(added.collect::<Vec<_>>())
            .map_err(|e| malformed(e.to_string()))?;
        inner.set_encode_special_tokens(true);
        let says = gguf.flag("tokenizer.ggml.add_bos_token").map_err(invalid)?;
        let start = start.filter(|_| says.unwrap_or(parts.has_start));
        if let Some(id) = start {
            inner.with_post_processor(Some(begin_with(id, vocabulary.tokens[id as usize])?));
        }
        for (token, id) in &special {
            let encoding = inner.encode(token.as_str(), false);
            if encoding.is_ok_and(|encoding| encoding.get_ids().contains(id)) {
                return Err(malformed(format!(
                    "text could spell the special token {token:?}"
                )));
            }
        }
        Ok(Tokenizer::of_language_model(inner, ends, start, special))
    }
}

impl<'a> Vocabulary<'a> {
    fn read(gguf: &'a Gguf) -> Result<Self, TokenizerError> {
        let values = array(gguf, "tokenizer.ggml.tokens")?;
        let rows = gguf.tensor("token_embd.weight").map_err(invalid)?.1[0];
        if values.is_empty() || values.len() > MOST_TOKENS.min(rows) {
            return Err(malformed(format!(
                "a vocabulary of {} tokens for a model that has {rows}",
                values.len()
            )));
        }
        let tokens = values.iter().map(|value| match value {
            Value::String(token) if token.len() <= LONGEST_TOKEN => Ok(token.as_str()),
            Value::String(token) => Err(malformed(format!("a token of {} bytes", token.len()))),
            _ => Err(malformed("a token that is no text".to_owned())),
        });
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        let kinds = match gguf.get("tokenizer.ggml.token_type") {
            None => vec![Kind::Normal; tokens.len()],
            Some(_) => {
                let values = array(gguf, "tokenizer.ggml.token_type")?;
                let kinds = values.iter().map(Kind::read);
                kinds.collect::<Result<Vec<_>, _>>()?
            }
        };
        if kinds.len() != tokens.len() {
            return Err(malformed(format!(
                "{} tokens have {} types",
                tokens.len(),
                kinds.len()
            )));
        }
        Ok(Vocabulary { tokens, kinds })
    }

    /// The token that the file names under a key, if it does.
    fn id(&self, gguf: &Gguf, name: &str) -> Result<Option<u32>, TokenizerError> {
        let key = format!("tokenizer.ggml.{name}");
        match gguf.number(&key).map_err(invalid)? {
            Some(id) if id >= self.tokens.len() => {
                Err(malformed(format!("{key} is {id}, which is no token")))
            }
            id => Ok(id.map(|id| id as u32)),
        }
    }

    /// Tokens that end what the model writes: the end of a turn first if it converses, else the end of the sequence.
    fn ends(
        &self,
        of_sequence: Option<u32>,
        of_turn: Option<u32>,
        converses: bool,
    ) -> Result<Vec<u32>, TokenizerError> {
        let named = ENDS_OF_TURN.iter().filter_map(|name| {
            let is_it = |i: &usize| self.tokens[*i] == *name && self.kinds[*i] != Kind::Normal;
            Some((0..self.tokens.len()).find(is_it)? as u32)
        });
        let turns = of_turn.into_iter().chain(named);
        let mut ends: Vec<u32> = match converses {
            true => turns.chain(of_sequence).collect(),
            false => of_sequence.into_iter().chain(turns).collect(),
        };
        let mut seen = rustc_hash::FxHashSet::default();
        ends.retain(|id| seen.insert(*id));
        match ends.is_empty() {
            true => Err(TokenizerError::NoToken("end of sequence")),
            false => Ok(ends),
        }
    }

    /// Ids by spelling, of equals the first.
    fn by_spelling(&self) -> impl Iterator<Item = (String, u32)> {
        let tokens = self.tokens.iter().enumerate().rev();
        tokens.map(|(i, token)| ((*token).to_owned(), i as u32))
    }
}

impl Kind {
    fn read(value: &Value) -> Result<Self, TokenizerError> {
        let number = match value {
            Value::I32(n) => i64::from(*n),
            Value::U32(n) => i64::from(*n),
            _ => -1,
        };
        Ok(match number {
            0 | 1 => Kind::Normal,
            2 => Kind::Unknown,
            3 => Kind::Control,
            4 => Kind::UserDefined,
            5 => Kind::Unused,
            6 => Kind::Byte,
            _ => return Err(malformed(format!("{value:?} is no type of token"))),
        })
    }
}

fn begin_with(id: u32, token: &str) -> Result<TemplateProcessing, TokenizerError> {
    let invalid = |e: String| malformed(e);
    let name = "start".to_owned();
    let special = SpecialToken::new(name, vec![id], vec![token.to_owned()])
        .map_err(|e| invalid(e.to_string()))?;
    TemplateProcessing::builder()
        .single(Template::try_from(vec!["start", "$A"]).map_err(invalid)?)
        .special_tokens(vec![special])
        .build()
        .map_err(|e| invalid(e.to_string()))
}

fn text<'a>(gguf: &'a Gguf, key: &str) -> Result<&'a str, TokenizerError> {
    match gguf.text(key).map_err(invalid)? {
        Some(text) => Ok(text),
        None => Err(malformed(format!("the GGUF file has no {key}"))),
    }
}

fn array<'a>(gguf: &'a Gguf, key: &str) -> Result<&'a [Value], TokenizerError> {
    match gguf.get(key) {
        Some(Value::Array(values)) => Ok(values),
        _ => Err(malformed(format!("the GGUF file has no list {key}"))),
    }
}

/// A tokenizer around a BPE model.
fn around(bpe: tokenizers::models::bpe::BpeBuilder) -> Result<Inner, TokenizerError> {
    let bpe: BPE = bpe.build().map_err(|e| malformed(e.to_string()))?;
    Ok(Inner::new(bpe))
}

fn malformed(reason: String) -> TokenizerError {
    TokenizerError::Malformed(reason)
}

fn invalid(error: candle_core::Error) -> TokenizerError {
    malformed(error.to_string())
}
