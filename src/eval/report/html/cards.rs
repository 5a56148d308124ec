//! Sentences as the page shows them: a card each, in lists.

use serde::Serialize;

use super::super::diff::{self, Run, Side};
use super::super::numbers::number;
use super::super::selection::{most_changed, worst};
use super::super::{OutputFinding, Report, SegmentReport};
use super::HtmlOptions;

/// Some sentences of one system.
#[derive(Debug, Serialize)]
pub struct List<'a> {
    /// What they have in common.
    title: String,
    /// Their cards, first the one most worth a look.
    cards: Vec<Card<'a>>,
}

/// A sentence.
#[derive(Debug, Serialize)]
struct Card<'a> {
    number: usize,
    id: Option<&'a str>,
    document: Option<&'a str>,
    topic: Option<&'a str>,
    /// How much better than the baseline's the output is; none where they are not compared.
    gain: Option<Gain>,
    source: Option<&'a str>,
    /// The references that there are, each with its number from 1.
    references: Vec<(usize, &'a str)>,
    /// Outputs that the list is about.
    shown: Vec<Output<'a>>,
    /// The others.
    others: Vec<Output<'a>>,
}

#[derive(Debug, Serialize)]
struct Gain {
    text: String,
    is_loss: bool,
}

/// What a system made of the sentence.
#[derive(Debug, Serialize)]
struct Output<'a> {
    /// Number of the system, from 0.
    system: usize,
    name: &'a str,
    /// Characters of the output and what it is compared with.
    length: usize,
    /// Number of the reference that it is compared with, where there are several.
    nearest: Option<usize>,
    /// The output, compared or whole.
    runs: Vec<Run<'a>>,
    /// Name of each metric, and the score.
    scores: Vec<(&'a str, String)>,
    findings: &'a [OutputFinding],
}

/// For each system the sentences that it did worst on, and then for each but the baseline those that differ most from
/// the baseline's. Lists without sentences are left out.
pub fn lists<'a>(report: &'a Report, options: &HtmlOptions) -> Vec<List<'a>> {
    let Some(metric) = report.metrics.get(options.metric) else {
        return Vec::new();
    };
    let name = |system: usize| &report.systems[system].name;
    let systems = 0..report.systems.len();
    let worst = systems.clone().map(|system| {
        let worst = worst(report, system, options.metric, options.sentences);
        let segments = worst.into_iter().map(|position| &report.segments[position]);
        List {
            title: format!("Worst of {}", name(system)),
            cards: segments.map(|s| card(report, s, &[system], None)).collect(),
        }
    });
    let changed = systems.skip(1).map(|system| {
        let changed = most_changed(report, system, options.metric, options.sentences);
        let cards = changed.into_iter().map(|(position, gain)| {
            let gain = Gain {
                text: gained(gain, metric.higher_is_better, metric.decimals),
                is_loss: gain < 0.0,
            };
            card(report, &report.segments[position], &[0, system], Some(gain))
        });
        List {
            title: format!("{} against {}", name(system), name(0)),
            cards: cards.collect(),
        }
    });
    let lists = worst.chain(changed);
    lists.filter(|list| !list.cards.is_empty()).collect()
}

/// A gain as the difference of scores, with its sign: of a metric of which less is better, it is below zero.
fn gained(gain: f64, higher_is_better: bool, decimals: usize) -> String {
    let difference = if higher_is_better { gain } else { -gain };
    let sign = if difference < 0.0 { '−' } else { '+' };
    let word = if gain < 0.0 { "worse" } else { "better" };
    format!("{word}: {sign}{}", number(difference.abs(), decimals))
}

fn card<'a>(
    report: &'a Report,
    segment: &'a SegmentReport,
    shown: &[usize],
    gain: Option<Gain>,
) -> Card<'a> {
    let references = segment.references.iter().enumerate();
    let present =
        |(i, reference): (usize, &'a Option<String>)| Some((i + 1, reference.as_deref()?));
    let references: Vec<(usize, &str)> = references.filter_map(present).collect();
    let others = (0..report.systems.len()).filter(|system| !shown.contains(system));
    Card {
        number: segment.number,
        id: segment.id.as_deref(),
        document: segment.document.as_deref(),
        topic: segment.topic.as_deref(),
        gain,
        source: segment.source.as_deref(),
        shown: shown
            .iter()
            .filter_map(|&system| output(report, segment, system, &references))
            .collect(),
        others: others
            .filter_map(|system| output(report, segment, system, &[]))
            .collect(),
        references,
    }
}

/// An output, compared with the nearest of the references if any are given.
fn output<'a>(
    report: &'a Report,
    segment: &'a SegmentReport,
    system: usize,
    references: &[(usize, &'a str)],
) -> Option<Output<'a>> {
    let output = segment.outputs.get(system)?;
    let text = output.hypothesis.as_str();
    let whole = || match text {
        "" => Vec::new(),
        _ => vec![Run {
            side: Side::Both,
            text,
            gap: false,
        }],
    };
    let compared = diff::nearest(references.iter().map(|(_, text)| *text), text);
    let (nearest, runs) = match compared {
        Some((nearest, runs)) => (Some(references[nearest].0), runs),
        None => (None, whole()),
    };
    let scores = report.metrics.iter().zip(&output.scores);
    let shown =
        scores.map(|(metric, score)| (metric.name.as_str(), number(*score, metric.decimals)));
    Some(Output {
        system,
        name: &report.systems[system].name,
        length: runs.iter().map(|run| run.text.chars().count()).sum(),
        nearest: nearest.filter(|_| references.len() > 1),
        runs,
        scores: shown.collect(),
        findings: &output.findings,
    })
}
