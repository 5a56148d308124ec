//! `tokenizer.json`, through the `tokenizers` crate.

use std::mem;

use serde_json::{Value, json};

use super::codec::{Codec, Specials, no_id};
use super::sentencepiece::Charsmap;
use super::{TokenizerError, TokenizerError::Malformed};

pub(super) struct Library {
    inner: tokenizers::Tokenizer,
    vocabulary: usize,
}

impl Library {
    /// The tokenizer of a language model; its special tokens are left to others.
    pub fn of_language_model(mut inner: tokenizers::Tokenizer) -> Self {
        // An article that spells out "<eos>" must not end a sentence.
        inner.set_encode_special_tokens(true);
        Library {
            vocabulary: inner.get_vocab_size(true),
            inner,
        }
    }

    /// One without special tokens.
    pub fn bare(inner: tokenizers::Tokenizer, specials: &Specials) -> Self {
        let largest = inner.get_vocab(true).into_values().chain(specials.ids());
        Library {
            vocabulary: largest.max().map_or(0, |id| id as usize + 1),
            inner,
        }
    }

    /// All tokens that can be found in a text, with their ids.
    pub fn tokens(&self) -> impl Iterator<Item = (String, u32)> {
        self.inner.get_vocab(true).into_iter()
    }
}

impl Codec for Library {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        // Without offsets, which are not wanted and cost time.
        let encoding = self.inner.encode_fast(text, false);
        ids.extend(
            encoding
                .map_err(|e| TokenizerError::Text(e.to_string()))?
                .get_ids(),
        );
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        // The library leaves out what it does not know.
        if let Some(id) = ids.iter().find(|id| self.inner.id_to_token(**id).is_none()) {
            return Err(no_id(*id));
        }
        self.inner
            .decode(ids, false)
            .map_err(|e| TokenizerError::Text(e.to_string()))
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }
}

/// Reads a `tokenizer.json` and takes its special tokens out: they are put and left out by their ids, and text is
/// not to spell them. Truncation and padding go too.
pub(super) fn read(bytes: &[u8]) -> Result<(Library, Specials), TokenizerError> {
    let mut file: Value = serde_json::from_slice(bytes).map_err(|e| Malformed(e.to_string()))?;
    check_charsmaps(&file["normalizer"])?;
    let specials = take_specials(&mut file)?;
    for part in ["truncation", "padding", "post_processor"] {
        file[part] = Value::Null;
    }
    hide(&mut file["model"], &specials);
    let inner = tokenizers::Tokenizer::from_bytes(file.to_string())
        .map_err(|e| Malformed(e.to_string()))?;
    Ok((Library::bare(inner, &specials), specials))
}

fn take_specials(file: &mut Value) -> Result<Specials, TokenizerError> {
    let mut specials = Specials::default();
    let Some(tokens) = file.get_mut("added_tokens").and_then(Value::as_array_mut) else {
        return Err(Malformed("not a tokenizer".to_owned()));
    };
    let (special, text): (Vec<_>, Vec<_>) = mem::take(tokens)
        .into_iter()
        .partition(|token| token["special"] == json!(true));
    *tokens = text;
    for token in special {
        let id = token["id"].as_u64().and_then(|id| u32::try_from(id).ok());
        match (token["content"].as_str(), id) {
            (Some(content), Some(id)) if !content.is_empty() => specials.insert(content, id),
            _ => return Err(Malformed(format!("{token} is no special token"))),
        }
    }
    Ok(specials)
}

/// Renames special tokens in the vocabulary of a model, so that no text is encoded with them.
fn hide(model: &mut Value, specials: &Specials) {
    let is_special = |token: &str| specials.get(token).is_some();
    let unknown = model["unk_token"].as_str().map(str::to_owned);
    match model.get_mut("vocab") {
        // Unigram: by place.
        Some(Value::Array(pieces)) => {
            for piece in pieces {
                if let Some(name) = piece.get_mut(0)
                    && name.as_str().is_some_and(is_special)
                {
                    *name = json!(hidden(name.as_str().unwrap_or_default()));
                }
            }
        }
        Some(Value::Object(vocabulary)) => {
            for token in specials.names() {
                if Some(token) != unknown.as_deref()
                    && let Some(id) = vocabulary.remove(token)
                {
                    vocabulary.insert(hidden(token), id);
                }
            }
        }
        _ => {}
    }
    // BPE: a pair is written as two strings, or as one with a space between.
    if let Some(Value::Array(merges)) = model.get_mut("merges") {
        merges.retain(|merge| {
            let pair = match merge {
                Value::String(pair) => pair.split_once(' '),
                pair => pair[0].as_str().zip(pair[1].as_str()),
            };
            // What is malformed is for the library to refuse.
            pair.is_none_or(|(left, right)| {
                ![left, right, &format!("{left}{right}")]
                    .into_iter()
                    .any(is_special)
            })
        });
    }
}

/// A name with characters that Unicode says no text has.
fn hidden(token: &str) -> String {
    format!("\u{10FFFF}{token}\u{10FFFF}")
}

/// The library trusts these tables and would read outside of a broken one.
fn check_charsmaps(normaliser: &Value) -> Result<(), TokenizerError> {
    if let Some(Value::Array(parts)) = normaliser.get("normalizers") {
        return parts.iter().try_for_each(check_charsmaps);
    }
    match normaliser.get("precompiled_charsmap") {
        None | Some(Value::Null) => Ok(()),
        Some(map) => {
            let blob = map.as_str().and_then(base64);
            let blob = blob.ok_or_else(|| Malformed("its character map is not base64".to_owned()));
            Charsmap::new(&blob?).map(drop)
        }
    }
}

/// Bytes of their standard base64 form (RFC 4648).
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0u32, 0);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        assert_eq!(base64("SGVsbG8=").unwrap(), b"Hello");
        assert_eq!(base64("+/+/").unwrap(), [0xFB, 0xFF, 0xBF]);
        assert_eq!(base64("").unwrap(), b"");
        assert!(base64("a b").is_none());
    }
}
