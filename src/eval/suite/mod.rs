//! Suites: a test set, a model and the scores it must reach, run by `cargo test` and by `anubad eval suite`.
//!
//! ```toml
//! # tests/suites/news.toml
//! input = "news.jsonl"          # beside this file; any form of `anubad eval --input`
//! model = "embedded"            # or a name of `anubad models list`, or a path beside this file
//! # system = "nllb"             # instead of a model: whose outputs in `input` are held against the limits
//! metrics = ["bleu", "chrf++"]
//! errors = 4                    # findings of severity error that are still good enough
//!
//! [bars]                        # what scores must reach
//! BLEU = 25
//!
//! [regression]                  # how far they may fall behind the recorded baseline
//! BLEU = 1.0
//! "chrF++" = 0.5
//! ```
//!
//! The baseline is a [`Report`] in `news.baseline.json` beside the suite, written by [`Suite::record`]
//! (`anubad eval suite --update FILE`) and by nothing else.

mod outcome;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use super::corpus::read_text;
use super::report::Report;
use super::{
    Bar, EvalError, EvaluationOptions, Layout, Metric, System, TestSet, evaluate, parse_metrics,
    read_parallel, translate_set,
};
use crate::files::write_whole;
use crate::generate::ModelSource;
use crate::hub::{Hub, HubError};
use crate::translate::{TranslateError, TranslateOptions, Translator};

pub use outcome::{Outcome, Regression};

/// What the model that the program carries is called.
const EMBEDDED: &str = "embedded";
/// Largest suite file and baseline that are read, in bytes.
const LARGEST: u64 = 256 << 20;

/// A suite as its file defines it.
#[derive(Debug, Clone)]
pub struct Suite {
    path: PathBuf,
    definition: Definition,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    /// Sources and references.
    input: PathBuf,
    /// What translates the sources; the embedded model where neither it nor `system` is named.
    model: Option<String>,
    /// Whose outputs are in `input` already.
    system: Option<String>,
    source_language: Option<String>,
    beam: Option<usize>,
    #[serde(default = "usual_metrics")]
    metrics: Vec<String>,
    errors: Option<usize>,
    #[serde(default)]
    bars: BTreeMap<String, f64>,
    #[serde(default)]
    regression: BTreeMap<String, f64>,
}

fn usual_metrics() -> Vec<String> {
    ["bleu", "chrf++"].map(str::to_owned).to_vec()
}

/// Why a suite could not be run.
#[derive(Debug, Error)]
pub enum SuiteError {
    /// The suite's file, or its baseline, is not what it should be or cannot be written.
    #[error("{path}: {message}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
    /// A file, the test set, or a metric.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The model is not on this machine.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The model failed.
    #[error(transparent)]
    Translate(#[from] TranslateError),
}

impl Suite {
    /// Reads the definition of a suite.
    ///
    /// # Errors
    /// [`SuiteError::Eval`] where it cannot be read, [`SuiteError::File`] where it names something unknown, lacks
    /// something or has a limit that is no number.
    pub fn load(path: impl AsRef<Path>) -> Result<Suite, SuiteError> {
        let path = path.as_ref().to_owned();
        let text = read_text(&path, LARGEST)?;
        let definition: Definition = toml::from_str(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text
                .bytes()
                .take(start)
                .filter(|byte| *byte == b'\n')
                .count();
            wrong(&path, format!("line {line}: {}", error.message()))
        })?;
        let bars = definition.bars.iter();
        let bars = bars.filter(|(_, value)| !value.is_finite());
        let losses = definition.regression.iter();
        let losses = losses.filter(|(_, value)| !value.is_finite() || **value < 0.0);
        if let Some((metric, value)) = bars.chain(losses).next() {
            let message = "is no score to reach, nor a loss to allow, which is at least 0";
            return Err(wrong(&path, format!("{metric} = {value} {message}")));
        }
        if definition.model.is_some() && definition.system.is_some() {
            return Err(wrong(
                &path,
                "names a model and a system; one makes the outputs",
            ));
        }
        Ok(Suite { path, definition })
    }

    /// Its name: that of its file.
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// Where the baseline is, or will be.
    pub fn baseline_path(&self) -> PathBuf {
        self.path.with_extension("baseline.json")
    }

    /// Translates the test set, scores the outputs, and holds the scores against bars and baseline.
    ///
    /// `progress` is told of sentences translated and stops the run where it breaks.
    ///
    /// # Errors
    /// Where the test set, the model or the baseline cannot be used. A score that is not good enough is no error.
    pub fn run(
        &self,
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
    ) -> Result<Outcome, SuiteError> {
        // What is cheap to find wrong is found before a model runs.
        let metrics = self.metrics()?;
        let baseline = self.baseline()?;
        let corpus = read_parallel(&self.beside(&self.definition.input), &Layout::default())?;
        let system = match &self.definition.system {
            None => self.translate(&corpus.test_set, progress)?,
            Some(name) => {
                let mut systems = corpus.systems.into_iter();
                let found = systems.find(|system| system.name == *name);
                let path = self.beside(&self.definition.input);
                found.ok_or_else(|| wrong(&path, format!("has no system {name:?}")))?
            }
        };
        let options = EvaluationOptions {
            sentences: true,
            ..EvaluationOptions::default()
        };
        let interrupted = || progress(0);
        let report = evaluate(
            &corpus.test_set,
            &[system],
            &metrics,
            &options,
            &interrupted,
        )?;
        let bar = |(metric, &value): (&String, &f64)| Bar {
            metric: metric.clone(),
            value,
        };
        let bars: Vec<Bar> = self.definition.bars.iter().map(bar).collect();
        let limits = outcome::Limits {
            bars: &bars,
            regression: &self.definition.regression,
            errors: self.definition.errors,
        };
        Outcome::new(report, baseline, &limits).map_err(|error| wrong(&self.path, error))
    }

    /// Makes a report the baseline that later runs are held against.
    ///
    /// # Errors
    /// [`SuiteError::File`] where it cannot be written; the old one is then unchanged.
    pub fn record(&self, report: &Report) -> Result<(), SuiteError> {
        let path = self.baseline_path();
        let json = serde_json::to_string_pretty(report).expect("plain data is JSON");
        let written = write_whole(&path, format!("{json}\n").as_bytes());
        written.map_err(|error| wrong(&path, format!("cannot be written: {error}")))
    }

    /// Runs the suite in a test, which fails with the sentences to look at where it is not passed.
    ///
    /// # Panics
    /// Where a score is not good enough or the suite cannot be run.
    pub fn assert(&self) {
        match self.run(&|_| ControlFlow::Continue(())) {
            Err(error) => panic!("suite {}: {error}", self.name()),
            Ok(outcome) if !outcome.is_passed() => panic!("suite {}: {outcome}", self.name()),
            Ok(_) => {}
        }
    }

    fn metrics(&self) -> Result<Vec<Box<dyn Metric>>, EvalError> {
        let mut metrics = Vec::new();
        for spec in &self.definition.metrics {
            metrics.extend(parse_metrics(spec)?);
        }
        Ok(metrics)
    }

    fn translate(
        &self,
        test_set: &TestSet,
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
    ) -> Result<System, SuiteError> {
        let name = self.definition.model.as_deref().unwrap_or(EMBEDDED);
        test_set.check_sources(name)?;
        let beside = self.beside(Path::new(name));
        let model = match name {
            EMBEDDED => ModelSource::Embedded,
            _ if beside.exists() => ModelSource::path(beside),
            name => ModelSource::Located(Box::new(Hub::from_env()?.locate(name)?)),
        };
        let language = self.definition.source_language.clone();
        let language = language.or_else(|| model.source_language());
        let translator = Translator::load(TranslateOptions {
            source_language: language.unwrap_or_else(|| "bn".to_owned()),
            beam_size: self.definition.beam,
            model,
            ..TranslateOptions::default()
        })?;
        Ok(translate_set(&translator, name, test_set, progress)?)
    }

    fn baseline(&self) -> Result<Option<Report>, SuiteError> {
        let path = self.baseline_path();
        if !path.exists() {
            return Ok(None);
        }
        let text = read_text(&path, LARGEST)?;
        let report = serde_json::from_str(&text).map_err(|error| wrong(&path, error))?;
        Ok(Some(report))
    }

    /// A path that the suite names, seen from its folder.
    fn beside(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

fn wrong(path: &Path, message: impl ToString) -> SuiteError {
    SuiteError::File {
        path: path.to_owned(),
        message: message.to_string(),
    }
}

/// Fails the test where a suite is not passed: `assert_quality!("tests/suites/news.toml")`, the path being seen from the
/// package that is tested.
#[macro_export]
macro_rules! assert_quality {
    ($path:expr $(,)?) => {{
        let path = ::std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join($path);
        match $crate::eval::Suite::load(path) {
            Ok(suite) => suite.assert(),
            Err(error) => panic!("{error}"),
        }
    }};
}
