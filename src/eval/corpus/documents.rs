//! A side file that says which document and topic each sentence is of.

use std::path::Path;

use super::file::{LineReader, wrong_at};
use super::lines::{trim, trim_end};
use super::{EvalError, TestSet};

/// A document and its topic, either of which may be unknown.
pub(in crate::eval) type Place = (Option<String>, Option<String>);

/// Sets the documents and topics of the sentences of a test set from a file with a line `document<TAB>topic` for each.
/// The topic may be left out, and either may be empty, which leaves what is known.
///
/// # Errors
/// [`EvalError::Length`] if it has not one line a sentence, [`EvalError::File`] if it cannot be read or a line has more
/// than two fields.
pub fn add_documents(test_set: &mut TestSet, path: &Path) -> Result<(), EvalError> {
    let places = read_documents(path)?;
    if places.len() != test_set.segments.len() {
        return Err(EvalError::Length {
            what: path.display().to_string(),
            found: places.len(),
            against: test_set.name.clone(),
            expected: test_set.segments.len(),
        });
    }
    for (segment, (document, topic)) in test_set.segments.iter_mut().zip(places) {
        segment.document = document.or(segment.document.take());
        segment.topic = topic.or(segment.topic.take());
    }
    Ok(())
}

/// Reads such a file.
pub(in crate::eval) fn read_documents(path: &Path) -> Result<Vec<Place>, EvalError> {
    let mut lines = LineReader::open(path)?;
    let mut places = Vec::new();
    while let Some((number, line)) = lines.next_line()? {
        let mut fields = trim_end(line).split('\t').map(known);
        let place = (fields.next().flatten(), fields.next().flatten());
        if fields.next().is_some() {
            let message = "has more than the two fields document<TAB>topic";
            return Err(wrong_at(path, number, message));
        }
        places.push(place);
    }
    Ok(places)
}

/// A field, where it says something.
pub(in crate::eval) fn known(field: &str) -> Option<String> {
    let field = trim(field);
    (!field.is_empty()).then(|| field.to_owned())
}
