//! The sentences that two systems differ most in, for a terminal.

use anubad::eval::report::{Report, diff, most_changed, visible};

use crate::cli::terminal::{Styles, paint};

/// Sentences that are shown.
const SHOWN: usize = 5;

/// The sentences of a report of two systems whose scores by the first metric differ most, each output with what it has
/// otherwise than the reference. Empty where no score differs.
pub fn changes(report: &Report, styles: Styles, styled: bool) -> String {
    let [before, after] = report.systems.as_slice() else {
        return String::new();
    };
    let changed = most_changed(report, 1, 0, SHOWN);
    let (Some(metric), false) = (report.metrics.first(), changed.is_empty()) else {
        return String::new();
    };
    let names = [visible(&before.name), visible(&after.name)];
    let longest = |name: &str| textwrap::core::display_width(name);
    let width = names.iter().map(|name| longest(name)).max().unwrap_or(0);
    let width = width.max("reference".len());
    let row = |label: &str, text: &str| {
        let pad = " ".repeat(width - longest(label));
        format!("  {}{pad}  {text}\n", paint(styles.dim, label))
    };
    let title = format!("Sentences that changed most, by {}", visible(&metric.name));
    let mut out = format!("\n{}\n", paint(styles.heading, title));
    for (place, _) in changed {
        let segment = &report.segments[place];
        let score = |system: usize| segment.outputs[system].scores[0];
        let number = segment.number.to_string();
        out += &format!(
            "[{}] {:.decimals$} → {:.decimals$}\n",
            visible(segment.id.as_deref().unwrap_or(&number)),
            score(0),
            score(1),
            decimals = metric.decimals
        );
        if let Some(source) = &segment.source {
            out += &row("source", &visible(source));
        }
        let reference = segment.references.iter().flatten().next();
        if let Some(reference) = reference {
            out += &row("reference", &visible(reference));
        }
        for (name, output) in names.iter().zip(&segment.outputs) {
            let text = match reference {
                Some(reference) => diff::line(reference, &output.hypothesis, styled),
                None => visible(&output.hypothesis).into_owned(),
            };
            out += &row(name, &text);
        }
    }
    out
}
