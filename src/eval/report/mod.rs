//! What an evaluation found, in a form that is stored, compared and shown.
//!
//! A [`Report`] is stored as JSON (serde). For readers there are [`table`] for a terminal, [`markdown`], [`latex`] and
//! [`html`]; all but the last are grids of the same cells. [`junit`] is for machines, [`diff`] for a failing
//! test.

pub mod diff;
mod grid;
mod html;
mod junit;
mod latex;
mod markdown;
mod numbers;
mod plots;
#[cfg(test)]
pub(super) mod sample;
pub(super) mod selection;
mod table;
mod tsv;
mod visible;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

pub use html::{HtmlOptions, html};
pub use junit::{Case, junit};
pub use latex::latex;
pub use markdown::markdown;
pub use selection::most_changed;
pub use table::{TableOptions, table};
pub use tsv::tsv;
pub use visible::{is_hidden, visible};

/// The version of the form of reports that this program writes and reads.
pub const SCHEMA: u32 = 1;

/// Everything that an evaluation found. Scores stand in the order of [`Report::metrics`], outputs in that of
/// [`Report::systems`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this form; see [`SCHEMA`].
    #[serde(deserialize_with = "schema")]
    pub schema: u32,
    /// The program and its version.
    pub tool: String,
    /// When it was made, RFC 3339 in UTC.
    pub created: String,
    /// Name of the test set.
    pub test_set: String,
    /// SHA-256 of its sources and references, hexadecimal: reports with the same one can be compared.
    pub test_set_sha256: String,
    /// How many sentences it has.
    pub sentences: usize,
    /// The metrics.
    pub metrics: Vec<MetricReport>,
    /// The test that p-values and intervals come from, where one was made.
    pub significance: Option<SignificanceReport>,
    /// The systems; the first is the baseline that others are tested against.
    pub systems: Vec<SystemReport>,
    /// Scores of parts of the test set.
    pub groups: Vec<GroupReport>,
    /// Every sentence with its outputs; empty where they were not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentReport>,
}

/// A metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricReport {
    /// Its name: `BLEU`, `chrF2++`.
    pub name: String,
    /// What it was computed with, long form.
    pub signature: String,
    /// The same, short form.
    pub signature_short: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Digits after the point to show.
    pub decimals: usize,
}

/// A test of significance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignificanceReport {
    /// "paired bootstrap" or "paired approximate randomization".
    pub test: String,
    /// Resamples or trials.
    pub samples: usize,
    /// Seed of the random numbers.
    pub seed: u64,
}

/// A system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemReport {
    /// Its name.
    pub name: String,
    /// Its score by each metric.
    pub scores: Vec<ScoreReport>,
    /// Wall-clock seconds that its outputs took, where they were made here.
    pub seconds: Option<f64>,
    /// What the fidelity checks saw; none where they were not run, which is where there is no Bengali source.
    #[serde(default)]
    pub findings: Option<Vec<FindingCount>>,
}

/// The score of a system by a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreReport {
    /// The score.
    #[serde(deserialize_with = "number")]
    pub value: f64,
    /// What sacreBLEU writes behind it (n-gram precisions, brevity penalty); may be empty.
    pub details: String,
    /// Mean over the resamples, where there were any.
    pub mean: Option<f64>,
    /// Half the width of the 95 % interval around that mean.
    pub interval: Option<f64>,
    /// Probability that so great a difference from the baseline is chance; none for the baseline.
    pub p_value: Option<f64>,
}

/// How often the fidelity checks saw something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingCount {
    /// Kind, as in the JSON of `translate`: `missing_number`, `lost_negation`, …
    pub kind: String,
    /// "error" or "warning".
    pub severity: String,
    /// Findings of this kind.
    pub count: usize,
}

/// The test set divided by something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupReport {
    /// "length", "topic" or "document".
    pub by: String,
    /// Its parts in order.
    pub parts: Vec<PartReport>,
}

/// A part of the test set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartReport {
    /// Its label: "0–10 words", "flood".
    pub label: String,
    /// How many sentences it has.
    pub sentences: usize,
    /// Corpus scores of this part alone: a row a system, a column a metric.
    #[serde(deserialize_with = "rows_of_numbers")]
    pub scores: Vec<Vec<f64>>,
}

/// A sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentReport {
    /// Its number in the test set, from 1.
    pub number: usize,
    /// Its id.
    pub id: Option<String>,
    /// Its document.
    pub document: Option<String>,
    /// Its topic.
    pub topic: Option<String>,
    /// The source.
    pub source: Option<String>,
    /// The references; null where a file has none.
    pub references: Vec<Option<String>>,
    /// What each system made of it.
    pub outputs: Vec<OutputReport>,
}

/// What a system made of a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputReport {
    /// The output.
    pub hypothesis: String,
    /// Its sentence score by each metric.
    #[serde(deserialize_with = "numbers")]
    pub scores: Vec<f64>,
    /// What the fidelity checks saw in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<OutputFinding>,
}

/// What a fidelity check saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputFinding {
    /// As in [`FindingCount::kind`].
    pub kind: String,
    /// "error" or "warning".
    pub severity: String,
    /// What it saw, in words.
    pub message: String,
}

fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        SCHEMA => Ok(SCHEMA),
        other => Err(D::Error::custom(format!(
            "a report of schema {other}, and this version of anubad reads {SCHEMA}"
        ))),
    }
}

/// JSON has no way to write what is not a finite number, and serde writes null.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let numbers: Vec<Option<f64>> = Deserialize::deserialize(deserializer)?;
    Ok(finite_or_nan(numbers))
}

fn rows_of_numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<f64>>, D::Error> {
    let rows: Vec<Vec<Option<f64>>> = Deserialize::deserialize(deserializer)?;
    Ok(rows.into_iter().map(finite_or_nan).collect())
}

fn finite_or_nan(numbers: Vec<Option<f64>>) -> Vec<f64> {
    let number = |number: Option<f64>| number.unwrap_or(f64::NAN);
    numbers.into_iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_back_as_it_was_but_for_infinities() {
        let mut report = sample::report();
        report.systems[0].findings = None;
        let read = |report: &Report| -> Report {
            serde_json::from_str(&serde_json::to_string(report).unwrap()).unwrap()
        };
        assert_eq!(read(&report), report);
        report.systems[0].scores[0].value = f64::INFINITY;
        report.groups[0].parts[0].scores[0][0] = f64::NAN;
        report.segments[0].outputs[0].scores[0] = f64::NAN;
        let read = read(&report);
        assert!(read.systems[0].scores[0].value.is_nan());
        assert!(read.groups[0].parts[0].scores[0][0].is_nan());
        assert!(read.segments[0].outputs[0].scores[0].is_nan());
    }

    #[test]
    fn a_report_of_another_schema_is_refused() {
        let mut report = sample::report();
        report.schema = 2;
        let json = serde_json::to_string(&report).unwrap();
        let error = serde_json::from_str::<Report>(&json).unwrap_err();
        assert!(error.to_string().contains("report of schema 2"), "{error}");
    }
}
