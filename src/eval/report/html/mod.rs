//! The report as a page: one file that needs nothing else, works without a network and without scripts, and prints.

mod cards;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, Output, State, UndefinedBehavior, context, escape_formatter};

use super::plots::{self, WIDTH};
use super::{Report, grid, visible};
use crate::text::{Script, Scripts};

/// Characters of a text above which the page folds it.
const FOLD: usize = 2_000;

/// What a page lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HtmlOptions {
    /// Worst sentences of each system, and sentences that differ most between each system and the baseline.
    pub sentences: usize,
    /// Number of the metric, from 0, that says which these are.
    pub metric: usize,
}

impl Default for HtmlOptions {
    /// 20 sentences by the first metric.
    fn default() -> HtmlOptions {
        HtmlOptions {
            sentences: 20,
            metric: 0,
        }
    }
}

/// The report as HTML: scores, distributions, speed beside quality, scores of parts, the sentences that are worth a
/// look with their differences from the nearest reference, signatures. Its size depends on the number of systems and
/// of listed sentences, not on that of all.
///
/// All text of others is escaped, and what does not show in it is made visible; see [`visible`].
///
/// # Errors
/// Never, unless the template is malformed.
pub fn html(report: &Report, options: &HtmlOptions) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.set_formatter(write_escaped);
    environment.add_test("bengali", |text: &str| {
        Scripts::of(text).dominant() == Some(Script::Bengali)
    });
    environment.add_template("page.html", include_str!("page.html.jinja"))?;
    let metrics = || 0..report.metrics.len();
    let distributions = metrics().filter_map(|metric| plots::distribution(report, metric));
    let speed = metrics().filter_map(|metric| plots::speed_and_quality(report, metric));
    let groups = report.groups.iter().map(|group| {
        let parts = metrics().filter_map(|metric| plots::parts(report, group, metric));
        parts.collect::<Vec<_>>()
    });
    environment.get_template("page.html")?.render(context! {
        style => Value::from_safe_string(include_str!("style.css").to_owned()),
        script => Value::from_safe_string(include_str!("script.js").to_owned()),
        width => WIDTH,
        fold => FOLD,
        test_set => &report.test_set,
        test_set_sha256 => &report.test_set_sha256,
        sentences => report.sentences,
        tool => &report.tool,
        created => &report.created,
        metrics => Serde(&report.metrics),
        systems => Serde(&report.systems),
        scores => Serde(grid::systems(report)),
        findings => Serde(grid::findings(report)),
        parts => Serde(grid::parts(report)),
        speed => Serde(speed.collect::<Vec<_>>()),
        distributions => Serde(distributions.collect::<Vec<_>>()),
        groups => Serde(groups.collect::<Vec<_>>()),
        ranked_by => report.metrics.get(options.metric).map(|metric| &metric.name),
        lists => Serde(cards::lists(report, options)),
    })
}

/// Writes text of others so that all of it is seen and none of it is markup.
fn write_escaped(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => {
            escape_formatter(out, state, &Value::from(visible(text).into_owned()))
        }
        _ => escape_formatter(out, state, value),
    }
}
