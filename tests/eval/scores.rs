//! Literal scores of corpora and of each of their sentences, made by `scripts/make_eval_fixtures.py`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anubad::eval::{ReferenceCount, Segment, parse_metrics};
use serde::Deserialize;

/// A line of a file: a corpus, or what a metric made of one above.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Corpus(Corpus),
    Scores(Scores),
}

#[derive(Deserialize)]
struct Corpus {
    corpus: String,
    hypotheses: Vec<String>,
    references: Vec<Vec<Option<String>>>,
}

#[derive(Deserialize)]
struct Scores {
    metric: String,
    of: String,
    score: f64,
    details: String,
    sentences: Vec<f64>,
    signature: (String, String),
}

/// Checks all scores of a file, and gives how many there were.
pub fn check(path: &str) -> usize {
    let mut corpora = BTreeMap::new();
    let mut seen = 0;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        match serde_json::from_str(line).unwrap() {
            Line::Corpus(corpus) => {
                corpora.insert(corpus.corpus.clone(), corpus);
            }
            Line::Scores(scores) => {
                check_scores(&corpora[&scores.of], &scores);
                seen += 1;
            }
        }
    }
    seen
}

fn check_scores(corpus: &Corpus, expected: &Scores) {
    let at = |what: &str| format!("{what} of {} on {}", expected.metric, expected.of);
    let metric = parse_metrics(&expected.metric).unwrap().remove(0);
    let segments: Vec<Segment> = corpus.references.iter().map(|row| segment(row)).collect();
    let counts = segments.iter().map(|segment| segment.references().len());
    let signature = metric.signature(ReferenceCount::of(counts));
    let forms = (signature.long(), signature.short());
    assert_eq!(forms, expected.signature, "{}", at("signature"));

    let go_on = || ControlFlow::Continue(());
    let systems = [corpus.hypotheses.as_slice()];
    let rows = &metric.statistics(&segments, &systems, &go_on).unwrap()[0];
    let sums = rows.sums();
    assert_close(metric.score(&sums), expected.score, &at("score"));
    assert_eq!(metric.details(&sums), expected.details, "{}", at("details"));
    assert_eq!(rows.len(), expected.sentences.len());
    for (i, (row, &score)) in rows.rows().zip(&expected.sentences).enumerate() {
        let what = at(&format!("sentence {i}"));
        assert_close(metric.sentence_score(row), score, &what);
    }
}

fn segment(references: &[Option<String>]) -> Segment {
    Segment {
        references: references.to_vec(),
        ..Segment::default()
    }
}

fn assert_close(found: f64, expected: f64, what: &str) {
    let is_close = (found - expected).abs() < 1e-9;
    assert!(is_close, "{what}: {found}, not {expected}");
}
