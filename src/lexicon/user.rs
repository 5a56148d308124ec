//! A user's own word list: read, checked, normalised.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::token;
use crate::text::for_lookup;

/// The largest list that is read.
const LIMIT: u64 = 16 << 20;

/// Why a word list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// The file is not there or not readable.
    #[error("{}: cannot read the word list: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// More than a word list can be expected to hold.
    #[error("{}: the word list is larger than {} MiB: split it or drop what is not needed", path.display(), LIMIT >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not a text in UTF-8.
    #[error("{}: not UTF-8 at byte {offset}: save the word list as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Of the first byte that is wrong, from 0.
        offset: usize,
    },
    /// A line that is not an entry.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong with it and what it should be.
        problem: &'static str,
    },
}

/// Forms and glosses of the list at `path`, in its order.
pub(super) fn read(path: &Path) -> Result<Vec<(String, String)>, LexiconError> {
    let path_buf = || path.to_path_buf();
    let unreadable = |source| LexiconError::Read {
        path: path_buf(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT {
        return Err(LexiconError::TooLarge { path: path_buf() });
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| LexiconError::NotUtf8 {
        path: path_buf(),
        offset: error.valid_up_to(),
    })?;

    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut entries = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let entry = entry(line).map_err(|problem| LexiconError::Line {
            path: path_buf(),
            line: i + 1,
            problem,
        })?;
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(line: &str) -> Result<(String, String), &'static str> {
    let (form, gloss) = line
        .split_once('\t')
        .ok_or("no tab: write a Bengali word, a tab, its English")?;
    let form = for_lookup(form.trim());
    if !token::is_word(&form) {
        return Err(
            "what stands before the tab is not one Bengali word: list its words one by one",
        );
    }
    let senses: Vec<&str> = gloss.split('/').map(str::trim).collect();
    if senses.contains(&"") {
        return Err("no English behind the tab, or an empty sense: separate senses by ` / `");
    }
    if gloss.contains(|c: char| c == '|' || c.is_control()) {
        return Err("the English holds a tab, a control character or `|`: leave it out");
    }
    Ok((form.into_owned(), senses.join(super::SENSE_SEPARATOR)))
}
