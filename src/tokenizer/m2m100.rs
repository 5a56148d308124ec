//! M2M100: SentencePiece, ids by a `vocab.json`, and language tokens such as `__bn__` after those.

use rustc_hash::FxHashMap;

use super::codec::{Codec, Parts, Specials, no_id};
use super::folder::Folder;
use super::language::Known;
use super::sentencepiece::SentencePiece;
use super::{Languages, TokenizerError};

pub(super) const VOCABULARY: &str = "vocab.json";

/// The languages in the order of their ids.
const M2M100: &str = "af am ar ast az ba be bg bn br bs ca ceb cs cy da de el en es et fa ff fi fr fy ga gd gl gu \
ha he hi hr ht hu hy id ig ilo is it ja jv ka kk km kn ko lb lg ln lo lt lv mg mk ml mn mr ms my ne nl no ns oc or \
pa pl ps pt ro ru sd si sk sl so sq sr ss su sv sw ta th tl tn tr uk ur uz vi wo xh yi yo zh zu";
const WMT21: &str = "en ha is ja cs ru zh de";

struct M2m100 {
    pieces: SentencePiece,
    ids: FxHashMap<String, u32>,
    tokens: FxHashMap<u32, String>,
    unknown: u32,
    vocabulary: usize,
}

pub(super) fn load(folder: &Folder, languages: &Languages) -> Result<Parts, TokenizerError> {
    let (codec, specials) = read(folder)?;
    let known = Known::of_specials(&specials, |token| {
        token.strip_prefix("__")?.strip_suffix("__")
    });
    let (source, target) = known.pair(languages)?;
    let end = specials.id("</s>")?;
    Ok(Parts {
        codec: Box::new(codec),
        prefix: vec![source],
        suffix: vec![end],
        special: specials.ids(),
        reserved: specials.ids(),
        end,
        unknown: specials.get("<unk>"),
        target_language: Some(target),
        clean_up: folder.clean_up(),
    })
}

fn read(folder: &Folder) -> Result<(M2m100, Specials), TokenizerError> {
    let ids = folder.vocabulary(VOCABULARY)?;
    let mut specials = Specials::default();
    for name in ["<s>", "</s>", "<pad>", "<unk>"] {
        let id = ids.get(name).ok_or(TokenizerError::NoToken(name))?;
        specials.insert(name, *id);
    }
    let codes = match folder.config.language_codes.as_deref() {
        Some("wmt21") => WMT21,
        _ => M2M100,
    };
    let mut vocabulary = ids.len() as u32;
    if ids.values().any(|id| *id >= vocabulary) {
        return Err(TokenizerError::Malformed(format!(
            "{VOCABULARY}: ids do not count up from 0, so those of languages are not known"
        )));
    }
    for code in codes.split(' ') {
        specials.insert(&format!("__{code}__"), vocabulary);
        vocabulary += 1;
    }
    let codec = M2m100 {
        pieces: folder.sentencepiece("sentencepiece.bpe.model")?,
        tokens: ids.iter().map(|(token, &id)| (id, token.clone())).collect(),
        unknown: specials.id("<unk>")?,
        ids,
        vocabulary: vocabulary as usize,
    };
    Ok((codec, specials))
}

impl Codec for M2m100 {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        self.pieces.encode(text, |_, piece| {
            ids.push(self.ids.get(piece).copied().unwrap_or(self.unknown));
        });
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let token = |id: &u32| self.tokens.get(id).map(String::as_str).ok_or(no_id(*id));
        let tokens: Vec<&str> = ids.iter().map(token).collect::<Result<_, _>>()?;
        Ok(self.pieces.decode(tokens).trim().to_owned())
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }
}
