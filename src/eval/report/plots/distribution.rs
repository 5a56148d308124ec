//! How the scores of sentences are distributed: a histogram a system, under each other, so that they can be compared
//! without telling colours apart.

use serde::Serialize;

use super::super::Report;
use super::super::grid::Head;
use super::super::numbers::number;
use super::axis::{Axis, MOST, Tick, decimals, nice_step};
use super::{MARGIN, WIDTH, px, short};

/// Bins, about.
const BINS: usize = 25;

/// Share of the scores at each end that may lie in the outermost bin, so that a few odd ones do not press all others
/// together.
const TAIL: f64 = 0.005;

/// Height of the bars of the fullest bin.
const BARS: f64 = 34.0;

/// Distance of one system's bars from the next one's.
const PITCH: f64 = 64.0;

/// Histograms of one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// What is shown.
    pub title: String,
    /// Height of the plot.
    pub height: f64,
    /// Ticks of the scores.
    pub ticks: Vec<Tick>,
    /// One a system.
    pub strips: Vec<Strip>,
}

/// The histogram of one system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strip {
    /// Number of the system, from 0.
    pub system: usize,
    /// Its name, shortened.
    pub name: String,
    /// Median and quartiles in words, and how many sentences have no score.
    pub summary: String,
    /// Where the bars stand.
    pub base: f64,
    /// The bars.
    pub bars: Vec<Bar>,
    /// First quartile, median, third quartile; none without scores.
    pub quartiles: Option<[f64; 3]>,
}

/// A bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// Left end.
    pub x: f64,
    /// Upper end.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// What it says in words.
    pub title: String,
}

/// The distribution of sentence scores by a metric; none where no sentence has a finite one.
pub fn distribution(report: &Report, metric: usize) -> Option<Distribution> {
    let of = report.metrics.get(metric)?;
    let scores = |system: usize| -> Vec<f64> {
        let outputs = report.segments.iter().map(|s| s.outputs.get(system));
        let scores = outputs.filter_map(|output| output?.scores.get(metric).copied());
        scores.filter(|score| score.is_finite()).collect()
    };
    let mut scores: Vec<Vec<f64>> = (0..report.systems.len()).map(scores).collect();
    let bins = Bins::of(&mut scores)?;
    let counts: Vec<Vec<usize>> = scores.iter().map(|scores| bins.count(scores)).collect();
    let most = *counts.iter().flatten().max()? as f64;
    let axis = Axis::linear(bins.low, bins.high(), MARGIN, WIDTH - MARGIN);
    let strip = |(system, scores): (usize, &mut Vec<f64>)| {
        let base = PITCH * (system + 1) as f64 - 12.0;
        let bars = counts[system].iter().enumerate();
        let bar = |(bin, &count): (usize, &usize)| {
            let (left, right) = (axis.at(bins.edge(bin)), axis.at(bins.edge(bin + 1)));
            // What is there at all can be seen.
            let height = px((BARS * count as f64 / most).max(1.0));
            Bar {
                x: left,
                y: px(base - height),
                width: px((right - left - 1.0).max(0.5)),
                height,
                title: format!("{}: {count} sentences", bins.label(bin)),
            }
        };
        let quartiles = quartiles(scores);
        let missing = report.segments.len() - scores.len();
        let mut summary = match quartiles {
            None => "no scores".to_owned(),
            Some(quartiles) => {
                let [first, median, third] = quartiles.map(|value| number(value, of.decimals));
                format!("median {median}, half in {first}–{third}")
            }
        };
        if missing > 0 && quartiles.is_some() {
            summary.push_str(&format!(", {missing} without a score"));
        }
        Strip {
            system,
            name: short(&report.systems[system].name),
            summary,
            base,
            bars: bars.filter(|(_, count)| **count > 0).map(bar).collect(),
            quartiles: quartiles.map(|quartiles| quartiles.map(|value| axis.at(value))),
        }
    };
    let strips: Vec<Strip> = scores.iter_mut().enumerate().map(strip).collect();
    Some(Distribution {
        title: Head::of_metric(of).to_string(),
        height: PITCH * strips.len() as f64 + 28.0,
        ticks: axis.ticks(6),
        strips,
    })
}

/// Bins of equal width. The outermost take what lies beyond them too.
struct Bins {
    low: f64,
    step: f64,
    count: usize,
    /// Whether scores lie below the lowest edge and above the highest.
    beyond: (bool, bool),
}

impl Bins {
    fn of(scores: &mut [Vec<f64>]) -> Option<Bins> {
        let mut all: Vec<f64> = scores.concat();
        let (least, greatest) = (quantile(&mut all, 0.0)?, quantile(&mut all, 1.0)?);
        let low = quantile(&mut all, TAIL)?.clamp(-MOST, MOST);
        let high = quantile(&mut all, 1.0 - TAIL)?.clamp(-MOST, MOST);
        let step = nice_step((high - low).max(1e-6 * high.abs().max(1e-3)), BINS);
        let low = (low / step).floor() * step;
        let count = ((high - low) / step).ceil().clamp(1.0, 3.0 * BINS as f64) as usize;
        let mut bins = Bins {
            low,
            step,
            count,
            beyond: (false, false),
        };
        bins.beyond = (least < low, greatest > bins.high());
        Some(bins)
    }

    fn edge(&self, bin: usize) -> f64 {
        self.low + bin as f64 * self.step
    }

    fn high(&self) -> f64 {
        self.edge(self.count)
    }

    fn count(&self, scores: &[f64]) -> Vec<usize> {
        let mut counts = vec![0; self.count];
        for score in scores {
            // The cast takes what is below zero for zero.
            let bin = ((score - self.low) / self.step) as usize;
            counts[bin.min(self.count - 1)] += 1;
        }
        counts
    }

    fn label(&self, bin: usize) -> String {
        let decimals = decimals(self.step);
        let (from, to) = (self.edge(bin), self.edge(bin + 1));
        if bin == 0 && self.beyond.0 {
            format!("below {to:.decimals$}")
        } else if bin + 1 == self.count && self.beyond.1 {
            format!("{from:.decimals$} and above")
        } else {
            format!("{from:.decimals$}–{to:.decimals$}")
        }
    }
}

fn quartiles(scores: &mut [f64]) -> Option<[f64; 3]> {
    Some([
        quantile(scores, 0.25)?,
        quantile(scores, 0.5)?,
        quantile(scores, 0.75)?,
    ])
}

/// The score below which a share of the others lies; the nearest that there is. Reorders them.
fn quantile(scores: &mut [f64], share: f64) -> Option<f64> {
    let last = scores.len().checked_sub(1)?;
    let position = (last as f64 * share).round() as usize;
    let (_, score, _) = scores.select_nth_unstable_by(position, f64::total_cmp);
    Some(*score)
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    fn of_scores(scores: impl IntoIterator<Item = f64>) -> Option<Distribution> {
        let mut report = sample::report();
        let segment = report.segments[0].clone();
        report.systems.truncate(1);
        report.segments.clear();
        for score in scores {
            let mut segment = segment.clone();
            segment.outputs.truncate(1);
            segment.outputs[0].scores = vec![score];
            report.segments.push(segment);
        }
        distribution(&report, 0)
    }

    #[test]
    fn every_score_is_in_a_bar() {
        let plot = of_scores((0..=1000).map(|i| f64::from(i) / 10.0)).unwrap();
        let [strip] = plot.strips.as_slice() else {
            panic!("one system")
        };
        assert_eq!(strip.bars.len(), 20);
        assert_eq!(strip.bars[0].title, "0–5: 50 sentences");
        assert_eq!(strip.bars[19].title, "95–100: 51 sentences");
        assert_eq!(strip.summary, "median 50.0, half in 25.0–75.0");
        assert!(strip.bars.iter().all(|bar| bar.x + bar.width <= WIDTH));
    }

    #[test]
    fn a_few_odd_scores_do_not_press_the_others_together() {
        let usual = (0..1000).map(|i| f64::from(i % 100));
        let plot = of_scores(usual.chain([40_000.0])).unwrap();
        assert!(plot.strips[0].bars.len() >= 20);
        let last = &plot.strips[0].bars.last().unwrap().title;
        assert_eq!(last, "95 and above: 51 sentences");
    }

    #[test]
    fn scores_that_are_none_are_counted_apart() {
        let plot = of_scores([1.0, f64::NAN, f64::INFINITY, 1.0]).unwrap();
        assert!(plot.strips[0].summary.ends_with(", 2 without a score"));
        assert_eq!(plot.strips[0].bars.len(), 1);
        assert_eq!(of_scores([f64::NAN]), None);
        assert_eq!(of_scores([]), None);
    }
}
