//! ROUGE beside `rouge_score` 0.1.2 (`scripts/make_rouge_fixtures.py`).

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anubad::eval::{Metric, ReferenceCount, Segment, Statistics, parse_metrics};
use serde::Deserialize;

const CASES: &str = include_str!("../data/eval/rouge.jsonl");

#[derive(Deserialize)]
struct Case {
    references: Vec<String>,
    hypothesis: String,
    /// Precision, recall and F by specification.
    scores: BTreeMap<String, [f64; 3]>,
}

fn metric(spec: &str) -> Box<dyn Metric> {
    let mut metrics = parse_metrics(spec).unwrap();
    assert_eq!(metrics.len(), 1, "{spec}");
    metrics.remove(0)
}

/// Statistics of outputs, each with its references.
fn count(metric: &dyn Metric, pairs: &[(&[String], &str)]) -> Statistics {
    let segment = |references: &[String]| Segment {
        references: references.iter().cloned().map(Some).collect(),
        ..Segment::default()
    };
    let segments: Vec<Segment> = pairs.iter().map(|(r, _)| segment(r)).collect();
    let outputs: Vec<String> = pairs.iter().map(|(_, h)| (*h).to_owned()).collect();
    let keep_going = || ControlFlow::Continue(());
    let mut found = metric
        .statistics(&segments, &[&outputs], &keep_going)
        .unwrap();
    found.remove(0)
}

#[test]
fn scores_are_those_of_rouge_score() {
    let mut compared = 0;
    for line in CASES.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        for (spec, expected) in &case.scores {
            let metric = metric(spec);
            let found = count(&*metric, &[(&case.references, &case.hypothesis)]);
            for (found, expected) in found.row(0).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{spec} {line}: {found}");
            }
            let score = metric.sentence_score(found.row(0));
            assert!((score - 100.0 * expected[2]).abs() < 1e-10, "{spec} {line}");
            compared += 1;
        }
    }
    assert_eq!(compared, 230);
}

#[test]
fn the_score_of_a_corpus_is_the_mean_of_its_texts() {
    let reference = ["The river rose.".to_owned()];
    // F is 1, 0, and of "The river" 2 · 1 · 2/3 / (5/3) = 0.8.
    let pairs: Vec<(&[String], &str)> = ["the river rose", "", "The river"]
        .map(|hypothesis| (&reference[..], hypothesis))
        .to_vec();
    let metric = metric("rouge-1");
    let sums = count(&*metric, &pairs).sums();
    assert!((metric.score(&sums) - 60.0).abs() < 1e-12);
    assert_eq!(metric.details(&sums), "P = 66.67 R = 55.56");
    assert_eq!(metric.score(&[0.0; 4]), 0.0);
}

#[test]
fn names_and_signatures_lead_back_to_the_metric() {
    let names = |spec: &str| -> Vec<String> {
        let metrics = parse_metrics(spec).unwrap();
        metrics.iter().map(|metric| metric.name()).collect()
    };
    assert_eq!(names("rouge"), ["ROUGE-1", "ROUGE-2", "ROUGE-L"]);
    assert_eq!(names("ROUGE-Lsum"), ["ROUGE-Lsum"]);
    assert_eq!(names("rougeL"), ["ROUGE-L"]);
    let stemmed = metric("rouge-9:stem=yes");
    let signature = stemmed.signature(ReferenceCount::Fixed(2));
    assert_eq!(signature.long(), "nrefs:2|stem:yes|impl:rouge_score-0.1.2");
    let again = metric(&format!("{}|{signature}", stemmed.name()));
    assert_eq!(again.name(), "ROUGE-9");
    assert_eq!(again.signature(ReferenceCount::Fixed(2)), signature);
}

#[test]
fn unknown_names_and_options_are_refused() {
    for spec in [
        "rouge-0",
        "rouge-10",
        "rouge-",
        "rouge-x",
        "rouge:stem=maybe",
        "rouge:beta=2",
    ] {
        let error = parse_metrics(spec).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains(spec)), "{spec}");
    }
}

#[test]
fn long_texts_take_no_long_time() {
    let text = |step: usize| -> String {
        let words = (0..60_000).map(|i| format!("{} ", i * step % 1_009));
        words.collect()
    };
    let reference = [text(7)];
    for spec in ["rouge-9", "rouge-l", "rouge-lsum"] {
        let metric = metric(spec);
        let found = count(&*metric, &[(&reference, &text(11))]);
        assert!(metric.score(found.row(0)) < 100.0, "{spec}");
    }
}
