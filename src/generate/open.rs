//! A model from wherever it is, made ready to write: weights, tokenizer, how it is asked, how it is searched.

use std::path::{Path, PathBuf};

use candle_core::Device;
use thiserror::Error;

use super::{GenerationConfig, Generator, GeneratorOptions, bergamot};
use crate::decode::DecodeOptions;
use crate::hub::{Entry, Located, Task};
use crate::model::{
    BergamotFiles, Compute, LanguageModel, LoadError, Package, PackageError, load_folder,
    load_kept, read_json,
};
use crate::prompts::Prompting;
use crate::tokenizer::{Languages, Tokenizer, TokenizerError, language_of_prefix, same_language};

/// Batch of an encoder-decoder where none is given. Room is kept for translations of the greatest length with all
/// their beams, of which a third is used; products with few rows waste most of their time on reading weights.
pub(super) const ENCODER_DECODER_BATCH: usize = 4096;

/// Tokens of a source where a catalogue entry says nothing else, or fewer where the model has fewer positions: what most
/// summarizers are trained on. Those without a bound, as T5, lose the thread of longer ones.
pub(super) const LONGEST_SOURCE: usize = 1024;

/// Where a model comes from.
#[derive(Debug, Clone, Default)]
pub enum ModelSource {
    /// The one that the program carries.
    #[default]
    Embedded,
    /// One on this machine ([`Hub::locate`](crate::hub::Hub::locate)): a `.gguf` file, a folder with one, a folder as
    /// the Hugging Face Hub has it, or a folder with a `model.toml`.
    Located(Box<Located>),
}

impl ModelSource {
    /// The model in a folder, or a `.gguf` file, of which no catalogue knows anything. Its weights are kept nowhere else;
    /// [`Hub::locate`](crate::hub::Hub::locate) gives them a place.
    pub fn path(path: PathBuf) -> Self {
        let file = path.is_file().then(|| path.clone());
        ModelSource::Located(Box::new(Located {
            folder: path,
            file,
            quantized: None,
            entry: None,
        }))
    }

    /// The language that the model translates from, where it is one alone and its catalogue entry or its files say so;
    /// `bn` where Bengali is among several.
    pub fn source_language(&self) -> Option<String> {
        let ModelSource::Located(located) = self else {
            return Some("bn".to_owned());
        };
        if let Some(entry) = &located.entry {
            let languages = &entry.source_languages;
            let bengali = languages.iter().find(|code| same_language(code, "bn"));
            return bengali.or(languages.first()).cloned();
        }
        self.only_language()
    }

    /// The language that the model translates from, where it can be no other: that of the one in the program, and of a
    /// folder whose tokenizer or whose files' names say it.
    pub(crate) fn only_language(&self) -> Option<String> {
        let ModelSource::Located(located) = self else {
            return Some("bn".to_owned());
        };
        if let Ok(Some(files)) = BergamotFiles::find(&located.folder) {
            return files.source_language().map(str::to_owned);
        }
        let config = read_json(&located.folder.join("tokenizer_config.json")).ok()?;
        // Two letters are a language (ISO 639-1), three may be a family of them.
        let code = config["source_lang"].as_str()?;
        (code.len() == 2).then(|| code.to_owned())
    }

    /// The shortlist that its makers put into its folder, `lex.*.bin` as bergamot's are called; none where there are
    /// several.
    pub fn shortlist(&self) -> Option<PathBuf> {
        let ModelSource::Located(located) = self else {
            return None;
        };
        let entries = std::fs::read_dir(&located.folder).ok()?;
        let mut own = entries.filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?;
            (name.starts_with("lex.") && name.ends_with(".bin")).then_some(path)
        });
        own.next().filter(|_| own.next().is_none())
    }

    fn entry(&self) -> Option<&Entry> {
        match self {
            ModelSource::Embedded => None,
            ModelSource::Located(located) => located.entry.as_ref(),
        }
    }
}

/// What a model is opened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// Translation into English from a language: its ISO 639 code or the model's own.
    Translation {
        /// The language of the sources.
        from: String,
    },
    /// Summaries of English.
    Summary,
}

impl Use {
    /// Whether a model of the catalogue is for this. One that follows instructions is taken at the user's word.
    ///
    /// # Errors
    /// [`OpenError::Task`] if it is for something else.
    pub fn check(&self, entry: &Entry) -> Result<(), OpenError> {
        let wanted = match self {
            Use::Translation { .. } => Task::Translate,
            Use::Summary => Task::Summarize,
        };
        if entry.task == wanted || entry.task == Task::Instruct {
            return Ok(());
        }
        Err(OpenError::Task {
            name: entry.name.clone(),
            task: entry.task.name(),
            wanted: wanted.name(),
        })
    }
}

/// What of the machine a model may use.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Where it runs.
    pub device: Device,
    /// Arithmetic of its products.
    pub compute: Compute,
    /// Cores to use; 0 for all.
    pub threads: usize,
    /// See [`DecodeOptions::batch_tokens`]; none for what suits the kind of model.
    pub batch_tokens: Option<usize>,
}

/// Why a model cannot be used.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Its files are missing, damaged or of a kind that cannot be run.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The encoder-decoder in a folder cannot be run.
    #[error("the model in {folder} cannot be used: {source}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        source: Box<LoadError>,
    },
    /// The tokenizer in a folder cannot be used.
    #[error("the tokenizer in {folder} cannot be used: {source}")]
    Tokenizer {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        source: TokenizerError,
    },
    /// The model's makers ask for what cannot be done.
    #[error(
        "the model in {folder} cannot be searched as its generation_config.json says: {reason}"
    )]
    Search {
        /// The folder.
        folder: PathBuf,
        /// What cannot be done.
        reason: String,
    },
    /// The model is for something else.
    #[error("{name} is a model to {task}, not to {wanted}; `anubad models list` shows others")]
    Task {
        /// Its name in the catalogue.
        name: String,
        /// What its entry says it is for.
        task: &'static str,
        /// What it was opened for.
        wanted: &'static str,
    },
    /// The folder holds no model.
    #[error(
        "{folder} holds no model: it has no config.json, no .gguf file, no model.toml and no model.*.bin of Bergamot; `anubad models list` shows models to pull"
    )]
    NoModel {
        /// The folder.
        folder: PathBuf,
    },
}

impl Generator {
    /// Loads a model.
    ///
    /// What its catalogue entry says of its prompt and its search counts over what its own files say.
    ///
    /// # Errors
    /// If it is not there, damaged, of a kind that cannot be run, or does not have the language.
    pub fn open(
        source: &ModelSource,
        purpose: &Use,
        resources: &Resources,
    ) -> Result<Self, OpenError> {
        let (compute, device) = (resources.compute, &resources.device);
        let model = match source {
            ModelSource::Embedded => Package::embedded()?.load(compute, device)?,
            ModelSource::Located(located) => {
                let path = located.file.as_ref().unwrap_or(&located.folder);
                if path.join("model.toml").is_file() {
                    Package::folder(path)?.load(compute, device)?
                } else if LanguageModel::is_at(path) {
                    LanguageModel::open(path, compute, device)?
                } else if path.join("config.json").is_file() {
                    return encoder_decoder(located, purpose, resources);
                } else if let Some(files) = student(path)? {
                    return bergamot::open(located, &files, purpose, resources);
                } else {
                    let folder = path.clone();
                    return Err(OpenError::NoModel { folder });
                }
            }
        };
        let default = DecodeOptions::default();
        let decode = DecodeOptions {
            beam_size: source.entry().and_then(|e| e.decoding.beams).unwrap_or(1),
            batch_tokens: resources.batch_tokens.unwrap_or(default.batch_tokens),
            ..default
        };
        let options = GeneratorOptions {
            prompting: model.prompting,
            threads: resources.threads,
            decode,
            ..GeneratorOptions::default()
        };
        Ok(Generator::new(model.model, model.tokenizer, options))
    }
}

/// The Bergamot student in a folder.
fn student(folder: &Path) -> Result<Option<BergamotFiles>, OpenError> {
    BergamotFiles::find(folder).map_err(|source| OpenError::Folder {
        folder: folder.to_owned(),
        source: Box::new(source.into()),
    })
}

/// The encoder-decoder in a folder as the Hub has it.
fn encoder_decoder(
    located: &Located,
    purpose: &Use,
    resources: &Resources,
) -> Result<Generator, OpenError> {
    if let Some(entry) = &located.entry {
        purpose.check(entry)?;
    }
    let folder = &located.folder;
    let prompt = located.entry.as_ref().map(|entry| &entry.prompt);
    let prefix = prompt.and_then(|prompt| prompt.prefix.as_deref());
    let (languages, task) = match purpose {
        Use::Translation { from } => {
            let target = prompt.and_then(|prompt| prompt.target_language.as_deref());
            let target = target.or(prefix.and_then(language_of_prefix));
            (Languages::new(from, target.unwrap_or("en")), None)
        }
        Use::Summary => (Languages::new("en", "en"), Some("summarization")),
    };
    let loading = |source| OpenError::Folder {
        folder: folder.clone(),
        source: Box::new(source),
    };
    let tokenizer = || Tokenizer::from_folder(folder, languages);
    let (compute, device) = (resources.compute, &resources.device);
    let model = || match &located.quantized {
        Some(path) if compute.is_int8(device) => {
            load_kept(folder, path, None).map(|kept| (kept.model, kept.keep.err()))
        }
        _ => load_folder(folder, compute, device).map(|model| (model, None)),
    };
    let (tokenizer, model) = rayon::join(tokenizer, model);
    let (model, not_kept) = model.map_err(loading)?;
    let tokenizer = tokenizer.map_err(|source| OpenError::Tokenizer {
        folder: folder.clone(),
        source,
    })?;
    let config = GenerationConfig::read(folder, task).map_err(loading)?;
    let searching = |reason: String| OpenError::Search {
        folder: folder.clone(),
        reason,
    };
    let start = config.decoder_start_token_id;
    let start = start.ok_or_else(|| searching("decoder_start_token_id is not set".to_owned()))?;
    let mut decode = config
        .options(tokenizer.target_language())
        .map_err(searching)?;
    decode.batch_tokens = resources.batch_tokens.unwrap_or(ENCODER_DECODER_BATCH);
    let mut most = config.most_new_tokens();
    let mut longest = None;
    // Rows of the table that no token has: some models round their vocabularies up.
    let (known, all) = (tokenizer.vocabulary(), model.vocabulary());
    decode.suppressed.extend(known as u32..all as u32);
    if let Some(entry) = &located.entry {
        let own = entry.decoding;
        decode.beam_size = own.beams.unwrap_or(decode.beam_size);
        decode.no_repeat_ngram_size = own.no_repeat_ngram.unwrap_or(decode.no_repeat_ngram_size);
        if let Some(penalty) = own.length_penalty {
            decode.length_penalty = penalty as f32;
        }
        most = own.max_target_tokens.or(most);
        longest = own.max_source_tokens;
    }
    let prefix = prefix.or(config.prefix.as_deref()).unwrap_or_default();
    let options = GeneratorOptions {
        prompting: Prompting::Source {
            prefix: tokenizer.text_of_prefix(prefix).to_owned(),
        },
        decoder_start: vec![start],
        max_source_tokens: Some(longest.unwrap_or(LONGEST_SOURCE)),
        max_new_tokens: most,
        threads: resources.threads,
        decode,
    };
    Ok(Generator {
        not_kept,
        ..Generator::new(model, tokenizer, options)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Catalogue;

    #[test]
    fn a_summarizer_does_not_translate_and_a_translator_does_not_summarize() {
        let translation = || Use::Translation {
            from: "bn".to_owned(),
        };
        for (name, purpose, message) in [
            ("bart-large-cnn", translation(), "is a model to summarize"),
            ("nllb-600m", Use::Summary, "is a model to translate"),
            ("nllb-600m", translation(), "cannot be read"),
        ] {
            let entry = Catalogue::embedded().get(name).cloned();
            let folder = tempfile::tempdir().unwrap();
            let located = Located {
                folder: folder.path().to_owned(),
                file: None,
                quantized: None,
                entry,
            };
            let resources = Resources {
                device: Device::Cpu,
                compute: Compute::Auto,
                threads: 1,
                batch_tokens: Some(64),
            };
            let error = encoder_decoder(&located, &purpose, &resources).err();
            let error = error.expect("an error").to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
