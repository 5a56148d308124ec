//! SGML of WMT before 2021: `<srcset>`, `<refset>` and `<tstset>`, one side a file. It is not XML: `&` and `<` stand in it
//! as they are, so tags are looked for as text, and entities stay as they are written. So sacreBLEU reads it, too.

use std::path::Path;

use super::EvalError;
use super::documents::known;
use super::file::{LONGEST, LineReader, wrong_at};
use super::lines::collapse;
use super::parallel::LONGEST_NAME;

/// A sentence and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sentence {
    /// `docid` of its document.
    pub(super) document: Option<String>,
    /// `genre` of its document.
    pub(super) topic: Option<String>,
    /// `id` of the segment.
    pub(super) id: Option<String>,
    /// Its text.
    pub(super) text: String,
}

/// Whether a file is SGML: by its ending, or because it begins so.
pub(super) fn is_sgml(path: &Path, begin: &[u8]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name).to_lowercase();
    let begin = begin.strip_prefix("\u{feff}".as_bytes()).unwrap_or(begin);
    let begin = begin.trim_ascii_start();
    let begins = |with: &[u8]| {
        let tag = begin.get(..with.len());
        tag.is_some_and(|tag| tag.eq_ignore_ascii_case(with))
    };
    name.ends_with(".sgm")
        || name.ends_with(".sgml")
        || [&b"<srcset "[..], b"<refset ", b"<tstset "]
            .into_iter()
            .any(begins)
}

/// Reads the sentences of a file in order.
pub(super) fn read(mut lines: LineReader) -> Result<Vec<Sentence>, EvalError> {
    let path = lines.path().to_owned();
    let mut scanner = Scanner::default();
    while let Some((number, line)) = lines.next_line()? {
        scanner
            .scan(number, line)
            .map_err(|message| wrong_at(&path, number, message))?;
    }
    match scanner.open {
        Some((line, _)) => Err(wrong_at(&path, line, "<seg> is not closed")),
        None if scanner.sentences.is_empty() => {
            let message = "has no <seg>; write a line a sentence where it is plain text";
            Err(super::wrong(&path, message))
        }
        None => Ok(scanner.sentences),
    }
}

#[derive(Default)]
struct Scanner {
    document: Option<String>,
    topic: Option<String>,
    /// The segment that goes on, with the line where it begins.
    open: Option<(usize, Sentence)>,
    sentences: Vec<Sentence>,
}

impl Scanner {
    /// Takes a line.
    fn scan(&mut self, number: usize, line: &str) -> Result<(), &'static str> {
        let mut rest = line;
        while !rest.is_empty() {
            rest = match self.open.take() {
                Some((begin, sentence)) => self.text(begin, sentence, rest)?,
                None => self.tag(number, rest)?,
            };
        }
        Ok(())
    }

    /// Takes text of a segment, to its end or that of the line, and gives what is left of the line.
    fn text<'a>(
        &mut self,
        begin: usize,
        mut sentence: Sentence,
        line: &'a str,
    ) -> Result<&'a str, &'static str> {
        let end = find_tag(line, "</seg");
        let text = &line[..end.unwrap_or(line.len())];
        if find_tag(text, "<seg").is_some() {
            return Err("<seg> begins before the one before it is closed");
        }
        if sentence.text.len() + text.len() > LONGEST {
            return Err("<seg> is longer than 16 MiB");
        }
        sentence.text.push_str(text);
        sentence.text.push(' ');
        match end {
            None => {
                self.open = Some((begin, sentence));
                Ok("")
            }
            Some(end) => {
                sentence.text = collapse(&sentence.text);
                self.sentences.push(sentence);
                after_tag(&line[end..])
            }
        }
    }

    /// Takes the next tag outside of segments, and gives what is left of the line.
    fn tag<'a>(&mut self, number: usize, line: &'a str) -> Result<&'a str, &'static str> {
        let Some(begin) = line.find('<') else {
            return Ok("");
        };
        let tag = &line[begin..];
        if is_tag(tag, "<doc") {
            let rest = after_tag(tag)?;
            self.document = attribute(tag, "docid").and_then(known);
            self.topic = attribute(tag, "genre").and_then(known);
            let names = [&self.document, &self.topic].into_iter().flatten();
            match names.into_iter().any(|name| name.len() > LONGEST_NAME) {
                true => Err("a name in <doc> is longer than 512 bytes"),
                false => Ok(rest),
            }
        } else if is_tag(tag, "<seg") {
            let rest = after_tag(tag)?;
            let sentence = Sentence {
                document: self.document.clone(),
                topic: self.topic.clone(),
                id: attribute(tag, "id").and_then(known),
                text: String::new(),
            };
            self.open = Some((number, sentence));
            Ok(rest)
        } else {
            Ok(&tag[1..])
        }
    }
}

/// Whether a text begins with a tag: its name, and then the end of the tag or a space.
fn is_tag(text: &str, tag: &str) -> bool {
    let bytes = text.as_bytes();
    let begin = bytes.get(..tag.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(tag.as_bytes()))
        && matches!(
            bytes.get(tag.len()),
            None | Some(b' ' | b'\t' | b'\r' | b'>')
        )
}

/// Where a tag first begins.
fn find_tag(text: &str, tag: &str) -> Option<usize> {
    let mut begins = text.match_indices('<').map(|(at, _)| at);
    begins.find(|at| is_tag(&text[*at..], tag))
}

fn after_tag(tag: &str) -> Result<&str, &'static str> {
    match tag.find('>') {
        Some(end) => Ok(&tag[end + 1..]),
        None => Err("a tag of <doc> or <seg> has no > on its line"),
    }
}

/// The value of an attribute of the tag that a text begins with.
fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let tag = &text[..text.find('>').unwrap_or(text.len())];
    let mut rest = tag.split_once([' ', '\t'])?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after[1..].split_once(quote)?,
            _ => after.split_once([' ', '\t']).unwrap_or((after, "")),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Result<Vec<Sentence>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(LineReader::open(file.path()).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn text_stays_as_it_is_written_but_for_its_spaces() {
        let text = "<refset setid=\"x\" srclang=\"any\">\n<DOC genre='news' docid=\"d 1\">\n<p>\n\
            <seg id=\"1\"> A & B  &amp; <b>c</b> 2 < 3 </seg>\n<seg id=2></seg>\n</p>\n</DOC>\n\
            <doc docid=\"d2\">\n  <seg>two\nlines</seg> <seg id=\"2\">ক</seg>\n</doc></refset>\n";
        let sentences = scan(text).unwrap();
        let texts: Vec<&str> = sentences.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["A & B &amp; <b>c</b> 2 < 3", "", "two lines", "ক"]);
        let expected = Sentence {
            document: Some("d 1".to_owned()),
            topic: Some("news".to_owned()),
            id: Some("2".to_owned()),
            text: String::new(),
        };
        assert_eq!(sentences[1], expected);
        assert_eq!((&sentences[2].id, &sentences[2].topic), (&None, &None));
        assert_eq!(sentences[3].document.as_deref(), Some("d2"));
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for (text, message) in [
            ("<seg id=\"1\">a\nb", "line 1: <seg> is not closed"),
            (
                "\n<seg id=\"1\">a<seg id=\"2\">b</seg>",
                "line 2: <seg> begins before",
            ),
            ("<seg id=\"1\"\n>a</seg>", "line 1: a tag of"),
            ("<refset>\n</refset>", "has no <seg>"),
            ("", "has no <seg>"),
        ] {
            let error = scan(text).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn sgml_is_known_by_its_ending_or_its_first_tag() {
        for (path, begin) in [
            ("ref.sgm", ""),
            ("ref.SGML.gz", ""),
            ("x.txt", "\u{feff}\n<refset setid=\"a\">"),
            ("x", "<TSTSET trglang=\"en\">"),
        ] {
            assert!(is_sgml(Path::new(path), begin.as_bytes()), "{path}");
        }
        assert!(!is_sgml(Path::new("x.txt"), "<refsets ".as_bytes()));
        assert!(!is_sgml(Path::new("sgm"), b""));
    }

    #[test]
    fn attributes_of_a_tag() {
        let tag = "<doc a=\"x id=1\" ID = 'y>";
        assert_eq!(attribute(tag, "a"), Some("x id=1"));
        assert_eq!(attribute(tag, "id"), None, "its quote is not closed");
        assert_eq!(attribute("<seg id=7>", "id"), Some("7"));
        assert_eq!(attribute("<seg>", "id"), None);
        assert_eq!(attribute("<seg id", "id"), None);
    }
}
