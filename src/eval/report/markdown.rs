//! The report in Markdown, with tables as GitHub has them.

use super::grid::{self, Cell};
use super::numbers::sentences;
use super::{Report, visible};

/// The report as Markdown: a heading of the third level, so that it can stand in a comment or a longer document,
/// tables, and signatures. Text of others stays text: nothing in it is taken for markup.
pub fn markdown(report: &Report) -> String {
    let mut out = format!(
        "### {}\n\n{}, {}, {}\n",
        escape(&report.test_set),
        sentences(report.sentences),
        escape(&report.tool),
        escape(&report.created)
    );
    for grid in &grid::grids(report) {
        out.push_str(&format!("\n#### {}\n\n|", escape(&grid.title)));
        for head in &grid.header {
            out.push_str(&format!(" {} |", escape(&head.to_string())));
        }
        out.push_str("\n|:---|");
        out.push_str(&"---:|".repeat(grid.header.len() - 1));
        for row in &grid.rows {
            out.push_str(&format!("\n| {} |", escape(&row.label)));
            for of in &row.cells {
                out.push_str(&format!(" {} |", cell(of)));
            }
        }
        out.push('\n');
        if !grid.note.is_empty() {
            out.push_str(&format!("\n{}\n", escape(&grid.note)));
        }
    }
    if !report.metrics.is_empty() {
        out.push_str("\n#### Signatures\n\n");
    }
    for metric in &report.metrics {
        let signature = format!("{}|{}", metric.name, metric.signature);
        out.push_str(&format!("- {}\n", code(&signature)));
    }
    out
}

fn cell(cell: &Cell) -> String {
    let mut text = match cell.is_best {
        true => format!("**{}**", cell.text),
        false => cell.text.clone(),
    };
    if let Some((mean, half)) = &cell.interval {
        text.push_str(&format!(" ({mean} ± {half})"));
    }
    if let Some(p) = &cell.p {
        let star = if cell.is_significant { r"\*" } else { "" };
        text.push_str(&format!("<br>{}{star}", escape(p)));
    }
    text
}

/// Text that Markdown, its tables and GitHub's formulas leave as it is.
fn escape(text: &str) -> String {
    let text = visible(text);
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if r"\`*_{}[]<>|#~$&".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Text as code, in a fence of more backquotes than stand together in it.
fn code(text: &str) -> String {
    let text = visible(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match longest {
        0 => format!("{fence}{text}{fence}"),
        _ => format!("{fence} {text} {fence}"),
    }
}
