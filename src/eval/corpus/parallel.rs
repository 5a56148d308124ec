//! Files that have all sides of a test set, and outputs of systems too.

use std::path::Path;

use super::file::{LONGEST, TOO_LONG, wrong};
use super::names::stem;
use super::{
    Column, EvalError, Format, Languages, Segment, System, TestSet, jsonl, tmx, tsv, wmt_xml,
};

/// References of a sentence at most.
pub(super) const MOST_REFERENCES: usize = 64;
/// Systems in a file at most.
pub(super) const MOST_SYSTEMS: usize = 256;
/// Longest name of a document or topic in bytes, as each of its sentences keeps a copy.
pub(super) const LONGEST_NAME: usize = 512;
/// Sentences times references at most: what a file costs in memory that says little and claims much.
const MOST_CELLS: usize = 1 << 27;

/// How a file with all sides is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// The format; none where the file's ending says it.
    pub format: Option<Format>,
    /// The languages to take out of a file with several; for TMX.
    pub languages: Languages,
    /// The columns of a TSV file without a line that names them.
    pub columns: Option<Vec<Column>>,
}

/// A test set and the outputs that its file has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Corpus {
    /// The test set.
    pub test_set: TestSet,
    /// The systems, in the order in which they first stand in the file.
    pub systems: Vec<System>,
    /// Sentences of the file that are not in the test set: in XML of WMT those without any reference, where others have
    /// one, and those of test suites, as in sacreBLEU; in TMX units that have not both languages.
    pub left_out: usize,
}

/// Reads a file with all sides.
///
/// # Errors
/// [`EvalError::File`] if it cannot be read, its format is not known, or it is not valid in it.
pub fn read_parallel(path: &Path, layout: &Layout) -> Result<Corpus, EvalError> {
    let format = match layout.format {
        Some(format) => format,
        None => Format::of_path(path)?,
    };
    let mut corpus = match format {
        Format::Tsv => tsv::read(path, layout.columns.as_deref()),
        Format::JsonLines => jsonl::read(path),
        Format::WmtXml => wmt_xml::read(path),
        Format::Tmx => tmx::read(path, &layout.languages),
    }?;
    corpus.test_set.name = stem(path);
    if corpus.test_set.segments.is_empty() {
        return Err(wrong(path, "has no sentences"));
    }
    check_lengths(&corpus).map_err(|message| wrong(path, message))?;
    fill(&mut corpus.test_set.segments).map_err(|message| wrong(path, message))?;
    Ok(corpus)
}

/// Whether no text is above [`LONGEST`]. Where a file has a line a sentence, none can be.
fn check_lengths(corpus: &Corpus) -> Result<(), String> {
    let segments = corpus.test_set.segments.iter();
    let sides = segments.flat_map(|s| s.source.iter().chain(s.references.iter().flatten()));
    let outputs = corpus.systems.iter().flat_map(|system| &system.hypotheses);
    match sides.chain(outputs).any(|text| text.len() > LONGEST) {
        true => Err(format!("the text of a sentence {TOO_LONG}")),
        false => Ok(()),
    }
}

/// Gives all sentences the same number of references, with `None` for those that they have not.
fn fill(segments: &mut [Segment]) -> Result<(), String> {
    let most = segments
        .iter()
        .map(|segment| segment.references.len())
        .max();
    let most = most.unwrap_or(0);
    if most > MOST_REFERENCES {
        return Err(format!(
            "has {most} references for a sentence; {MOST_REFERENCES} at most are read"
        ));
    }
    if most.saturating_mul(segments.len()) > MOST_CELLS {
        return Err("has too many sentences for so many references; divide it".to_owned());
    }
    for segment in segments {
        segment.references.resize(most, None);
    }
    Ok(())
}
