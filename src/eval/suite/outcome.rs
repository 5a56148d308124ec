//! What came of a suite: what is not good enough, and the sentences to look at.

use std::collections::BTreeMap;
use std::fmt;

use crate::eval::bars::place_of;
use crate::eval::report::selection::{goodness, least, worst};
use crate::eval::report::{FindingCount, Report, SegmentReport, SystemReport, diff};
use crate::eval::{Bar, Verdict, judge};

/// Sentences that are shown where a suite is not passed.
const SHOWN: usize = 5;

/// What a suite is held against.
pub(super) struct Limits<'a> {
    /// Scores to reach.
    pub bars: &'a [Bar],
    /// How far each metric may fall behind the baseline.
    pub regression: &'a BTreeMap<String, f64>,
    /// Findings of severity error that are still good enough.
    pub errors: Option<usize>,
}

/// What came of a suite.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The scores, with every sentence.
    pub report: Report,
    /// What it was held against, where there is one.
    pub baseline: Option<Report>,
    /// How the scores did at the bars.
    pub verdicts: Vec<Verdict>,
    /// How they did beside the baseline.
    pub regressions: Vec<Regression>,
    /// What else is wrong, in words: too many errors, a baseline that is missing or of something else.
    pub complaints: Vec<String>,
}

/// How a score did beside the baseline's.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// Name of the metric.
    pub metric: String,
    /// The baseline's score.
    pub before: f64,
    /// The score now.
    pub now: f64,
    /// How much worse it may be.
    pub allowed: f64,
    /// Whether more is better.
    pub higher_is_better: bool,
}

impl Regression {
    /// How much worse it has become; negative where it has become better.
    pub fn loss(&self) -> f64 {
        match self.higher_is_better {
            true => self.before - self.now,
            false => self.now - self.before,
        }
    }

    /// Whether the loss is allowed.
    pub fn is_passed(&self) -> bool {
        self.loss() <= self.allowed
    }

    /// "BLEU went from 30.12 to 28.00: 2.12 worse, 1.00 allowed"
    pub fn message(&self) -> String {
        let Regression {
            metric,
            before,
            now,
            allowed,
            ..
        } = self;
        format!(
            "{metric} went from {before:.2} to {now:.2}: {:.2} worse, {allowed:.2} allowed",
            self.loss()
        )
    }
}

impl Outcome {
    /// Holds a report against its limits.
    ///
    /// # Errors
    /// A limit of a metric that the report does not have.
    pub(super) fn new(
        report: Report,
        baseline: Option<Report>,
        limits: &Limits,
    ) -> Result<Outcome, String> {
        let verdicts = judge(&report, limits.bars)?;
        let mut complaints = Vec::new();
        if let Some(allowed) = limits.errors {
            complaints.extend(errors_beyond(allowed, &report));
        }
        let mut regressions = Vec::new();
        for (name, &allowed) in limits.regression {
            let place = place_of(&report.metrics, name)
                .map_err(|message| format!("[regression] {message}"))?;
            let before = match &baseline {
                None => Err(format!("{name} has no baseline yet; --update records one")),
                Some(baseline) => before(baseline, &report, place),
            };
            match before {
                Err(why) => complaints.push(why),
                Ok(before) => regressions.extend(report.systems.first().map(|system| Regression {
                    metric: report.metrics[place].name.clone(),
                    before,
                    now: system.scores[place].value,
                    allowed,
                    higher_is_better: report.metrics[place].higher_is_better,
                })),
            }
        }
        complaints.dedup();
        Ok(Outcome {
            report,
            baseline,
            verdicts,
            regressions,
            complaints,
        })
    }

    /// Whether everything is good enough.
    pub fn is_passed(&self) -> bool {
        self.failures().is_empty()
    }

    /// What is not good enough, a line each.
    pub fn failures(&self) -> Vec<String> {
        let below = self.verdicts.iter().filter(|verdict| !verdict.is_passed());
        let lost = self
            .regressions
            .iter()
            .filter(|regression| !regression.is_passed());
        let below = below.map(Verdict::message);
        let lost = lost.map(Regression::message);
        below
            .chain(lost)
            .chain(self.complaints.iter().cloned())
            .collect()
    }

    /// Sentences to look at, worst first, by the first metric: those that lost most against the baseline; without one, or
    /// where none lost anything, those with the lowest scores.
    pub fn worst(&self) -> Vec<&SegmentReport> {
        let (system, metric) = (0, 0);
        let loss = |segment: &SegmentReport| {
            let (baseline, before) = self.before(segment)?;
            let before = goodness(baseline, before, system, metric)?;
            let gain = goodness(&self.report, segment, system, metric)? - before;
            (gain < 0.0).then_some(gain)
        };
        let lost = least(&self.report, SHOWN, loss);
        let places = match lost.is_empty() {
            true => worst(&self.report, system, metric, SHOWN),
            false => lost.into_iter().map(|(place, _)| place).collect(),
        };
        let segments = places.into_iter();
        segments.map(|place| &self.report.segments[place]).collect()
    }

    /// The baseline and the same sentence in it, where it is of the same test set.
    fn before(&self, segment: &SegmentReport) -> Option<(&Report, &SegmentReport)> {
        let baseline = self.baseline.as_ref()?;
        let is_same = baseline.test_set_sha256 == self.report.test_set_sha256;
        let before = baseline.segments.get(segment.number.checked_sub(1)?)?;
        is_same.then_some((baseline, before))
    }
}

/// What is wrong where the checks saw more errors than are allowed, or did not look.
fn errors_beyond(allowed: usize, report: &Report) -> Option<String> {
    let of_system = |system: &SystemReport| {
        let errors = |findings: &Vec<FindingCount>| -> usize {
            let errors = findings
                .iter()
                .filter(|finding| finding.severity == "error");
            errors.map(|finding| finding.count).sum()
        };
        system.findings.as_ref().map(errors)
    };
    let counts: Option<Vec<usize>> = report.systems.iter().map(of_system).collect();
    match counts.map(|counts| counts.iter().sum::<usize>()) {
        None => Some(format!(
            "{allowed} errors are allowed, and the checks did not look: they need Bengali sources"
        )),
        Some(errors) if errors > allowed => Some(format!(
            "{errors} errors seen by the checks, {allowed} allowed"
        )),
        Some(_) => None,
    }
}

/// The baseline's score by the metric at `place` of the report, or why it cannot be compared.
fn before(baseline: &Report, report: &Report, place: usize) -> Result<f64, String> {
    let metric = &report.metrics[place];
    if baseline.test_set_sha256 != report.test_set_sha256 {
        return Err("the baseline is of another test set; --update records a new one".to_owned());
    }
    let scores = baseline.systems.first().map(|system| &system.scores);
    let place = (baseline.metrics.iter())
        .position(|other| (&other.name, &other.signature) == (&metric.name, &metric.signature));
    let score = place.and_then(|place| scores?.get(place));
    score.map(|score| score.value).ok_or_else(|| {
        format!(
            "the baseline has no {} with this signature; --update records a new one",
            metric.name
        )
    })
}

impl fmt::Display for Outcome {
    /// The failures, and the sentences to look at with their differences from reference and baseline.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let failures = self.failures();
        if failures.is_empty() {
            return f.write_str("passed");
        }
        writeln!(f, "not good enough")?;
        for failure in failures {
            writeln!(f, "  {failure}")?;
        }
        for segment in self.worst() {
            let Some(output) = segment.outputs.first() else {
                continue;
            };
            let score = output.scores.first().copied().unwrap_or(f64::NAN);
            writeln!(
                f,
                "\n[{}] {score:.1}",
                segment.id.as_deref().unwrap_or(&segment.number.to_string())
            )?;
            if let Some(source) = &segment.source {
                writeln!(f, "  source     {source}")?;
            }
            let reference = segment.references.iter().flatten().next();
            if let Some(reference) = reference {
                writeln!(f, "  reference  {reference}")?;
                writeln!(
                    f,
                    "  output     {}",
                    diff::line(reference, &output.hypothesis, false)
                )?;
            }
            let before = self
                .before(segment)
                .and_then(|(_, before)| before.outputs.first());
            if let Some(before) = before.filter(|before| before.hypothesis != output.hypothesis) {
                writeln!(
                    f,
                    "  was        {}",
                    diff::line(reference.map_or("", |r| r), &before.hypothesis, false)
                )?;
            }
            for finding in &output.findings {
                writeln!(f, "  {}: {}", finding.severity, finding.message)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::report::sample;

    fn report() -> Report {
        let mut report = sample::report();
        report.systems.truncate(1);
        for segment in &mut report.segments {
            segment.outputs.truncate(1);
        }
        report
    }

    /// What came of a report whose metrics may each lose so much, as `bleu` or `ter`.
    fn outcome(report: Report, baseline: Option<Report>, allowed: &[(&str, f64)]) -> Outcome {
        let regression = allowed.iter().map(|&(name, loss)| (name.to_owned(), loss));
        let limits = Limits {
            bars: &[],
            regression: &regression.collect(),
            errors: None,
        };
        Outcome::new(report, baseline, &limits).unwrap()
    }

    #[test]
    fn a_loss_beyond_what_is_allowed_fails_whichever_way_is_better() {
        let mut now = report();
        now.systems[0].scores[0].value -= 1.0;
        now.systems[0].scores[1].value += 1.0;
        let passed = |allowed| outcome(now.clone(), Some(report()), allowed).is_passed();
        assert!(passed(&[("bleu", 1.01), ("TER", 1.01)]));
        assert!(!passed(&[("bleu", 0.99)]) && !passed(&[("TER", 0.99)]));
        // The other way round, both have become better.
        let better = outcome(report(), Some(now.clone()), &[("bleu", 0.0), ("ter", 0.0)]);
        assert!(better.is_passed() && better.regressions[1].loss() < 0.0);
        assert_eq!(
            outcome(now, Some(report()), &[("bleu", 0.5)]).failures(),
            ["BLEU went from 30.19 to 29.19: 1.00 worse, 0.50 allowed"]
        );
    }

    #[test]
    fn a_score_that_is_none_is_no_small_loss() {
        let mut now = report();
        now.systems[0].scores[0].value = f64::NAN;
        assert!(!outcome(now, Some(report()), &[("bleu", 1e9)]).is_passed());
    }

    #[test]
    fn a_baseline_must_be_there_and_of_the_same_sentences_and_metrics() {
        let why = |baseline: Option<Report>| {
            let failures = outcome(report(), baseline, &[("bleu", 1.0)]).failures();
            assert_eq!(failures.len(), 1, "{failures:?}");
            failures[0].clone()
        };
        let changed = |change: fn(&mut Report)| {
            let mut baseline = report();
            change(&mut baseline);
            Some(baseline)
        };
        assert!(why(None).contains("no baseline yet"));
        assert!(why(changed(|r| r.test_set_sha256.clear())).contains("another test set"));
        for damage in [
            (|r| r.metrics[0].signature.clear()) as fn(&mut Report),
            |r| r.metrics.clear(),
            |r| r.systems.clear(),
            |r| r.systems[0].scores.clear(),
        ] {
            assert!(why(changed(damage)).contains("has no BLEU with this signature"));
        }
    }

    #[test]
    fn a_limit_of_another_metric_is_an_error() {
        let limits = Limits {
            bars: &[],
            regression: &BTreeMap::from([("chrF".to_owned(), 1.0)]),
            errors: None,
        };
        let error = Outcome::new(report(), None, &limits).unwrap_err();
        assert!(
            error.starts_with("[regression] no metric is called"),
            "{error}"
        );
    }

    #[test]
    fn errors_are_counted_and_not_looking_is_none() {
        let complaints = |errors, report: Report| {
            let limits = Limits {
                bars: &[],
                regression: &BTreeMap::new(),
                errors: Some(errors),
            };
            Outcome::new(report, None, &limits).unwrap().complaints
        };
        // Two errors; warnings do not count.
        assert!(complaints(2, report()).is_empty());
        assert_eq!(
            complaints(1, report()),
            ["2 errors seen by the checks, 1 allowed"]
        );
        let mut unchecked = report();
        unchecked.systems[0].findings = None;
        assert!(complaints(9, unchecked)[0].contains("did not look"));
    }

    #[test]
    fn the_worst_sentences_are_those_that_lost() {
        let scored = |scores: [f64; 4]| {
            let mut report = report();
            for (segment, score) in report.segments.iter_mut().zip(scores) {
                segment.outputs[0].scores[0] = score;
            }
            report
        };
        let worst = |now: [f64; 4], before: Option<[f64; 4]>| -> Vec<usize> {
            let outcome = outcome(scored(now), before.map(scored), &[]);
            let worst = outcome.worst().into_iter();
            worst.map(|segment| segment.number).collect()
        };
        let now = [40.0, 10.0, f64::NAN, 20.0];
        assert_eq!(worst(now, None), [2, 4, 1]);
        assert_eq!(worst(now, Some([45.0, 5.0, 90.0, 50.0])), [4, 1]);
        // Nothing lost: the lowest are shown all the same.
        assert_eq!(worst(now, Some(now)), [2, 4, 1]);
        let mut other = scored([90.0; 4]);
        other.test_set_sha256.clear();
        let outcome = outcome(scored(now), Some(other), &[]);
        assert_eq!(outcome.worst()[0].number, 2);
    }

    #[test]
    fn a_failure_is_told_with_its_sentences() {
        let mut now = report();
        now.systems[0].scores[0].value = 1.0;
        now.segments[1].outputs[0].scores[0] = 0.0;
        now.segments[1].outputs[0].hypothesis = "Nothing of it.".to_owned();
        let told = outcome(now.clone(), Some(report()), &[("bleu", 1.0)]).to_string();
        for part in [
            "BLEU went from 30.19 to 1.00",
            "[2] 0.0",
            "{+Nothing",
            "  was ",
        ] {
            assert!(told.contains(part), "no {part:?} in:\n{told}");
        }
        assert_eq!(outcome(report(), Some(report()), &[]).to_string(), "passed");
    }
}
