//! Scores of every sentence as tab-separated values.

use std::fmt::Write;

use super::{Report, visible};

/// A line of names, then a line for each sentence: number, id, document, topic, and for each system its scores and its
/// output. White space inside a field is one space.
pub fn tsv(report: &Report) -> String {
    let mut text = "number\tid\tdocument\ttopic".to_owned();
    for system in &report.systems {
        for metric in &report.metrics {
            let _ = write!(text, "\t{}:{}", field(&system.name), metric.name);
        }
        let _ = write!(text, "\t{}", field(&system.name));
    }
    text.push('\n');
    for segment in &report.segments {
        let _ = write!(text, "{}", segment.number);
        for label in [&segment.id, &segment.document, &segment.topic] {
            let _ = write!(text, "\t{}", field(label.as_deref().unwrap_or("")));
        }
        for output in &segment.outputs {
            for score in &output.scores {
                let _ = write!(text, "\t{score}");
            }
            let _ = write!(text, "\t{}", field(&output.hypothesis));
        }
        text.push('\n');
    }
    text
}

fn field(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" ")).into_owned()
}
