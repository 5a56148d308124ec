//! What can go wrong in an evaluation.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::comet::CometError;
use crate::hub::HubError;

/// Why a score cannot be given. Each message says what, where and what to do.
#[derive(Debug, Error)]
pub enum EvalError {
    /// A metric that is not known, or an option that it does not have.
    #[error("metric {spec:?}: {message}")]
    Spec {
        /// The specification as it was given.
        spec: String,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// Two sides of the test set that differ in length.
    #[error(
        "{what} has {found} sentences, and {against:?} has {expected}: a line for each sentence is needed on both sides"
    )]
    Length {
        /// The side that differs.
        what: String,
        /// Its sentences.
        found: usize,
        /// The side that it is held against.
        against: String,
        /// Its sentences.
        expected: usize,
    },
    /// A metric or a model that needs the references or the source of a sentence that has none.
    #[error("{metric} needs {what} of every sentence, and sentence {sentence} has none")]
    Missing {
        /// Name of the metric, or of the model.
        metric: String,
        /// "a reference" or "the source".
        what: &'static str,
        /// Number of the sentence, from 1.
        sentence: usize,
    },
    /// Two systems with one name, which reports could not tell apart.
    #[error("two systems are named {name:?}; give one of them another name")]
    SameName {
        /// The name.
        name: String,
    },
    /// There is nothing to score.
    #[error("the test set has no sentences")]
    Empty,
    /// A file that cannot be read or is not what it should be.
    #[error("{path}: {message}", path = shown(path))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, where in it, and what to do.
        message: String,
    },
    /// A known test set that cannot be used.
    #[error("test set {name}: {message}")]
    TestSet {
        /// Its name.
        name: String,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A neural metric that cannot be loaded or does not run.
    #[error(transparent)]
    Comet(Box<CometError>),
    /// A model that is not on this machine.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<CometError> for EvalError {
    fn from(error: CometError) -> EvalError {
        match error {
            CometError::Input(error) => error,
            error => EvalError::Comet(Box::new(error)),
        }
    }
}

/// A file as errors name it; `-` is standard input.
pub(super) fn shown(path: &Path) -> String {
    match path == Path::new("-") {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}
