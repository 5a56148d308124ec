//! Metrics of briefs: those of words beside a restatement of their papers (`scripts/make_rouge_fixtures.py`), grounding
//! by hand.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anubad::eval::{EvalError, Metric, Segment, Statistics, parse_metrics};
use serde::Deserialize;

const CASES: &str = include_str!("../data/eval/brief.jsonl");

#[derive(Deserialize)]
struct Case {
    source: String,
    hypothesis: String,
    /// Score by specification.
    scores: BTreeMap<String, f64>,
}

fn metric(spec: &str) -> Box<dyn Metric> {
    parse_metrics(spec).unwrap().remove(0)
}

/// Statistics of briefs, each with its source.
fn count(metric: &dyn Metric, pairs: &[(&str, &str)]) -> Statistics {
    let segment = |source: &str| Segment {
        source: Some(source.to_owned()),
        ..Segment::default()
    };
    let segments: Vec<Segment> = pairs.iter().map(|(source, _)| segment(source)).collect();
    let briefs: Vec<String> = pairs.iter().map(|(_, brief)| (*brief).to_owned()).collect();
    let keep_going = || ControlFlow::Continue(());
    let mut found = metric
        .statistics(&segments, &[&briefs], &keep_going)
        .unwrap();
    found.remove(0)
}

fn score(spec: &str, pairs: &[(&str, &str)]) -> f64 {
    let metric = metric(spec);
    metric.score(&count(&*metric, pairs).sums())
}

fn assert_close(found: f64, expected: f64, what: &str) {
    let is_close = (found - expected).abs() < 1e-9;
    assert!(is_close, "{what}: {found}, not {expected}");
}

#[test]
fn scores_are_those_of_the_papers() {
    let mut compared = 0;
    for line in CASES.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        for (spec, &expected) in &case.scores {
            let found = score(spec, &[(&case.source, &case.hypothesis)]);
            assert_close(found, expected, &format!("{spec} {line}"));
            compared += 1;
        }
    }
    assert_eq!(compared, 48);
}

const SOURCE: &str = "Floods in Sylhet have displaced 2.5 million people since Monday, the relief ministry said. \
                      No deaths have been reported in the district so far.\n\
                      Rice prices rose by 12 percent in the markets of Dhaka.";

#[test]
fn fragments_and_words_by_hand() {
    // 7 words, of which "rice prices rose by 12 percent" is one fragment of the source and "yesterday" is not in it.
    let pair = [(SOURCE, "Rice prices rose by 12 percent yesterday.")];
    assert_close(score("coverage", &pair), 600.0 / 7.0, "6 of 7 words");
    assert_close(score("density", &pair), 36.0 / 7.0, "6² by 7 words");
    // The source has 14 + 10 + 11 words; "2.5" is one.
    assert_close(score("compression", &pair), 35.0 / 7.0, "35 by 7 words");
    assert_close(score("novel-1", &pair), 100.0 / 7.0, "1 of 7");
    assert_close(score("novel-2", &pair), 100.0 / 6.0, "1 of 6");
    assert_close(score("novel-3", &pair), 100.0 / 5.0, "1 of 5");
}

#[test]
fn words_of_bengali_are_words() {
    let source = "পদ্মায় পানি বেড়েছে, জানিয়েছে পাউবো।";
    // Two of three words; ড় in the other encoding.
    let pair = [(source, "পানি বে\u{9dc}েছে আজ")];
    assert_close(score("coverage", &pair), 200.0 / 3.0, "2 of 3 words");
}

#[test]
fn a_sentence_with_a_wrong_number_is_not_grounded() {
    let right = "Floods in Sylhet displaced 2.5 million people.";
    let wrong = "Floods in Sylhet displaced 3.5 million people.";
    let denied = "Deaths have been reported in the district.";
    assert_close(score("grounded", &[(SOURCE, right)]), 100.0, right);
    assert_close(score("grounded", &[(SOURCE, wrong)]), 0.0, wrong);
    assert_close(score("grounded", &[(SOURCE, denied)]), 0.0, denied);
    // Sentences of all briefs count alike: 2 of 4.
    let long = format!("{right} Rice prices rose 12 percent in Dhaka.\n{denied}");
    let briefs = [(SOURCE, long.as_str()), (SOURCE, wrong)];
    assert_close(score("grounded", &briefs), 50.0, "2 of 4");
}

#[test]
fn an_empty_brief_is_not_grounded_and_has_no_length() {
    let briefs = [(SOURCE, "Rice prices rose by 12 percent."), (SOURCE, " ")];
    assert_close(score("grounded", &briefs), 50.0, "1 of 2");
    assert_close(score("coverage", &briefs), 50.0, "mean of 100 and 0");
    assert_close(
        score("compression", &briefs),
        35.0 / 6.0,
        "of the first alone",
    );
    assert_close(score("novel-3", &briefs), 0.0, "of the first alone");
    assert_close(score("compression", &briefs[1..]), 0.0, "of none");
}

#[test]
fn brief_names_them_all_and_none_goes_without_a_source() {
    let metrics = parse_metrics("brief").unwrap();
    let names: Vec<String> = metrics.iter().map(|metric| metric.name()).collect();
    let expected = "Coverage Density Compression Novel-1 Novel-2 Novel-3 Grounded";
    assert_eq!(names.join(" "), expected);
    let outputs = ["A brief.".to_owned()];
    for metric in metrics {
        let keep_going = || ControlFlow::Continue(());
        let found = metric.statistics(&[Segment::default()], &[&outputs], &keep_going);
        assert!(matches!(found, Err(EvalError::Missing { .. })));
    }
}

#[test]
fn unknown_names_and_options_are_refused() {
    for spec in ["novel-0", "novel-10", "novel", "briefs", "coverage:n=2"] {
        let error = parse_metrics(spec).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains(spec)), "{spec}");
    }
}
