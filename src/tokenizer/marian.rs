//! Marian (OPUS-MT): a SentencePiece model for each side, and ids by a `vocab.json`.
//!
//! transformers' `MarianTokenizer` holds a Moses punctuation normaliser but does not call it when it encodes, and
//! neither is it done here.

use rustc_hash::{FxHashMap, FxHashSet};

use super::codec::{Codec, Parts, no_id, piece_texts};
use super::folder::Folder;
use super::language::Known;
use super::sentencepiece::{SPACE, SentencePiece};
use super::{Languages, TokenizerError};

struct Marian {
    source: SentencePiece,
    /// What spells the target; none where it is the source's model, which shared vocabularies are decoded with.
    target: Option<SentencePiece>,
    ids: FxHashMap<String, u32>,
    tokens: FxHashMap<u32, String>,
    unknown: u32,
}

pub(super) fn load(folder: &Folder, languages: &Languages) -> Result<Parts, TokenizerError> {
    let ids = folder.vocabulary("vocab.json")?;
    let separate = folder.config.separate_vocabs.unwrap_or(false);
    let (target, written) = if separate {
        let written = folder.vocabulary("target_vocab.json")?;
        (Some(folder.sentencepiece("target.spm")?), written)
    } else {
        (None, ids.clone())
    };
    let unknown = *ids.get("<unk>").ok_or(TokenizerError::NoToken("<unk>"))?;
    let source_end = *ids.get("</s>").ok_or(TokenizerError::NoToken("</s>"))?;
    let end = *written.get("</s>").ok_or(TokenizerError::NoToken("</s>"))?;
    let specials = |ids: &FxHashMap<String, u32>| -> FxHashSet<u32> {
        let names = ["</s>", "<unk>", "<pad>"];
        names
            .iter()
            .filter_map(|name| ids.get(*name).copied())
            .collect()
    };

    // Models of several targets are told which by a token before the text.
    let known = Known::new(ids.iter().map(|(token, &id)| (token.as_str(), id)), code);
    let prefix = if known.is_empty() {
        Vec::new()
    } else {
        vec![known.find(languages.target.as_deref(), "target")?]
    };
    let mut reserved = specials(&ids);
    reserved.extend(
        ids.iter()
            .filter(|(token, _)| code(token).is_some())
            .map(|(_, &id)| id),
    );
    Ok(Parts {
        prefix,
        suffix: vec![source_end],
        special: specials(&written),
        reserved,
        end,
        unknown: Some(unknown),
        target_language: None,
        clean_up: folder.clean_up(),
        codec: Box::new(Marian {
            source: folder.sentencepiece("source.spm")?,
            target,
            ids,
            tokens: written.into_iter().map(|(token, id)| (id, token)).collect(),
            unknown,
        }),
    })
}

/// The same with the target in the source's place, so that its texts can be encoded.
pub(super) fn load_target(folder: &Folder) -> Result<Parts, TokenizerError> {
    let file = match folder.config.separate_vocabs.unwrap_or(false) {
        true => "target_vocab.json",
        false => "vocab.json",
    };
    let ids = folder.vocabulary(file)?;
    let id = |token: &'static str| {
        ids.get(token)
            .copied()
            .ok_or(TokenizerError::NoToken(token))
    };
    let (unknown, end) = (id("<unk>")?, id("</s>")?);
    Ok(Parts {
        prefix: Vec::new(),
        suffix: Vec::new(),
        special: FxHashSet::from_iter([unknown, end]),
        reserved: FxHashSet::from_iter([unknown, end]),
        end,
        unknown: Some(unknown),
        target_language: None,
        clean_up: folder.clean_up(),
        codec: Box::new(Marian {
            source: folder.sentencepiece("target.spm")?,
            target: None,
            tokens: ids.iter().map(|(token, &id)| (id, token.clone())).collect(),
            ids,
            unknown,
        }),
    })
}

/// The language that a token like `>>ben<<` names.
pub(super) fn code(token: &str) -> Option<&str> {
    token.strip_prefix(">>")?.strip_suffix("<<")
}

impl Codec for Marian {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        self.source.encode(text, |_, piece| {
            ids.push(self.ids.get(piece).copied().unwrap_or(self.unknown));
        });
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let token = |id: &u32| self.tokens.get(id).map(String::as_str).ok_or(no_id(*id));
        let tokens: Vec<&str> = ids.iter().map(token).collect::<Result<_, _>>()?;
        let text = self.target.as_ref().unwrap_or(&self.source).decode(tokens);
        Ok(text.replace(SPACE, " ").trim().to_owned())
    }

    fn source_texts(&self, ids: &[u32]) -> Result<Vec<String>, TokenizerError> {
        Ok(piece_texts(&self.ids, ids))
    }

    fn is_shared(&self) -> bool {
        self.target.is_none()
    }

    fn vocabulary(&self) -> usize {
        self.tokens.keys().max().map_or(0, |id| *id as usize + 1)
    }

    fn source_vocabulary(&self) -> usize {
        self.ids.values().max().map_or(0, |id| *id as usize + 1)
    }
}
