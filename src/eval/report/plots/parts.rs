//! Scores of the parts of a test set: a line a part with a mark a system, so that names of parts may be long and
//! marks lie beside each other.

use serde::Serialize;

use super::super::grid::{Head, largest_parts, left_out};
use super::super::numbers::number;
use super::super::{GroupReport, Report};
use super::axis::{Axis, Tick};
use super::{MARGIN, WIDTH, short};

/// Distance of one part's line from the next one's.
const PITCH: f64 = 38.0;

/// The scores of parts by one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parts {
    /// What is shown.
    pub title: String,
    /// Height of the plot.
    pub height: f64,
    /// Ticks of the scores.
    pub ticks: Vec<Tick>,
    /// The parts in order.
    pub lines: Vec<Line>,
    /// What is not shown; may be empty.
    pub note: String,
}

/// A part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Its label, shortened.
    pub label: String,
    /// How many sentences it has.
    pub sentences: usize,
    /// Where it is.
    pub y: f64,
    /// The scores.
    pub marks: Vec<Mark>,
}

/// A score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// Number of the system, from 0.
    pub system: usize,
    /// Where it is.
    pub x: f64,
    /// What it says in words.
    pub title: String,
}

/// Scores of the parts of a group by a metric; none where there is no finite one.
pub fn parts(report: &Report, group: &GroupReport, metric: usize) -> Option<Parts> {
    let of = report.metrics.get(metric)?;
    let shown = largest_parts(group);
    let score = |part: usize, system: usize| {
        let score = *group.parts[part].scores.get(system)?.get(metric)?;
        score.is_finite().then_some(score)
    };
    let systems = 0..report.systems.len();
    let all = shown.iter().flat_map(|&part| {
        systems
            .clone()
            .filter_map(move |system| score(part, system))
    });
    let low = all.clone().min_by(f64::total_cmp)?;
    let high = all.max_by(f64::total_cmp)?;
    // Some room on either side, so that no mark lies at the edge.
    let room = 0.04 * (high - low);
    let axis = Axis::linear(low - room, high + room, MARGIN, WIDTH - MARGIN);
    let line = |(row, &part): (usize, &usize)| {
        let label = &group.parts[part].label;
        let mark = |system: usize| {
            let score = score(part, system)?;
            let name = &report.systems[system].name;
            Some(Mark {
                system,
                x: axis.at(score),
                title: format!("{name}: {}, {label}", number(score, of.decimals)),
            })
        };
        Line {
            sentences: group.parts[part].sentences,
            y: PITCH * (row + 1) as f64 - 10.0,
            marks: systems.clone().filter_map(mark).collect(),
            label: short(label),
        }
    };
    Some(Parts {
        title: format!("{} by {}", Head::of_metric(of), group.by),
        height: PITCH * shown.len() as f64 + 28.0,
        ticks: axis.ticks(6),
        lines: shown.iter().enumerate().map(line).collect(),
        note: left_out(group.parts.len(), "parts, those with most sentences"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn a_line_has_a_mark_for_each_score_that_there_is() {
        let mut report = sample::report();
        report.groups[0].parts[0].scores[0][0] = f64::NAN;
        let plot = parts(&report, &report.groups[0], 0).unwrap();
        let marks: Vec<usize> = plot.lines.iter().map(|line| line.marks.len()).collect();
        assert_eq!(marks, [1, 2]);
        assert!(plot.lines[1].marks.iter().all(|mark| mark.x >= MARGIN));
        report.groups[0].parts.clear();
        assert_eq!(parts(&report, &report.groups[0], 0), None);
    }
}
