//! From a folder that the user has fetched into the program's own.

use std::path::Path;

use super::corpus::{Place, known, read_columns, read_documents, read_lines, wrong};
use super::find::Folder;
use super::store::{Stored, sha256};
use super::{Definition, Documents, EvalError, Split, TestSets, Text};

/// A split that was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its name, for [`TestSets::load`].
    pub name: String,
    /// How many sentences it has.
    pub sentences: usize,
    /// SHA-256 of the source and of the reference, as in [`Text::sha256`].
    pub sha256: [String; 2],
    /// Whether the definition pins both, so that the texts are known to be the right ones; otherwise they are trusted now
    /// and checked from now on.
    pub is_pinned: bool,
}

pub(super) fn import(
    sets: &TestSets,
    name: &str,
    from: &Path,
    home: &Path,
) -> Result<Vec<Imported>, EvalError> {
    let (definition, only) = sets.find(name)?;
    let folder = Folder::open(from)?;
    let mut found = Vec::new();
    for split in &definition.splits {
        if name.contains('/') && split != only {
            continue;
        }
        if let Some(stored) = read(split, &folder, from)? {
            found.push((split, stored));
        }
    }
    if found.is_empty() {
        let files = |split: &Split| [split.source.path.clone(), split.reference.path.clone()];
        let mut files: Vec<String> = definition.splits.iter().flat_map(files).collect();
        files.dedup();
        return Err(EvalError::TestSet {
            name: name.to_owned(),
            message: format!(
                "none of its files ({}) is in {}; unpack what is fetched from {} there",
                files.join(", "),
                from.display(),
                definition.fetch[0],
            ),
        });
    }
    // All are read and right before the first is written.
    let write = |(split, stored): (&Split, Stored)| keep(definition, split, &stored, home);
    found.into_iter().map(write).collect()
}

/// Reads a split; none if the folder has neither of its sides.
fn read(split: &Split, folder: &Folder, from: &Path) -> Result<Option<Stored>, EvalError> {
    let sides = [&split.source, &split.reference];
    let paths = [folder.find(&sides[0].path)?, folder.find(&sides[1].path)?];
    let [source_path, reference_path] = match paths {
        [None, None] => return Ok(None),
        [Some(source), Some(reference)] => [source, reference],
        _ => {
            let missing = usize::from(paths[1].is_none());
            let (there, missing) = (&sides[1 - missing].path, &sides[missing].path);
            return Err(wrong(from, format!("has {there} and not {missing}")));
        }
    };
    let source = text(&split.source, source_path)?;
    let reference = text(&split.reference, reference_path)?;
    check(
        split,
        source_path,
        &source,
        split.sentences.unwrap_or(reference.len()),
    )?;
    check(split, reference_path, &reference, source.len())?;
    for (side, path, sentences) in [
        (&split.source, source_path, &source),
        (&split.reference, reference_path, &reference),
    ] {
        let found = sha256(sentences);
        if side.sha256.as_ref().is_some_and(|pinned| *pinned != found) {
            let message = format!(
                "is not the text of the test set: the SHA-256 of its sentences is {found}; fetch it again"
            );
            return Err(wrong(path, message));
        }
    }
    let places = match &split.documents {
        None => Vec::new(),
        Some(documents) => match folder.find(&documents.path)? {
            None => Vec::new(),
            Some(path) => {
                let places = places(documents, path)?;
                check(split, path, &places, source.len())?;
                places
            }
        },
    };
    Ok(Some(Stored {
        source,
        reference,
        places,
    }))
}

fn text(text: &Text, path: &Path) -> Result<Vec<String>, EvalError> {
    let mut sentences = match &text.column {
        None => read_lines(path)?,
        Some(column) => read_columns(path, &[column])?.remove(0),
    };
    // One that is part of the first sentence would be taken for the file's own when it is read again.
    if let Some(first) = sentences.first_mut() {
        *first = first.trim_start_matches('\u{feff}').to_owned();
    }
    Ok(sentences)
}

fn places(documents: &Documents, path: &Path) -> Result<Vec<Place>, EvalError> {
    let names: Vec<&str> = [&documents.document, &documents.topic]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if names.is_empty() {
        return read_documents(path);
    }
    let mut columns = read_columns(path, &names)?.into_iter();
    let mut column = |name: &Option<String>| match name {
        Some(_) => columns.next().expect("a column for each name"),
        None => Vec::new(),
    };
    let (documents, topics) = (column(&documents.document), column(&documents.topic));
    let field = |column: &[String], i: usize| column.get(i).and_then(|field| known(field));
    Ok((0..documents.len().max(topics.len()))
        .map(|i| (field(&documents, i), field(&topics, i)))
        .collect())
}

fn check<T>(split: &Split, path: &Path, found: &[T], expected: usize) -> Result<(), EvalError> {
    match found.len() == expected && expected > 0 {
        true => Ok(()),
        false => {
            let (found, name) = (found.len(), &split.name);
            let message = format!("has {found} sentences, and {expected} are needed for {name}");
            Err(wrong(path, message))
        }
    }
}

/// Writes a split where it is not there yet.
fn keep(
    definition: &Definition,
    split: &Split,
    stored: &Stored,
    home: &Path,
) -> Result<Imported, EvalError> {
    let sums = [sha256(&stored.source), sha256(&stored.reference)];
    match Stored::read(definition, split, home) {
        Ok(there) if [sha256(&there.source), sha256(&there.reference)] != sums => {
            return Err(wrong(
                &super::store::folder(definition, split, home),
                "is this test set with other sentences, imported before; remove the folder to take these",
            ));
        }
        Ok(there) if there == *stored => {}
        // Not there, damaged, or now with its documents.
        _ => stored.write(definition, split, home)?,
    }
    Ok(Imported {
        name: definition.name_of(split),
        sentences: stored.source.len(),
        sha256: sums,
        is_pinned: split.source.sha256.is_some() && split.reference.sha256.is_some(),
    })
}
