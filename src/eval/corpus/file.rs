//! Files of text, whole or line by line: UTF-8 with or without a byte order mark, compressed with gzip where the name
//! ends in `.gz`, and bounded in size.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Take};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::EvalError;

/// Largest file that is read line by line, in bytes, uncompressed.
pub(super) const LARGEST_LINES: u64 = 4 << 30;
/// Largest file that is read whole (XML), in bytes, uncompressed.
pub(super) const LARGEST_WHOLE: u64 = 256 << 20;

/// Longest line, and longest text of a sentence, in bytes: metrics take some two hundred times as much memory.
pub(super) const LONGEST: usize = 16 << 20;

/// The byte order marks of UTF-16 and UTF-32.
const MARKS: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// The error of a file that is not what it should be.
pub(in crate::eval) fn wrong(path: &Path, message: impl Into<String>) -> EvalError {
    EvalError::File {
        path: path.to_owned(),
        message: message.into(),
    }
}

/// The same, at a line (from 1).
pub(super) fn wrong_at(path: &Path, line: usize, message: &str) -> EvalError {
    wrong(path, format!("line {line}: {message}"))
}

/// The error of a file that cannot be read.
pub(in crate::eval) fn unreadable(path: &Path) -> impl Fn(io::Error) -> EvalError + '_ {
    move |error| wrong(path, format!("cannot be read: {error}"))
}

/// Opens a file, which may be a pipe; `-` is standard input.
fn open(path: &Path) -> Result<Box<dyn BufRead>, EvalError> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = BufReader::new(File::open(path).map_err(unreadable(path))?);
    Ok(match path.extension().is_some_and(|end| end == "gz") {
        true => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        false => Box::new(file),
    })
}

/// Reads a file whole; `largest` bytes at most.
pub(in crate::eval) fn read_text(path: &Path, largest: u64) -> Result<String, EvalError> {
    let mut bytes = Vec::new();
    let mut file = open(path)?.take(largest + 1);
    file.read_to_end(&mut bytes).map_err(unreadable(path))?;
    if bytes.len() as u64 > largest {
        return Err(too_large(path, largest));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        not_utf8(path, line_of(good), error.as_bytes())
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// The line (from 1) that stands after these bytes.
pub(super) fn line_of(before: &[u8]) -> usize {
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// Reads a file line by line. Only `\n` ends a line, as in sacreBLEU: U+2028, U+0085, form feeds and lone `\r` do not.
pub(super) struct LineReader {
    path: PathBuf,
    file: Take<Box<dyn BufRead>>,
    buffer: Vec<u8>,
    number: usize,
}

impl LineReader {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<LineReader, EvalError> {
        Ok(LineReader {
            path: path.to_owned(),
            file: open(path)?.take(LARGEST_LINES + 1),
            buffer: Vec::new(),
            number: 0,
        })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How the file begins: some bytes, if it has any, which are not taken.
    pub(super) fn peek(&mut self) -> Result<&[u8], EvalError> {
        self.file.fill_buf().map_err(unreadable(&self.path))
    }

    /// The next line without its `\n`, and its number from 1. The last line need not have a `\n`.
    pub(super) fn next_line(&mut self) -> Result<Option<(usize, &str)>, EvalError> {
        self.buffer.clear();
        let mut file = self.file.by_ref().take(LONGEST as u64 + 1);
        let read = file.read_until(b'\n', &mut self.buffer);
        if read.map_err(unreadable(&self.path))? == 0 {
            return Ok(None);
        }
        if self.file.limit() == 0 {
            return Err(too_large(&self.path, LARGEST_LINES));
        }
        self.number += 1;
        let bytes = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        if bytes.len() > LONGEST {
            return Err(wrong_at(&self.path, self.number, TOO_LONG));
        }
        let line =
            str::from_utf8(bytes).map_err(|_| not_utf8(&self.path, self.number, &self.buffer))?;
        let line = match self.number {
            1 => line.strip_prefix('\u{feff}').unwrap_or(line),
            _ => line,
        };
        Ok(Some((self.number, line)))
    }
}

/// What is said of a line or text above [`LONGEST`].
pub(super) const TOO_LONG: &str = "is longer than 16 MiB; divide it into sentences";

fn too_large(path: &Path, largest: u64) -> EvalError {
    let mebibytes = largest >> 20;
    wrong(
        path,
        format!("is larger than {mebibytes} MiB, which is the most that is read; divide it"),
    )
}

fn not_utf8(path: &Path, line: usize, bytes: &[u8]) -> EvalError {
    let encoding = match MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        true => "UTF-16",
        false => "ENCODING",
    };
    let message = format!("is not UTF-8; convert the file with `iconv -f {encoding} -t UTF-8`");
    wrong_at(path, line, &message)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn lines(name: &str, content: &[u8]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let mut reader = LineReader::open(&path).unwrap();
        let mut lines = Vec::new();
        while let Some((number, line)) = reader.next_line().map_err(|e| e.to_string())? {
            lines.push(line.to_owned());
            assert_eq!(number, lines.len());
        }
        let text = read_text(&path, LARGEST_WHOLE).map_err(|e| e.to_string())?;
        assert_eq!(
            lines.join("\n"),
            text.strip_suffix('\n').unwrap_or(&text),
            "whole and line by line is the same"
        );
        Ok(lines)
    }

    #[test]
    fn only_a_line_feed_ends_a_line() {
        let text = "a\u{2028}b\u{85}c\x0cd\re\r\n\nশেষ";
        let expected = ["a\u{2028}b\u{85}c\x0cd\re\r", "", "শেষ"];
        assert_eq!(lines("x", text.as_bytes()).unwrap(), expected);
        assert_eq!(lines("x", b"").unwrap(), [""; 0]);
        assert_eq!(lines("x", b"\n").unwrap(), [""]);
        assert_eq!(
            lines("x", "\u{feff}ক\n\u{feff}\n".as_bytes()).unwrap(),
            ["ক", "\u{feff}"]
        );
    }

    #[test]
    fn what_is_not_utf_8_is_named_by_its_line() {
        let message = lines("x", b"a\nb\xff\n").unwrap_err();
        assert!(message.contains("line 2: is not UTF-8"), "{message}");
        let message = lines("x", b"\xff\xfea\0\n\0").unwrap_err();
        assert!(message.contains("iconv -f UTF-16"), "{message}");
    }

    #[test]
    fn gzip_is_read_by_its_name_in_several_members_and_not_beyond_its_damage() {
        let packed = |text: &str| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let mut bytes = packed("এক\n");
        bytes.extend(packed("two"));
        assert_eq!(lines("x.gz", &bytes).unwrap(), ["এক", "two"]);
        bytes.truncate(bytes.len() - 9);
        let message = lines("x.gz", &bytes).unwrap_err();
        assert!(message.contains("cannot be read"), "{message}");
        assert!(lines("x.gz", b"plain\n").is_err());
    }

    #[test]
    fn a_line_beyond_the_limit_is_refused_and_not_cut_off() {
        let mut text = "x".repeat(LONGEST);
        text.push('\n');
        assert_eq!(lines("x", text.as_bytes()).unwrap()[0].len(), LONGEST);
        let message = lines("x", format!("a\nx{text}").as_bytes()).unwrap_err();
        assert!(
            message.contains("line 2: is longer than 16 MiB"),
            "{message}"
        );
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_and_not_cut_off() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "12345").unwrap();
        assert_eq!(read_text(file.path(), 5).unwrap(), "12345");
        let message = read_text(file.path(), 4).unwrap_err().to_string();
        assert!(message.contains("is larger than"), "{message}");
        assert!(read_text(Path::new("/nonexistent"), 4).is_err());
    }
}
