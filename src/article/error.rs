//! What can be wrong with an input.

use std::io;

/// Why an input gives no article. Each message is one line: which input, what is wrong, what to do.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The path leads nowhere.
    #[error("{name}: no such file or folder; check the path")]
    Missing {
        /// The path.
        name: String,
    },
    /// The file or folder may not be read.
    #[error("{name}: permission denied; make it readable for this user")]
    Permission {
        /// The path.
        name: String,
    },
    /// Reading failed otherwise.
    #[error("{name}: cannot be read: {source}")]
    Read {
        /// The path, or `-`.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// A folder without a file of a known extension.
    #[error(
        "{name}: the folder holds no .txt, .md, .markdown, .jsonl or .ndjson file; name the files themselves if they are called otherwise"
    )]
    NothingInFolder {
        /// The path.
        name: String,
    },
    /// No bytes, or only white space.
    #[error("{name}: is empty; nothing to translate")]
    Empty {
        /// The path, or `-`; with the line number for a line of JSON.
        name: String,
    },
    /// Binary, or a document that is not read.
    #[error("{name}: is {what}, not text; save the article as UTF-8 text, Markdown or JSON lines")]
    NotText {
        /// The path, or `-`.
        name: String,
        /// What it seems to be.
        what: &'static str,
    },
    /// Bytes that are not UTF-8.
    #[error(
        "{name}: is not UTF-8 (first bad byte at offset {offset}); convert it to UTF-8, for example with iconv"
    )]
    NotUtf8 {
        /// The path, or `-`; with the line number for a line of JSON.
        name: String,
        /// Offset in the file of the first byte that does not fit, from 0.
        offset: u64,
    },
    /// Text in UTF-16.
    #[error(
        "{name}: looks like {encoding}, not UTF-8; convert it, for example with `iconv -f {encoding} -t UTF-8`"
    )]
    Utf16 {
        /// The path, or `-`.
        name: String,
        /// `UTF-16LE` or `UTF-16BE`.
        encoding: &'static str,
    },
    /// Larger than one article may be.
    #[error(
        "{name}: is larger than an article may be ({limit} bytes); cut it into articles, one a file or one a line of JSON"
    )]
    TooLarge {
        /// The path, or `-`; with the line number for a line of JSON.
        name: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A line that is no JSON object of the kind that is read.
    #[error(
        "{name}: line {line}, column {column}: not a JSON object with an article: {reason}; mend or remove the line"
    )]
    InvalidJson {
        /// The path, or `-`.
        name: String,
        /// Line, from 1.
        line: u64,
        /// Column in bytes, from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// A JSON object without the article's text.
    #[error(
        "{name}: line {line}: the object has no \"text\"; write {{\"id\": …, \"title\": …, \"text\": \"the article\"}}"
    )]
    MissingText {
        /// The path, or `-`.
        name: String,
        /// Line, from 1.
        line: u64,
    },
    /// Nothing but addresses, marks and boilerplate.
    #[error("{name}: holds no words to translate, only addresses, marks or boilerplate")]
    NoWords {
        /// The path, or `-`; with the line number for a line of JSON.
        name: String,
    },
    /// Assamese, which is written in the letters of Bengali and two of its own.
    #[error("{name}: looks like Assamese, not Bengali; use --force to translate it all the same")]
    Assamese {
        /// The path, or `-`; with the line number for a line of JSON.
        name: String,
    },
    /// Words of another script.
    #[error(
        "{name}: is not Bengali: the script seems to be {script} ({percent}% of the letters are Bengali); for another language name a model and --source-lang, or use --force to translate it all the same"
    )]
    NotBengali {
        /// The path, or `-`; with the line number for a line of JSON.
        name: String,
        /// English name of the script of most letters.
        script: String,
        /// Share of the letters that are Bengali, in percent.
        percent: u8,
    },
}

impl InputError {
    pub(super) fn from_io(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => InputError::Missing { name },
            io::ErrorKind::PermissionDenied => InputError::Permission { name },
            _ => InputError::Read { name, source },
        }
    }
}
