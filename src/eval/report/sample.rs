//! A small report that tests share.

use super::Report;

/// Two systems, the second without a known speed, four sentences.
pub fn report() -> Report {
    let json = include_str!("../../../tests/data/eval/report.json");
    serde_json::from_str(json).expect("the sample is a report")
}
