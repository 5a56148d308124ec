//! Bergamot's students: the ids are those of SentencePiece itself, as Marian has it.

use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::TokenizerError;
use super::codec::{Codec, Parts, no_id};
use super::folder::{in_file, read};
use super::sentencepiece::{MAX_BYTES, SPACE, SentencePiece};

struct Bergamot {
    source: Arc<SentencePiece>,
    /// The same where the vocabulary is shared.
    target: Arc<SentencePiece>,
}

/// The vocabularies of source and target, which may be the same file.
pub(super) fn load(source: &Path, target: &Path) -> Result<Parts, TokenizerError> {
    let vocabulary = |path: &Path| -> Result<Arc<SentencePiece>, TokenizerError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let read = SentencePiece::from_bytes(&read(path, MAX_BYTES)?);
        Ok(Arc::new(read.map_err(|e| in_file(&name, e))?))
    };
    let written = vocabulary(target)?;
    let source = match source == target {
        true => written.clone(),
        false => vocabulary(source)?,
    };
    let end = |pieces: &SentencePiece| {
        let end = pieces.id("</s>");
        end.ok_or(TokenizerError::NoToken("</s>"))
    };
    let (source_end, end) = (end(&source)?, end(&written)?);
    Ok(Parts {
        prefix: Vec::new(),
        suffix: vec![source_end],
        special: FxHashSet::from_iter([end, written.unknown()]),
        reserved: FxHashSet::from_iter([source_end]),
        end,
        unknown: Some(written.unknown()),
        target_language: None,
        clean_up: false,
        codec: Box::new(Bergamot {
            source,
            target: written,
        }),
    })
}

impl Codec for Bergamot {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        self.source.encode(text, |id, _| ids.push(id));
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let piece = |id: &u32| self.target.piece(*id).ok_or(no_id(*id));
        let pieces: Vec<&str> = ids.iter().map(piece).collect::<Result<_, _>>()?;
        Ok(self.target.decode(pieces))
    }

    fn source_texts(&self, ids: &[u32]) -> Result<Vec<String>, TokenizerError> {
        let text = |id: &u32| {
            let piece = self.source.piece(*id).ok_or(no_id(*id))?;
            Ok(piece.replace(SPACE, " ").trim().to_owned())
        };
        ids.iter().map(text).collect()
    }

    fn vocabulary(&self) -> usize {
        self.target.len()
    }

    fn source_vocabulary(&self) -> usize {
        self.source.len()
    }
}
