//! JSON lines: an object a line, an article an object.

use std::io::BufRead;

use super::input::{ReadOptions, read_line, utf8};
use super::{Article, InputError, language};

/// An article as a line of JSON gives it; other fields are ignored.
#[derive(serde::Deserialize)]
struct Record {
    id: Option<Id>,
    title: Option<String>,
    text: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(serde_json::Number),
}

/// Reads articles line by line, holding one line at a time. A bad line is an error of its own;
/// the lines after it are read all the same.
pub(super) struct Records<R> {
    reader: R,
    name: String,
    options: ReadOptions,
    /// Number of the line last read, from 1, and the bytes of all lines read.
    line: u64,
    offset: u64,
    /// Whether an article or error has come, the end has been reached.
    found: bool,
    done: bool,
}

impl<R: BufRead> Records<R> {
    pub fn new(reader: R, name: &str, options: ReadOptions) -> Self {
        Records {
            reader,
            name: name.to_owned(),
            options,
            line: 0,
            offset: 0,
            found: false,
            done: false,
        }
    }

    fn place(&self) -> String {
        format!("{}: line {}", self.name, self.line)
    }

    fn article(&self, line: &[u8], offset: u64) -> Result<Option<Article>, InputError> {
        let text = utf8(&self.place(), line, offset)?;
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        if trimmed.is_empty() {
            return Ok(None);
        }
        let start = text.len() - text.trim_start_matches('\u{feff}').trim_start().len();
        let invalid = |column, reason| InputError::InvalidJson {
            name: self.name.clone(),
            line: self.line,
            column,
            reason,
        };
        if !trimmed.starts_with('{') {
            return Err(invalid(start + 1, "expected `{`".to_owned()));
        }
        let record: Record = serde_json::from_str(trimmed).map_err(|error| {
            let reason = error.to_string();
            let reason = reason
                .rsplit_once(" at line ")
                .map_or(reason.as_str(), |(reason, _)| reason);
            invalid(start + error.column(), reason.to_owned())
        })?;
        let Some(text) = record.text else {
            return Err(InputError::MissingText {
                name: self.name.clone(),
                line: self.line,
            });
        };
        let id = match record.id {
            Some(Id::Text(id)) => id,
            Some(Id::Number(id)) => id.to_string(),
            None => self.line.to_string(),
        };
        let article = Article::from_plain(id, record.title, text);
        if article.paragraphs.is_empty() {
            return Err(InputError::Empty { name: self.place() });
        }
        if !self.options.force {
            language::require_bengali(&self.place(), &article.paragraphs)?;
        }
        Ok(Some(article))
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Article, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            let limit = self.options.max_bytes;
            let offset = self.offset;
            self.line += 1;
            let item = match read_line(&mut self.reader, limit) {
                Err(source) => {
                    self.done = true;
                    Some(Err(InputError::from_io(&self.name, source)))
                }
                Ok(None) => {
                    self.done = true;
                    (!self.found).then(|| {
                        Err(InputError::Empty {
                            name: self.name.clone(),
                        })
                    })
                }
                Ok(Some((line, length))) => {
                    self.offset += length;
                    match line {
                        Some(line) => self.article(&line, offset).transpose(),
                        None => Some(Err(InputError::TooLarge {
                            name: self.place(),
                            limit,
                        })),
                    }
                }
            };
            if item.is_some() {
                self.found = true;
                return item;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Result<Article, String>> {
        let options = ReadOptions {
            max_bytes: 200,
            ..ReadOptions::default()
        };
        Records::new(bytes, "a.jsonl", options)
            .map(|item| item.map_err(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn ids_are_text_or_number_or_the_line() {
        let found = read(
            "\u{feff}{\"id\":\"ক-১\",\"text\":\"খবর আছে।\",\"extra\":[1]}\r\n\n{\"id\":7,\"title\":\"শিরোনাম\",\"text\":\"খবর আছে।\"}\n{\"id\":null,\"text\":\"খবর আছে।\"}"
                .as_bytes(),
        );
        let ids: Vec<String> = found
            .iter()
            .map(|article| article.as_ref().unwrap().id.clone())
            .collect();
        assert_eq!(ids, ["ক-১", "7", "4"]);
        assert_eq!(found[1].as_ref().unwrap().title.as_deref(), Some("শিরোনাম"));
    }

    #[test]
    fn a_bad_line_is_named_and_the_others_are_read() {
        let mut input = "{\"text\":\"খবর আছে।\"}\n{\"text\":\n{\"title\":\"x\"}\n[\"a\"]\n{\"text\":5}\n{\"text\":\"  \"}\n".as_bytes().to_vec();
        input.extend(b"{\"text\":\"\xff\"}\n");
        input.extend("{\"text\":\"english only\"}\n".as_bytes());
        input.extend(std::iter::repeat_n(b'x', 100_000));
        input.extend("\n{\"text\":\"খবর আছে।\"}".as_bytes());
        let found = read(&input);
        let messages: Vec<&str> = found
            .iter()
            .map(|item| item.as_ref().map_or_else(String::as_str, |_| "ok"))
            .collect();
        let expected = [
            "ok",
            "a.jsonl: line 2, column 8: not a JSON object",
            "a.jsonl: line 3: the object has no \"text\"",
            "a.jsonl: line 4, column 1: not a JSON object",
            "a.jsonl: line 5, column 9: not a JSON object",
            "a.jsonl: line 6: is empty",
            "a.jsonl: line 7: is not UTF-8 (first bad byte at offset ",
            "a.jsonl: line 8: is not Bengali: the script seems to be Latin",
            "a.jsonl: line 9: is larger than an article may be (200 bytes)",
            "ok",
        ];
        assert_eq!(messages.len(), expected.len(), "{messages:#?}");
        for (message, expected) in messages.iter().zip(expected) {
            assert!(message.starts_with(expected), "{message} / {expected}");
        }
        assert!(messages[6].contains(&format!(
            "offset {})",
            input.iter().position(|&b| b == 0xff).unwrap()
        )));
    }

    #[test]
    fn a_file_without_a_record_is_empty() {
        assert_eq!(
            read(b"\n \n")[0].as_ref().unwrap_err(),
            "a.jsonl: is empty; nothing to translate"
        );
        assert_eq!(read(b"").len(), 1);
    }
}
