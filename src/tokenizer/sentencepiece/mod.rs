//! SentencePiece models: text to pieces and back, exactly as the C++ library does it.
//!
//! Kudo and Richardson, SentencePiece (EMNLP 2018), <https://arxiv.org/abs/1808.06226>. The models are read here
//! rather than turned into a [`tokenizers::Tokenizer`], whose `Unigram` sums scores in double precision, whose
//! `Precompiled` normaliser goes by graphemes (a vowel sign in two parts after a conjunct stays in two) and trusts
//! the table it is given, and in which a text that spells `</s>` can be that token.

mod bpe;
mod charsmap;
mod normaliser;
mod proto;
mod trie;
mod unigram;

use std::ops::Range;

use prost::Message;
use rustc_hash::FxHashMap;

use super::TokenizerError;
use bpe::Bpe;
pub(super) use charsmap::Charsmap;
use normaliser::Normaliser;
use proto::{Algorithm, Kind};
use trie::Trie;
use unigram::Unigram;

/// What stands for a space in a piece.
pub(super) const SPACE: char = '▁';

/// The most a file may have: a few times the largest vocabularies in use.
pub(crate) const MAX_BYTES: u64 = 16 << 20;

/// The longest piece: many times the longest in use, and short enough that no text takes long to encode.
const MAX_PIECE_BYTES: usize = 1024;

/// A SentencePiece model.
pub(crate) struct SentencePiece {
    vocabulary: Vocabulary,
    normaliser: Normaliser,
    /// The pieces that are never cut or rewritten.
    user_defined: Trie,
    encoder: Encoder,
    /// The piece of each byte, where characters without a piece are spelt by their bytes.
    bytes: Option<Box<[u32; 256]>>,
    /// What is written for the unknown piece.
    unknown_surface: String,
}

enum Encoder {
    Unigram(Unigram),
    Bpe(Bpe),
}

struct Vocabulary {
    pieces: Vec<Piece>,
    by_text: FxHashMap<String, u32>,
    unknown: u32,
}

struct Piece {
    text: String,
    score: f32,
    kind: Kind,
}

/// A piece and where it stands in the normalised text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Encoded {
    id: u32,
    range: Range<usize>,
}

impl SentencePiece {
    /// Reads the bytes of a `.model` or `.spm` file.
    ///
    /// # Errors
    /// If they are not a model, or one of a kind that translation models do not use.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TokenizerError> {
        let malformed = |what: String| TokenizerError::Malformed(what);
        let model = proto::Model::decode(bytes)
            .map_err(|e| malformed(format!("not SentencePiece: {e}")))?;
        let trainer = model.trainer.unwrap_or_default();
        if trainer.whitespace_as_suffix() {
            return Err(malformed("spaces as suffixes are not supported".to_owned()));
        }
        let normaliser = Normaliser::new(&model.normaliser.unwrap_or_default())?;
        let vocabulary = Vocabulary::new(model.pieces)?;
        let mut user_defined = Trie::default();
        for (id, piece) in vocabulary.pieces.iter().enumerate() {
            if piece.kind == Kind::UserDefined {
                user_defined.insert(&piece.text, id as u32);
            }
        }
        let encoder = match trainer.algorithm() {
            Algorithm::Unigram => Encoder::Unigram(Unigram::new(&vocabulary)),
            Algorithm::Bpe => Encoder::Bpe(Bpe::new(&vocabulary)),
            other => return Err(malformed(format!("{other:?} models are not supported"))),
        };
        let bytes = trainer.byte_fallback().then(|| vocabulary.bytes());
        Ok(SentencePiece {
            bytes: bytes.transpose()?,
            unknown_surface: trainer.unknown_surface().to_owned(),
            vocabulary,
            normaliser,
            user_defined,
            encoder,
        })
    }

    /// Number of pieces.
    pub fn len(&self) -> usize {
        self.vocabulary.pieces.len()
    }

    /// What a piece spells, with [`SPACE`] for spaces.
    pub fn piece(&self, id: u32) -> Option<&str> {
        let piece = self.vocabulary.pieces.get(id as usize);
        piece.map(|piece| piece.text.as_str())
    }

    /// The piece that stands for what has none.
    pub fn unknown(&self) -> u32 {
        self.vocabulary.unknown
    }

    /// The piece of this text, control pieces included.
    pub fn id(&self, piece: &str) -> Option<u32> {
        self.vocabulary.by_text.get(piece).copied()
    }

    /// Calls `piece` with the number and the text of each piece of a text. Neighbouring characters without a piece
    /// come as one unknown piece, or each as its bytes.
    pub fn encode(&self, text: &str, mut piece: impl FnMut(u32, &str)) {
        let text = self.normaliser.normalise(text, &self.user_defined);
        let encoded = match &self.encoder {
            Encoder::Unigram(unigram) => unigram.encode(&text),
            Encoder::Bpe(bpe) => bpe.encode(&text, &self.user_defined),
        };
        let mut encoded = encoded.into_iter().peekable();
        while let Some(Encoded { id, mut range }) = encoded.next() {
            if id != self.unknown() {
                piece(id, &text[range]);
            } else if let Some(bytes) = &self.bytes {
                for byte in text[range].bytes() {
                    let id = bytes[usize::from(byte)];
                    piece(id, &self.vocabulary.pieces[id as usize].text);
                }
            } else {
                while let Some(more) = encoded.next_if(|next| next.id == id) {
                    range.end = more.range.end;
                }
                piece(id, &text[range]);
            }
        }
    }

    /// The text that pieces spell. Those the model does not know are written as they are, as
    /// `SentencePieceProcessor::DecodePieces` does.
    pub fn decode<'a>(&self, pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut output = String::new();
        let mut bytes = Vec::new();
        // Whether a space that begins the text may still come, and be left out.
        let mut at_start = true;
        let mut took_space = false;
        let unprefixed =
            self.normaliser.add_dummy_prefix || self.normaliser.remove_extra_whitespaces;
        for text in pieces {
            let id = self.id(text);
            let kind = id.map(|id| self.vocabulary.pieces[id as usize].kind);
            if kind == Some(Kind::Byte) {
                bytes.extend(byte(text));
                continue;
            }
            write_bytes(&mut bytes, &mut output);
            at_start &= !took_space && output.is_empty();
            took_space = false;
            match kind {
                Some(Kind::Control) => {}
                Some(Kind::Unknown) => output.push_str(&self.unknown_surface),
                None => output.push_str(text),
                Some(_) => {
                    let mut text = text;
                    if at_start
                        && unprefixed
                        && let Some(rest) = text.strip_prefix(SPACE)
                    {
                        text = rest;
                        took_space = !self.normaliser.remove_extra_whitespaces;
                    }
                    output.extend(text.chars().map(|c| if c == SPACE { ' ' } else { c }));
                }
            }
        }
        write_bytes(&mut bytes, &mut output);
        output
    }
}

impl Vocabulary {
    fn new(pieces: Vec<proto::Piece>) -> Result<Self, TokenizerError> {
        let malformed = |what: String| Err(TokenizerError::Malformed(what));
        let mut by_text = FxHashMap::default();
        let mut unknown = None;
        let mut known = Vec::with_capacity(pieces.len());
        for (id, piece) in pieces.into_iter().enumerate() {
            let (kind, score) = (piece.kind(), piece.score());
            let text = piece.piece.unwrap_or_default();
            if text.is_empty() {
                return malformed(format!("piece {id} is empty"));
            }
            if text.len() > MAX_PIECE_BYTES {
                return malformed(format!("piece {id} has {} bytes", text.len()));
            }
            if !score.is_finite() {
                return malformed(format!("the score of piece {text:?} is {score}"));
            }
            if by_text.insert(text.clone(), id as u32).is_some() {
                return malformed(format!("piece {text:?} is there twice"));
            }
            if kind == Kind::Unknown && unknown.replace(id as u32).is_some() {
                return malformed("more than one unknown piece".to_owned());
            }
            known.push(Piece { text, score, kind });
        }
        match unknown {
            None => malformed("no unknown piece".to_owned()),
            Some(unknown) => Ok(Vocabulary {
                pieces: known,
                by_text,
                unknown,
            }),
        }
    }

    fn bytes(&self) -> Result<Box<[u32; 256]>, TokenizerError> {
        let mut bytes = Box::new([self.unknown; 256]);
        for (value, id) in bytes.iter_mut().enumerate() {
            let found = self.by_text.get(&format!("<0x{value:02X}>"));
            *id = *found.ok_or_else(|| {
                TokenizerError::Malformed(format!("no piece for the byte {value:#04X}"))
            })?;
        }
        Ok(bytes)
    }
}

/// The byte that a piece such as `<0xE0>` stands for.
fn byte(piece: &str) -> Option<u8> {
    u8::from_str_radix(piece.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()
}

/// Moves bytes to a text, each that is no part of a character as U+FFFD.
fn write_bytes(bytes: &mut Vec<u8>, output: &mut String) {
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        match std::str::from_utf8(rest) {
            Ok(text) => {
                output.push_str(text);
                break;
            }
            Err(error) => {
                let (text, bad) = rest.split_at(error.valid_up_to());
                output.push_str(&String::from_utf8_lossy(text));
                output.push(char::REPLACEMENT_CHARACTER);
                rest = &bad[1..];
            }
        }
    }
    bytes.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, score: f32, kind: Kind) -> proto::Piece {
        proto::Piece {
            piece: Some(text.to_owned()),
            score: Some(score),
            kind: Some(kind as i32),
        }
    }

    /// A model of a few pieces, with spaces as they are read.
    fn model(algorithm: Algorithm, byte_fallback: bool, more: &[proto::Piece]) -> Vec<u8> {
        let mut pieces = vec![
            piece("<unk>", 0.0, Kind::Unknown),
            piece("</s>", 0.0, Kind::Control),
            piece("▁", -3.0, Kind::Normal),
            piece("ক", -4.0, Kind::Normal),
            piece("ল", -4.5, Kind::Normal),
            piece("ম", -4.5, Kind::Normal),
        ];
        pieces.extend_from_slice(more);
        let trainer = proto::Trainer {
            algorithm: Some(algorithm as i32),
            byte_fallback: Some(byte_fallback),
            ..Default::default()
        };
        let model = proto::Model {
            pieces,
            trainer: Some(trainer),
            normaliser: None,
        };
        model.encode_to_vec()
    }

    fn pieces(model: &[u8], text: &str) -> Vec<String> {
        let model = SentencePiece::from_bytes(model).unwrap();
        let mut pieces = Vec::new();
        model.encode(text, |_, piece| pieces.push(piece.to_owned()));
        pieces
    }

    #[test]
    fn the_best_pieces_are_found() {
        let more = [
            piece("▁কল", -2.0, Kind::Normal),
            piece("কলম", -1.0, Kind::Normal),
            piece("<sep>", 0.0, Kind::UserDefined),
        ];
        for algorithm in [Algorithm::Unigram, Algorithm::Bpe] {
            let model = model(algorithm, false, &more);
            assert_eq!(pieces(&model, ""), [""; 0]);
            assert_eq!(pieces(&model, "  "), [""; 0]);
            assert_eq!(pieces(&model, " ক  ল "), ["▁", "ক", "▁", "ল"]);
            // What has no piece is one unknown, and a control piece is not found in text.
            assert_eq!(pieces(&model, "ক</s>ল"), ["▁", "ক", "</s>", "ল"]);
            assert_eq!(pieces(&model, "ক<sep>ল"), ["▁", "ক", "<sep>", "ল"]);
        }
        assert_eq!(
            pieces(&model(Algorithm::Unigram, false, &more), "কলম"),
            ["▁", "কলম"]
        );
    }

    #[test]
    fn unused_merges_are_taken_apart() {
        let more = [
            piece("কল", -1.0, Kind::Unused),
            piece("কলম", -2.0, Kind::Unused),
            piece("কলমক", -3.0, Kind::Normal),
        ];
        let model = model(Algorithm::Bpe, false, &more);
        assert_eq!(pieces(&model, "কলম"), ["▁", "ক", "ল", "ম"]);
        assert_eq!(pieces(&model, "কলমক"), ["▁", "কলমক"]);
    }

    #[test]
    fn bytes_spell_what_has_no_piece() {
        let bytes: Vec<_> = (0..256)
            .map(|byte| piece(&format!("<0x{byte:02X}>"), 0.0, Kind::Byte))
            .collect();
        let model = model(Algorithm::Unigram, true, &bytes);
        assert_eq!(pieces(&model, "é"), ["▁", "<0xC3>", "<0xA9>"]);
        let model = SentencePiece::from_bytes(&model).unwrap();
        assert_eq!(model.decode(["▁", "<0xC3>", "<0xA9>", "▁", "ক"]), "é ক");
        assert_eq!(
            model.decode(["<0xC3>", "ক", "<0xFF>", "<0xE0>"]),
            "\u{FFFD}ক\u{FFFD}\u{FFFD}"
        );
    }

    #[test]
    fn broken_models_are_refused() {
        let refused = |more: &[proto::Piece], algorithm, why: &str| {
            let error = SentencePiece::from_bytes(&model(algorithm, false, more)).err();
            let error = error.expect("an error").to_string();
            assert!(error.contains(why), "{error}");
        };
        use Algorithm::{Unigram, Word};
        refused(&[piece("x", f32::NAN, Kind::Normal)], Unigram, "NaN");
        refused(&[piece("x", f32::INFINITY, Kind::Normal)], Unigram, "inf");
        refused(&[piece("ক", 0.0, Kind::Normal)], Unigram, "twice");
        refused(&[piece("", 0.0, Kind::Normal)], Unigram, "empty");
        refused(
            &[piece(&"x".repeat(2000), 0.0, Kind::Normal)],
            Unigram,
            "2000 bytes",
        );
        refused(
            &[piece("<unk2>", 0.0, Kind::Unknown)],
            Unigram,
            "more than one",
        );
        refused(&[], Word, "not supported");
        let no_bytes = model(Algorithm::Unigram, true, &[]);
        assert!(SentencePiece::from_bytes(&no_bytes).is_err());
        assert!(SentencePiece::from_bytes(&[]).is_err());
    }
}
