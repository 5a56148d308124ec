//! From the names on a command line to articles, one after another.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{Article, InputError, jsonl, language};

/// Most bytes that one article may have: 4 MiB, thirty times the longest newspaper article. Of
/// JSON lines it limits each line; the file itself may be of any size.
pub const MAX_ARTICLE_BYTES: usize = 4 << 20;

/// How an input is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
    /// JSON lines: `{"id", "title", "text"}`.
    JsonLines,
}

impl Format {
    /// The format that a file's extension stands for; `None` for extensions that are not known.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "txt" => Some(Format::Text),
            "md" | "markdown" => Some(Format::Markdown),
            "jsonl" | "ndjson" => Some(Format::JsonLines),
            _ => None,
        }
    }
}

/// How inputs are read.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// The format of every input; by default that of a file's extension, and where there is none
    /// (stdin) JSON lines if the first character is `{`, else plain text.
    pub format: Option<Format>,
    /// Take articles that are not Bengali.
    pub force: bool,
    /// Most bytes of an article: [`MAX_ARTICLE_BYTES`].
    pub max_bytes: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            format: None,
            force: false,
            max_bytes: MAX_ARTICLE_BYTES,
        }
    }
}

/// Something that articles are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// A stream of articles, each read when it is asked for.
pub type Articles = Box<dyn Iterator<Item = Result<Article, InputError>>>;

/// The sources that arguments name, in their order: `-` is standard input, a folder stands for
/// the files in it and below it that have a known extension, sorted by name, hidden ones left
/// out. What cannot be used is an error in its place.
pub fn sources<P: AsRef<Path>>(
    arguments: impl IntoIterator<Item = P>,
) -> Vec<Result<Source, InputError>> {
    let mut found = Vec::new();
    for argument in arguments {
        let path = argument.as_ref();
        if path == Path::new("-") {
            found.push(Ok(Source::Stdin));
        } else if path.is_dir() {
            folder(path, &mut found);
        } else {
            found.push(Ok(Source::File(path.to_owned())));
        }
    }
    found
}

fn folder(path: &Path, found: &mut Vec<Result<Source, InputError>>) {
    let before = found.len();
    let entries = WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
        });
    for entry in entries {
        match entry {
            Ok(entry) if entry.file_type().is_file() && Format::of_path(entry.path()).is_some() => {
                found.push(Ok(Source::File(entry.into_path())));
            }
            Ok(_) => {}
            // A link back to a folder above: its files are in the list already.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let name = error.path().unwrap_or(path).display().to_string();
                let source = error
                    .into_io_error()
                    .unwrap_or_else(|| io::Error::other("cannot be listed"));
                found.push(Err(InputError::from_io(&name, source)));
            }
        }
    }
    if found.len() == before {
        found.push(Err(InputError::NothingInFolder {
            name: path.display().to_string(),
        }));
    }
}

/// The articles of all arguments, in order, as [`sources`] and [`Source::articles`] give them.
pub fn articles<P: AsRef<Path>>(
    arguments: impl IntoIterator<Item = P>,
    options: ReadOptions,
) -> Articles {
    Box::new(
        sources(arguments)
            .into_iter()
            .flat_map(move |source| match source {
                Ok(source) => source.articles(options),
                Err(error) => once(Err(error)),
            }),
    )
}

impl Source {
    /// The name of the source in messages: its path, or `-`.
    pub fn name(&self) -> String {
        match self {
            Source::Stdin => "-".to_owned(),
            Source::File(path) => path.display().to_string(),
        }
    }

    /// Its articles: one, or of JSON lines one a line. An input that cannot be used, and a line
    /// of JSON that cannot, is an error in its place.
    pub fn articles(&self, options: ReadOptions) -> Articles {
        match self {
            Source::Stdin => read(io::stdin().lock(), "-", options),
            Source::File(path) => match File::open(path) {
                Ok(file) => {
                    let format = options.format.or_else(|| Format::of_path(path));
                    read(
                        BufReader::new(file),
                        &self.name(),
                        ReadOptions { format, ..options },
                    )
                }
                Err(source) => once(Err(InputError::from_io(&self.name(), source))),
            },
        }
    }
}

/// The articles of a reader. `name` stands for it in messages and is the id of an article that
/// has no other.
pub fn read(mut reader: impl BufRead + 'static, name: &str, options: ReadOptions) -> Articles {
    let format = match options.format {
        Some(format) => format,
        None => match reader.fill_buf() {
            Ok(start) if begins_with_brace(start) => Format::JsonLines,
            Ok(_) => Format::Text,
            Err(source) => return once(Err(InputError::from_io(name, source))),
        },
    };
    match format {
        Format::JsonLines => Box::new(jsonl::Records::new(reader, name, options)),
        Format::Text | Format::Markdown => once(read_one(reader, name, format, options)),
    }
}

fn once(item: Result<Article, InputError>) -> Articles {
    Box::new(std::iter::once(item))
}

fn begins_with_brace(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Reads one article, at most a byte more than the limit.
fn read_one(
    reader: impl Read,
    name: &str,
    format: Format,
    options: ReadOptions,
) -> Result<Article, InputError> {
    let limit = options.max_bytes;
    let mut bytes = Vec::new();
    reader
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| InputError::from_io(name, source))?;
    refuse_binary(name, &bytes)?;
    if bytes.len() > limit {
        return Err(InputError::TooLarge {
            name: name.to_owned(),
            limit,
        });
    }
    let text = utf8(name, &bytes, 0)?.to_owned();
    let article = match format {
        Format::Markdown => Article::from_markdown(name, text),
        Format::Text | Format::JsonLines => Article::from_plain(name, None, text),
    };
    if article.paragraphs.is_empty() {
        return Err(InputError::Empty {
            name: name.to_owned(),
        });
    }
    if !options.force {
        language::require_bengali(name, &article.paragraphs)?;
    }
    Ok(article)
}

/// Bytes as text. `offset` is where they begin in their file.
pub(super) fn utf8<'a>(name: &str, bytes: &'a [u8], offset: u64) -> Result<&'a str, InputError> {
    std::str::from_utf8(bytes).map_err(|error| InputError::NotUtf8 {
        name: name.to_owned(),
        offset: offset + error.valid_up_to() as u64,
    })
}

/// One line, with the bytes it takes up; no bytes for a line longer than the limit, which is read
/// over in bounded memory. `None` at the end.
pub(super) fn read_line(
    reader: &mut impl BufRead,
    limit: usize,
) -> io::Result<Option<(Option<Vec<u8>>, u64)>> {
    let mut line = Vec::new();
    let mut length = reader
        .by_ref()
        .take(limit as u64 + 1)
        .read_until(b'\n', &mut line)? as u64;
    if length == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || line.len() <= limit {
        return Ok(Some((Some(line), length)));
    }
    length += reader.skip_until(b'\n')? as u64;
    Ok(Some((None, length)))
}

/// Refuses what is plainly not text, before it is called bad UTF-8.
fn refuse_binary(name: &str, bytes: &[u8]) -> Result<(), InputError> {
    const MAGIC: [(&[u8], &str); 7] = [
        (b"%PDF", "a PDF"),
        (b"PK\x03\x04", "a ZIP archive or office document"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"{\\rtf", "an RTF document"),
    ];
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(InputError::Binary {
            name: name.to_owned(),
            what,
        });
    }
    if let Some(encoding) = utf16(&bytes[..bytes.len().min(4096)]) {
        return Err(InputError::Utf16 {
            name: name.to_owned(),
            encoding,
        });
    }
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c);
    let controls = bytes.iter().filter(|byte| is_control(byte)).count();
    if bytes.contains(&0) || controls * 10 > bytes.len() {
        return Err(InputError::Binary {
            name: name.to_owned(),
            what: "binary",
        });
    }
    Ok(())
}

/// Whether bytes look like UTF-16, by their mark, or by the bytes 00 and 09 that stand before or
/// after every letter of Latin and Bengali in it.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, ..] => return Some("UTF-16LE"),
        [0xfe, 0xff, ..] => return Some("UTF-16BE"),
        _ => {}
    }
    let pairs = bytes.chunks_exact(2);
    let most = pairs.len() * 4 / 5;
    let high = |i: usize| {
        bytes
            .chunks_exact(2)
            .filter(|pair| matches!(pair[i], 0x00 | 0x09))
            .count()
    };
    match (high(0), high(1)) {
        _ if most < 4 || std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) => None,
        (big, little) if big > most && big > little => Some("UTF-16BE"),
        (_, little) if little > most => Some("UTF-16LE"),
        _ => None,
    }
}
