//! Translation Memory eXchange 1.4: units (`<tu>`) of a text in several languages, of which two are taken. Inline codes
//! of formatting (`<bpt>`, `<ept>`, `<ph>`, `<it>`, `<ut>`) are dropped with what they hold, which is markup of the
//! original and no text; `<hi>` is kept.
//! <https://www.gala-global.org/tmx-14b>

use std::collections::BTreeSet;
use std::path::Path;

use super::documents::known;
use super::file::{LARGEST_WHOLE, read_text, wrong};
use super::languages::matches;
use super::lines::collapse;
use super::parallel::{Corpus, MOST_REFERENCES};
use super::xml::{Part, Xml};
use super::{EvalError, Languages, Segment};

/// Languages that an error names at most.
const NAMED: usize = 12;

/// A text of a unit.
struct Variant {
    language: String,
    text: String,
}

/// Reads the pairs of a file.
pub(super) fn read(path: &Path, languages: &Languages) -> Result<Corpus, EvalError> {
    let text = read_text(path, LARGEST_WHOLE)?;
    let mut xml = Xml::new(path, &text);
    let mut reading = Reading {
        languages,
        corpus: Corpus::default(),
        seen: BTreeSet::new(),
    };
    // The unit that goes on, its texts, and the language and the text of the one that goes on.
    let mut unit: Option<(Option<String>, Vec<Variant>)> = None;
    let mut language: Option<String> = None;
    let mut segment: Option<String> = None;
    let mut dropped = 0;
    loop {
        match xml.next_part()? {
            Part::Start(element) => match element.name() {
                _ if dropped > 0 => dropped += 1,
                "tu" if unit.is_none() => {
                    let id = xml.attribute(&element, "tuid")?;
                    unit = Some((id.as_deref().and_then(known), Vec::new()));
                }
                "tuv" if unit.is_some() && language.is_none() => {
                    let code = match xml.attribute(&element, "xml:lang")? {
                        Some(code) => code,
                        // TMX 1.1.
                        None => xml.needed(&element, "lang")?,
                    };
                    language = Some(code);
                }
                "seg" if language.is_some() && segment.is_none() => segment = Some(String::new()),
                "tu" | "tuv" | "seg" => {
                    let message = format!("<{}> stands where it cannot", element.name());
                    return Err(xml.wrong(&message));
                }
                "bpt" | "ept" | "ph" | "it" | "ut" if segment.is_some() => dropped = 1,
                _ => {}
            },
            Part::Text(text) => {
                if let (Some(segment), 0) = (&mut segment, dropped) {
                    segment.push_str(&text);
                }
            }
            Part::End(_) if dropped > 0 => dropped -= 1,
            Part::End(name) => match (name.as_str(), &mut unit, &language) {
                ("seg", Some((_, variants)), Some(language)) => {
                    let text = segment.take().expect("it began in this variant");
                    variants.push(Variant {
                        language: language.clone(),
                        text: collapse(&text),
                    });
                }
                ("tuv", _, _) => language = None,
                ("tu", Some(_), _) => {
                    let (id, variants) = unit.take().expect("it stands there");
                    let taken = reading.take(id, variants);
                    taken.map_err(|message| xml.wrong(&message))?;
                }
                _ => {}
            },
            Part::Done => break,
        }
    }
    reading.finish().map_err(|message| wrong(path, message))
}

struct Reading<'a> {
    languages: &'a Languages,
    corpus: Corpus,
    /// Some of the languages in the file.
    seen: BTreeSet<String>,
}

impl Reading<'_> {
    /// Takes the pair of a unit, where it has one: one source, and every text in the other language as a reference.
    fn take(&mut self, id: Option<String>, variants: Vec<Variant>) -> Result<(), String> {
        for variant in &variants {
            if self.seen.len() < NAMED && !self.seen.contains(&variant.language) {
                self.seen.insert(variant.language.clone());
            }
        }
        let (mut sources, mut references) = (Vec::new(), Vec::new());
        for variant in variants {
            if matches(&self.languages.source, &variant.language) {
                sources.push(variant);
            } else if matches(&self.languages.target, &variant.language) {
                references.push(Some(variant.text));
            }
        }
        if let [first, second, ..] = &sources[..] {
            return Err(format!(
                "the unit has two texts in {} ({}, {}); name the one to take",
                self.languages.source, first.language, second.language
            ));
        }
        if references.len() > MOST_REFERENCES {
            return Err(format!(
                "the unit has more than {MOST_REFERENCES} references"
            ));
        }
        match sources.pop() {
            Some(source) if !references.is_empty() => self.corpus.test_set.segments.push(Segment {
                id,
                source: Some(source.text),
                references,
                ..Segment::default()
            }),
            _ => self.corpus.left_out += 1,
        }
        Ok(())
    }

    fn finish(self) -> Result<Corpus, String> {
        if !self.corpus.test_set.segments.is_empty() || self.corpus.left_out == 0 {
            return Ok(self.corpus);
        }
        let seen: Vec<String> = self.seen.into_iter().collect();
        Err(format!(
            "has no unit in both {} and {}; its languages are {}",
            self.languages.source,
            self.languages.target,
            seen.join(", ")
        ))
    }
}
