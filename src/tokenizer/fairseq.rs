//! SentencePiece models with the ids that fairseq gives: its own four special tokens, the pieces, the languages.

use super::TokenizerError;
use super::codec::{Codec, Parts, Specials, no_id};
use super::folder::Folder;
use super::language::Known;
use super::sentencepiece::SentencePiece;

const FILE: &str = "sentencepiece.bpe.model";

/// fairseq's special tokens, by their ids. SentencePiece has three, without that for padding.
const SPECIALS: [&str; 4] = ["<s>", "<pad>", "</s>", "<unk>"];
const UNKNOWN: u32 = 3;

/// How far the ids of pieces are from those of SentencePiece.
const OFFSET: u32 = 1;

struct Fairseq {
    pieces: SentencePiece,
    vocabulary: usize,
}

/// A tokenizer without what stands around a text, and the languages it has.
pub(super) struct Loaded {
    codec: Box<dyn Codec>,
    specials: Specials,
    pub languages: Known,
    pub end: u32,
}

/// Reads a `tokenizer.json`, or a SentencePiece model after whose pieces come tokens for `languages`, in order, with
/// spaces between.
/// Of the tokens of the former, those of which `code` makes a code are languages.
pub(super) fn load(
    folder: &Folder,
    languages: &str,
    code: fn(&str) -> Option<&str>,
) -> Result<Loaded, TokenizerError> {
    let (codec, specials): (Box<dyn Codec>, _) = match folder.library()? {
        Some((library, specials)) => (Box::new(library), specials),
        None => {
            let (codec, specials) = read(folder, languages)?;
            (Box::new(codec), specials)
        }
    };
    Ok(Loaded {
        end: specials.id("</s>")?,
        languages: Known::of_specials(&specials, code),
        codec,
        specials,
    })
}

impl Loaded {
    /// The token that stands before a text where no language does.
    pub fn start(&self) -> Result<u32, TokenizerError> {
        self.specials.id("<s>")
    }

    /// The tokenizer with what stands around a text.
    pub fn parts(
        self,
        prefix: Vec<u32>,
        suffix: Vec<u32>,
        target: Option<u32>,
        clean_up: bool,
    ) -> Parts {
        Parts {
            codec: self.codec,
            prefix,
            suffix,
            special: self.specials.ids(),
            reserved: self.specials.ids(),
            end: self.end,
            unknown: self.specials.get("<unk>"),
            target_language: target,
            clean_up,
        }
    }
}

fn read(folder: &Folder, languages: &str) -> Result<(Fairseq, Specials), TokenizerError> {
    let pieces = folder.sentencepiece(FILE)?;
    if pieces.unknown() >= 3 {
        let what = format!("{FILE}: the unknown piece is not one of the first three");
        return Err(TokenizerError::Malformed(what));
    }
    let mut specials = Specials::default();
    for (id, name) in SPECIALS.into_iter().enumerate() {
        specials.insert(name, id as u32);
    }
    let mut next = pieces.len() as u32 + OFFSET;
    for token in languages.split_whitespace().chain(["<mask>"]) {
        specials.insert(token, next);
        next += 1;
    }
    let vocabulary = next as usize;
    Ok((Fairseq { pieces, vocabulary }, specials))
}

impl Codec for Fairseq {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        self.pieces.encode(text, |id, _| {
            ids.push(if id < 3 { UNKNOWN } else { id + OFFSET });
        });
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let piece = |id: &u32| {
            let piece = id.checked_sub(OFFSET).and_then(|id| self.pieces.piece(id));
            piece.ok_or(no_id(*id))
        };
        let pieces: Vec<&str> = ids.iter().map(piece).collect::<Result<_, _>>()?;
        Ok(self.pieces.decode(pieces))
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }
}
