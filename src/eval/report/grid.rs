//! The tables of a report as grids of cells, which every form lays out in its own way.

use std::fmt;

use serde::Serialize;

use super::numbers::{number, probability, shown_speed, speed};
use super::{FindingCount, GroupReport, MetricReport, Report, ScoreReport};

/// Below this probability a difference counts as significant, as sacreBLEU has it.
pub const SIGNIFICANT: f64 = 0.05;

/// Parts of a group, or kinds of findings, that a table shows.
pub const MOST_ROWS: usize = 40;

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Grid {
    /// What it shows.
    pub title: String,
    /// Its columns; the first names the rows.
    pub header: Vec<Head>,
    /// Its rows, each with a label and a cell for every other column.
    pub rows: Vec<Row>,
    /// What a reader has to know; may be empty.
    pub note: String,
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// What the column holds.
    pub name: String,
    /// Whether more is better, where the column is of scores by one metric.
    pub higher_is_better: Option<bool>,
}

impl Head {
    fn new(name: impl Into<String>) -> Head {
        Head {
            name: name.into(),
            higher_is_better: None,
        }
    }

    /// Of scores by a metric.
    pub fn of_metric(metric: &MetricReport) -> Head {
        Head {
            name: metric.name.clone(),
            higher_is_better: Some(metric.higher_is_better),
        }
    }
}

impl fmt::Display for Head {
    /// The name with an arrow that points to the better scores.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let arrow = match self.higher_is_better {
            Some(true) => " ↑",
            Some(false) => " ↓",
            None => "",
        };
        write!(f, "{}{arrow}", self.name)
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What the row is of.
    pub label: String,
    /// Its cells.
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Cell {
    /// The number, as it is shown; empty where there is none.
    pub text: String,
    /// The number, where it is finite: what rows are sorted by.
    pub value: Option<f64>,
    /// Mean over the resamples, and half the width of the 95 % interval around it.
    pub interval: Option<(String, String)>,
    /// Probability that the difference from the baseline is chance.
    pub p: Option<String>,
    /// Whether that difference is significant.
    pub is_significant: bool,
    /// Whether it is the best of its kind; of one alone nothing is.
    pub is_best: bool,
}

impl Cell {
    fn of_number(value: f64, decimals: usize) -> Cell {
        Cell {
            text: number(value, decimals),
            value: value.is_finite().then_some(value),
            ..Cell::default()
        }
    }

    fn of_score(score: &ScoreReport, metric: &MetricReport) -> Cell {
        let shown = |value| number(value, metric.decimals);
        let interval = score.mean.zip(score.interval);
        Cell {
            interval: interval.map(|(mean, half)| (shown(mean), shown(half))),
            p: score.p_value.map(probability),
            is_significant: score.p_value.is_some_and(|p| p < SIGNIFICANT),
            ..Cell::of_number(score.value, metric.decimals)
        }
    }
}

/// All tables of a report: of the systems, of their findings, of each group.
pub fn grids(report: &Report) -> Vec<Grid> {
    let mut grids = vec![systems(report)];
    grids.extend(findings(report));
    grids.extend(parts(report));
    grids
}

/// Systems as rows, metrics as columns, and speed where it is known of any.
pub fn systems(report: &Report) -> Grid {
    let mut header = vec![Head::new("System")];
    header.extend(heads(report));
    let has_speed = report.systems.iter().any(|system| system.seconds.is_some());
    if has_speed {
        header.push(Head::new("Sentences/s"));
    }
    let mut rows = Vec::with_capacity(report.systems.len());
    for system in &report.systems {
        let score = |(i, metric)| match system.scores.get(i) {
            Some(score) => Cell::of_score(score, metric),
            None => Cell::default(),
        };
        let mut cells: Vec<Cell> = report.metrics.iter().enumerate().map(score).collect();
        if has_speed {
            let speed = speed(report.sentences, system.seconds);
            let cell = |speed| Cell {
                text: shown_speed(speed),
                value: Some(speed),
                ..Cell::default()
            };
            cells.push(speed.map(cell).unwrap_or_default());
        }
        rows.push(Row {
            label: system.name.clone(),
            cells,
        });
    }
    for (column, metric) in report.metrics.iter().enumerate() {
        let cells = rows.iter_mut().map(|row| &mut row.cells[column]);
        mark_best(cells.collect(), metric.higher_is_better);
    }
    Grid {
        title: "Scores".to_owned(),
        header,
        rows,
        note: significance_note(report),
    }
}

/// Kinds of findings as rows, most frequent first, systems as columns; none where there are no findings. A system that
/// was not checked has empty cells.
pub fn findings(report: &Report) -> Option<Grid> {
    let mut kinds: Vec<(&FindingCount, usize)> = Vec::new();
    let seen = report
        .systems
        .iter()
        .filter_map(|system| system.findings.as_ref());
    for finding in seen.flatten() {
        match kinds.iter_mut().find(|(kind, _)| same(kind, finding)) {
            Some((_, count)) => *count += finding.count,
            None => kinds.push((finding, finding.count)),
        }
    }
    // "error" before "warning", as the alphabet has it.
    kinds.sort_by(|(a, x), (b, y)| a.severity.cmp(&b.severity).then(y.cmp(x)));
    let row = |(kind, _): &(&FindingCount, usize)| Row {
        label: format!("{}: {}", kind.severity, kind.kind.replace('_', " ")),
        cells: report
            .systems
            .iter()
            .map(|system| {
                let Some(findings) = &system.findings else {
                    return Cell::default();
                };
                let counts = findings.iter().filter(|other| same(other, kind));
                let count: usize = counts.map(|finding| finding.count).sum();
                Cell::of_number(count as f64, 0)
            })
            .collect(),
    };
    let rows: Vec<Row> = kinds.iter().take(MOST_ROWS).map(row).collect();
    (!rows.is_empty()).then(|| Grid {
        title: "Findings of the checks".to_owned(),
        header: header_of_systems("Finding", report),
        rows,
        note: left_out(kinds.len(), "kinds, the most frequent"),
    })
}

fn same(a: &FindingCount, b: &FindingCount) -> bool {
    (&a.kind, &a.severity) == (&b.kind, &b.severity)
}

/// The tables of all groups, with parts as rows.
pub fn parts(report: &Report) -> Vec<Grid> {
    let groups = report.groups.iter();
    groups.flat_map(|group| of_group(report, group)).collect()
}

/// One table with a column a metric for one system, a table a metric with a column a system for more.
fn of_group(report: &Report, group: &GroupReport) -> Vec<Grid> {
    let parts = largest_parts(group);
    let note = left_out(group.parts.len(), "parts, those with most sentences");
    let grid = |title: String, mut header: Vec<Head>, columns: &[(usize, usize)]| {
        header.insert(1, Head::new("Sentences"));
        let row = |&part: &usize| {
            let part = &group.parts[part];
            let score = |&(system, metric): &(usize, usize)| {
                let score = part.scores.get(system).and_then(|row| row.get(metric));
                let decimals = report.metrics[metric].decimals;
                let cell = |&score| Cell::of_number(score, decimals);
                score.map(cell).unwrap_or_default()
            };
            let mut cells = vec![Cell::of_number(part.sentences as f64, 0)];
            cells.extend(columns.iter().map(score));
            let label = part.label.clone();
            Row { label, cells }
        };
        Grid {
            title,
            header,
            rows: parts.iter().map(row).collect(),
            note: note.clone(),
        }
    };
    let metrics = report.metrics.iter().enumerate();
    if let [_] = report.systems.as_slice() {
        let mut header = vec![Head::new("Part")];
        header.extend(heads(report));
        let columns: Vec<(usize, usize)> = metrics.map(|(metric, _)| (0, metric)).collect();
        return vec![grid(format!("Scores by {}", group.by), header, &columns)];
    }
    let heads = heads(report);
    let of_metric = |(metric, of): (usize, &MetricReport)| {
        let columns: Vec<_> = (0..report.systems.len()).map(|s| (s, metric)).collect();
        let title = format!("{} by {}", heads[metric], group.by);
        let mut grid = grid(title, header_of_systems("Part", report), &columns);
        for row in &mut grid.rows {
            mark_best(row.cells[1..].iter_mut().collect(), of.higher_is_better);
        }
        grid
    };
    metrics.map(of_metric).collect()
}

/// The heads of the metrics' columns. Several configurations of one metric are told apart by what their signatures have
/// otherwise: `BLEU tok:13a` and `BLEU tok:intl`.
fn heads(report: &Report) -> Vec<Head> {
    let head = |metric: &MetricReport| {
        let twins = report
            .metrics
            .iter()
            .filter(|other| other.name == metric.name);
        let has =
            |twin: &MetricReport, item: &str| twin.signature_short.split('|').any(|it| it == item);
        let is_shared = |item: &&str| twins.clone().all(|twin| has(twin, item));
        let items = metric.signature_short.split('|');
        let own = items.filter(|item| !is_shared(item));
        let mut head = Head::of_metric(metric);
        for item in own {
            head.name += &format!(" {item}");
        }
        head
    };
    report.metrics.iter().map(head).collect()
}

fn header_of_systems(first: &str, report: &Report) -> Vec<Head> {
    let mut header = vec![Head::new(first)];
    header.extend(report.systems.iter().map(|system| Head::new(&system.name)));
    header
}

/// Numbers of the parts that are shown, in order: all, or of very many those with most sentences.
pub fn largest_parts(group: &GroupReport) -> Vec<usize> {
    let mut parts: Vec<usize> = (0..group.parts.len()).collect();
    if parts.len() > MOST_ROWS {
        parts.sort_by_key(|&part| std::cmp::Reverse(group.parts[part].sentences));
        parts.truncate(MOST_ROWS);
        parts.sort_unstable();
    }
    parts
}

/// What is said where not all rows are shown.
pub fn left_out(all: usize, which: &str) -> String {
    match all > MOST_ROWS {
        true => format!("{MOST_ROWS} of {all} {which}; the JSON form has all."),
        false => String::new(),
    }
}

/// Marks the best of some scores, and all that are shown as it is. Where there is no other, none is best.
fn mark_best(cells: Vec<&mut Cell>, higher_is_better: bool) {
    let sign = if higher_is_better { 1.0 } else { -1.0 };
    let values = cells.iter().filter_map(|cell| Some(sign * cell.value?));
    if values.clone().count() < 2 {
        return;
    }
    let best = values.fold(f64::NEG_INFINITY, f64::max);
    let best = cells
        .iter()
        .find(|cell| cell.value.is_some_and(|value| sign * value == best))
        .map(|cell| cell.text.clone());
    for cell in cells {
        cell.is_best = cell.value.is_some() && Some(&cell.text) == best.as_ref();
    }
}

/// What intervals and probabilities come from; empty without a test.
fn significance_note(report: &Report) -> String {
    let Some(test) = &report.significance else {
        return String::new();
    };
    let scores = || report.systems.iter().flat_map(|system| &system.scores);
    let mut note = format!(
        "{}, {} samples, seed {}.",
        test.test, test.samples, test.seed
    );
    if scores().any(|score| score.interval.is_some()) {
        note.push_str(" In brackets, the mean over the resamples ± half the 95 % interval.");
    }
    if scores().any(|score| score.p_value.is_some()) {
        let baseline = report.systems.first().map_or("", |system| &system.name);
        note.push_str(&format!(
            " p is against {baseline}; * marks p < {SIGNIFICANT}."
        ));
    }
    note
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_best_of_each_column_is_marked() {
        let grid = systems(&sample::report());
        let best = |row: usize| -> Vec<bool> {
            let cells = grid.rows[row].cells.iter();
            cells.map(|cell| cell.is_best).collect()
        };
        // Of TER, less is better.
        assert_eq!(best(0), [false, false, false]);
        assert_eq!(best(1), [true, true, false]);
        assert!(grid.rows[1].cells[0].is_significant);
        assert_eq!(grid.rows[1].cells[1].p.as_deref(), Some("p = 0.1200"));
    }

    #[test]
    fn configurations_of_one_metric_are_told_apart() {
        let mut report = sample::report();
        for (metric, tokenizer) in report.metrics.iter_mut().zip(["13a", "intl"]) {
            metric.name = "BLEU".to_owned();
            metric.signature_short = format!("#:1|tok:{tokenizer}|v:2.6.0");
        }
        let header = systems(&report).header;
        assert_eq!(header[1].name, "BLEU tok:13a");
        assert_eq!(header[2].name, "BLEU tok:intl");
    }

    #[test]
    fn scores_that_look_the_same_are_both_best_and_one_alone_is_not() {
        let mut report = sample::report();
        report.systems[0].scores[0].value = report.systems[1].scores[0].value - 1e-6;
        let grid = systems(&report);
        assert!(grid.rows.iter().all(|row| row.cells[0].is_best));
        report.systems.truncate(1);
        assert!(!systems(&report).rows[0].cells[0].is_best);
    }

    #[test]
    fn numbers_that_are_none_are_told_and_never_best() {
        let mut report = sample::report();
        report.systems[1].scores[0].value = f64::NAN;
        report.systems[1].scores[1].value = f64::NEG_INFINITY;
        report.metrics[0].decimals = usize::MAX;
        let grid = systems(&report);
        let texts: Vec<&str> = grid.rows[1].cells[..2]
            .iter()
            .map(|cell| cell.text.as_str())
            .collect();
        assert_eq!(texts, ["NaN", "−∞"]);
        assert!(grid.rows.iter().all(|row| !row.cells[0].is_best));
    }

    #[test]
    fn a_system_that_was_not_checked_has_no_count_and_one_without_findings_has_zero() {
        let mut report = sample::report();
        report.systems[1].findings = None;
        let texts = |report: &Report| -> Vec<String> {
            let rows = findings(report).unwrap().rows;
            rows.iter().map(|row| row.cells[1].text.clone()).collect()
        };
        assert_eq!(texts(&report), ["", ""]);
        report.systems[1].findings = Some(Vec::new());
        assert_eq!(texts(&report), ["0", "0"]);
        report.systems.remove(0);
        assert_eq!(findings(&report), None);
    }

    #[test]
    fn the_note_tells_of_what_the_table_has() {
        let mut report = sample::report();
        let note = significance_note(&report);
        assert!(
            note.contains("±") && note.contains("p is against baseline"),
            "{note}"
        );
        report.systems.truncate(1);
        let note = significance_note(&report);
        assert!(
            note.contains("±") && !note.contains("p is against"),
            "{note}"
        );
        report.significance = None;
        assert_eq!(significance_note(&report), "");
    }

    #[test]
    fn a_report_with_holes_has_empty_cells() {
        let mut report = sample::report();
        report.systems[0].scores.clear();
        report.groups[0].parts[0].scores.clear();
        for grid in grids(&report) {
            for row in &grid.rows {
                assert_eq!(row.cells.len() + 1, grid.header.len());
            }
        }
    }

    #[test]
    fn of_very_many_parts_the_largest_are_shown_and_the_rest_is_told() {
        let mut report = sample::report();
        let part = report.groups[0].parts[0].clone();
        report.groups[0].parts = (0..100)
            .map(|sentences| super::super::PartReport {
                sentences,
                ..part.clone()
            })
            .collect();
        let grid = &of_group(&report, &report.groups[0])[0];
        assert_eq!(grid.rows.len(), MOST_ROWS);
        assert_eq!(grid.rows[0].cells[0].text, "60");
        assert!(grid.note.starts_with("40 of 100 parts"), "{}", grid.note);
    }
}
