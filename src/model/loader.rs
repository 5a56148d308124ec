//! A model from a folder as the Hugging Face Hub has it: `config.json` says the architecture, its file here builds it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use candle_core::Device;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::bergamot::BergamotError;
use super::encoder_decoder::EncoderDecoder;
use super::weights::{Weights, WeightsError};
use super::{Compute, Model, bart, indictrans2, m2m100, marian, mbart, pegasus, t5};

/// The file that describes a model.
pub const CONFIG: &str = "config.json";
/// Bytes of a configuration at most; some list a thousand labels.
const LONGEST_CONFIG: u64 = 4 << 20;

/// Builds a model from its configuration and weights.
type Build = fn(&Value, &Weights) -> Result<EncoderDecoder, LoadError>;

/// `model_type` in `config.json`, the class that `architectures` names, and who builds it.
const ARCHITECTURES: [(&str, &str, Build); 8] = [
    ("marian", "MarianMTModel", marian::build),
    ("m2m_100", "M2M100ForConditionalGeneration", m2m100::build),
    ("mbart", "MBartForConditionalGeneration", mbart::build),
    ("bart", "BartForConditionalGeneration", bart::build),
    ("pegasus", "PegasusForConditionalGeneration", pegasus::build),
    ("t5", "T5ForConditionalGeneration", t5::build),
    ("mt5", "MT5ForConditionalGeneration", t5::build_mt5),
    (
        "IndicTrans",
        "IndicTransForConditionalGeneration",
        indictrans2::build,
    ),
];

/// Why a folder's model cannot be used.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file that describes the model cannot be read.
    #[error(
        "{path} cannot be read: {source}; a model folder holds {CONFIG}, weights and a tokenizer"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that describes the model is not as it must be.
    #[error("{path} is not a valid model description: {reason}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The configuration's values do not describe a model that can be run.
    #[error("{CONFIG} does not describe a model that can be run: {0}")]
    Config(String),
    /// No such architecture is known.
    #[error("{CONFIG} describes a model of type {found:?}; known are {known}")]
    Unknown {
        /// What `config.json` says.
        found: String,
        /// The types that can be run.
        known: String,
    },
    /// The weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The Bergamot model in the folder cannot be run.
    #[error(transparent)]
    Bergamot(#[from] BergamotError),
    /// The device cannot hold or run the model.
    #[error("the model does not run on this device: {0}")]
    Device(#[from] candle_core::Error),
}

/// What of a configuration says which architecture it is of.
#[derive(Deserialize)]
struct Kind {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
}

/// Loads the encoder-decoder in a folder onto a device.
///
/// On the CPU matrices are rounded to 8 bits, or to bf16, unless `compute` is [`Compute::F32`].
///
/// # Errors
/// If the folder lacks a file, its architecture is unknown, a file is damaged or wants to run code, or what is in the
/// weights is not what the configuration says.
pub fn load_folder(
    folder: &Path,
    compute: Compute,
    device: &Device,
) -> Result<Box<dyn Model>, LoadError> {
    Ok(Box::new(build(folder, compute, device)?))
}

fn build(folder: &Path, compute: Compute, device: &Device) -> Result<EncoderDecoder, LoadError> {
    let plan = Plan::read(folder)?;
    plan.build(&Weights::open(folder, device)?.with(compute))
}

/// What `config.json` says, and who builds that.
pub struct Plan {
    config: Value,
    build: Build,
}

impl Plan {
    /// Reads the configuration of a folder.
    pub fn read(folder: &Path) -> Result<Self, LoadError> {
        let config = read_json(&folder.join(CONFIG))?;
        let build = architecture(&config)?;
        // Its integers would be taken for the weights themselves.
        if !config["quantization_config"].is_null() {
            return Err(LoadError::Config(
                "its weights are quantised (quantization_config); use the unquantised model, or a GGUF file"
                    .to_owned(),
            ));
        }
        Ok(Plan { config, build })
    }

    /// The model of these weights.
    pub fn build(&self, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
        (self.build)(&self.config, weights)
    }
}

fn architecture(config: &Value) -> Result<Build, LoadError> {
    let kind: Kind = parse(config)?;
    let classes = kind.architectures.unwrap_or_default();
    // The same layers serve for classification, with another head.
    let other_task =
        |class: &&String| class.contains("For") && !class.ends_with("ForConditionalGeneration");
    let known = ARCHITECTURES
        .iter()
        .find(|(model_type, class, _)| match &kind.model_type {
            Some(found) => found == model_type,
            None => classes.iter().any(|c| c == class),
        });
    match (known, classes.iter().find(other_task)) {
        (Some((_, _, build)), None) => Ok(*build),
        (_, class) => Err(LoadError::Unknown {
            found: match class {
                Some(class) => class.clone(),
                None => kind.model_type.unwrap_or_else(|| classes.join(", ")),
            },
            known: ARCHITECTURES
                .map(|(model_type, _, _)| model_type)
                .join(", "),
        }),
    }
}

/// A JSON file of a model folder, of at most 4 MiB.
///
/// # Errors
/// If it cannot be read or is not JSON.
pub fn read_json(path: &Path) -> Result<Value, LoadError> {
    let read = || {
        let metadata = fs::metadata(path)?;
        match metadata.len() {
            _ if !metadata.is_file() => Err(io::Error::other("not a regular file")),
            length if length > LONGEST_CONFIG => {
                Err(io::Error::other(format!("{length} bytes are too many")))
            }
            _ => fs::read(path),
        }
    };
    let text = read().map_err(|source| LoadError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|e| LoadError::Invalid {
        path: path.to_owned(),
        reason: e.to_string(),
    })
}

/// The part of a configuration that an architecture reads.
pub fn parse<T: DeserializeOwned>(config: &Value) -> Result<T, LoadError> {
    T::deserialize(config).map_err(|e| LoadError::Config(e.to_string()))
}

/// A size in a configuration, or its default: between 1 and `largest`, which is far above any model and far below what
/// overflows when multiplied.
pub fn size(
    name: &str,
    value: Option<u64>,
    default: usize,
    largest: usize,
) -> Result<usize, LoadError> {
    let value = value.unwrap_or(default as u64);
    match usize::try_from(value) {
        Ok(size) if (1..=largest).contains(&size) => Ok(size),
        _ => Err(LoadError::Config(format!(
            "{name} is {value}, not between 1 and {largest}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_architecture_names_those_that_are_known() {
        let error = |config: Value| architecture(&config).unwrap_err().to_string();
        let message = error(json!({"model_type": "gpt2"}));
        assert!(
            message.contains("\"gpt2\"; known are marian, m2m_100, mbart"),
            "{message}"
        );
        let classifier =
            json!({"model_type": "bart", "architectures": ["BartForSequenceClassification"]});
        assert!(error(classifier).contains("BartForSequenceClassification"));
        assert!(error(json!({"model_type": 7})).contains("does not describe"));
        assert!(architecture(&json!({"architectures": ["MarianMTModel"]})).is_ok());
        assert!(architecture(&json!({"model_type": "IndicTrans", "architectures": null})).is_ok());
    }

    #[test]
    fn quantised_weights_are_not_taken_for_plain_ones() {
        let folder = tempfile::tempdir().unwrap();
        let config = r#"{"model_type": "t5", "quantization_config": {"load_in_8bit": true}}"#;
        fs::write(folder.path().join(CONFIG), config).unwrap();
        let error = build(folder.path(), Compute::F32, &Device::Cpu)
            .err()
            .expect("an error");
        assert!(error.to_string().contains("quantised"), "{error}");
    }

    #[derive(Deserialize)]
    struct Reference {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        source: Vec<u32>,
        /// Empty for the longest source.
        encoded: Vec<Vec<f32>>,
    }

    /// Every other difference from the reference shows in the logits (`tests/seq2seq.rs`).
    #[test]
    fn encoders_are_the_reference_s() {
        let miniatures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model");
        for name in [
            "marian",
            "marian-separate",
            "m2m100",
            "mbart",
            "bart",
            "pegasus",
            "t5",
            "flan-t5",
            "mt5",
            "indictrans2",
        ] {
            let folder = miniatures.join(format!("{name}-mini"));
            let model = build(&folder, Compute::F32, &Device::Cpu).unwrap();
            let reference = fs::read(folder.join("reference.json")).unwrap();
            let Reference { cases } = serde_json::from_slice(&reference).unwrap();
            let sources: Vec<&[u32]> = cases.iter().map(|c| c.source.as_slice()).collect();
            let together = model.encoded(&sources).unwrap().to_vec2::<f32>().unwrap();
            let mut rows = together.iter();
            for case in &cases {
                let rows = rows.by_ref().take(case.source.len()).flatten();
                let expected = case.encoded.iter().flatten();
                for (got, expected) in rows.zip(expected) {
                    assert!(
                        (got - expected).abs() < 2e-5,
                        "{name}: {got} for {expected}"
                    );
                }
            }
            let checked = cases.iter().filter(|c| !c.encoded.is_empty()).count();
            assert_eq!(checked, 2, "{name}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(size("d_model", None, 8, 10).unwrap(), 8);
        for value in [0, 11, u64::MAX] {
            let error = size("d_model", Some(value), 8, 10).unwrap_err().to_string();
            assert!(error.contains("d_model"), "{error}");
        }
    }
}
