//! The report in LaTeX, with tables as the package booktabs has them.

use super::grid::{self, Cell, Grid};
use super::numbers::sentences;
use super::{Report, is_hidden};

/// The report as tables to put into a paper; the first line names what the preamble needs. Bengali in names needs
/// XeLaTeX or LuaLaTeX with a font that has it.
pub fn latex(report: &Report) -> String {
    let mut out = String::from("% \\usepackage{booktabs}\n");
    for (i, grid) in grid::grids(report).iter().enumerate() {
        let signatures = match i {
            0 => signatures(report),
            _ => String::new(),
        };
        out.push_str(&table(report, grid, &signatures));
    }
    out
}

fn table(report: &Report, grid: &Grid, signatures: &str) -> String {
    let columns = "r".repeat(grid.header.len() - 1);
    let header: Vec<String> = grid
        .header
        .iter()
        .map(|head| escape(&head.to_string()))
        .collect();
    let mut out = format!(
        "\\begin{{table}}\n  \\centering\n  \\begin{{tabular}}{{l{columns}}}\n    \\toprule\n    {} \\\\\n    \\midrule\n",
        header.join(" & ")
    );
    for row in &grid.rows {
        let mut cells = vec![escape(&row.label)];
        cells.extend(row.cells.iter().map(cell));
        // The braces keep a label that starts with a bracket from being taken for an option of the line before.
        out.push_str(&format!("    {{}}{} \\\\\n", cells.join(" & ")));
    }
    let (test_set, title) = (escape(&report.test_set), escape(&grid.title));
    let mut caption = format!("{title}, {test_set}, {}.", sentences(report.sentences));
    if !grid.note.is_empty() {
        caption.push_str(&format!(" {}", escape(&grid.note)));
    }
    out.push_str(&format!(
        "    \\bottomrule\n  \\end{{tabular}}\n  \\caption{{{caption}{signatures}}}\n\\end{{table}}\n"
    ));
    out
}

fn signatures(report: &Report) -> String {
    let signature = |metric: &super::MetricReport| {
        let text = format!("{}|{}", metric.name, metric.signature);
        // A line may end behind each item.
        let text = escape(&text).replace("\\textbar{}", "\\textbar\\allowbreak{}");
        format!(" \\texttt{{{text}}}")
    };
    report.metrics.iter().map(signature).collect()
}

fn cell(cell: &Cell) -> String {
    let mut text = escape(&cell.text);
    if cell.is_best {
        text = format!("\\textbf{{{text}}}");
    }
    if cell.is_significant {
        text.push_str("$^{*}$");
    }
    if let Some((mean, half)) = &cell.interval {
        let (mean, half) = (escape(mean), escape(half));
        text.push_str(&format!(" ({mean} $\\pm$ {half})"));
    }
    text
}

/// Text that TeX sets as it is: none of it is a command, and line ends are blanks.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '%' | '#' | '_' => escaped.extend(['\\', c]),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '<' => escaped.push_str("\\textless{}"),
            '>' => escaped.push_str("\\textgreater{}"),
            '|' => escaped.push_str("\\textbar{}"),
            '`' => escaped.push_str("\\textasciigrave{}"),
            '\'' => escaped.push_str("\\textquotesingle{}"),
            '±' => escaped.push_str("$\\pm$"),
            '∞' => escaped.push_str("$\\infty$"),
            '−' => escaped.push_str("$-$"),
            '↑' => escaped.push_str("$\\uparrow$"),
            '↓' => escaped.push_str("$\\downarrow$"),
            // Two or three would be set as a dash.
            '-' => escaped.push_str("-{}"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            _ if is_hidden(c) => {
                escaped.push_str(&format!("\\texttt{{U+{:04X}}}", u32::from(c)));
            }
            _ => escaped.push(c),
        }
    }
    escaped
}
