//! Tests of significance, beside what sacreBLEU makes of the same statistics.
//!
//! `tests/data/eval/significance.jsonl` is made by `scripts/make_significance_fixtures.py`.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use anubad::eval::significance::{DEFAULT_SEED, Estimate, Outcome, PairedTest, confidence, paired};
use anubad::eval::{EvalError, Metric, ReferenceCount, Signature, Statistics, Ter, parse_metrics};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    /// Its name in reports, which is its specification too.
    metric: String,
    /// sacreBLEU's rows, by system and sentence; their numbers stand in the same order as ours.
    statistics: Vec<Vec<Vec<f64>>>,
    confidence: Interval,
    bootstrap: Tested,
    randomization: Tested,
    randomization_with_intervals: Tested,
}

#[derive(Deserialize)]
struct Interval {
    signature: String,
    mean: f64,
    ci: f64,
}

#[derive(Deserialize)]
struct Tested {
    signature: String,
    outcomes: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    score: f64,
    mean: Option<f64>,
    ci: Option<f64>,
    p_value: Option<f64>,
}

impl Case {
    fn metric(&self) -> Box<dyn Metric> {
        parse_metrics(&self.metric).unwrap().remove(0)
    }

    fn systems(&self) -> Vec<Statistics> {
        let width = self.metric().width();
        let systems = self.statistics.iter();
        systems
            .map(|rows| Statistics::new(width, rows.concat()))
            .collect()
    }

    fn paired(&self, test: PairedTest) -> Vec<Outcome> {
        paired(test, &*self.metric(), &self.systems(), DEFAULT_SEED, &go_on).unwrap()
    }

    fn signature(&self) -> Signature {
        self.metric().signature(ReferenceCount::Fixed(3))
    }
}

fn cases() -> Vec<Case> {
    let lines = include_str!("../data/eval/significance.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn times(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

fn assert_close(found: Option<f64>, expected: Option<f64>, what: &str) {
    match (found, expected) {
        (None, None) => {}
        (Some(found), Some(expected)) if (found - expected).abs() < 1e-9 => {}
        _ => panic!("{what}: {found:?}, not {expected:?}"),
    }
}

fn assert_tested(case: &Case, test: PairedTest, expected: &Tested) {
    let signature = test.sign(case.signature(), DEFAULT_SEED);
    assert_eq!(signature.long(), expected.signature);
    let outcomes = case.paired(test);
    assert_eq!(outcomes.len(), expected.outcomes.len());
    for (i, (found, expected)) in outcomes.iter().zip(&expected.outcomes).enumerate() {
        let what = format!("{} of system {i}, {test:?}", case.metric);
        let mean = found.estimate.map(|estimate| estimate.mean);
        let interval = found.estimate.map(|estimate| estimate.interval);
        assert_close(Some(found.score), Some(expected.score), &what);
        assert_close(mean, expected.mean, &format!("mean {what}"));
        assert_close(interval, expected.ci, &format!("interval {what}"));
        assert_close(found.p_value, expected.p_value, &format!("p-value {what}"));
    }
}

fn trials(trials: usize, resamples: Option<usize>) -> PairedTest {
    PairedTest::Randomization {
        trials: times(trials),
        resamples: resamples.map(times),
    }
}

fn resamples(count: usize) -> PairedTest {
    PairedTest::Bootstrap {
        resamples: times(count),
    }
}

#[test]
fn tests_find_what_sacrebleu_finds() {
    let cases = cases();
    assert_eq!(cases.len(), 3);
    for case in &cases {
        assert_tested(case, resamples(1_000), &case.bootstrap);
        assert_tested(case, trials(2_000, None), &case.randomization);
        assert_tested(
            case,
            trials(500, Some(130)),
            &case.randomization_with_intervals,
        );
    }
}

#[test]
fn the_interval_of_one_system_is_that_of_sacrebleu() {
    for case in cases() {
        let systems = case.systems();
        let last = systems.last().unwrap();
        let found = confidence(&*case.metric(), last, times(300), DEFAULT_SEED, &go_on).unwrap();
        let Estimate { mean, interval } = found;
        assert_close(Some(mean), Some(case.confidence.mean), &case.metric);
        assert_close(Some(interval), Some(case.confidence.ci), &case.metric);
        let signature = case
            .signature()
            .resampled(Some(times(300)), None, DEFAULT_SEED);
        assert_eq!(signature.long(), case.confidence.signature);
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for case in cases() {
        for test in [resamples(5_000), trials(5_000, Some(5_000))] {
            let on = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                pool.build().unwrap().install(|| case.paired(test))
            };
            assert_eq!(on(1), on(5));
        }
    }
}

#[test]
fn a_system_does_not_differ_from_itself() {
    for case in cases() {
        let systems = case.systems();
        let twice = [systems[0].clone(), systems[0].clone()];
        for test in [resamples(99), trials(99, None)] {
            let outcomes = paired(test, &*case.metric(), &twice, 1, &go_on).unwrap();
            // Exchanges never make a greater difference than none; shifted differences of a bootstrap are all zero.
            assert_eq!(outcomes[1].p_value, Some(1.0 / 100.0), "{test:?}");
        }
    }
}

#[test]
fn one_sentence_and_one_resample_are_enough() {
    let systems = [(9.0, 10.0), (8.0, 10.0)].map(|(a, b)| Statistics::new(2, vec![a, b]));
    let outcomes = paired(resamples(1), &Ter::default(), &systems, 3, &go_on).unwrap();
    let estimate = outcomes[0].estimate.unwrap();
    assert_eq!(estimate.interval, 0.0);
    assert_eq!(outcomes[0].p_value, None);
    // An exchange of all sentences makes the same difference, which is not greater.
    let outcomes = paired(trials(100, None), &Ter::default(), &systems, 3, &go_on).unwrap();
    assert_eq!(outcomes[1].p_value, Some(1.0 / 101.0));
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let of = |sentences: usize| Statistics::new(2, vec![1.0; 2 * sentences]);
    let test = |systems: &[Statistics]| paired(resamples(9), &Ter::default(), systems, 1, &go_on);
    assert_eq!(test(&[]).unwrap(), []);
    assert!(matches!(test(&[of(0), of(0)]), Err(EvalError::Empty)));
    let error = test(&[of(3), of(3), of(2)]).unwrap_err();
    assert!(
        error.to_string().starts_with("system 3 has 2 sentences"),
        "{error}"
    );
}

#[test]
fn a_test_stops_when_asked() {
    let case = &cases()[0];
    let stop = || ControlFlow::Break(());
    for test in [resamples(1_000), trials(1_000, None)] {
        let outcome = paired(test, &*case.metric(), &case.systems(), 1, &stop);
        assert!(matches!(outcome, Err(EvalError::Interrupted)));
    }
}
