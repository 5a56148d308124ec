//! What is said of a model: the fields of a catalogue entry, and its file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::HubError;
use super::files::is_safe_path;
use super::reference::{MAIN, RepositoryId, is_hex, is_revision};

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Bengali to English.
    Translate,
    /// English (or Bengali) articles to summaries.
    Summarize,
    /// A language model that follows instructions: briefs, and translation where it knows the language.
    Instruct,
    /// Translations to scores.
    Evaluate,
}

impl Task {
    /// As it is written in a catalogue entry.
    pub fn name(self) -> &'static str {
        match self {
            Task::Translate => "translate",
            Task::Summarize => "summarize",
            Task::Instruct => "instruct",
            Task::Evaluate => "evaluate",
        }
    }
}

/// A model of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What the user types.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The one GGUF file, for models of that form.
    pub file: Option<String>,
    /// The files to fetch, where the usual choice is not right. Empty: the usual choice.
    pub files: Vec<String>,
    /// Names of entries without which it cannot be used, and which are fetched with it: a tokenizer in another
    /// repository.
    pub needs: Vec<String>,
    /// SHA-256 of files, where it is pinned here.
    pub sha256: Vec<(String, String)>,
    /// One line that helps to choose.
    pub about: String,
    /// `model_type` of its `config.json`, or `general.architecture` of a GGUF file; empty where it is not said.
    pub architecture: String,
    /// What it is for.
    pub task: Task,
    /// Languages that it is used from (ISO 639-1); empty where it is not said.
    pub source_languages: Vec<String>,
    /// Languages that it is used to.
    pub target_languages: Vec<String>,
    /// The terms it is under.
    pub licence: Licence,
    /// How large it is.
    pub size: Size,
    /// What was measured of it.
    pub quality: Vec<Quality>,
    /// What its input needs.
    pub prompt: Prompt,
    /// How it is decoded best.
    pub decoding: Decoding,
    /// Whether the user wrote the entry.
    pub is_users: bool,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A repository of the Hub.
    Repository {
        /// `owner/name`.
        id: RepositoryId,
        /// Branch, tag or commit.
        revision: String,
    },
    /// A folder on this machine.
    Folder(PathBuf),
}

/// The terms of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// SPDX name, the name of the terms, or `unknown`.
    pub name: String,
    /// Whether commercial use is forbidden.
    #[serde(default)]
    pub non_commercial: bool,
    /// Whether it has to be accepted on the Hub before the files can be fetched.
    #[serde(default)]
    pub gated: bool,
}

impl Default for Licence {
    fn default() -> Licence {
        Licence {
            name: "unknown".to_owned(),
            non_commercial: false,
            gated: false,
        }
    }
}

/// How large a model is; approximate, and none where not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Parameters.
    pub parameters: Option<u64>,
    /// Bytes to download.
    pub download: Option<u64>,
    /// Bytes of memory while it runs: in f32, or as the file is for GGUF.
    pub memory: Option<u64>,
}

/// A published measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// `BLEU`, `chrF`, `ROUGE-L`, …
    pub metric: String,
    /// Its value.
    pub value: f64,
    /// What was translated or summarized.
    pub test: String,
    /// Who measured it.
    pub source: String,
}

/// What the input of a model needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// Put before the text of the source, blanks included.
    pub prefix: Option<String>,
    /// Token of the source language.
    pub source_language: Option<String>,
    /// Token of the target language.
    pub target_language: Option<String>,
}

/// How a model is decoded best; none means as its `generation_config.json` says.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoding {
    /// Hypotheses of the beam.
    pub beams: Option<usize>,
    /// Exponent of the length that scores are divided by.
    pub length_penalty: Option<f64>,
    /// Tokens of the source at most, special ones included.
    pub max_source_tokens: Option<usize>,
    /// Tokens of the output at most.
    pub max_target_tokens: Option<usize>,
    /// Length of the n-grams that must not come twice.
    pub no_repeat_ngram: Option<usize>,
}

/// A file of an entry, as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    needs: Vec<String>,
    #[serde(default)]
    about: String,
    #[serde(default)]
    architecture: String,
    task: Task,
    #[serde(default)]
    source_languages: Vec<String>,
    #[serde(default)]
    target_languages: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    sha256: BTreeMap<String, String>,
    #[serde(default)]
    licence: Licence,
    #[serde(default)]
    size: Size,
    #[serde(default)]
    prompt: Prompt,
    #[serde(default)]
    decoding: Decoding,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    quality: Vec<Quality>,
}

impl Entry {
    /// An entry with nothing known but what it is called, where it is and what it is for.
    pub fn new(name: &str, origin: Origin, task: Task) -> Entry {
        Entry {
            name: name.to_owned(),
            origin,
            file: None,
            files: Vec::new(),
            needs: Vec::new(),
            sha256: Vec::new(),
            about: String::new(),
            architecture: String::new(),
            task,
            source_languages: Vec::new(),
            target_languages: Vec::new(),
            licence: Licence::default(),
            size: Size::default(),
            quality: Vec::new(),
            prompt: Prompt::default(),
            decoding: Decoding::default(),
            is_users: true,
        }
    }

    /// Reads an entry; `path` is for messages.
    ///
    /// # Errors
    /// If it is not valid: the message says which field.
    pub fn parse(text: &str, path: &Path) -> Result<Entry, HubError> {
        let invalid = |reason: String| HubError::Entry {
            path: path.to_owned(),
            reason,
        };
        let file: EntryFile =
            toml::from_str(text).map_err(|e| invalid(e.message().replace('\n', " ")))?;
        let entry = file.into_entry().map_err(&invalid)?;
        match entry.fault() {
            Some(fault) => Err(invalid(fault)),
            None => Ok(entry),
        }
    }

    /// The entry as TOML, which [`Entry::parse`] reads.
    pub fn to_toml(&self) -> String {
        toml::to_string(&EntryFile::from_entry(self)).expect("plain data is TOML")
    }

    /// Whether it can be used for a task. A model that follows instructions writes briefs, and translates Bengali
    /// where it is said to know it.
    pub fn serves(&self, task: Task) -> bool {
        match (self.task, task) {
            (Task::Instruct, Task::Summarize) => true,
            (Task::Instruct, Task::Translate) => self.source_languages.iter().any(|l| l == "bn"),
            (own, task) => own == task,
        }
    }

    /// The address of its page, for models of the Hub.
    pub fn page(&self, endpoint: &str) -> Option<String> {
        match &self.origin {
            Origin::Repository { id, .. } => Some(format!("{endpoint}/{id}")),
            Origin::Folder(_) => None,
        }
    }

    /// What is wrong with it.
    fn fault(&self) -> Option<String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let edge = |c: char| !c.is_ascii_alphanumeric();
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(fits) {
            return Some(format!(
                "name {:?}: letters, digits, '-', '_' and '.' only, 64 at most",
                self.name
            ));
        }
        if self.name.starts_with(edge) || self.name.ends_with(edge) || self.name.ends_with(".gguf")
        {
            return Some(format!(
                "name {:?} begins or ends so that it could be a path",
                self.name
            ));
        }
        if let Origin::Repository { revision, .. } = &self.origin
            && !is_revision(revision)
        {
            return Some(format!("revision {revision:?} is no branch, tag or commit"));
        }
        let files = self.file.iter().chain(&self.files);
        let pinned = self.sha256.iter().map(|(path, _)| path);
        if let Some(path) = files.chain(pinned).find(|path| !is_safe_path(path)) {
            return Some(format!("{path:?} is no path in a repository"));
        }
        if self
            .file
            .as_ref()
            .is_some_and(|file| !file.ends_with(".gguf"))
        {
            return Some("file: the one file of a GGUF model ends in .gguf".to_owned());
        }
        let is_sha256 = |digits: &str| digits.len() == 64 && is_hex(digits);
        if let Some((path, _)) = self.sha256.iter().find(|(_, digits)| !is_sha256(digits)) {
            return Some(format!(
                "sha256 of {path:?}: 64 hexadecimal digits, lower case"
            ));
        }
        if self
            .decoding
            .beams
            .is_some_and(|beams| !(1..=32).contains(&beams))
        {
            return Some("decoding.beams: 1 to 32".to_owned());
        }
        let wrong = self
            .quality
            .iter()
            .find(|quality| !quality.value.is_finite());
        wrong.map(|quality| format!("quality: {} is no number", quality.metric))
    }
}

impl EntryFile {
    fn into_entry(self) -> Result<Entry, String> {
        let origin = match (self.repository, self.folder) {
            (Some(repository), None) => Origin::Repository {
                id: RepositoryId::parse(&repository)
                    .ok_or_else(|| format!("repository {repository:?} is not owner/name"))?,
                revision: self.revision.unwrap_or_else(|| MAIN.to_owned()),
            },
            (None, Some(folder)) => Origin::Folder(folder),
            _ => return Err("either repository or folder must be there".to_owned()),
        };
        Ok(Entry {
            name: self.name,
            origin,
            file: self.file,
            files: self.files,
            needs: self.needs,
            sha256: self.sha256.into_iter().collect(),
            about: self.about,
            architecture: self.architecture,
            task: self.task,
            source_languages: self.source_languages,
            target_languages: self.target_languages,
            licence: self.licence,
            size: self.size,
            quality: self.quality,
            prompt: self.prompt,
            decoding: self.decoding,
            is_users: false,
        })
    }

    fn from_entry(entry: &Entry) -> EntryFile {
        let entry = entry.clone();
        let (repository, revision, folder) = match entry.origin {
            Origin::Repository { id, revision } => (Some(id.to_string()), Some(revision), None),
            Origin::Folder(folder) => (None, None, Some(folder)),
        };
        EntryFile {
            name: entry.name,
            repository,
            revision,
            folder,
            file: entry.file,
            files: entry.files,
            needs: entry.needs,
            about: entry.about,
            architecture: entry.architecture,
            task: entry.task,
            source_languages: entry.source_languages,
            target_languages: entry.target_languages,
            sha256: entry.sha256.into_iter().collect(),
            licence: entry.licence,
            size: entry.size,
            prompt: entry.prompt,
            decoding: entry.decoding,
            quality: entry.quality,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_makes_no_sense_says_why() {
        let with = |text: &str| {
            let text = format!("task = \"translate\"\n{text}");
            Entry::parse(&text, Path::new("x.toml"))
                .unwrap_err()
                .to_string()
        };
        for (text, why) in [
            ("name = \"a\"", "either repository or folder"),
            ("name = \"a/b\"\nrepository = \"a/b\"", "letters, digits"),
            ("name = \"..\"\nrepository = \"a/b\"", "could be a path"),
            ("name = \"a\"\nrepository = \"ab\"", "not owner/name"),
            (
                "name = \"a\"\nrepository = \"a/b\"\nrevision = \"../x\"",
                "revision",
            ),
            (
                "name = \"a\"\nrepository = \"a/b\"\nfile = \"../x.gguf\"",
                "no path",
            ),
            (
                "name = \"a\"\nrepository = \"a/b\"\nfile = \"x.bin\"",
                ".gguf",
            ),
            ("name = \"a\"\nrepository = \"a/b\"\ncolour = 1", "colour"),
            (
                "name = \"a\"\nrepository = \"a/b\"\n[sha256]\nx = \"1\"",
                "64",
            ),
            (
                "name = \"a\"\nrepository = \"a/b\"\n[decoding]\nbeams = 0",
                "beams",
            ),
        ] {
            let error = with(text);
            assert!(
                error.contains(why) && error.starts_with("x.toml"),
                "{error}"
            );
        }
    }
}
