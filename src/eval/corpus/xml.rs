//! XML that cannot do harm: its size and depth are bounded, nothing outside is loaded, and of entities only the five that
//! XML defines and numbers of characters are known, so that none can grow.

use std::borrow::Cow;
use std::path::Path;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::EvalError;
use super::file::{line_of, wrong_at};

/// Deepest nesting of elements.
const DEEPEST: usize = 64;

/// A part of a document. Comments, instructions and the document type are passed over; `<a/>` is begun and ended.
pub(super) enum Part<'a> {
    /// An element begins.
    Start(Element<'a>),
    /// The element of this name ends.
    End(String),
    /// Text, with its references resolved. One text may come in several parts.
    Text(Cow<'a, str>),
    /// The end of the document.
    Done,
}

/// The begin of an element.
pub(super) struct Element<'a>(BytesStart<'a>);

impl Element<'_> {
    pub(super) fn name(&self) -> &str {
        self.0.name().0
    }
}

/// A document that is read part by part.
pub(super) struct Xml<'a> {
    path: &'a Path,
    text: &'a str,
    reader: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Xml<'a> {
    /// Begins a document; `path` is for messages.
    pub(super) fn new(path: &'a Path, text: &'a str) -> Xml<'a> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Xml {
            path,
            text,
            reader,
            depth: 0,
        }
    }

    /// The next part.
    pub(super) fn next_part(&mut self) -> Result<Part<'a>, EvalError> {
        loop {
            let event = self.reader.read_event();
            match event.map_err(|error| self.not_xml(&error, self.reader.error_position()))? {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > DEEPEST {
                        let message = format!("elements are nested more than {DEEPEST} deep");
                        return Err(self.wrong(&message));
                    }
                    return Ok(Part::Start(Element(start)));
                }
                Event::End(end) => {
                    self.depth -= 1;
                    return Ok(Part::End(end.name().0.to_owned()));
                }
                Event::Text(text) => return Ok(Part::Text(text.xml10_content())),
                Event::CData(text) => return Ok(Part::Text(text.xml10_content())),
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref();
                    let here = self.reader.buffer_position();
                    if let Some(c) = character.map_err(|error| self.not_xml(&error, here))? {
                        return Ok(Part::Text(Cow::Owned(c.to_string())));
                    }
                    return match resolve_predefined_entity(&reference) {
                        Some(text) => Ok(Part::Text(Cow::Borrowed(text))),
                        None => {
                            let message = format!("the entity &{}; is not known", &*reference);
                            Err(self.wrong(&message))
                        }
                    };
                }
                Event::Eof if self.depth > 0 => {
                    return Err(self.wrong("the file ends before all elements are closed"));
                }
                Event::Eof => return Ok(Part::Done),
                Event::Empty(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::DocType(_) => {}
            }
        }
    }

    /// The value of an attribute.
    pub(super) fn attribute(
        &self,
        element: &Element,
        name: &str,
    ) -> Result<Option<String>, EvalError> {
        let here = self.reader.buffer_position();
        // The check for attributes that stand twice costs the square of their number.
        for attribute in element.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| self.not_xml(&error, here))?;
            if attribute.key.0 == name {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                let value = value.map_err(|error| self.not_xml(&error, here))?;
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }

    /// The value of an attribute that must be there and say something.
    pub(super) fn needed(&self, element: &Element, name: &str) -> Result<String, EvalError> {
        match self.attribute(element, name)? {
            Some(value) if !value.is_empty() => Ok(value),
            _ => {
                let message = format!("<{}> has no attribute {name}", element.name());
                Err(self.wrong(&message))
            }
        }
    }

    /// An error at the place where the document is read.
    pub(super) fn wrong(&self, message: &str) -> EvalError {
        wrong_at(self.path, self.line(self.reader.buffer_position()), message)
    }

    fn not_xml(&self, error: &dyn std::fmt::Display, position: u64) -> EvalError {
        let message = format!("is not valid XML: {error}");
        wrong_at(self.path, self.line(position), &message)
    }

    fn line(&self, position: u64) -> usize {
        let end = usize::try_from(position).map_or(self.text.len(), |p| p.min(self.text.len()));
        line_of(&self.text.as_bytes()[..end])
    }
}
