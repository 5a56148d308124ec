//! Scores of translations and briefs: metrics, their significance, reports, suites.
//!
//! Data goes one way: a [`TestSet`] and the outputs of [`System`]s → [`Statistics`] of a [`Metric`], sentence by
//! sentence → scores of corpus and sentences → significance → [`Report`](report::Report). Metrics work on strings alone
//! and load no model, but for [`translate_set`], which makes outputs, and [`comet`], which asks a neural network.

mod bars;
mod bleu;
mod brief;
mod checks;
mod chrf;
pub mod comet;
mod corpus;
mod error;
mod evaluation;
mod groups;
pub mod history;
mod metric;
mod outputs;
mod precision;
pub mod report;
mod rouge;
mod signature;
pub mod significance;
mod spec;
mod suite;
mod ter;
pub mod testset;
pub mod tokenizer;
mod vocabulary;
mod whitespace;

pub use bars::{Bar, Verdict, is_called, judge};
pub use bleu::{Bleu, Smoothing};
pub use brief::BriefMetric;
pub use chrf::Chrf;
pub use corpus::{
    Column, Corpus, Format, Languages, Layout, Segment, System, SystemFile, TestSet, TestSetFiles,
    add_documents, read_lines, read_parallel, read_systems, read_test_set,
};
pub use error::EvalError;
pub use evaluation::{EvaluationOptions, Significance, evaluate};
pub use groups::{Grouping, Part};
pub use metric::{Counter, Metric, Needs, Sides, Statistics, StringMetric, count};
pub use outputs::translate_set;
pub use precision::Precision;
pub use rouge::{Overlap, Rouge};
pub use signature::{ReferenceCount, Signature};
pub use spec::{Spec, parse_metrics};
pub use suite::{Outcome, Regression, Suite, SuiteError};
pub use ter::Ter;
