//! A JSON object a line: `{"id", "doc", "topic", "src", "ref" or "refs", "hyp" or "hyps"}`, of which a source or a
//! reference is needed. `source` may stand for `src`, `document` for `doc`, `domain` for `topic`; null is the same as
//! leaving out, and in `refs` it is a reference that is missing. `hyps` are texts by the names of their systems, and
//! `hyp` is that of a system named `hyp`. Other fields are ignored. Texts are taken as they are, spaces included.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::file::{LineReader, wrong_at};
use super::parallel::{Corpus, MOST_SYSTEMS};
use super::{EvalError, Segment, System};

#[derive(Deserialize)]
struct Line {
    id: Option<Id>,
    #[serde(alias = "document")]
    doc: Option<String>,
    #[serde(alias = "domain")]
    topic: Option<String>,
    #[serde(alias = "source")]
    src: Option<String>,
    #[serde(rename = "ref", alias = "reference")]
    reference: Option<String>,
    #[serde(alias = "references")]
    refs: Option<Vec<Option<String>>>,
    hyp: Option<String>,
    hyps: Option<Outputs>,
    /// A field of what `translate --format jsonl` writes.
    paragraphs: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(serde_json::Number),
}

/// Outputs by the names of systems, in their order in the file: the first system is the baseline of a report.
struct Outputs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Outputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Outputs, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Outputs;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("texts by the names of systems")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outputs, A::Error> {
                let mut outputs = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    outputs.push(entry);
                }
                Ok(Outputs(outputs))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Corpus, EvalError> {
    let mut lines = LineReader::open(path)?;
    let mut reading = Reading::default();
    while let Some((number, line)) = lines.next_line()? {
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |message: &str| wrong_at(path, number, message);
        let line: Line = serde_json::from_str(line).map_err(|error| wrong(&reason(&error)))?;
        reading.take(line).map_err(|message| wrong(&message))?;
    }
    Ok(reading.corpus)
}

#[derive(Default)]
struct Reading {
    corpus: Corpus,
    /// Where each system stands.
    places: HashMap<String, usize>,
}

impl Reading {
    fn take(&mut self, line: Line) -> Result<(), String> {
        if line.paragraphs.is_some() {
            return Err("is an article as `anubad translate` writes it; \
                a test set has a sentence a line, with src, ref and hyp"
                .to_owned());
        }
        let references = match (line.reference, line.refs) {
            (Some(_), Some(_)) => return Err("has both ref and refs; give one".to_owned()),
            (Some(reference), None) => vec![Some(reference)],
            (None, refs) => refs.unwrap_or_default(),
        };
        if line.src.is_none() && references.is_empty() {
            return Err("has neither src nor ref".to_owned());
        }
        let mut outputs = line.hyps.map(|hyps| hyps.0).unwrap_or_default();
        outputs.extend(line.hyp.map(|text| ("hyp".to_owned(), text)));
        self.outputs(outputs)?;
        self.corpus.test_set.segments.push(Segment {
            id: line.id.map(|id| match id {
                Id::Text(text) => text,
                Id::Number(number) => number.to_string(),
            }),
            document: line.doc,
            topic: line.topic,
            source: line.src,
            references,
        });
        Ok(())
    }

    /// Gives each system its output: the first line names them all.
    fn outputs(&mut self, outputs: Vec<(String, String)>) -> Result<(), String> {
        let before = self.corpus.test_set.segments.len();
        if before == 0 {
            if outputs.len() > MOST_SYSTEMS {
                return Err(format!("has more than {MOST_SYSTEMS} systems"));
            }
            for (name, _) in &outputs {
                self.places.insert(name.clone(), self.corpus.systems.len());
                self.corpus.systems.push(System {
                    name: name.clone(),
                    ..System::default()
                });
            }
        }
        let systems = &mut self.corpus.systems;
        for (name, text) in outputs {
            let Some(place) = self.places.get(&name) else {
                return Err(format!(
                    "has an output of {name:?}, and the first line has none"
                ));
            };
            if systems[*place].hypotheses.len() > before {
                return Err(format!("has two outputs of {name:?}"));
            }
            systems[*place].hypotheses.push(text);
        }
        match systems
            .iter()
            .find(|system| system.hypotheses.len() == before)
        {
            Some(system) => Err(format!("has no output of {:?}", system.name)),
            None => Ok(()),
        }
    }
}

/// What serde says, without its line and column, which count from the line's own beginning.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = text.strip_suffix(&place).unwrap_or(&text);
    match error.is_data() {
        true => reason.to_owned(),
        false => format!("is not JSON: {reason} at column {}", error.column()),
    }
}
