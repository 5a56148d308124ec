//! What is known of a test set: one TOML file in `definitions/`.

use std::fmt;
use std::path::{Component, Path};

use serde::Deserialize;

use super::EvalError;
use super::corpus::wrong;

/// A public test set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What the user types.
    pub name: String,
    /// Its name in print.
    pub title: String,
    /// What it is.
    pub about: String,
    /// The language that its sentences were written in (ISO 639-1), from which the others are translations. Where it is
    /// not Bengali, the Bengali source is a translation itself. None where sentences are of different origin.
    pub original_language: Option<String>,
    /// The page of those who made it.
    pub homepage: String,
    /// Where it is fetched, the preferred place first.
    pub fetch: Vec<String>,
    /// Its licence, by SPDX name where it has one.
    pub licence: String,
    /// What the licence means for who uses it here.
    pub terms: String,
    /// Whether commercial use is forbidden.
    #[serde(default)]
    pub non_commercial: bool,
    /// How to cite it.
    pub citation: String,
    /// Its parts; the first is the one to report on.
    #[serde(rename = "split")]
    pub splits: Vec<Split>,
}

/// A part of a test set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Its name: `dev`, `test`.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// How many sentences it has, where that is known.
    pub sentences: Option<usize>,
    /// The Bengali side.
    pub source: Text,
    /// The English side.
    pub reference: Text,
    /// Documents and topics, where a file says them. It may be missing.
    pub documents: Option<Documents>,
}

/// Where a side is found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The end of its file's path: `dev/ben_Beng.dev`.
    pub path: String,
    /// Its column, by the name in the first line, where the file is TSV. Otherwise the file has a line a sentence.
    pub column: Option<String>,
    /// SHA-256 of its sentences as lines, each without whitespace at its end and with `\n`, where it is known.
    pub sha256: Option<String>,
}

/// Where documents and topics are found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// The end of the file's path.
    pub path: String,
    /// Column of documents. Without it, the file has no line of names, and is `document<TAB>topic`.
    pub document: Option<String>,
    /// Column of topics.
    pub topic: Option<String>,
}

impl Definition {
    /// Reads a definition; `path` is for messages.
    ///
    /// # Errors
    /// [`EvalError::File`] if it is not valid.
    pub fn parse(text: &str, path: &Path) -> Result<Definition, EvalError> {
        let definition: Definition = toml::from_str(text)
            .map_err(|error| wrong(path, error.message().replace('\n', " ")))?;
        match definition.problem() {
            Some(problem) => Err(wrong(path, problem)),
            None => Ok(definition),
        }
    }

    /// The name of a split, as [`TestSets::find`](super::TestSets::find) takes it.
    pub fn name_of(&self, split: &Split) -> String {
        format!("{}/{}", self.name, split.name)
    }

    pub(super) fn split_names(&self) -> Vec<String> {
        self.splits
            .iter()
            .map(|split| self.name_of(split))
            .collect()
    }

    fn problem(&self) -> Option<String> {
        if self.splits.is_empty() || self.fetch.is_empty() {
            return Some("a split and a place to fetch from are needed".to_owned());
        }
        let names = self.splits.iter().map(|split| &split.name);
        if let Some(name) = names
            .clone()
            .chain([&self.name])
            .find(|name| !is_name(name))
        {
            return Some(format!(
                "{name:?} is not a name of small letters, digits and -"
            ));
        }
        let mut names: Vec<&String> = names.collect();
        names.sort();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Some("two splits have one name".to_owned());
        }
        let texts = || {
            self.splits
                .iter()
                .flat_map(|split| [&split.source, &split.reference])
        };
        let documents = self
            .splits
            .iter()
            .filter_map(|split| split.documents.as_ref());
        let paths = texts()
            .map(|text| &text.path)
            .chain(documents.map(|d| &d.path));
        if let Some(path) = paths.into_iter().find(|path| !is_inside(path)) {
            return Some(format!("{path:?} is not a path inside a folder"));
        }
        let checksums = texts().filter_map(|text| text.sha256.as_ref());
        let is_sha256 = |text: &str| {
            text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        checksums
            .into_iter()
            .find(|sha256| !is_sha256(sha256))
            .map(|sha256| format!("{sha256:?} is not a SHA-256 of 64 small hexadecimal digits"))
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.bytes().all(fits)
}

fn is_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// What is known, for people.
impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "{}: {}", self.title, self.about)?;
        let original = match self.original_language.as_deref() {
            Some("bn") => "Bengali",
            Some("en") => "English; the Bengali is a translation",
            Some(other) => other,
            None => "mixed",
        };
        writeln!(f, "written in  {original}")?;
        writeln!(f, "home        {}", self.homepage)?;
        for place in &self.fetch {
            writeln!(f, "fetch       {place}")?;
        }
        writeln!(f, "licence     {}: {}", self.licence, self.terms)?;
        writeln!(f, "cite        {}", self.citation)?;
        for split in &self.splits {
            let sentences = match split.sentences {
                Some(count) => format!("{count} sentences"),
                None => "number of sentences not known".to_owned(),
            };
            let pinned = split.source.sha256.is_some() && split.reference.sha256.is_some();
            let checksum = match pinned {
                true => "checksums known",
                false => "checksums recorded at the first import",
            };
            let (name, about) = (self.name_of(split), &split.about);
            writeln!(f, "{name}  {about}; {sentences}; {checksum}")?;
            let (source, reference) = (&split.source.path, &split.reference.path);
            match source == reference {
                true => writeln!(f, "            {source}")?,
                false => writeln!(f, "            {source}, {reference}")?,
            }
        }
        Ok(())
    }
}
