//! A model as a folder: `model.toml`, which names the files with their checksums, and the files.
//! The program carries one such folder itself.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use candle_core::Device;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{Compute, Gguf, LanguageModel, Model, load_gguf};
use crate::bytes::Bytes;
use crate::files::hex;
use crate::prompts::{ChatTemplateError, Prompting};
use crate::tokenizer::{Tokenizer, TokenizerError};

const MANIFEST: &str = "model.toml";

/// The files of a model, found and checked, not yet loaded.
pub struct Package {
    manifest: Manifest,
    folder: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Manifest {
    name: String,
    architecture: String,
    weights: FileEntry,
    tokenizer: FileEntry,
}

#[derive(Debug, Deserialize)]
struct FileEntry {
    file: PathBuf,
    bytes: u64,
    sha256: String,
}

/// Why a model cannot be used.
#[derive(Debug, Error)]
pub enum PackageError {
    /// A file is not there or cannot be read.
    #[error(
        "model file {path} cannot be read: {source}; a model folder holds {MANIFEST} and the files it names, or one .gguf file"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// `model.toml` is not as it must be.
    #[error("{path} is not a valid model description: {reason}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file's checksum is not the one in `model.toml`.
    #[error(
        "model file {path} is damaged: its SHA-256 should be {expected}, it is {found}; copy the file again"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Checksum in `model.toml`.
        expected: String,
        /// Checksum of the file.
        found: String,
    },
    /// A file has another size than `model.toml` says.
    #[error(
        "model file {path} is damaged: it should have {expected} bytes, it has {found}; copy the file again"
    )]
    WrongSize {
        /// The file.
        path: PathBuf,
        /// Size in `model.toml`.
        expected: u64,
        /// Size of the file.
        found: u64,
    },
    /// The weights are not what the program can run.
    #[error("model {name} cannot be loaded: {source}")]
    Weights {
        /// Name of the model.
        name: String,
        /// What candle or the loader says.
        source: candle_core::Error,
    },
    /// The tokenizer is not what the program can run.
    #[error("tokenizer of model {name} cannot be loaded: {source}")]
    Tokenizer {
        /// Name of the model.
        name: String,
        /// What is wrong with it.
        source: TokenizerError,
    },
    /// The model's chat template is not what the program can run.
    #[error("model {name} cannot be asked anything: {source}")]
    ChatTemplate {
        /// Name of the model.
        name: String,
        /// What is wrong with it.
        source: ChatTemplateError,
    },
}

mod embedded {
    //! The files inside the program: pages are read from the executable when they are touched.

    /// Tensors begin at multiples of 32 bytes of the file, and must in memory too.
    #[repr(C, align(64))]
    struct Aligned<B: ?Sized>(B);

    static ALIGNED: &Aligned<[u8]> = &Aligned(*include_bytes!("../../models/embedded/model.gguf"));
    pub static WEIGHTS: &[u8] = &ALIGNED.0;
    pub static TOKENIZER: &[u8] = include_bytes!("../../models/embedded/tokenizer.json");
    pub const MANIFEST: &str = include_str!("../../models/embedded/model.toml");
}

impl Package {
    /// The model that the program carries.
    ///
    /// # Errors
    /// Never, unless the program was built from damaged files.
    pub fn embedded() -> Result<Self, PackageError> {
        let manifest = Manifest::parse(embedded::MANIFEST, Path::new("(embedded) model.toml"))?;
        Ok(Package {
            manifest,
            folder: None,
        })
    }

    /// The model in a folder.
    ///
    /// # Errors
    /// If there is no valid `model.toml`. The files it names are checked when they are loaded.
    pub fn folder(folder: &Path) -> Result<Self, PackageError> {
        let path = folder.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(|source| PackageError::Unreadable {
            path: path.clone(),
            source,
        })?;
        Ok(Package {
            manifest: Manifest::parse(&text, &path)?,
            folder: Some(folder.to_owned()),
        })
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// Loads weights and tokenizer, side by side. Files of a folder are checked against their checksums first.
    ///
    /// # Errors
    /// If a file is missing, damaged, or not what the program can run.
    pub fn load(&self, compute: Compute, device: &Device) -> Result<LanguageModel, PackageError> {
        let (model, tokenizer) = rayon::join(
            || self.load_model(compute, device),
            || self.load_tokenizer(),
        );
        let (model, tokenizer) = (model?, tokenizer?);
        if tokenizer.vocabulary() > model.vocabulary() {
            let source = candle_core::Error::msg("the tokenizer has more tokens than the model");
            return Err(PackageError::Weights {
                name: self.manifest.name.clone(),
                source,
            });
        }
        Ok(LanguageModel {
            model,
            tokenizer,
            prompting: Prompting::Completion,
        })
    }

    fn load_model(
        &self,
        compute: Compute,
        device: &Device,
    ) -> Result<Box<dyn Model>, PackageError> {
        let bytes = self.bytes(&self.manifest.weights, embedded::WEIGHTS)?;
        let model = Gguf::read(bytes).and_then(|gguf| load_gguf(gguf, compute, device));
        model.map_err(|source| PackageError::Weights {
            name: self.manifest.name.clone(),
            source,
        })
    }

    fn load_tokenizer(&self) -> Result<Tokenizer, PackageError> {
        let bytes = self.bytes(&self.manifest.tokenizer, embedded::TOKENIZER)?;
        let tokenizer = Tokenizer::from_json(bytes.as_ref());
        tokenizer.map_err(|source| PackageError::Tokenizer {
            name: self.manifest.name.clone(),
            source,
        })
    }

    fn bytes(&self, entry: &FileEntry, embedded: &'static [u8]) -> Result<Bytes, PackageError> {
        match &self.folder {
            None => Ok(Bytes::program(embedded)),
            Some(folder) => entry.map(folder),
        }
    }
}

impl Manifest {
    fn parse(text: &str, path: &Path) -> Result<Self, PackageError> {
        let invalid = |reason: String| PackageError::Manifest {
            path: path.to_owned(),
            reason,
        };
        let manifest: Manifest =
            toml::from_str(text).map_err(|e| invalid(e.message().replace('\n', " ")))?;
        if manifest.architecture != "gemma3" {
            return Err(invalid(format!(
                "unknown architecture {:?}",
                manifest.architecture
            )));
        }
        for entry in [&manifest.weights, &manifest.tokenizer] {
            let mut parts = entry.file.components();
            if !matches!(
                (parts.next(), parts.next()),
                (Some(Component::Normal(_)), None)
            ) {
                return Err(invalid(format!(
                    "{:?} is not the name of a file in the folder",
                    entry.file
                )));
            }
        }
        Ok(manifest)
    }
}

impl FileEntry {
    fn map(&self, folder: &Path) -> Result<Bytes, PackageError> {
        let path = folder.join(&self.file);
        // A pipe would wait for its other end for ever.
        let is_file = fs::metadata(&path).map(|m| m.is_file());
        let map = || match is_file? {
            true => Bytes::map(&path),
            false => Err(io::Error::other("not a regular file")),
        };
        let bytes = match map() {
            Ok(bytes) => bytes,
            Err(source) => return Err(PackageError::Unreadable { path, source }),
        };
        let found = bytes.as_ref().len() as u64;
        if found != self.bytes {
            return Err(PackageError::WrongSize {
                path,
                expected: self.bytes,
                found,
            });
        }
        let found = hex(&Sha256::digest(bytes.as_ref()));
        if !found.eq_ignore_ascii_case(&self.sha256) {
            return Err(PackageError::Damaged {
                path,
                expected: self.sha256.clone(),
                found,
            });
        }
        Ok(bytes)
    }
}
