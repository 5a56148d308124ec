//! Test sets whose every side has a file of its own.

use std::path::{Path, PathBuf};

use super::file::LineReader;
use super::names::{stem, system_names};
use super::sgml::{self, Sentence};
use super::{EvalError, Segment, System, SystemFile, TestSet, add_documents, lines, wrong};
use crate::eval::error::shown;

/// The files of a test set: a line a sentence, or SGML of WMT, which is known by its ending `.sgm` or by how it begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TestSetFiles {
    /// The source.
    pub source: Option<PathBuf>,
    /// The references.
    pub references: Vec<PathBuf>,
    /// The documents and topics, for [`add_documents`].
    pub documents: Option<PathBuf>,
}

/// Reads a test set. Its name is that of the source's file, or of the first reference's.
///
/// # Errors
/// [`EvalError::Length`] if the files differ in length, [`EvalError::Empty`] if there are none, [`EvalError::File`] if one
/// cannot be read or is of another order than the others, as far as SGML tells.
pub fn read_test_set(files: &TestSetFiles) -> Result<TestSet, EvalError> {
    let all: Vec<&PathBuf> = files.source.iter().chain(&files.references).collect();
    let Some(first) = all.first() else {
        return Err(EvalError::Empty);
    };
    let mut test_set = TestSet {
        name: stem(first),
        segments: Vec::new(),
    };
    for (i, path) in all.iter().enumerate() {
        let sentences = read_side(path)?;
        if i == 0 {
            test_set.segments = vec![Segment::default(); sentences.len()];
        }
        check(path, &sentences, &test_set, first)?;
        for (segment, sentence) in test_set.segments.iter_mut().zip(sentences) {
            segment.id = segment.id.take().or(sentence.id);
            segment.document = segment.document.take().or(sentence.document);
            segment.topic = segment.topic.take().or(sentence.topic);
            match i == 0 && files.source.is_some() {
                true => segment.source = Some(sentence.text),
                false => segment.references.push(Some(sentence.text)),
            }
        }
    }
    if let Some(path) = &files.documents {
        add_documents(&mut test_set, path)?;
    }
    Ok(test_set)
}

/// Reads the outputs of systems for a test set. Names that are not given are those of the files; where these are the
/// same, folders are put before: `nllb/out.en`, `opus/out.en`.
///
/// # Errors
/// [`EvalError::Length`] if a system has not one output a sentence, [`EvalError::File`] if a file cannot be read, is of
/// another order than the test set, or two systems have one name.
pub fn read_systems(files: &[SystemFile], test_set: &TestSet) -> Result<Vec<System>, EvalError> {
    let names = system_names(files)?;
    let read = |(file, name): (&SystemFile, String)| {
        let sentences = read_side(&file.path)?;
        check(&file.path, &sentences, test_set, Path::new(&test_set.name))?;
        Ok(System {
            name,
            hypotheses: sentences.into_iter().map(|s| s.text).collect(),
            seconds: None,
        })
    };
    files.iter().zip(names).map(read).collect()
}

fn read_side(path: &Path) -> Result<Vec<Sentence>, EvalError> {
    let mut reader = LineReader::open(path)?;
    let begin = reader.peek()?;
    if sgml::is_sgml(path, begin) {
        return sgml::read(reader);
    }
    if begin.starts_with(b"<?xml") || begin.starts_with("\u{feff}<?xml".as_bytes()) {
        let message =
            "is XML, and a line a sentence is needed here; give it as the one file with all sides";
        return Err(wrong(path, message));
    }
    let plain = |text| Sentence {
        text,
        ..Sentence::default()
    };
    Ok(lines::read(reader)?.into_iter().map(plain).collect())
}

/// Whether the sentences of a file are those of the test set, as far as their number, documents and ids tell.
fn check(
    path: &Path,
    sentences: &[Sentence],
    test_set: &TestSet,
    against: &Path,
) -> Result<(), EvalError> {
    if sentences.len() != test_set.segments.len() {
        return Err(EvalError::Length {
            what: shown(path),
            found: sentences.len(),
            against: shown(against),
            expected: test_set.segments.len(),
        });
    }
    let agree = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
    let stranger = sentences
        .iter()
        .zip(&test_set.segments)
        .position(|(s, segment)| {
            s.id.is_some() && !(agree(&s.document, &segment.document) && agree(&s.id, &segment.id))
        });
    match stranger {
        None => Ok(()),
        Some(i) => {
            let place = |document: &Option<String>, id: &Option<String>| {
                let text = |part: &Option<String>| part.clone().unwrap_or("?".to_owned());
                format!("segment {} of document {}", text(id), text(document))
            };
            let (found, expected) = (&sentences[i], &test_set.segments[i]);
            Err(wrong(
                path,
                format!(
                    "sentence {} is {}, and {} in {}; bring the files into one order",
                    i + 1,
                    place(&found.document, &found.id),
                    place(&expected.document, &expected.id),
                    against.display(),
                ),
            ))
        }
    }
}
