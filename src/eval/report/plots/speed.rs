//! Speed beside quality.

use serde::Serialize;

use super::super::Report;
use super::super::grid::Head;
use super::super::numbers::{number, shown_speed, speed};
use super::axis::{Axis, Tick};
use super::{MARGIN, WIDTH, px, short};

/// Height of the plot, and of what lies above its horizontal axis.
const HEIGHT: f64 = 280.0;
const BASE: f64 = 232.0;

/// Where the vertical axis stands.
const LEFT: f64 = 44.0;

/// A fastest system so many times as fast as the slowest calls for a logarithmic axis.
const WIDE: f64 = 10.0;

/// Size of a label, about: width of a letter, height of a line.
const LETTER: f64 = 6.6;
const LINE: f64 = 14.0;

/// Systems as points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Speed {
    /// What is shown.
    pub title: String,
    /// Height of the plot.
    pub height: f64,
    /// Where the horizontal axis is.
    pub base: f64,
    /// Where the vertical axis is.
    pub left: f64,
    /// Ticks of sentences per second.
    pub speeds: Vec<Tick>,
    /// Ticks of the score.
    pub scores: Vec<Tick>,
    /// The systems.
    pub points: Vec<Point>,
    /// What is not shown; may be empty.
    pub note: String,
}

/// A system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Number of the system, from 0.
    pub system: usize,
    /// Its name, shortened.
    pub name: String,
    /// Where it is, from the left.
    pub x: f64,
    /// Where it is, from above.
    pub y: f64,
    /// Height of its label.
    pub label_y: f64,
    /// Whether the label ends before the point, which lies far to the right.
    pub is_label_before: bool,
    /// What it says in words.
    pub title: String,
}

/// Sentences per second and scores by a metric; none where no speed is known.
pub fn speed_and_quality(report: &Report, metric: usize) -> Option<Speed> {
    let of = report.metrics.get(metric)?;
    let value = |system: usize| {
        let system = &report.systems[system];
        let score = system.scores.get(metric)?.value;
        let speed = speed(report.sentences, system.seconds)?;
        score.is_finite().then_some((speed, score))
    };
    let known = (0..report.systems.len()).filter_map(|system| Some((system, value(system)?)));
    let known: Vec<(usize, (f64, f64))> = known.collect();
    let of_speeds = known.iter().map(|(_, (speed, _))| *speed);
    let of_scores = known.iter().map(|(_, (_, score))| *score);
    let (slowest, fastest) = ends(of_speeds)?;
    let (least, greatest) = ends(of_scores)?;
    // A tenth of room on either side, so that no point lies on an axis.
    let speeds = match fastest / slowest >= WIDE {
        true => {
            let room = (fastest / slowest).powf(0.1);
            Axis::logarithmic(slowest / room, fastest * room, LEFT, WIDTH - MARGIN)
        }
        false => Axis::linear(0.0, fastest * 1.1, LEFT, WIDTH - MARGIN),
    };
    let room = 0.1 * (greatest - least);
    let scores = Axis::linear(least - room, greatest + room, BASE, MARGIN);
    let point = |&(system, (speed, score)): &(usize, (f64, f64))| {
        let (x, y) = (speeds.at(speed), scores.at(score));
        let name = &report.systems[system].name;
        let (score, speed) = (number(score, of.decimals), shown_speed(speed));
        Point {
            system,
            x,
            y,
            label_y: y,
            is_label_before: x > WIDTH / 2.0,
            title: format!("{name}: {} {score}, {speed} sentences/s", of.name),
            name: short(name),
        }
    };
    let mut points: Vec<Point> = known.iter().map(point).collect();
    part_labels(&mut points);
    let is_known = |system: usize| known.iter().any(|(other, _)| *other == system);
    let unknown: Vec<&str> = (0..report.systems.len())
        .filter(|&system| !is_known(system))
        .map(|system| report.systems[system].name.as_str())
        .collect();
    Some(Speed {
        title: format!("{} and speed", Head::of_metric(of)),
        height: HEIGHT,
        base: BASE,
        left: LEFT,
        speeds: speeds.ticks(5),
        scores: scores.ticks(5),
        points,
        note: match unknown.as_slice() {
            [] => String::new(),
            names => format!("Without a known speed: {}.", names.join(", ")),
        },
    })
}

fn ends(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let least = values.clone().min_by(f64::total_cmp)?;
    Some((least, values.max_by(f64::total_cmp)?))
}

/// Moves labels down that would lie on another.
fn part_labels(points: &mut [Point]) {
    points.sort_by(|a, b| a.y.total_cmp(&b.y));
    let span = |point: &Point| {
        let width = LETTER * point.name.chars().count() as f64;
        match point.is_label_before {
            true => (point.x - width, point.x),
            false => (point.x, point.x + width),
        }
    };
    for i in 1..points.len() {
        let (above, rest) = points.split_at_mut(i);
        let (from, to) = span(&rest[0]);
        for other in above {
            let (other_from, other_to) = span(other);
            let overlaps = from < other_to && other_from < to;
            if overlaps && rest[0].label_y < other.label_y + LINE {
                rest[0].label_y = px(other.label_y + LINE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn systems_of_known_speed_are_points() {
        let mut report = sample::report();
        let plot = speed_and_quality(&report, 0).unwrap();
        assert_eq!(plot.points.len(), 1);
        assert_eq!(
            plot.points[0].title,
            "baseline: BLEU 30.2, 8.00 sentences/s"
        );
        assert_eq!(plot.note, "Without a known speed: অনুবাদ.");
        report.systems[0].seconds = Some(0.0);
        assert_eq!(speed_and_quality(&report, 0), None);
    }

    #[test]
    fn labels_do_not_lie_on_each_other() {
        let mut report = sample::report();
        for system in &mut report.systems {
            system.seconds = Some(1.0);
            system.scores[0].value = 30.0;
        }
        let plot = speed_and_quality(&report, 0).unwrap();
        assert!(plot.points[1].label_y - plot.points[0].label_y >= LINE);
    }
}
