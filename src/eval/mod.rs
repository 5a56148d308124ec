//! Scores of translations and briefs: metrics, their significance, reports, suites.
//!
//! Data goes one way: a [`TestSet`] and the outputs of [`System`]s → [`statistics`] of a [`StringMetric`], sentence by
//! sentence → scores of corpus and sentences → significance → report. Nothing here loads a translation model; the
//! metrics work on strings alone, but for [`comet`], which asks a neural network.

pub mod comet;
mod corpus;
mod error;
mod metric;
pub mod report;
mod signature;
mod spec;

pub use corpus::{Segment, System, TestSet};
pub use error::EvalError;
pub use metric::{Counter, Metric, Needs, Sides, Statistics, StringMetric, statistics};
pub use signature::{ReferenceCount, Signature};
pub use spec::{Spec, parse_metrics};
