//! Scores of translations and briefs: metrics, their significance, reports, suites.
//!
//! Data goes one way: a [`TestSet`] and the outputs of [`System`]s → [`statistics`] of a [`Metric`], sentence by
//! sentence → scores of corpus and sentences → significance → report. Nothing here loads a translation model; the
//! metrics work on strings alone.

mod corpus;
mod error;
mod metric;
pub mod report;
mod signature;
mod spec;
mod testset;

pub use corpus::{
    Column, Corpus, Format, Languages, Layout, Segment, System, SystemFile, TestSet, TestSetFiles,
    add_documents, read_lines, read_parallel, read_systems, read_test_set,
};
pub use error::EvalError;
pub use metric::{Counter, Metric, Needs, Sides, Statistics, statistics};
pub use signature::{ReferenceCount, Signature};
pub use spec::{Spec, parse_metrics};
pub use testset::{Definition, Documents, Imported, Split, TestSets, Text};
