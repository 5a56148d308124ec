//! COMET: a score that a neural network gives a translation, learned from people's judgements (Rei et al. 2020, COMET:
//! A Neural Framework for MT Evaluation, EMNLP, <https://aclanthology.org/2020.emnlp-main.213>).
//!
//! Data goes one way: texts → `reading`, the sequences of tokens that the encoder reads → `schedule`, batches →
//! `embedding`, one vector a sequence → `estimator`, a score. Models are those of Unbabel's COMET 2: regression with and
//! without references, and the unified metric, of which CometKiwi is one. Scores are those of `unbabel-comet` 2.2.7 to
//! about five decimals; only a text that spells a special token such as `</s>` is text here, and that token there.

mod embedding;
mod error;
mod estimator;
mod hparams;
mod identity;
mod reading;
mod schedule;

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::Device;

pub use error::CometError;

use super::metric::check_input;
use super::{EvalError, Metric, Needs, ReferenceCount, Segment, Signature, Spec, Statistics};
use crate::hub::Hub;
use crate::model::{LoadError, Scope, Weights, XlmRoberta, read_json};
use crate::tokenizer::{Languages, Tokenizer};
use embedding::Embedder;
use estimator::{Estimator, compare_with_reference, compare_with_source};
use hparams::{Hparams, Kind};
use reading::{Reader, Reading};

/// The release of COMET whose scores these are.
const IMPLEMENTATION: &str = "unbabel-comet 2.2.7";
/// Names of metrics, and the entries of the catalogue that they mean.
const MODELS: [(&str, &str); 3] = [
    ("comet", "wmt22-comet-da"),
    ("comet-qe", "wmt20-comet-qe-da"),
    ("cometkiwi", "wmt22-cometkiwi-da"),
];
/// The encoder of most of Unbabel's models.
const USUAL_ENCODER: &str = "xlm-roberta-large";
/// The encoder of CometKiwi, of the same sizes and with the same tokenizer.
const INFOXLM: &str = "microsoft/infoxlm-large";
const HPARAMS: &str = "hparams.yaml";
const CHECKPOINT: &str = "checkpoints/model.ckpt";

/// Translations whose sequences are held at once: memory beside the result does not grow with the corpus.
const WINDOW: usize = 2048;

/// A translation with what it is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Triple<'a> {
    /// The source; a metric that reads none ignores it.
    pub source: Option<&'a str>,
    /// The translation.
    pub hypothesis: &'a str,
    /// The reference; a metric that reads none ignores it.
    pub reference: Option<&'a str>,
}

/// The score of a translation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mostly between 0 and 1, more for a better one; the mean is the score of a system.
    pub value: f64,
    /// Whether something was too long for the encoder, so that its end was not read.
    pub is_cut: bool,
}

/// What of the machine a model may use.
#[derive(Debug, Clone)]
pub struct CometOptions {
    /// Where it runs, in f32.
    pub device: Device,
    /// Cores to use; 0 for as many as the rayon pool has in which scores are asked for.
    pub threads: usize,
}

impl Default for CometOptions {
    fn default() -> Self {
        CometOptions {
            device: Device::Cpu,
            threads: 0,
        }
    }
}

/// A COMET model, ready to score.
pub struct Comet {
    kind: Kind,
    tokenizer: Tokenizer,
    embedder: Embedder,
    estimator: Estimator,
    identity: String,
    threads: usize,
}

/// Asked after each batch, with the part of the work that is done, 0 to 1; `Break` ends it.
pub type Check<'a> = dyn Fn(f64) -> ControlFlow<()> + Sync + 'a;

impl Comet {
    /// The repository of the encoder that the model in a folder was made of, as it is written there:
    /// `xlm-roberta-large`, `microsoft/infoxlm-large` (the two have the same sizes and tokenizer). Its `config.json` and
    /// tokenizer are needed to load the model, not its weights.
    ///
    /// # Errors
    /// If the hyper-parameters cannot be read or are of a model of another kind.
    pub fn encoder_name(folder: &Path) -> Result<String, CometError> {
        Ok(Hparams::read(&folder.join(HPARAMS))?.encoder)
    }

    /// Loads the model in a folder, which holds `hparams.yaml` and `checkpoints/model.ckpt` as Unbabel's repositories
    /// do; `encoder` holds `config.json` and the tokenizer of its encoder. The checkpoint is a pickle, which is read
    /// and never run.
    ///
    /// # Errors
    /// If a file is missing or damaged, wants to run code, or is of a model of another kind.
    pub fn load(
        folder: &Path,
        encoder: &Path,
        options: &CometOptions,
    ) -> Result<Comet, CometError> {
        let hparams = Hparams::read(&folder.join(HPARAMS))?;
        let load = |source: LoadError| CometError::Load {
            folder: folder.to_owned(),
            source: Box::new(source),
        };
        let tokenizer = Tokenizer::from_folder(encoder, Languages::default());
        let tokenizer = tokenizer.map_err(|source| CometError::Tokenizer {
            folder: encoder.to_owned(),
            source,
        })?;
        let config = read_json(&encoder.join("config.json")).map_err(load)?;
        let checkpoint = folder.join(CHECKPOINT);
        let weights = Weights::open_training(&checkpoint, &options.device);
        let weights = weights.map_err(|e| load(e.into()))?;
        let root = Scope::new(&weights, "");
        let model = root.at("encoder").at("model");
        let encoder = XlmRoberta::build(&config, &model, &options.device).map_err(load)?;
        let (tokens, vectors) = (tokenizer.source_vocabulary(), encoder.vocabulary()?);
        if tokens > vectors {
            return Err(CometError::Vocabulary { tokens, vectors });
        }
        let width = encoder.width();
        let layers = root.at("layerwise_attention");
        let embedder = Embedder::load(encoder, hparams.layer, hparams.pool, &layers);
        let scope = root.at("estimator").at("ff");
        let identity = identity::identity(folder, &checkpoint);
        Ok(Comet {
            kind: hparams.kind,
            tokenizer,
            embedder: embedder.map_err(load)?,
            estimator: Estimator::load(&hparams, width, &scope, &options.device).map_err(load)?,
            identity: identity.map_err(|source| CometError::File {
                path: checkpoint,
                message: format!("it cannot be read: {source}"),
            })?,
            threads: options.threads,
        })
    }

    /// Reads the options `model`, a name of the catalogue, a repository or a folder, and `encoder`, likewise; without
    /// them, the names `comet`, `comet-qe` and `cometkiwi` stand for Unbabel's models. Nothing is fetched.
    ///
    /// # Errors
    /// [`EvalError::Spec`] for an unknown option, [`EvalError::Hub`] where a model is not on this machine, and
    /// [`EvalError::Comet`] where it cannot be loaded.
    pub fn from_spec(spec: &mut Spec) -> Result<Comet, EvalError> {
        let usual = MODELS.iter().find(|(name, _)| *name == spec.name);
        let usual = usual.map(|&(_, model)| model.to_owned());
        let model = spec.take(&["model", "m"]).or(usual);
        let encoder = spec.take(&["encoder"]);
        spec.finish("model, encoder")?;
        let model = model.ok_or_else(|| spec.error("name a model, as comet:model=NAME"))?;
        let hub = Hub::from_env()?;
        let folder = hub.locate(&model)?.folder;
        let encoder = match encoder {
            Some(name) => name,
            None => match Comet::encoder_name(&folder)? {
                name if name == INFOXLM => USUAL_ENCODER.to_owned(),
                name => name,
            },
        };
        let encoder = hub.locate(&encoder)?;
        Ok(Comet::load(
            &folder,
            &encoder.folder,
            &CometOptions::default(),
        )?)
    }

    /// Whether a specification of this name means a model of COMET.
    pub fn is_name(name: &str) -> bool {
        MODELS.iter().any(|(known, _)| *known == name)
    }

    /// Scores translations. A source or reference that several share is read once, if they stand near one another.
    ///
    /// # Errors
    /// If one lacks what the metric needs, the device fails, or `check` breaks.
    pub fn score_triples(
        &self,
        triples: &[Triple],
        check: &Check,
    ) -> Result<Vec<Score>, CometError> {
        let name = self.name();
        let reader = Reader {
            kind: self.kind,
            tokenizer: &self.tokenizer,
            longest: self.embedder.encoder.longest(),
            metric: &name,
        };
        let threads = match self.threads {
            0 => rayon::current_num_threads(),
            threads => threads,
        };
        let mut scores = Vec::with_capacity(triples.len());
        let windows = triples.len().div_ceil(WINDOW) as f64;
        for (n, window) in triples.chunks(WINDOW).enumerate() {
            let readings = reader.read(window, n * WINDOW + 1)?;
            let tokens: usize = readings.sequences.iter().map(Vec::len).sum();
            let done = |done: usize| check((n as f64 + done as f64 / tokens as f64) / windows);
            let sequences = &readings.sequences;
            let vectors = schedule::embed_all(&self.embedder, sequences, threads, &done)?;
            let translations = &readings.translations;
            let values = self.estimate(translations, &vectors)?;
            let pairs = values.into_iter().zip(translations);
            scores.extend(pairs.map(|(value, reading)| Score {
                value,
                is_cut: reading.is_cut,
            }));
        }
        Ok(scores)
    }

    /// Scores of translations from the vectors of their sequences.
    fn estimate(
        &self,
        translations: &[Reading],
        vectors: &[Vec<f32>],
    ) -> candle_core::Result<Vec<f64>> {
        if let Kind::Unified { .. } = self.kind {
            let scores = self.estimator.score(vectors)?;
            let mean = |reading: &Reading| {
                let own = reading.sequences.iter().map(|&i| f64::from(scores[i]));
                own.sum::<f64>() / reading.sequences.len() as f64
            };
            return Ok(translations.iter().map(mean).collect());
        }
        let input = |reading: &Reading| {
            let vector = |i: usize| vectors[reading.sequences[i]].as_slice();
            match reading.sequences.len() {
                2 => compare_with_source(vector(0), vector(1)),
                _ => compare_with_reference(vector(0), vector(1), vector(2)),
            }
        };
        let mut scores = Vec::with_capacity(translations.len());
        for translations in translations.chunks(estimator::ROWS) {
            let inputs: Vec<Vec<f32>> = translations.iter().map(input).collect();
            scores.extend(self.estimator.score(&inputs)?.into_iter().map(f64::from));
        }
        Ok(scores)
    }
}

/// A score of a corpus is the mean of its sentences' scores.
impl Metric for Comet {
    fn name(&self) -> String {
        match self.kind {
            Kind::Regression => "COMET",
            Kind::Referenceless => "COMET-QE",
            Kind::Unified {
                reference: false, ..
            } => "COMETKiwi",
            Kind::Unified {
                reference: true, ..
            } => "UniTE",
        }
        .to_owned()
    }

    fn signature(&self, _references: ReferenceCount) -> Signature {
        let references = match self.kind {
            Kind::Regression
            | Kind::Unified {
                reference: true, ..
            } => 1,
            Kind::Referenceless
            | Kind::Unified {
                reference: false, ..
            } => 0,
        };
        Signature::other(IMPLEMENTATION)
            .with("nrefs", "#", references)
            .with("model", "m", &self.identity)
    }

    fn needs(&self) -> Needs {
        match self.kind {
            Kind::Regression => Needs {
                source: true,
                references: true,
            },
            Kind::Referenceless | Kind::Unified { source: true, .. } => Needs::SOURCE,
            Kind::Unified { source: false, .. } => Needs::REFERENCES,
        }
    }

    fn decimals(&self) -> usize {
        4
    }

    fn width(&self) -> usize {
        3
    }

    fn score(&self, sums: &[f64]) -> f64 {
        sums[0] / sums[1].max(1.0)
    }

    /// Rows of the score, 1, and 1 where something was cut. Of several references the first that there is counts: COMET
    /// knows one.
    fn statistics(
        &self,
        segments: &[Segment],
        systems: &[&[String]],
        check: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Statistics>, EvalError> {
        check_input(self, segments, systems)?;
        // A sentence's outputs stand together, so that what they share is read once.
        let outputs = segments.iter().enumerate().flat_map(|(i, segment)| {
            let reference = segment.references.iter().flatten().next();
            systems.iter().map(move |system| Triple {
                source: segment.source.as_deref(),
                hypothesis: &system[i],
                reference: reference.map(String::as_str),
            })
        });
        let scores = self.score_triples(&outputs.collect::<Vec<_>>(), &|_| check())?;
        let of_system = |n: usize| {
            let own = scores.iter().skip(n).step_by(systems.len());
            let row = |score: &Score| [score.value, 1.0, f64::from(u8::from(score.is_cut))];
            Statistics::new(self.width(), own.flat_map(row).collect())
        };
        Ok((0..systems.len()).map(of_system).collect())
    }

    /// How many translations were cut, where some were.
    fn details(&self, sums: &[f64]) -> String {
        match sums[2] {
            0.0 => String::new(),
            cut => format!("({cut} of {} were too long and were cut)", sums[1]),
        }
    }
}
