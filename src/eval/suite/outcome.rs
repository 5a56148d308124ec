//! What came of a suite: what is not good enough, and the sentences to look at.

use std::collections::BTreeMap;
use std::fmt;

use crate::eval::report::{Report, SegmentReport, diff};
use crate::eval::{Bar, Verdict, is_called, judge};

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

    /// "BLEU fell from 30.12 to 28.00: 2.12 worse, 1.00 allowed"
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
            let findings = report.systems.iter().flat_map(|system| &system.findings);
            let errors = findings.filter(|finding| finding.severity == "error");
            let errors: usize = errors.map(|finding| finding.count).sum();
            if errors > allowed {
                complaints.push(format!(
                    "{errors} errors seen by the checks, {allowed} allowed"
                ));
            }
        }
        let mut regressions = Vec::new();
        for (name, &allowed) in limits.regression {
            let mut metrics = report.metrics.iter();
            let Some(place) = metrics.position(|metric| is_called(&metric.name, name)) else {
                return Err(format!(
                    "[regression] names {name:?}, which is none of the metrics"
                ));
            };
            match baseline
                .as_ref()
                .map(|baseline| before(baseline, &report, place))
            {
                None => {
                    complaints.push(format!("{name} has no baseline yet; --update records one"))
                }
                Some(Err(why)) => complaints.push(why),
                Some(Ok(before)) => regressions.push(Regression {
                    metric: report.metrics[place].name.clone(),
                    before,
                    now: report.systems[0].scores[place].value,
                    allowed,
                    higher_is_better: report.metrics[place].higher_is_better,
                }),
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

    /// Sentences to look at, worst first: those that lost most against the baseline, without one those with the lowest
    /// scores, by the first metric.
    pub fn worst(&self) -> Vec<&SegmentReport> {
        let sign = match self.report.metrics.first() {
            Some(metric) if metric.higher_is_better => 1.0,
            Some(_) => -1.0,
            None => return Vec::new(),
        };
        let goodness = |segment: &SegmentReport| {
            let score =
                |segment: &SegmentReport| Some(segment.outputs.first()?.scores.first()? * sign);
            let now = score(segment).unwrap_or(0.0);
            let before = self.before(segment).and_then(score);
            now - before.unwrap_or(0.0)
        };
        let mut segments: Vec<&SegmentReport> = self.report.segments.iter().collect();
        segments.sort_by(|a, b| goodness(a).total_cmp(&goodness(b)));
        if self.baseline.is_some() {
            segments.retain(|segment| goodness(segment) < 0.0);
        }
        segments.truncate(SHOWN);
        segments
    }

    fn before(&self, segment: &SegmentReport) -> Option<&SegmentReport> {
        let baseline = self.baseline.as_ref()?;
        let is_same = baseline.test_set_sha256 == self.report.test_set_sha256;
        is_same.then(|| baseline.segments.get(segment.number - 1))?
    }
}

/// The baseline's score by the metric at `place` of the report, or why it cannot be compared.
fn before(baseline: &Report, report: &Report, place: usize) -> Result<f64, String> {
    let metric = &report.metrics[place];
    if baseline.test_set_sha256 != report.test_set_sha256 {
        return Err("the baseline is of another test set; --update records a new one".to_owned());
    }
    let same = |other: &&crate::eval::report::MetricReport| {
        other.name == metric.name && other.signature == metric.signature
    };
    let scores = baseline.systems.first().map(|system| &system.scores);
    let place = baseline.metrics.iter().position(|other| same(&other));
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
                .and_then(|before| before.outputs.first());
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
