//! Scores of translations and briefs: metrics, their significance, reports, suites.
//!
//! Data goes one way: a [`TestSet`] and the outputs of [`System`]s → [`statistics`] of a [`Metric`], sentence by
//! sentence → scores of corpus and sentences → significance → report. Nothing here loads a translation model; the
//! metrics work on strings alone.

mod chrf;
mod corpus;
mod error;
mod metric;
pub mod report;
mod signature;
mod spec;
mod ter;
mod vocabulary;
mod whitespace;

pub use chrf::Chrf;
pub use corpus::{Segment, System, TestSet};
pub use error::EvalError;
pub use metric::{Counter, Metric, Needs, Sides, Statistics, statistics};
pub use signature::{ReferenceCount, Signature};
pub use spec::{Spec, parse_metrics};
pub use ter::Ter;
