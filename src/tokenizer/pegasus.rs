//! Pegasus: SentencePiece after the tokens of its pretraining.

use super::TokenizerError;
use super::codec::{Codec, Parts, Specials, no_id};
use super::folder::Folder;
use super::sentencepiece::SentencePiece;

const FILE: &str = "spiece.model";

/// How far the ids of pieces are from those of SentencePiece: two masks and `<unk_2>` to `<unk_102>` come first.
const OFFSET: u32 = 103;

/// Ids of SentencePiece that are not moved: padding and the end.
const FIXED: u32 = 2;

/// What the model writes for the end of a line.
const LINE_END: &str = "<n>";

/// A tokenizer of which [`LINE_END`] is read as what it stands for.
struct Lines(Box<dyn Codec>);

struct Pegasus {
    pieces: SentencePiece,
    offset: u32,
}

pub(super) fn load(folder: &Folder) -> Result<Parts, TokenizerError> {
    let (codec, specials): (Box<dyn Codec>, _) = match folder.library()? {
        Some((library, specials)) => (Box::new(library), specials),
        None => {
            let (codec, specials) = read(folder)?;
            (Box::new(codec), specials)
        }
    };
    let end = specials.id("</s>")?;
    Ok(Parts {
        codec: Box::new(Lines(codec)),
        prefix: Vec::new(),
        suffix: vec![end],
        special: specials.ids(),
        reserved: specials.ids(),
        end,
        unknown: specials.get("<unk>"),
        target_language: None,
        clean_up: folder.clean_up(),
    })
}

fn read(folder: &Folder) -> Result<(Pegasus, Specials), TokenizerError> {
    let pieces = folder.sentencepiece(FILE)?;
    let offset = folder.config.offset.unwrap_or(OFFSET);
    if !(FIXED..=1 << 16).contains(&offset) {
        let what = format!("tokenizer_config.json: offset {offset}");
        return Err(TokenizerError::Malformed(what));
    }
    if pieces.unknown() < FIXED {
        return Err(TokenizerError::Malformed(format!(
            "{FILE}: the unknown piece is one of the first two"
        )));
    }
    let mut specials = Specials::default();
    specials.insert("<pad>", 0);
    specials.insert("</s>", 1);
    specials.insert("<mask_1>", 2);
    specials.insert("<mask_2>", 3);
    for n in 2..offset {
        specials.insert(&format!("<unk_{n}>"), n + FIXED);
    }
    specials.insert("<unk>", pieces.unknown() + offset);
    Ok((Pegasus { pieces, offset }, specials))
}

impl Codec for Lines {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        self.0.encode(text, ids)
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        Ok(self.0.decode(ids)?.replace(LINE_END, "\n"))
    }

    fn vocabulary(&self) -> usize {
        self.0.vocabulary()
    }
}

impl Codec for Pegasus {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        self.pieces.encode(text, |id, _| ids.push(id + self.offset));
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let piece = |id: &u32| {
            let piece = id.checked_sub(self.offset);
            piece.and_then(|id| self.pieces.piece(id)).ok_or(no_id(*id))
        };
        let pieces: Vec<&str> = ids.iter().map(piece).collect::<Result<_, _>>()?;
        Ok(self.pieces.decode(pieces))
    }

    fn vocabulary(&self) -> usize {
        self.pieces.len() + self.offset as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spells the same whatever the ids.
    struct Spells(&'static str);

    impl Codec for Spells {
        fn encode(&self, _: &str, _: &mut Vec<u32>) -> Result<(), TokenizerError> {
            Ok(())
        }

        fn decode(&self, _: &[u32]) -> Result<String, TokenizerError> {
            Ok(self.0.to_owned())
        }

        fn vocabulary(&self) -> usize {
            1
        }
    }

    #[test]
    fn lines_end_where_the_model_ends_them() {
        let lines = Lines(Box::new(Spells("The river rose .<n>Five died .")));
        assert_eq!(lines.decode(&[0]).unwrap(), "The river rose .\nFive died .");
    }
}
