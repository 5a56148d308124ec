//! A language model as one GGUF file, which holds weights, tokenizer and, if the model converses, its chat template.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use candle_core::Device;

use super::{Compute, Gguf, Model, PackageError, load_gguf};
use crate::bytes::Bytes;
use crate::prompts::{ChatTemplate, Prompting};
use crate::tokenizer::Tokenizer;

/// A language model, ready to run.
pub struct LanguageModel {
    /// The weights.
    pub model: Box<dyn Model>,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// How it wants to be asked: as its chat template says, or, without one, by a text to continue.
    pub prompting: Prompting,
}

impl LanguageModel {
    /// Whether a path is one for [`LanguageModel::open`]: a file whose name ends in `.gguf`, or a folder with such a
    /// file and no `model.toml`.
    pub fn is_at(path: &Path) -> bool {
        has_ending(path) || (!path.join("model.toml").exists() && file(path).is_ok())
    }

    /// Loads a `.gguf` file, or the one in a folder.
    ///
    /// # Errors
    /// If there is none or more than one, it cannot be read, or the model in it cannot be run.
    pub fn open(path: &Path, compute: Compute, device: &Device) -> Result<Self, PackageError> {
        let unreadable = |path: PathBuf| |source| PackageError::Unreadable { path, source };
        let file = file(path).map_err(unreadable(path.to_owned()))?;
        let bytes = Bytes::map(&file).map_err(unreadable(file.clone()))?;
        let name = file.file_stem().unwrap_or_default();
        Self::read(bytes, &name.to_string_lossy(), compute, device)
    }

    /// Loads the bytes of a `.gguf` file; `name` is for messages.
    ///
    /// # Errors
    /// If the model cannot be run.
    pub fn read(
        bytes: Bytes,
        name: &str,
        compute: Compute,
        device: &Device,
    ) -> Result<Self, PackageError> {
        let weights = |source| PackageError::Weights {
            name: name.to_owned(),
            source,
        };
        let gguf = Gguf::read(bytes).map_err(weights)?;
        let tokenizer = Tokenizer::from_gguf(&gguf).map_err(|source| PackageError::Tokenizer {
            name: name.to_owned(),
            source,
        })?;
        let template = gguf.text("tokenizer.chat_template").map_err(weights)?;
        let prompting = match template {
            None => Prompting::Completion,
            Some(template) => {
                let spelled = |key| {
                    let id = gguf.number(key).map_err(weights)?;
                    let id = id.and_then(|id| u32::try_from(id).ok());
                    let spelling = id.and_then(|id| tokenizer.spelling(id));
                    Ok(spelling.unwrap_or_default().to_owned())
                };
                let start = spelled("tokenizer.ggml.bos_token_id")?;
                let end = spelled("tokenizer.ggml.eos_token_id")?;
                let chat = ChatTemplate::new(template, &start, &end);
                Prompting::Chat(chat.map_err(|source| PackageError::ChatTemplate {
                    name: name.to_owned(),
                    source,
                })?)
            }
        };
        Ok(LanguageModel {
            model: load_gguf(gguf, compute, device).map_err(weights)?,
            tokenizer,
            prompting,
        })
    }
}

fn has_ending(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"))
}

/// The file that a path names, itself or as the only one of its kind in a folder.
fn file(path: &Path) -> io::Result<PathBuf> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() {
        return Ok(path.to_owned());
    }
    if !metadata.is_dir() {
        // A pipe would wait for its other end for ever.
        return Err(io::Error::other("not a regular file"));
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if has_ending(&file) && file.is_file() {
            found.push(file);
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(io::Error::other("no .gguf file in the folder")),
        several => {
            let reason = format!("{} .gguf files in the folder; name one", several.len());
            Err(io::Error::other(reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_file_of_a_folder_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(file(folder.path()).is_err() && !LanguageModel::is_at(folder.path()));
        fs::write(at("a.gguf"), "").unwrap();
        fs::write(at("README.md"), "").unwrap();
        fs::create_dir(at("b.gguf")).unwrap();
        assert_eq!(file(folder.path()).unwrap(), at("a.gguf"));
        assert!(LanguageModel::is_at(folder.path()) && LanguageModel::is_at(&at("a.gguf")));
        fs::write(at("c.GGUF"), "").unwrap();
        let several = file(folder.path()).unwrap_err().to_string();
        assert!(several.contains("2 .gguf files"), "{several}");
        fs::remove_file(at("c.GGUF")).unwrap();
        fs::write(at("model.toml"), "").unwrap();
        assert!(!LanguageModel::is_at(folder.path()));
        assert!(file(&at("missing.gguf")).is_err());
    }
}
