//! `hparams.yaml`: the hyper-parameters of a COMET model that say how a score comes about.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::CometError;

/// Bytes at most; real ones have about a thousand.
const LONGEST: u64 = 1 << 20;
/// Width of a hidden layer, and number of them, at most.
const WIDEST: usize = 1 << 16;
const DEEPEST: usize = 64;

/// How a model comes to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Hparams {
    /// What is read together, and compared.
    pub kind: Kind,
    /// Repository of the encoder, whose sizes and tokenizer are needed: `xlm-roberta-large`.
    pub encoder: String,
    /// Which layers of the encoder count.
    pub layer: Layer,
    /// How the vectors of a sequence become one.
    pub pool: Pool,
    /// Widths of the hidden layers of the estimator.
    pub hidden: Vec<usize>,
    /// What follows each hidden layer.
    pub activation: Activation,
    /// What follows the last.
    pub final_activation: Option<Activation>,
}

/// What is read together, and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Source, translation and reference are read apart and their vectors compared (Rei et al. 2020).
    Regression,
    /// The same without the reference.
    Referenceless,
    /// The translation is read together with others (Wan et al. 2022, Rei et al. 2022); with either of them at least,
    /// and if it may be with both, three times: with each and with both.
    Unified {
        /// With the source.
        source: bool,
        /// With the reference, where there is one.
        reference: bool,
    },
}

/// Which layers of the encoder count; 0 are the embeddings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// One.
    One(usize),
    /// All, by learned weights (Peters et al. 2018).
    Mix {
        /// How weights sum to one.
        transformation: Transformation,
        /// Whether each layer's vectors are brought to mean 0 and variance 1 over the sequence first.
        norm: bool,
    },
}

/// How weights are made to sum to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transformation {
    /// exp(w) / Σ exp(w).
    Softmax,
    /// The nearest point of the simplex, on which some are 0 (Martins and Astudillo 2016).
    Sparsemax,
}

/// How the vectors of a sequence become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// Their mean.
    Average,
    /// The greatest of each value.
    Max,
    /// The first, that of the token that stands before every text.
    First,
    /// The first of the encoder's last layer, whatever layers count.
    FirstOfLast,
}

/// A non-linearity of the estimator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
}

/// The file; what is absent has the default that its class in COMET has.
#[derive(Deserialize)]
struct Fields {
    class_identifier: String,
    encoder_model: Option<String>,
    pretrained_model: String,
    layer: Option<LayerField>,
    sent_layer: Option<LayerField>,
    layer_transformation: Option<String>,
    layer_norm: Option<bool>,
    pool: Option<String>,
    input_segments: Option<Vec<String>>,
    hidden_sizes: Option<Vec<usize>>,
    activations: Option<String>,
    final_activation: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LayerField {
    Number(i64),
    Name(String),
}

impl Hparams {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, is not YAML, or describes a model of another kind.
    pub fn read(path: &Path) -> Result<Self, CometError> {
        let error = |message: String| CometError::File {
            path: path.to_owned(),
            message,
        };
        let mut text = String::new();
        let read =
            File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
        match read {
            Err(source) => return Err(error(format!("it cannot be read: {source}"))),
            Ok(length) if length as u64 > LONGEST => {
                return Err(error(format!("it has more than {LONGEST} bytes")));
            }
            Ok(_) => {}
        }
        Hparams::parse(&text, path)
    }

    /// Reads its text; `path` is for messages.
    fn parse(text: &str, path: &Path) -> Result<Self, CometError> {
        let fields: Fields = serde_saphyr::from_str(text).map_err(|e| CometError::File {
            path: path.to_owned(),
            message: e.to_string().lines().next().unwrap_or_default().to_owned(),
        })?;
        fields.resolve().map_err(|wrong| CometError::Unsupported {
            path: path.to_owned(),
            name: wrong.name,
            found: wrong.found,
            known: wrong.known,
        })
    }
}

/// A hyper-parameter with a value that cannot be used.
struct Wrong {
    name: &'static str,
    found: String,
    known: &'static str,
}

fn wrong(name: &'static str, found: impl ToString, known: &'static str) -> Wrong {
    let found = found.to_string();
    Wrong { name, found, known }
}

impl Fields {
    fn resolve(self) -> Result<Hparams, Wrong> {
        let encoder_model = self.encoder_model.as_deref().unwrap_or("XLM-RoBERTa");
        if !matches!(encoder_model, "XLM-RoBERTa" | "XLM-RoBERTa-XL") {
            let known = "XLM-RoBERTa and XLM-RoBERTa-XL";
            return Err(wrong("encoder_model", encoder_model, known));
        }
        let kind = kind(&self.class_identifier, self.input_segments.as_deref())?;
        let is_unified = matches!(kind, Kind::Unified { .. });
        let hidden = self.hidden_sizes.unwrap_or_else(|| match kind {
            Kind::Referenceless => vec![2048, 1024],
            Kind::Regression | Kind::Unified { .. } => vec![3072, 1024],
        });
        let fits = (1..=DEEPEST).contains(&hidden.len())
            && hidden.iter().all(|width| (1..=WIDEST).contains(width));
        if !fits {
            let known = "1 to 64 widths of 1 to 65536";
            return Err(wrong("hidden_sizes", format!("{hidden:?}"), known));
        }
        let transformation = match self.layer_transformation.as_deref() {
            // A patched model was trained with softmax, for all that its name says.
            Some("softmax" | "sparsemax_patch") => Transformation::Softmax,
            Some("sparsemax") => Transformation::Sparsemax,
            None if is_unified => Transformation::Sparsemax,
            None => Transformation::Softmax,
            Some(other) => {
                return Err(wrong(
                    "layer_transformation",
                    other,
                    "softmax and sparsemax",
                ));
            }
        };
        let layer = match is_unified {
            true => self.sent_layer,
            false => self.layer,
        };
        let known = "mix and numbers from 0";
        let layer = match layer {
            None => None,
            Some(LayerField::Name(name)) if name == "mix" => None,
            Some(LayerField::Name(name)) => return Err(wrong("layer", name, known)),
            Some(LayerField::Number(n)) => {
                Some(usize::try_from(n).map_err(|_| wrong("layer", n, known))?)
            }
        };
        let pool = match self.pool.as_deref().unwrap_or("avg") {
            _ if is_unified => Pool::First,
            "avg" => Pool::Average,
            "max" => Pool::Max,
            "cls" => Pool::First,
            "default" => Pool::FirstOfLast,
            other => return Err(wrong("pool", other, "avg, max, cls and default")),
        };
        let final_activation = self.final_activation;
        Ok(Hparams {
            kind,
            encoder: self.pretrained_model,
            layer: layer.map_or(
                Layer::Mix {
                    transformation,
                    norm: self.layer_norm.unwrap_or(true),
                },
                Layer::One,
            ),
            pool,
            hidden,
            activation: activation("activations", self.activations.as_deref().unwrap_or("Tanh"))?,
            final_activation: final_activation
                .map(|name| activation("final_activation", &name))
                .transpose()?,
        })
    }
}

fn kind(class: &str, segments: Option<&[String]>) -> Result<Kind, Wrong> {
    match class {
        "regression_metric" => Ok(Kind::Regression),
        "referenceless_regression_metric" => Ok(Kind::Referenceless),
        "unified_metric" => {
            let Some(segments) = segments else {
                return Ok(Kind::Unified {
                    source: true,
                    reference: true,
                });
            };
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            let (source, reference) = match segments.as_slice() {
                ["mt", "src"] => (true, false),
                ["mt", "ref"] => (false, true),
                ["mt", "src", "ref"] => (true, true),
                _ => {
                    let known = "[mt, src], [mt, ref] and [mt, src, ref]";
                    return Err(wrong("input_segments", segments.join(", "), known));
                }
            };
            Ok(Kind::Unified { source, reference })
        }
        other => {
            let known = "regression_metric, referenceless_regression_metric and unified_metric";
            Err(wrong("class_identifier", other, known))
        }
    }
}

/// COMET takes the name of any class of PyTorch, in any case of letters.
fn activation(field: &'static str, name: &str) -> Result<Activation, Wrong> {
    match name.to_ascii_lowercase().as_str() {
        "tanh" => Ok(Activation::Tanh),
        "sigmoid" => Ok(Activation::Sigmoid),
        _ => Err(wrong(field, name, "Tanh and Sigmoid")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Hparams, String> {
        Hparams::parse(text, Path::new("hparams.yaml")).map_err(|e| e.to_string())
    }

    const COMET: &str = "\
activations: Tanh
batch_size: 4
class_identifier: regression_metric
encoder_learning_rate: 1.0e-06
encoder_model: XLM-RoBERTa
final_activation: null
hidden_sizes:
- 3072
- 1024
keep_embeddings_frozen: true
layer: mix
layer_norm: false
layer_transformation: sparsemax
pool: avg
pretrained_model: xlm-roberta-large
train_data:
- data/a.csv
validation_data: []
";

    #[test]
    fn hyper_parameters_are_read() {
        let hparams = parse(COMET).unwrap();
        let expected = Hparams {
            kind: Kind::Regression,
            encoder: "xlm-roberta-large".to_owned(),
            layer: Layer::Mix {
                transformation: Transformation::Sparsemax,
                norm: false,
            },
            pool: Pool::Average,
            hidden: vec![3072, 1024],
            activation: Activation::Tanh,
            final_activation: None,
        };
        assert_eq!(hparams, expected);
    }

    #[test]
    fn defaults_are_those_of_the_class() {
        let unified = parse("class_identifier: unified_metric\npretrained_model: x").unwrap();
        let both = Kind::Unified {
            source: true,
            reference: true,
        };
        assert_eq!((unified.kind, unified.pool), (both, Pool::First));
        let mixed = |transformation| Layer::Mix {
            transformation,
            norm: true,
        };
        assert_eq!(unified.layer, mixed(Transformation::Sparsemax));
        let class = "class_identifier: referenceless_regression_metric\npretrained_model: x";
        let referenceless = parse(class).unwrap();
        assert_eq!(referenceless.hidden, [2048, 1024]);
        assert_eq!(referenceless.layer, mixed(Transformation::Softmax));
    }

    #[test]
    fn what_cannot_be_done_is_named() {
        for (from, to, why) in [
            (
                "regression_metric",
                "xcomet_metric",
                "class_identifier: xcomet_metric",
            ),
            ("XLM-RoBERTa", "RemBERT", "encoder_model: RemBERT"),
            ("layer: mix", "layer: -1", "layer: -1"),
            ("layer: mix", "layer: top", "layer: top"),
            ("pool: avg", "pool: best", "pool: best"),
            ("sparsemax", "entmax", "layer_transformation: entmax"),
            ("Tanh", "Threshold", "activations: Threshold"),
            ("- 3072", "- 0", "hidden_sizes: [0, 1024]"),
            ("class_identifier", "klass", "class_identifier"),
            ("pool: avg", "pool: [avg", "hparams.yaml"),
        ] {
            let error = parse(&COMET.replace(from, to)).unwrap_err();
            assert!(error.contains(why) && !error.contains('\n'), "{error}");
        }
    }
}
