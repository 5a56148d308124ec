//! An article's paragraphs cut into segments.

use super::Segment;
use crate::article::Paragraph;
use crate::text::{clauses, sentences};

/// The segments of a paragraph in order: its sentences, and clauses of those longer than `max` by `length`.
pub fn cut(paragraph: &Paragraph, max: usize, length: impl Fn(&str) -> usize) -> Vec<Segment> {
    let mut segments = Vec::new();
    for sentence in sentences(&paragraph.text) {
        for clause in clauses(&paragraph.text[sentence.clone()], max, &length) {
            let range = sentence.start + clause.start..sentence.start + clause.end;
            segments.push(Segment {
                text: paragraph.text[range.clone()].to_owned(),
                part: paragraph.part,
                span: paragraph.source_span(range),
            });
        }
    }
    segments
}
