//! Plain text, a line a sentence.

use std::path::Path;

use super::EvalError;
use super::file::LineReader;
use crate::eval::whitespace::{is_space, words};

/// Reads the sentences of a file: a line each, without the whitespace at its end. Empty lines are sentences too. It is
/// what sacreBLEU reads, but for a byte order mark, which is dropped here and belongs to the first sentence there.
///
/// # Errors
/// [`EvalError::File`] if the file cannot be read, is not UTF-8 or is larger than 4 GiB.
pub fn read_lines(path: &Path) -> Result<Vec<String>, EvalError> {
    read(LineReader::open(path)?)
}

/// Reads what is left of a file.
pub(super) fn read(mut lines: LineReader) -> Result<Vec<String>, EvalError> {
    let mut sentences = Vec::new();
    while let Some((_, line)) = lines.next_line()? {
        sentences.push(trim_end(line).to_owned());
    }
    Ok(sentences)
}

/// Without the whitespace at its end, as `str.rstrip` of Python.
pub(super) fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// Without whitespace at both ends, as `str.strip` of Python.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Without whitespace at both ends, and with one space for each run of whitespace inside: how sacreBLEU takes sentences
/// out of SGML and XML.
pub(super) fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in words(text) {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_trimmed_and_collapsed() {
        assert_eq!(trim_end(" ক খ \u{a0}\x1f\r"), " ক খ");
        assert_eq!(collapse("\n  ক \u{3000}\t খ\u{200c} "), "ক খ\u{200c}");
        assert_eq!(collapse(" \n"), "");
    }
}
