//! T5 and its kin (mT5, Flan-T5, BanglaT5, MADLAD-400): SentencePiece with its own ids.

use super::codec::{Codec, Parts, Specials, no_id};
use super::folder::Folder;
use super::language::Known;
use super::sentencepiece::SentencePiece;
use super::{Languages, TokenizerError};

const FILE: &str = "spiece.model";

/// Sentinels of the pretraining, after the pieces.
const EXTRA_IDS: u32 = 100;
const MAX_EXTRA_IDS: u32 = 1 << 16;

struct T5(SentencePiece);

pub(super) fn load(folder: &Folder, languages: &Languages) -> Result<Parts, TokenizerError> {
    let (codec, specials, tokens): (Box<dyn Codec>, _, Vec<_>) = match folder.library()? {
        Some((library, specials)) => {
            let tokens = library.tokens().collect();
            (Box::new(library), specials, tokens)
        }
        None => {
            let (codec, specials) = read(folder)?;
            let pieces = (0..codec.0.len() as u32)
                .filter_map(|id| Some((codec.0.piece(id)?.to_owned(), id)));
            let tokens = pieces.collect();
            (Box::new(codec), specials, tokens)
        }
    };
    let end = specials.id("</s>")?;
    let tokens = tokens.iter().map(|(token, id)| (token.as_str(), *id));
    let named = tokens.chain(
        specials
            .names()
            .filter_map(|name| Some((name, specials.get(name)?))),
    );
    let known = Known::new(named, code);
    let mut reserved = specials.ids();
    reserved.extend(known.ids());
    Ok(Parts {
        prefix: prefix(codec.as_ref(), &known, languages)?,
        suffix: vec![end],
        special: specials.ids(),
        reserved,
        end,
        unknown: specials.get("<unk>"),
        target_language: None,
        clean_up: folder.clean_up(),
        codec,
    })
}

/// What MADLAD-400 is told the language to write with: `<2en>` before the text.
fn prefix(
    codec: &dyn Codec,
    known: &Known,
    languages: &Languages,
) -> Result<Vec<u32>, TokenizerError> {
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let token = known.find(languages.target.as_deref(), "target")?;
    // As the text would begin: some models put a space first.
    let mut ids = Vec::new();
    codec.encode(&format!("<2{}>", known.code(token)), &mut ids)?;
    // A text cannot spell it where it is a control piece.
    if !ids.contains(&token) {
        ids = vec![token];
    }
    Ok(ids)
}

/// The language that a token like `<2en>` names.
pub(super) fn code(token: &str) -> Option<&str> {
    let code = token.strip_prefix("<2")?.strip_suffix('>')?;
    (2..=12).contains(&code.len()).then_some(code)
}

fn read(folder: &Folder) -> Result<(T5, Specials), TokenizerError> {
    let pieces = folder.sentencepiece(FILE)?;
    let extra = folder.config.extra_ids.unwrap_or(EXTRA_IDS);
    if extra > MAX_EXTRA_IDS {
        let what = format!("tokenizer_config.json: extra_ids {extra}");
        return Err(TokenizerError::Malformed(what));
    }
    let mut specials = Specials::default();
    // MADLAD-400 has no piece for padding, others none for the start.
    for name in ["<pad>", "<s>", "</s>"] {
        if let Some(id) = pieces.id(name) {
            specials.insert(name, id);
        }
    }
    specials.insert("<unk>", pieces.unknown());
    for n in 0..extra {
        // The last sentinel comes first.
        let id = pieces.len() as u32 + extra - 1 - n;
        specials.insert(&format!("<extra_id_{n}>"), id);
    }
    Ok((T5(pieces), specials))
}

impl Codec for T5 {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        self.0.encode(text, |id, _| ids.push(id));
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let piece = |id: &u32| self.0.piece(*id).ok_or(no_id(*id));
        let pieces: Vec<&str> = ids.iter().map(piece).collect::<Result<_, _>>()?;
        Ok(self.0.decode(pieces))
    }

    /// Without the sentinels, which are never asked for: some models have no room for them.
    fn vocabulary(&self) -> usize {
        self.0.len()
    }
}
