//! Scores of every sentence as tab-separated values.

use std::fmt::Write;

use super::{Report, visible};

/// A line of names, then a line for each sentence: number, id, document, topic, and for each system its scores and its
/// output; a field is empty where the report lacks what belongs there. White space inside a field is one space.
pub fn tsv(report: &Report) -> String {
    let mut text = "number\tid\tdocument\ttopic".to_owned();
    for system in &report.systems {
        let name = field(&system.name);
        for metric in &report.metrics {
            let _ = write!(text, "\t{name}:{}", field(&metric.name));
        }
        let _ = write!(text, "\t{name}");
    }
    text.push('\n');
    for segment in &report.segments {
        let _ = write!(text, "{}", segment.number);
        for label in [&segment.id, &segment.document, &segment.topic] {
            let _ = write!(text, "\t{}", field(label.as_deref().unwrap_or("")));
        }
        for system in 0..report.systems.len() {
            let output = segment.outputs.get(system);
            for metric in 0..report.metrics.len() {
                text.push('\t');
                if let Some(score) = output.and_then(|output| output.scores.get(metric)) {
                    let _ = write!(text, "{score}");
                }
            }
            let hypothesis = output.map_or("", |output| &output.hypothesis);
            let _ = write!(text, "\t{}", field(hypothesis));
        }
        text.push('\n');
    }
    text
}

fn field(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_line_has_a_field_for_every_name() {
        let mut report = sample::report();
        report.metrics[0].name = "a\tb".to_owned();
        report.segments[0].outputs[0].scores.truncate(1);
        report.segments[1].outputs.clear();
        let text = tsv(&report);
        let fields: Vec<usize> = text.lines().map(|line| line.split('\t').count()).collect();
        assert_eq!(fields, [10; 5]);
    }
}
