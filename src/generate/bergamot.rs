//! A Bergamot student, made ready to write.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::open::{ENCODER_DECODER_BATCH, LONGEST_SOURCE, OpenError, Resources, Use};
use super::{Generator, GeneratorOptions};
use crate::decode::DecodeOptions;
use crate::hub::{Located, Task};
use crate::model::{BergamotError, BergamotFiles, LoadError, load_bergamot};
use crate::prompts::Prompting;
use crate::tokenizer::Tokenizer;

/// Bytes of a `config.yml` at most.
const LONGEST_CONFIG: u64 = 64 << 10;

/// What of a `config.yml` says how to search, by Marian's names; the rest is of batching and memory. The defaults are
/// what Firefox sets, which needs no such file.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct SearchConfig {
    beam_size: usize,
    /// Power of the length that a hypothesis' log-probability is divided by.
    normalize: f32,
    /// What a hypothesis loses for each word.
    word_penalty: f32,
}

impl Default for SearchConfig {
    fn default() -> Self {
        SearchConfig {
            beam_size: 1,
            normalize: 1.0,
            word_penalty: 0.0,
        }
    }
}

impl SearchConfig {
    fn parse(text: &str) -> Result<Self, String> {
        let config: Self = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
        if !(1..=32).contains(&config.beam_size) {
            return Err(format!("beam-size is {}, not 1 to 32", config.beam_size));
        }
        if !(config.normalize.is_finite() && config.normalize >= 0.0) {
            return Err(format!("normalize is {}", config.normalize));
        }
        match config.word_penalty == 0.0 {
            true => Ok(config),
            false => Err("word-penalty is not supported".to_owned()),
        }
    }

    fn read(path: &Path) -> Result<Self, LoadError> {
        let unreadable = |source| LoadError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let invalid = |reason| LoadError::Invalid {
            path: path.to_owned(),
            reason,
        };
        let length = fs::metadata(path).map_err(unreadable)?.len();
        if length > LONGEST_CONFIG {
            return Err(invalid(format!("{length} bytes are too many")));
        }
        Self::parse(&fs::read_to_string(path).map_err(unreadable)?).map_err(invalid)
    }
}

/// Loads the student that `files` are.
///
/// Its lengths are bound as those of other translators are; Marian's `max-length-factor`, a multiple of the source's
/// length, has no counterpart. The unknown word is never written, as Marian never writes it.
pub fn open(
    located: &Located,
    files: &BergamotFiles,
    purpose: &Use,
    resources: &Resources,
) -> Result<Generator, OpenError> {
    let folder = &located.folder;
    match (&located.entry, purpose) {
        (Some(entry), purpose) => purpose.check(entry)?,
        (None, Use::Translation { .. }) => (),
        (None, Use::Summary) => {
            return Err(OpenError::Task {
                name: files.model.display().to_string(),
                task: Task::Translate.name(),
                wanted: Task::Summarize.name(),
            });
        }
    }
    let loading = |source: LoadError| OpenError::Folder {
        folder: folder.clone(),
        source: Box::new(source),
    };
    let config = match &files.config {
        Some(path) => SearchConfig::read(path).map_err(loading)?,
        None => SearchConfig::default(),
    };
    let (source, target) = (&files.source_vocabulary, &files.target_vocabulary);
    let tokenizer = || Tokenizer::from_vocabularies(source, target);
    let model = || load_bergamot(files, resources.compute, &resources.device);
    let (tokenizer, model) = rayon::join(tokenizer, model);
    let model = model.map_err(|e| loading(e.into()))?;
    let tokenizer = tokenizer.map_err(|source| OpenError::Tokenizer {
        folder: folder.clone(),
        source,
    })?;
    // Rows of the table that no token has: some models round their vocabularies up.
    let (known, all) = (tokenizer.vocabulary() as u32, model.vocabulary() as u32);
    if known > all {
        let reason = format!("its vocabulary has {known} tokens, its model {all}");
        let folder = folder.clone();
        return Err(loading(BergamotError::Folder { folder, reason }.into()));
    }
    let own = located.entry.as_ref().map(|entry| entry.decoding);
    let own = own.unwrap_or_default();
    let options = GeneratorOptions {
        prompting: Prompting::Source {
            prefix: String::new(),
        },
        // The model's token for nothing at all.
        decoder_start: vec![all],
        max_source_tokens: Some(own.max_source_tokens.unwrap_or(LONGEST_SOURCE)),
        max_new_tokens: own.max_target_tokens,
        threads: resources.threads,
        decode: DecodeOptions {
            beam_size: own.beams.unwrap_or(config.beam_size),
            length_penalty: own.length_penalty.map_or(config.normalize, |p| p as f32),
            no_repeat_ngram_size: own.no_repeat_ngram.unwrap_or(0),
            suppressed: tokenizer.unknown().into_iter().chain(known..all).collect(),
            batch_tokens: resources.batch_tokens.unwrap_or(ENCODER_DECODER_BATCH),
            ..DecodeOptions::default()
        },
    };
    Ok(Generator::new(model, tokenizer, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_as_the_file_says_or_as_firefox_has_it() {
        let file = "relative-paths: true\nbeam-size: 4\nnormalize: 0.6\nmax-length-factor: 2.5\nshortlist:\n  - a.bin\n  - false\n";
        let config = SearchConfig::parse(file).unwrap();
        assert_eq!((config.beam_size, config.normalize), (4, 0.6));
        let default = SearchConfig::default();
        assert_eq!(SearchConfig::parse("mini-batch: 64").unwrap(), default);
        for (file, key) in [
            ("beam-size: 0", "beam-size"),
            ("beam-size: 1000000", "beam-size"),
            ("normalize: -1", "normalize"),
            ("normalize: .nan", "normalize"),
            ("word-penalty: 0.5", "word-penalty"),
            ("beam-size: many", "beam"),
        ] {
            let error = SearchConfig::parse(file).unwrap_err();
            assert!(error.contains(key), "{file}: {error}");
        }
    }
}
