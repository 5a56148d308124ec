//! XML of WMT since 2021, with all sides in one file:
//! `<dataset><doc id="…" domain="…"><src lang="…"><p><seg id="1">…</seg></p></src><ref translator="…">…</ref><hyp
//! system="…">…</hyp></doc></dataset>`. Read as sacreBLEU reads it: segments in the order of their numbers, documents
//! of test suites left out, and segments without any reference, too; but a translator who has not translated a document
//! has no reference there, where sacreBLEU has an empty one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::documents::known;
use super::file::{LARGEST_WHOLE, read_text, wrong};
use super::lines::collapse;
use super::parallel::{Corpus, LONGEST_NAME, MOST_REFERENCES, MOST_SYSTEMS};
use super::xml::{Element, Part, Xml};
use super::{EvalError, Segment, System};

/// Texts of a document's side by their numbers, as they stand in the file.
type Texts = BTreeMap<u64, String>;

/// A side of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Source,
    /// By the number of the translator.
    Reference(usize),
    /// By the number of the system.
    System(usize),
}

/// A document.
#[derive(Default)]
struct Document {
    id: Option<String>,
    domain: Option<String>,
    is_test_suite: bool,
    sides: HashMap<Side, Texts>,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Corpus, EvalError> {
    let text = read_text(path, LARGEST_WHOLE)?;
    let mut xml = Xml::new(path, &text);
    let mut reading = Reading::default();
    let mut document: Option<Document> = None;
    let mut side = None;
    // The segment that goes on.
    let mut segment: Option<(u64, String)> = None;
    let mut is_root = true;
    loop {
        match xml.next_part()? {
            Part::Start(element) => {
                if std::mem::take(&mut is_root) && element.name() == "tmx" {
                    return Err(xml.wrong("is TMX; name its format: tmx"));
                }
                match (element.name(), &document, side) {
                    ("doc", None, _) => document = Some(Reading::document(&xml, &element)?),
                    ("doc", Some(_), _) => return Err(xml.wrong("<doc> stands inside a <doc>")),
                    ("src" | "ref" | "hyp", Some(_), None) => {
                        side = Some(reading.side(&xml, &element)?);
                    }
                    ("src" | "ref" | "hyp", Some(_), Some(_)) => {
                        return Err(xml.wrong("<src>, <ref> and <hyp> stand inside each other"));
                    }
                    ("seg", Some(_), Some(_)) if segment.is_none() => {
                        let number = xml.needed(&element, "id")?;
                        let number = number.trim().parse().map_err(|_| {
                            let message = format!("the id {number:?} of <seg> is not a number");
                            xml.wrong(&message)
                        })?;
                        segment = Some((number, String::new()));
                    }
                    ("seg", _, _) => {
                        return Err(xml.wrong("<seg> stands outside of <src>, <ref> and <hyp>"));
                    }
                    _ => {}
                }
            }
            Part::Text(text) => {
                if let Some((_, collected)) = &mut segment {
                    collected.push_str(&text);
                }
            }
            Part::End(name) => match (name.as_str(), &mut document, side) {
                ("doc", Some(_), _) => {
                    let whole = document.take().expect("it stands there");
                    reading
                        .close(whole)
                        .map_err(|message| xml.wrong(&message))?;
                }
                ("src" | "ref" | "hyp", _, _) => side = None,
                ("seg", Some(document), Some(side)) => {
                    let (number, text) = segment.take().expect("it began in this side");
                    let texts = document.sides.entry(side).or_default();
                    if texts.insert(number, text).is_some() {
                        let message = format!("segment {number} stands there for the second time");
                        return Err(xml.wrong(&message));
                    }
                }
                _ => {}
            },
            Part::Done => break,
        }
    }
    reading.finish().map_err(|message| wrong(path, message))
}

#[derive(Default)]
struct Reading {
    /// Numbers of translators by their names, the one without a name included.
    translators: HashMap<Option<String>, usize>,
    /// Numbers of systems by their names.
    systems: HashMap<String, usize>,
    source_languages: HashSet<String>,
    reference_languages: HashSet<String>,
    segments: Vec<Segment>,
    /// Whether each segment has a reference that is not empty; as in sacreBLEU, one of spaces alone counts.
    is_translated: Vec<bool>,
    /// Outputs of each system, with the number of their sentence.
    outputs: Vec<Vec<(usize, String)>>,
    left_out: usize,
}

impl Reading {
    fn document(xml: &Xml, element: &Element) -> Result<Document, EvalError> {
        let name = |attribute: &str| {
            let name = xml.attribute(element, attribute)?;
            match name.as_deref().and_then(known) {
                Some(name) if name.len() > LONGEST_NAME => {
                    let message = format!("{attribute} is longer than {LONGEST_NAME} bytes");
                    Err(xml.wrong(&message))
                }
                name => Ok(name),
            }
        };
        Ok(Document {
            id: name("id")?,
            domain: name("domain")?,
            is_test_suite: xml.attribute(element, "testsuite")?.is_some(),
            sides: HashMap::new(),
        })
    }

    fn side(&mut self, xml: &Xml, element: &Element) -> Result<Side, EvalError> {
        let language = xml.attribute(element, "lang")?.unwrap_or_default();
        match element.name() {
            "src" => {
                self.source_languages.insert(language);
                Ok(Side::Source)
            }
            "ref" => {
                self.reference_languages.insert(language);
                let translator = xml.attribute(element, "translator")?;
                let next = self.translators.len();
                let number = *self.translators.entry(translator).or_insert(next);
                if number >= MOST_REFERENCES {
                    let message = format!("there are more than {MOST_REFERENCES} translators");
                    return Err(xml.wrong(&message));
                }
                Ok(Side::Reference(number))
            }
            _ => {
                let name = xml.needed(element, "system")?;
                let next = self.outputs.len();
                let number = *self.systems.entry(name).or_insert(next);
                if number == next {
                    self.outputs.push(Vec::new());
                }
                if number >= MOST_SYSTEMS {
                    let message = format!("there are more than {MOST_SYSTEMS} systems");
                    return Err(xml.wrong(&message));
                }
                Ok(Side::System(number))
            }
        }
    }

    /// Takes the segments of a document that is read.
    fn close(&mut self, mut document: Document) -> Result<(), String> {
        let source = document.sides.remove(&Side::Source).unwrap_or_default();
        if document.is_test_suite {
            self.left_out += source.len();
            return Ok(());
        }
        let begin = self.segments.len();
        let numbers: Vec<u64> = source.keys().copied().collect();
        self.segments
            .extend(source.into_iter().map(|(number, text)| Segment {
                id: Some(number.to_string()),
                document: document.id.clone(),
                topic: document.domain.clone(),
                source: Some(collapse(&text)),
                references: Vec::new(),
            }));
        self.is_translated.resize(self.segments.len(), false);
        for (side, texts) in document.sides {
            for (number, text) in texts {
                let Ok(place) = numbers.binary_search(&number) else {
                    return Err(format!(
                        "segment {number} of document {} has no source",
                        document.id.as_deref().unwrap_or("?")
                    ));
                };
                match side {
                    Side::Source => unreachable!("it was removed"),
                    Side::Reference(translator) => {
                        let references = &mut self.segments[begin + place].references;
                        if references.len() <= translator {
                            references.resize(translator + 1, None);
                        }
                        references[translator] = Some(collapse(&text));
                        self.is_translated[begin + place] |= !text.is_empty();
                    }
                    Side::System(system) => {
                        self.outputs[system].push((begin + place, collapse(&text)));
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Corpus, String> {
        one_language("source texts", &self.source_languages)?;
        one_language("references", &self.reference_languages)?;
        let all_stay = self.translators.is_empty();
        let is_translated = self.is_translated.into_iter();
        let stays: Vec<bool> = is_translated.map(|is| is || all_stay).collect();
        let mut names: Vec<(String, usize)> = self.systems.into_iter().collect();
        names.sort_by_key(|(_, number)| *number);
        let mut systems = Vec::new();
        for ((name, _), outputs) in names.into_iter().zip(self.outputs) {
            let mut outputs = outputs.into_iter().peekable();
            let mut hypotheses = Vec::new();
            for (i, segment) in self.segments.iter().enumerate() {
                let output = outputs.next_if(|(place, _)| *place == i);
                match (output, stays[i]) {
                    (Some((_, text)), true) => hypotheses.push(text),
                    (None, true) => {
                        return Err(format!(
                            "system {name:?} has no output for segment {} of document {}",
                            segment.id.as_deref().unwrap_or("?"),
                            segment.document.as_deref().unwrap_or("?")
                        ));
                    }
                    (_, false) => {}
                }
            }
            systems.push(System {
                name,
                hypotheses,
                seconds: None,
            });
        }
        let mut corpus = Corpus {
            systems,
            left_out: self.left_out + stays.iter().filter(|stays| !**stays).count(),
            ..Corpus::default()
        };
        let staying = self.segments.into_iter().zip(stays);
        corpus.test_set.segments = staying
            .filter_map(|(s, stays)| stays.then_some(s))
            .collect();
        Ok(corpus)
    }
}

fn one_language(what: &str, languages: &HashSet<String>) -> Result<(), String> {
    if languages.len() < 2 {
        return Ok(());
    }
    let mut languages: Vec<&str> = languages.iter().map(String::as_str).take(10).collect();
    languages.sort_unstable();
    Err(format!(
        "has {what} in several languages ({}); take one pair of languages a file",
        languages.join(", ")
    ))
}
