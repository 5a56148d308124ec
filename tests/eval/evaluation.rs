//! Whole evaluations: that every number stands where it belongs, and what is refused.

use std::ops::ControlFlow;

use anubad::eval::report::Report;
use anubad::eval::significance::{DEFAULT_RESAMPLES, DEFAULT_SEED, DEFAULT_TRIALS, PairedTest};
use anubad::eval::{
    EvalError, EvaluationOptions, Segment, Significance, System, TestSet, evaluate, parse_metrics,
};

fn test_set() -> TestSet {
    let segment = |source: &str, reference: &str| Segment {
        source: Some(source.to_owned()),
        references: vec![Some(reference.to_owned())],
        ..Segment::default()
    };
    TestSet {
        name: "news".to_owned(),
        segments: vec![
            segment("বন্যায় ৫ জন মারা গেছেন।", "Five people died in the flood."),
            segment("স্কুল খোলা থাকবে না।", "Schools will not be open."),
        ],
    }
}

fn system(name: &str, hypotheses: [&str; 2]) -> System {
    System {
        name: name.to_owned(),
        hypotheses: hypotheses.map(str::to_owned).to_vec(),
        seconds: None,
    }
}

fn systems() -> [System; 2] {
    [
        system(
            "first",
            ["7 people died in the flood.", "Schools will be open."],
        ),
        system(
            "second",
            ["5 people died in the flood.", "Schools will not be open."],
        ),
    ]
}

fn evaluated(systems: &[System], options: &EvaluationOptions) -> Report {
    let mut metrics = parse_metrics("bleu").unwrap();
    metrics.extend(parse_metrics("ter").unwrap());
    let go_on = || ControlFlow::Continue(());
    evaluate(&test_set(), systems, &metrics, options, &go_on).unwrap()
}

#[test]
fn every_score_stands_with_its_system_and_metric() {
    let report = evaluated(
        &systems(),
        &EvaluationOptions {
            sentences: true,
            ..EvaluationOptions::default()
        },
    );
    let names: Vec<&str> = report.metrics.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["BLEU", "TER"]);
    let [first, second] = &report.systems[..] else {
        panic!("two systems")
    };
    assert!(first.scores[0].value < second.scores[0].value);
    assert!(first.scores[1].value > second.scores[1].value);
    // The one part has all sentences; topics there are none.
    let [length] = &report.groups[..] else {
        panic!("one group")
    };
    assert_eq!(
        (length.by.as_str(), length.parts[0].sentences),
        ("length", 2)
    );
    assert_eq!(length.parts[0].scores[1][1], second.scores[1].value);
    let output = &report.segments[1].outputs[1];
    assert_eq!(output.hypothesis, "Schools will not be open.");
    assert_eq!(output.scores[1], 0.0);
}

#[test]
fn what_the_checks_saw_is_counted_and_not_looking_is_told_apart() {
    let report = evaluated(&systems(), &EvaluationOptions::default());
    let kinds = |system: usize| -> Vec<&str> {
        let findings = report.systems[system].findings.as_ref().unwrap();
        findings.iter().map(|f| f.kind.as_str()).collect()
    };
    assert!(kinds(0).contains(&"missing_number") && kinds(0).contains(&"lost_negation"));
    assert!(kinds(1).is_empty());
    let unchecked = EvaluationOptions {
        checks: false,
        ..EvaluationOptions::default()
    };
    assert_eq!(evaluated(&systems(), &unchecked).systems[0].findings, None);
}

#[test]
fn one_system_has_an_interval_and_is_tested_against_none() {
    let of_one = |test| {
        let significance = Significance {
            test,
            seed: DEFAULT_SEED,
        };
        evaluated(
            &systems()[..1],
            &EvaluationOptions {
                significance: Some(significance),
                ..EvaluationOptions::default()
            },
        )
    };
    let bootstrap = of_one(PairedTest::Bootstrap {
        resamples: DEFAULT_RESAMPLES,
    });
    let score = &bootstrap.systems[0].scores[0];
    assert!(score.interval.is_some() && score.p_value.is_none());
    assert!(bootstrap.metrics[0].signature.contains("|bs:1000|"));
    let randomization = of_one(PairedTest::Randomization {
        trials: DEFAULT_TRIALS,
        resamples: None,
    });
    assert_eq!(randomization.significance, None);
    assert_eq!(randomization.systems[0].scores[0].interval, None);
    assert!(!randomization.metrics[0].signature.contains("ar:"));
}

#[test]
fn what_cannot_be_scored_is_an_error() {
    let metrics = parse_metrics("bleu").unwrap();
    let options = EvaluationOptions::default();
    let evaluate = |test_set: &TestSet, systems: &[System], check: ControlFlow<()>| {
        evaluate(test_set, systems, &metrics, &options, &|| check)
    };
    let go_on = ControlFlow::Continue(());
    let none = TestSet::default();
    assert!(matches!(evaluate(&none, &[], go_on), Err(EvalError::Empty)));
    let mut systems = systems();
    let stopped = evaluate(&test_set(), &systems, ControlFlow::Break(()));
    assert!(matches!(stopped, Err(EvalError::Interrupted)));
    let twins = [systems[0].clone(), systems[0].clone()];
    let error = evaluate(&test_set(), &twins, go_on).unwrap_err();
    assert!(matches!(error, EvalError::SameName { .. }), "{error}");
    systems[1].hypotheses.pop();
    let error = evaluate(&test_set(), &systems, go_on).unwrap_err();
    assert!(
        error.to_string().starts_with("second has 1 sentences"),
        "{error}"
    );
    let mut unreferenced = test_set();
    unreferenced.segments[1].references = vec![None];
    let error = evaluate(&unreferenced, &systems[..1], go_on).unwrap_err();
    assert!(error.to_string().contains("sentence 2 has none"), "{error}");
}
