//! Imported test sets in the program's folder: `testsets/NAME/SPLIT/` with a line a sentence in `source.txt` and
//! `reference.txt`, `documents.tsv` where documents are known, and a record of their checksums.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::corpus::{Place, read_documents, read_lines, wrong};
use super::{Definition, EvalError, Split};
use crate::files::hex;

/// The record's file.
pub(super) const RECORD: &str = "record.toml";
const SOURCE: &str = "source.txt";
const REFERENCE: &str = "reference.txt";
const DOCUMENTS: &str = "documents.tsv";
const VERSION: u32 = 1;

/// The sentences of a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    /// Bengali.
    pub(super) source: Vec<String>,
    /// English.
    pub(super) reference: Vec<String>,
    /// Document and topic of each sentence, or nothing.
    pub(super) places: Vec<Place>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    version: u32,
    source_sha256: String,
    reference_sha256: String,
    documents_sha256: Option<String>,
}

/// The folder of a split.
pub(super) fn folder(definition: &Definition, split: &Split, home: &Path) -> PathBuf {
    let sets = home.join("testsets");
    sets.join(&definition.name).join(&split.name)
}

/// SHA-256 of sentences as lines with `\n`, hexadecimal.
pub(super) fn sha256(sentences: &[String]) -> String {
    let mut hasher = Sha256::new();
    for sentence in sentences {
        hasher.update(sentence);
        hasher.update("\n");
    }
    hex(&hasher.finalize())
}

impl Stored {
    /// Reads a split and checks it against its record and its definition.
    pub(super) fn read(
        definition: &Definition,
        split: &Split,
        home: &Path,
    ) -> Result<Stored, EvalError> {
        let folder = folder(definition, split, home);
        let name = definition.name_of(split);
        let failed = |message: String| EvalError::TestSet {
            name: name.clone(),
            message,
        };
        let Ok(record) = fs::read_to_string(folder.join(RECORD)) else {
            return Err(failed(format!(
                "is not here; fetch it from {}, unpack it, and add its folder with `anubad eval testset add {} FOLDER` ({}: {})",
                definition.fetch[0], definition.name, definition.licence, definition.terms
            )));
        };
        let damaged = |what: &str| {
            let folder = folder.display();
            failed(format!(
                "{what} in {folder} is damaged; add the test set again"
            ))
        };
        let record: Record = toml::from_str(&record).map_err(|_| damaged(RECORD))?;
        if record.version != VERSION {
            return Err(damaged(RECORD));
        }
        let source = read_lines(&folder.join(SOURCE)).map_err(|_| damaged(SOURCE))?;
        let reference = read_lines(&folder.join(REFERENCE)).map_err(|_| damaged(REFERENCE))?;
        let places = match record.documents_sha256 {
            Some(_) => read_documents(&folder.join(DOCUMENTS)).map_err(|_| damaged(DOCUMENTS))?,
            None => Vec::new(),
        };
        let stored = Stored {
            source,
            reference,
            places,
        };
        let found = stored.record();
        if found.source_sha256 != record.source_sha256 {
            return Err(damaged(SOURCE));
        }
        if found.reference_sha256 != record.reference_sha256 {
            return Err(damaged(REFERENCE));
        }
        if found.documents_sha256 != record.documents_sha256 {
            return Err(damaged(DOCUMENTS));
        }
        let pinned = |pin: &Option<String>, sum: &String| pin.as_ref().is_none_or(|pin| pin == sum);
        if !pinned(&split.source.sha256, &found.source_sha256)
            || !pinned(&split.reference.sha256, &found.reference_sha256)
        {
            let message = "has other sentences than those of the test set; import it again";
            return Err(failed(message.to_owned()));
        }
        Ok(stored)
    }

    /// Writes a split whole or not at all, in place of one that is there.
    pub(super) fn write(
        &self,
        definition: &Definition,
        split: &Split,
        home: &Path,
    ) -> Result<(), EvalError> {
        let folder = folder(definition, split, home);
        let parent = folder.parent().expect("it is in the folder of its set");
        let write = || {
            fs::create_dir_all(parent)?;
            let temporary = TempDir::with_prefix_in(".import-", parent)?;
            let new = temporary.path().join(&split.name);
            fs::create_dir(&new)?;
            fs::write(new.join(SOURCE), lines(&self.source))?;
            fs::write(new.join(REFERENCE), lines(&self.reference))?;
            if !self.places.is_empty() {
                fs::write(new.join(DOCUMENTS), lines(&self.documents()))?;
            }
            let record = toml::to_string(&self.record()).expect("plain data is TOML");
            fs::write(new.join(RECORD), record)?;
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::rename(&new, &folder)
        };
        write()
            .map_err(|error: std::io::Error| wrong(&folder, format!("cannot be written: {error}")))
    }

    fn record(&self) -> Record {
        Record {
            version: VERSION,
            source_sha256: sha256(&self.source),
            reference_sha256: sha256(&self.reference),
            documents_sha256: (!self.places.is_empty()).then(|| sha256(&self.documents())),
        }
    }

    /// Lines `document<TAB>topic`.
    fn documents(&self) -> Vec<String> {
        let line = |(document, topic): &Place| {
            let document = document.as_deref().unwrap_or_default();
            format!("{document}\t{}", topic.as_deref().unwrap_or_default())
        };
        self.places.iter().map(line).collect()
    }
}

fn lines(sentences: &[String]) -> String {
    sentences
        .iter()
        .flat_map(|sentence| [sentence, "\n"])
        .collect()
}
