//! A test set and what systems made of it, and the files of the field that they are read from.
//!
//! Either every side has a file of its own ([`read_test_set`], [`read_systems`]: a line a sentence, or SGML of WMT), or one
//! file has all sides ([`read_parallel`]: TSV, JSON lines, XML of WMT, TMX). Files are hostile: their size is bounded,
//! nothing is cut off silently, and every error names the line.

mod documents;
mod file;
mod format;
mod jsonl;
mod languages;
mod lines;
mod names;
mod parallel;
mod separate;
mod sgml;
mod tmx;
mod tsv;
mod wmt_xml;
mod xml;

use sha2::{Digest, Sha256};

use super::EvalError;
use crate::files::hex;

pub use documents::add_documents;
pub use format::Format;
pub use languages::Languages;
pub use lines::read_lines;
pub use names::SystemFile;
pub use parallel::{Corpus, Layout, read_parallel};
pub use separate::{TestSetFiles, read_systems, read_test_set};
pub use tsv::Column;

pub(in crate::eval) use documents::{Place, known, read_documents};
pub(in crate::eval) use file::{read_text, unreadable, wrong};
pub(in crate::eval) use tsv::read_columns;

/// A sentence (or line) with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segment {
    /// Its id in the test set, where it has one.
    pub id: Option<String>,
    /// The document it stands in.
    pub document: Option<String>,
    /// Topic or domain of that document.
    pub topic: Option<String>,
    /// The source.
    pub source: Option<String>,
    /// References in the order of their files; `None` where a file has none for this sentence. An empty string is a
    /// reference that says nothing.
    pub references: Vec<Option<String>>,
}

impl Segment {
    /// The references that there are.
    pub fn references(&self) -> Vec<&str> {
        self.references
            .iter()
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

/// What outputs are held against.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TestSet {
    /// Its name, for reports: of a file without folder and extension, or of a known set.
    pub name: String,
    /// Its sentences in order.
    pub segments: Vec<Segment>,
}

/// Outputs of one system for every sentence of a test set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct System {
    /// Its name, for reports.
    pub name: String,
    /// One output a sentence, in the order of the test set.
    pub hypotheses: Vec<String>,
    /// Wall-clock seconds that it took to make them, where they were made here.
    pub seconds: Option<f64>,
}

impl TestSet {
    /// Checks that a system has an output for every sentence.
    ///
    /// # Errors
    /// [`EvalError::Length`], and [`EvalError::Empty`] where there are no sentences.
    pub fn check(&self, system: &System) -> Result<(), EvalError> {
        if self.segments.is_empty() {
            return Err(EvalError::Empty);
        }
        if system.hypotheses.len() != self.segments.len() {
            return Err(EvalError::Length {
                what: system.name.clone(),
                found: system.hypotheses.len(),
                against: self.name.clone(),
                expected: self.segments.len(),
            });
        }
        Ok(())
    }

    /// SHA-256 of sources and references in hexadecimal digits, by which reports know that they are of one test set.
    /// Names, ids, documents and topics are no part of it.
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        // Each text has its length before it, so that no two test sets have the same bytes.
        let mut add = |text: Option<&str>| {
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            hash.update(length.to_le_bytes());
            hash.update(text.unwrap_or(""));
        };
        for segment in &self.segments {
            add(segment.source.as_deref());
            add(Some(&segment.references.len().to_string()));
            for reference in &segment.references {
                add(reference.as_deref());
            }
        }
        hex(&hash.finalize())
    }

    /// Checks that every sentence has a source, for `reader`, which cannot do without.
    ///
    /// # Errors
    /// [`EvalError::Missing`] with the first that has none.
    pub fn check_sources(&self, reader: &str) -> Result<(), EvalError> {
        let missing = self.segments.iter().position(|s| s.source.is_none());
        missing.map_or(Ok(()), |place| {
            Err(EvalError::Missing {
                metric: reader.to_owned(),
                what: "the source",
                sentence: place + 1,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_test_sets_have_one_checksum() {
        let with = |change: fn(&mut TestSet)| {
            let segment = |source: &str, reference: &str| Segment {
                source: Some(source.to_owned()),
                references: vec![Some(reference.to_owned())],
                ..Segment::default()
            };
            let mut set = TestSet {
                name: "news".to_owned(),
                segments: vec![segment("ক", "a"), segment("খ", "b")],
            };
            change(&mut set);
            set.sha256()
        };
        let sums = [
            with(|_| {}),
            with(|set| set.segments[0].source = None),
            with(|set| set.segments[0].source = Some(String::new())),
            with(|set| set.segments[0].references.push(None)),
            with(|set| set.segments[0].references.push(Some(String::new()))),
            with(|set| set.segments.swap(0, 1)),
        ];
        for (i, sum) in sums.iter().enumerate() {
            assert_eq!(sum.len(), 64);
            assert!(!sums[..i].contains(sum), "{i}");
        }
        // Names, ids and topics are no part of it.
        assert_eq!(
            with(|set| set.segments[0].topic = Some("x".to_owned())),
            sums[0]
        );
    }
}
