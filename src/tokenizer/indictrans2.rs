//! IndicTrans2: a SentencePiece model and a dictionary for each side, language tags before the text, and Bengali
//! written in Devanagari.

use rustc_hash::FxHashMap;

use super::codec::{Codec, Parts, no_id, piece_texts};
use super::folder::Folder;
use super::language::Known;
use super::sentencepiece::{SPACE, SentencePiece};
use super::{Languages, TokenizerError, detokenise, indic, nllb};

struct IndicTrans2 {
    pieces: SentencePiece,
    ids: FxHashMap<String, u32>,
    tokens: FxHashMap<u32, String>,
    unknown: u32,
}

/// Reads the tokenizer of a model from Bengali to English, the one pair whose script is handled.
pub(super) fn load(folder: &Folder, languages: &Languages) -> Result<Parts, TokenizerError> {
    let ids = folder.vocabulary("dict.SRC.json")?;
    let written = folder.vocabulary("dict.TGT.json")?;
    let id = |ids: &FxHashMap<String, u32>, name: &'static str| {
        ids.get(name).copied().ok_or(TokenizerError::NoToken(name))
    };
    let tag = |side: &'static str, code: &'static str, wanted: &Option<String>| {
        let tag = ids
            .get_key_value(code)
            .map(|(code, &id)| (code.as_str(), id));
        Known::new(tag.into_iter(), nllb::code).find(wanted.as_deref(), side)
    };
    let prefix = vec![
        tag("source", "ben_Beng", &languages.source)?,
        tag("target", "eng_Latn", &languages.target)?,
    ];
    const SPECIALS: [&str; 4] = ["<s>", "<pad>", "</s>", "<unk>"];
    let mut reserved = Vec::new();
    let mut special = Vec::new();
    for name in SPECIALS {
        reserved.push(id(&ids, name)?);
        special.push(id(&written, name)?);
    }
    let tags = ids.iter().filter(|(token, _)| nllb::code(token).is_some());
    reserved.extend(tags.map(|(_, &id)| id));
    let unknown = id(&ids, "<unk>")?;
    Ok(Parts {
        prefix,
        suffix: vec![id(&ids, "</s>")?],
        special: special.into_iter().collect(),
        reserved: reserved.into_iter().collect(),
        end: id(&written, "</s>")?,
        unknown: Some(unknown),
        target_language: None,
        clean_up: false,
        codec: Box::new(IndicTrans2 {
            pieces: folder.sentencepiece("model.SRC")?,
            ids,
            tokens: written.into_iter().map(|(token, id)| (id, token)).collect(),
            unknown,
        }),
    })
}

impl Codec for IndicTrans2 {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        self.pieces.encode(&indic::preprocess(text), |_, piece| {
            ids.push(self.ids.get(piece).copied().unwrap_or(self.unknown));
        });
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let mut text = String::new();
        for id in ids {
            text.push_str(self.tokens.get(id).ok_or(no_id(*id))?);
        }
        let text = text.replace(SPACE, " ");
        // As in the model's own examples: the clean-up first, then the detokenizer.
        Ok(detokenise::moses(&detokenise::clean_up(text.trim())))
    }

    fn source_texts(&self, ids: &[u32]) -> Result<Vec<String>, TokenizerError> {
        Ok(piece_texts(&self.ids, ids))
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn vocabulary(&self) -> usize {
        self.tokens.keys().max().map_or(0, |id| *id as usize + 1)
    }

    fn source_vocabulary(&self) -> usize {
        self.ids.values().max().map_or(0, |id| *id as usize + 1)
    }
}
