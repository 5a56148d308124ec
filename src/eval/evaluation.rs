//! The whole of an evaluation: outputs in, report out.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::checks::{can_check, findings};
use super::groups::Grouping;
use super::report::{
    FindingCount, GroupReport, MetricReport, OutputFinding, OutputReport, PartReport, Report,
    SCHEMA, ScoreReport, SegmentReport, SignificanceReport, SystemReport,
};
use super::significance::{PairedTest, confidence, paired};
use super::{EvalError, Metric, ReferenceCount, Statistics, System, TestSet};
use crate::translate::Finding;

/// What is wanted beside the scores.
#[derive(Debug, Clone)]
pub struct EvaluationOptions {
    /// By what the test set is divided, so that each part is scored too. Divisions that it does not have are passed
    /// over.
    pub groupings: Vec<Grouping>,
    /// Whether every sentence stands in the report, with its scores.
    pub sentences: bool,
    /// Whether outputs are held against Bengali sources for numbers, names and negations that changed.
    pub checks: bool,
    /// Whether, and how, differences between systems are tested.
    pub significance: Option<Significance>,
}

/// A test of significance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Significance {
    /// The test. Of one system alone there is nothing to test, and bootstrap gives the interval of its score.
    pub test: PairedTest,
    /// Seed of the random numbers.
    pub seed: u64,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        EvaluationOptions {
            groupings: vec![Grouping::Length, Grouping::Topic],
            sentences: false,
            checks: true,
            significance: None,
        }
    }
}

/// Scores the systems. The first of them is the baseline.
///
/// # Errors
/// Where there are no sentences, sides differ in length, two systems have one name, a metric lacks what it needs, or
/// `interrupted` breaks.
pub fn evaluate(
    test_set: &TestSet,
    systems: &[System],
    metrics: &[Box<dyn Metric>],
    options: &EvaluationOptions,
    interrupted: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Report, EvalError> {
    if test_set.segments.is_empty() {
        return Err(EvalError::Empty);
    }
    for (place, system) in systems.iter().enumerate() {
        test_set.check(system)?;
        if systems[..place]
            .iter()
            .any(|other| other.name == system.name)
        {
            let name = system.name.clone();
            return Err(EvalError::SameName { name });
        }
    }
    let significance = options
        .significance
        .and_then(|Significance { test, seed }| {
            let test = test.of_systems(systems.len())?;
            Some(Significance { test, seed })
        });
    let outputs: Vec<&[String]> = systems.iter().map(|s| &s.hypotheses[..]).collect();
    // [metric][system]
    let counted: Vec<Vec<Statistics>> = (metrics.iter())
        .map(|metric| metric.statistics(&test_set.segments, &outputs, interrupted))
        .collect::<Result<_, _>>()?;
    // [system][sentence]
    let seen = match options.checks && can_check(test_set) {
        true => Some(findings(test_set, systems, interrupted)?),
        false => None,
    };
    let references = test_set.segments.iter().map(|s| s.references().len());
    let references = ReferenceCount::of(references);

    // [metric][system]
    let mut scores = Vec::new();
    for (metric, counted) in metrics.iter().zip(&counted) {
        scores.push(corpus_scores(
            metric.as_ref(),
            counted,
            significance,
            interrupted,
        )?);
    }

    let of_system = |(place, system): (usize, &System)| SystemReport {
        name: system.name.clone(),
        scores: scores.iter().map(|scores| scores[place].clone()).collect(),
        seconds: system.seconds,
        findings: seen.as_ref().map(|seen| tally(&seen[place])),
    };
    Ok(Report {
        schema: SCHEMA,
        tool: concat!("anubad ", env!("CARGO_PKG_VERSION")).to_owned(),
        created: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        test_set: test_set.name.clone(),
        test_set_sha256: test_set.sha256(),
        sentences: test_set.segments.len(),
        metrics: (metrics.iter())
            .map(|metric| describe(metric.as_ref(), references, significance))
            .collect(),
        significance: significance.map(|significance| SignificanceReport {
            test: significance.test.name().to_owned(),
            samples: significance.test.samples().get(),
            seed: significance.seed,
        }),
        systems: systems.iter().enumerate().map(of_system).collect(),
        groups: groups(
            test_set,
            metrics,
            &counted,
            systems.len(),
            &options.groupings,
        ),
        segments: match options.sentences {
            true => segments(test_set, systems, metrics, &counted, seen.as_deref()),
            false => Vec::new(),
        },
    })
}

fn describe(
    metric: &dyn Metric,
    references: ReferenceCount,
    significance: Option<Significance>,
) -> MetricReport {
    let signature = metric.signature(references);
    let signature = match significance {
        Some(Significance { test, seed }) => test.sign(signature, seed),
        None => signature,
    };
    MetricReport {
        name: metric.name(),
        signature: signature.long(),
        signature_short: signature.short(),
        higher_is_better: metric.higher_is_better(),
        decimals: metric.decimals(),
    }
}

/// The score of each system, with what chance has to do with it.
fn corpus_scores(
    metric: &dyn Metric,
    counted: &[Statistics],
    significance: Option<Significance>,
    interrupted: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Vec<ScoreReport>, EvalError> {
    let score = |statistics: &Statistics| {
        let sums = statistics.sums();
        ScoreReport {
            value: metric.score(&sums),
            details: metric.details(&sums),
            mean: None,
            interval: None,
            p_value: None,
        }
    };
    let mut scores: Vec<ScoreReport> = counted.iter().map(score).collect();
    match (significance, counted) {
        (None, _) | (_, []) => {}
        (Some(Significance { test, seed }), [alone]) => {
            if let Some(resamples) = test.resamples() {
                let estimate = confidence(metric, alone, resamples, seed, interrupted)?;
                scores[0].mean = Some(estimate.mean);
                scores[0].interval = Some(estimate.interval);
            }
        }
        (Some(Significance { test, seed }), several) => {
            let outcomes = paired(test, metric, several, seed, interrupted)?;
            for (score, outcome) in scores.iter_mut().zip(outcomes) {
                score.mean = outcome.estimate.map(|estimate| estimate.mean);
                score.interval = outcome.estimate.map(|estimate| estimate.interval);
                score.p_value = outcome.p_value;
            }
        }
    }
    Ok(scores)
}

/// How often each kind of finding was seen, by name.
fn tally(seen: &[Vec<Finding>]) -> Vec<FindingCount> {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for finding in seen.iter().flatten().map(told) {
        *counts.entry((finding.kind, finding.severity)).or_default() += 1;
    }
    let count = |((kind, severity), count)| FindingCount {
        kind,
        severity,
        count,
    };
    counts.into_iter().map(count).collect()
}

fn told(finding: &Finding) -> OutputFinding {
    let name = |value: serde_json::Result<serde_json::Value>| match value {
        Ok(serde_json::Value::String(name)) => name,
        _ => unreachable!("kinds and severities are written as their names"),
    };
    OutputFinding {
        kind: name(serde_json::to_value(finding.kind)),
        severity: name(serde_json::to_value(finding.severity)),
        message: finding.message.clone(),
    }
}

fn groups(
    test_set: &TestSet,
    metrics: &[Box<dyn Metric>],
    counted: &[Vec<Statistics>],
    systems: usize,
    groupings: &[Grouping],
) -> Vec<GroupReport> {
    let score = |system: usize, sentences: &[usize]| {
        (metrics.iter().zip(counted))
            .map(|(metric, counted)| {
                metric.score(&counted[system].sums_of(sentences.iter().copied()))
            })
            .collect()
    };
    let divide = |grouping: &Grouping| GroupReport {
        by: grouping.name().to_owned(),
        parts: (grouping.parts(test_set).into_iter())
            .map(|part| PartReport {
                label: part.label,
                sentences: part.sentences.len(),
                scores: (0..systems)
                    .map(|system| score(system, &part.sentences))
                    .collect(),
            })
            .collect(),
    };
    let groups = groupings.iter().map(divide);
    groups.filter(|group| !group.parts.is_empty()).collect()
}

fn segments(
    test_set: &TestSet,
    systems: &[System],
    metrics: &[Box<dyn Metric>],
    counted: &[Vec<Statistics>],
    seen: Option<&[Vec<Vec<Finding>>]>,
) -> Vec<SegmentReport> {
    let output = |place: usize, system: usize| OutputReport {
        hypothesis: systems[system].hypotheses[place].clone(),
        scores: (metrics.iter().zip(counted))
            .map(|(metric, counted)| metric.sentence_score(counted[system].row(place)))
            .collect(),
        findings: seen.map_or_else(Vec::new, |seen| {
            seen[system][place].iter().map(told).collect()
        }),
    };
    let segments = test_set.segments.iter().enumerate();
    segments
        .map(|(place, segment)| SegmentReport {
            number: place + 1,
            id: segment.id.clone(),
            document: segment.document.clone(),
            topic: segment.topic.clone(),
            source: segment.source.clone(),
            references: segment.references.clone(),
            outputs: (0..systems.len())
                .map(|system| output(place, system))
                .collect(),
        })
        .collect()
}
