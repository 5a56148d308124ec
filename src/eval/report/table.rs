//! The report for a terminal.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use textwrap::core::display_width;

use super::grid::{self, Cell, Grid};
use super::numbers::sentences;
use super::{Report, visible};

/// How the report is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableOptions {
    /// Columns of the terminal. Tables that are wider are divided, and only a single column of numbers that is still
    /// too wide is broken.
    pub width: usize,
    /// Whether the best scores and the titles are bold, by ANSI escapes.
    pub styled: bool,
    /// Whether to add the scores of parts of the test set.
    pub parts: bool,
    /// Whether to add what sacreBLEU writes behind a score (precisions, brevity penalty), and long signatures.
    pub verbose: bool,
}

/// Stand for the escapes around bold text while a table is laid out, as they take no room there. Both are format
/// characters, so that what is printed of others' text has none: see [`visible`].
const BOLD: char = '\u{2061}';
const PLAIN: char = '\u{2062}';

/// Columns that labels of rows may take on the narrowest terminal; on others, they may take a third.
const LABEL: u16 = 24;

/// The report as tables with their signatures below. Ends in a line feed.
pub fn table(report: &Report, options: &TableOptions) -> String {
    let mut out = format!(
        "{BOLD}{}{PLAIN}  {}\n",
        visible(&report.test_set),
        sentences(report.sentences)
    );
    let mut grids = vec![grid::systems(report)];
    grids.extend(grid::findings(report));
    if options.parts {
        grids.extend(grid::parts(report));
    }
    for grid in &grids {
        out.push_str(&format!("\n{BOLD}{}{PLAIN}\n", visible(&grid.title)));
        for columns in divide(grid, options.width) {
            out.push_str(
                &lay_out(grid, &columns, options.width, ContentArrangement::Dynamic).to_string(),
            );
            out.push('\n');
        }
        if !grid.note.is_empty() {
            out.push_str(&textwrap::fill(&visible(&grid.note), options.width));
            out.push('\n');
        }
    }
    if options.verbose {
        out.push_str(&details(report));
    }
    if !report.metrics.is_empty() {
        out.push_str(&format!("\n{BOLD}Signatures{PLAIN}\n"));
    }
    for metric in &report.metrics {
        let signature = match options.verbose {
            true => &metric.signature,
            false => &metric.signature_short,
        };
        let (name, signature) = (visible(&metric.name), visible(signature));
        out.push_str(&format!("{name}|{signature}\n"));
    }
    match options.styled {
        true => out.replace(BOLD, "\u{1b}[1m").replace(PLAIN, "\u{1b}[0m"),
        false => out.replace([BOLD, PLAIN], ""),
    }
}

/// Divides the columns behind the first among as few tables as fit the width, in order.
fn divide(grid: &Grid, width: usize) -> Vec<Vec<usize>> {
    let mut tables: Vec<Vec<usize>> = vec![vec![]];
    for column in 1..grid.header.len() {
        let columns = tables.last_mut().expect("there is one from the start");
        columns.push(column);
        let table = lay_out(grid, columns, width, ContentArrangement::Disabled);
        let is_too_wide = table.lines().any(|line| display_width(&line) > width);
        if is_too_wide && columns.len() > 1 {
            columns.pop();
            tables.push(vec![column]);
        }
    }
    tables
}

/// Lays out the first column, long labels in it broken, and some others.
fn lay_out(grid: &Grid, columns: &[usize], width: usize, arrangement: ContentArrangement) -> Table {
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    let head = |column: usize| visible(&grid.header[column].to_string()).into_owned();
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_content_arrangement(arrangement);
    table.set_width(width);
    let columns = || columns.iter().copied();
    table.set_header(std::iter::once(0).chain(columns()).map(head));
    for row in &grid.rows {
        let cells = columns().map(|column| cell(&row.cells[column - 1]));
        table.add_row(std::iter::once(visible(&row.label).into_owned()).chain(cells));
    }
    if let Some(labels) = table.column_mut(0) {
        let most = Width::Fixed((width / 3).max(LABEL));
        labels.set_constraint(ColumnConstraint::UpperBoundary(most));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A score as sacreBLEU writes it: `32.2 (32.3 ± 0.9)`, with the probability on a line of its own.
fn cell(cell: &Cell) -> String {
    let mut text = match cell.is_best {
        true => format!("{BOLD}{}{PLAIN}", cell.text),
        false => cell.text.clone(),
    };
    if let Some((mean, half)) = &cell.interval {
        text.push_str(&format!(" ({mean} ± {half})"));
    }
    if let Some(p) = &cell.p {
        let star = if cell.is_significant { "*" } else { "" };
        text.push_str(&format!("\n({p}){star}"));
    }
    text
}

fn details(report: &Report) -> String {
    let mut out = String::new();
    for (i, metric) in report.metrics.iter().enumerate() {
        for system in &report.systems {
            let Some(score) = system.scores.get(i).filter(|s| !s.details.is_empty()) else {
                continue;
            };
            if out.is_empty() {
                out.push_str(&format!("\n{BOLD}Details{PLAIN}\n"));
            }
            let (metric, name) = (visible(&metric.name), visible(&system.name));
            out.push_str(&format!("{metric}, {name}: {}\n", visible(&score.details)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const PLAIN_80: TableOptions = TableOptions {
        width: 80,
        styled: false,
        parts: false,
        verbose: false,
    };

    #[test]
    fn a_table_reads_like_sacrebleus() {
        let table = table(&sample::report(), &PLAIN_80);
        for line in [
            "toy  4 sentences",
            "│ System   ┆            BLEU ↑ ┆             TER ↓ ┆ Sentences/s │",
            "│ baseline ┆ 30.2 (30.2 ± 1.2) ┆ 57.1 (57.1 ± 1.3) ┆        8.00 │",
            "│ অনুবাদ     ┆ 33.2 (33.2 ± 1.2) ┆ 54.0 (54.1 ± 1.3) ┆             │",
            "│          ┆     (p = 0.0010)* ┆      (p = 0.1200) ┆             │",
            "│ warning: length ratio ┆        9 ┆    0 │",
            "BLEU|#:1|v:2.6.0",
        ] {
            assert!(table.contains(line), "no {line:?} in:\n{table}");
        }
        assert!(!table.contains(['\u{1b}', BOLD, PLAIN]));
    }
}
