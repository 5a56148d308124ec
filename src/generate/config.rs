//! How a model's makers mean it to be searched: `generation_config.json`, over what older models have in `config.json`.

use std::path::Path;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::decode::{DecodeOptions, EarlyStopping};
use crate::model::{LoadError, read_json};

/// Settings of a search, with the names and defaults of `transformers` (`GenerationConfig` there).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct GenerationConfig {
    /// What the decoder starts with.
    pub decoder_start_token_id: Option<u32>,
    /// Any of them ends a hypothesis.
    #[serde(deserialize_with = "one_or_several")]
    pub eos_token_id: Vec<u32>,
    /// What stands for nothing.
    pub pad_token_id: Option<u32>,
    /// The first token after the one that the decoder starts with: in many-to-many models, the target's language.
    pub forced_bos_token_id: Option<u32>,
    /// The last token of a hypothesis as long as can be is one of them.
    #[serde(deserialize_with = "one_or_several")]
    pub forced_eos_token_id: Vec<u32>,
    /// Sequences of tokens that are never written.
    pub bad_words_ids: Vec<Vec<u32>>,
    /// Tokens that are never written.
    pub suppress_tokens: Vec<u32>,
    /// Tokens that are not written first.
    pub begin_suppress_tokens: Vec<u32>,
    /// Hypotheses that are kept side by side; 1 is greedy search.
    pub num_beams: usize,
    /// Power of the length that a hypothesis' log-probability is divided by.
    pub length_penalty: f32,
    /// When a beam search ends.
    pub early_stopping: EarlyStopping,
    /// Tokens of a hypothesis at most, with the one that the decoder starts with. The reference takes 20 where it is
    /// not set, which is nobody's wish.
    pub max_length: Option<usize>,
    /// The same without the one that the decoder starts with; counts over the other.
    pub max_new_tokens: Option<usize>,
    /// Tokens of a hypothesis at least, likewise.
    pub min_length: usize,
    /// Length of the sequences of tokens that are not written twice; 0 for none.
    pub no_repeat_ngram_size: usize,
    /// Length of the sequences of tokens of the source that are not written; 0 for none.
    pub encoder_no_repeat_ngram_size: usize,
    /// What the likelihood of a token that was written is divided by (Keskar et al. 2019).
    pub repetition_penalty: f32,
    /// Whether what the other settings leave is made to sum to one again.
    pub renormalize_logits: bool,
    /// What a source begins with, for models that are told their task so.
    pub prefix: Option<String>,
}

impl Default for GenerationConfig {
    fn default() -> Self {
        GenerationConfig {
            decoder_start_token_id: None,
            eos_token_id: Vec::new(),
            pad_token_id: None,
            forced_bos_token_id: None,
            forced_eos_token_id: Vec::new(),
            bad_words_ids: Vec::new(),
            suppress_tokens: Vec::new(),
            begin_suppress_tokens: Vec::new(),
            num_beams: 1,
            length_penalty: 1.0,
            early_stopping: EarlyStopping::Heuristic,
            max_length: None,
            max_new_tokens: None,
            min_length: 0,
            no_repeat_ngram_size: 0,
            encoder_no_repeat_ngram_size: 0,
            repetition_penalty: 1.0,
            renormalize_logits: false,
            prefix: None,
        }
    }
}

impl<'de> Deserialize<'de> for EarlyStopping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Setting {
            Flag(bool),
            Word(String),
        }
        match Setting::deserialize(deserializer)? {
            Setting::Flag(false) => Ok(EarlyStopping::Heuristic),
            Setting::Flag(true) => Ok(EarlyStopping::AtOnce),
            Setting::Word(word) if word == "never" => Ok(EarlyStopping::Never),
            Setting::Word(word) => Err(serde::de::Error::custom(format!(
                "early_stopping is {word:?}, not true, false or \"never\""
            ))),
        }
    }
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Tokens {
        One(u32),
        Several(Vec<u32>),
    }
    Ok(match Tokens::deserialize(deserializer)? {
        Tokens::One(token) => vec![token],
        Tokens::Several(tokens) => tokens,
    })
}

impl GenerationConfig {
    /// The settings in a model's folder. Those of `generation_config.json` count over those of `config.json`, and
    /// what `config.json` says of a `task` (in `task_specific_params`, for instance `"summarization"`) over both.
    ///
    /// # Errors
    /// If `config.json` cannot be read, or a setting makes no sense.
    pub fn read(folder: &Path, task: Option<&str>) -> Result<Self, LoadError> {
        let config = read_json(&folder.join("config.json"))?;
        let own = folder.join("generation_config.json");
        let own = match own.is_file() {
            true => read_json(&own)?,
            false => Value::Null,
        };
        let specific = task.map_or(&Value::Null, |task| &config["task_specific_params"][task]);
        let mut merged = Map::new();
        for settings in [&config, &own, specific] {
            let settings = settings.as_object().into_iter().flatten();
            // What is null is not set.
            let settings = settings.filter(|(_, value)| !value.is_null());
            merged.extend(settings.map(|(name, value)| (name.clone(), value.clone())));
        }
        // How BART's first releases said it, before the setting had its name.
        if own.is_null() && config["force_bos_token_to_be_generated"] == true {
            merged.insert(
                "forced_bos_token_id".to_owned(),
                config["bos_token_id"].clone(),
            );
        }
        let invalid = |reason: String| LoadError::Invalid {
            path: folder.join("generation_config.json"),
            reason,
        };
        let settings: Self =
            serde_json::from_value(Value::Object(merged)).map_err(|e| invalid(e.to_string()))?;
        let penalty = settings.repetition_penalty;
        if !(penalty.is_finite() && penalty > 0.0) || settings.num_beams == 0 {
            return Err(invalid(format!(
                "repetition_penalty is {penalty}, num_beams {}",
                settings.num_beams
            )));
        }
        Ok(settings)
    }

    /// Tokens that are written at most, where it is said.
    pub fn most_new_tokens(&self) -> Option<usize> {
        let start = usize::from(self.decoder_start_token_id.is_some());
        let by_length = self.max_length.map(|length| length.saturating_sub(start));
        self.max_new_tokens.or(by_length)
    }

    /// The same as options of a search. `target_language` is the token of the language to write, where the model has
    /// many and the tokenizer knows which.
    ///
    /// # Errors
    /// If a setting asks for what [`DecodeOptions`] cannot do, or something that is needed is not set.
    pub fn options(&self, target_language: Option<u32>) -> Result<DecodeOptions, String> {
        if self.encoder_no_repeat_ngram_size > 0 {
            return Err("encoder_no_repeat_ngram_size is not supported".to_owned());
        }
        let start = usize::from(self.decoder_start_token_id.is_some());
        Ok(DecodeOptions {
            beam_size: self.num_beams,
            length_penalty: self.length_penalty,
            early_stopping: self.early_stopping,
            min_new_tokens: self.min_length.saturating_sub(start),
            no_repeat_ngram_size: self.no_repeat_ngram_size,
            repetition_penalty: self.repetition_penalty,
            end_tokens: self.eos_token_id.clone(),
            forced_first: target_language.or(self.forced_bos_token_id),
            forced_last: self.forced_eos_token_id.clone(),
            bad_words: self.bad_words_ids.clone(),
            suppressed: self.suppress_tokens.clone(),
            suppressed_first: self.begin_suppress_tokens.clone(),
            renormalise: self.renormalize_logits,
            ..DecodeOptions::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        config: &str,
        own: Option<&str>,
        task: Option<&str>,
    ) -> Result<GenerationConfig, LoadError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        if let Some(own) = own {
            std::fs::write(folder.path().join("generation_config.json"), own).unwrap();
        }
        GenerationConfig::read(folder.path(), task)
    }

    #[test]
    fn settings_are_merged_and_the_rest_are_the_defaults() {
        let config = r#"{"num_beams": 4, "eos_token_id": 2, "max_length": 512, "bad_words_ids": null,
            "decoder_start_token_id": 7, "d_model": 16}"#;
        let own = r#"{"num_beams": 5, "eos_token_id": [2, 3], "early_stopping": "never", "max_length": null}"#;
        let merged = read(config, Some(own), None).unwrap();
        let expected = GenerationConfig {
            num_beams: 5,
            eos_token_id: vec![2, 3],
            early_stopping: EarlyStopping::Never,
            max_length: Some(512),
            decoder_start_token_id: Some(7),
            ..GenerationConfig::default()
        };
        assert_eq!(merged, expected);
        assert_eq!(read("{}", None, None).unwrap(), GenerationConfig::default());
    }

    #[test]
    fn lengths_are_counted_without_the_start() {
        let most = |config| read(config, None, None).unwrap().most_new_tokens();
        assert_eq!(most("{}"), None);
        assert_eq!(
            most(r#"{"max_length": 142, "decoder_start_token_id": 2}"#),
            Some(141)
        );
        assert_eq!(
            most(r#"{"max_length": 142, "max_new_tokens": 60}"#),
            Some(60)
        );
    }

    #[test]
    fn an_old_name_forces_the_first_token() {
        let config = r#"{"bos_token_id": 0, "force_bos_token_to_be_generated": true}"#;
        let first = |own| read(config, own, None).unwrap().forced_bos_token_id;
        assert_eq!((first(None), first(Some("{}"))), (Some(0), None));
    }

    #[test]
    fn a_task_has_its_own_settings() {
        let config = r#"{"num_beams": 1, "task_specific_params": {"summarization":
            {"num_beams": 4, "early_stopping": true, "prefix": "summarize: ", "length_penalty": 2.0}}}"#;
        let plain = read(config, None, None).unwrap();
        assert_eq!((plain.num_beams, plain.prefix), (1, None));
        let brief = read(config, None, Some("summarization")).unwrap();
        assert_eq!((brief.num_beams, brief.length_penalty), (4, 2.0));
        assert_eq!(brief.early_stopping, EarlyStopping::AtOnce);
        assert_eq!(brief.prefix.as_deref(), Some("summarize: "));
        assert_eq!(read(config, None, Some("cooking")).unwrap().num_beams, 1);
    }

    #[test]
    fn settings_without_sense_are_refused() {
        for own in [
            r#"{"num_beams": -1}"#,
            r#"{"num_beams": 0}"#,
            r#"{"repetition_penalty": 0}"#,
            r#"{"early_stopping": "soon"}"#,
            r#"{"eos_token_id": "x"}"#,
            "[",
        ] {
            assert!(read("{}", Some(own), None).is_err(), "{own}");
        }
    }
}
