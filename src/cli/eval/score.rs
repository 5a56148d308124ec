//! `anubad eval` itself: outputs against references.

use anubad::eval::{Bar, EvaluationOptions, Grouping, Metric, evaluate, is_called, parse_metrics};
use clap::{Args, ValueEnum};

use super::gate::GateArgs;
use super::models::SystemArgs;
use super::save::SaveArgs;
use super::set::SetArgs;
use super::show::ShowArgs;
use super::significance::TestArgs;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::interrupt::Interrupt;

/// Metrics where none is named.
const USUAL: [&str; 2] = ["bleu", "chrf++"];

/// What is scored, how, and where the report goes.
#[derive(Debug, Args)]
pub struct ScoreVerb {
    #[command(flatten)]
    set: SetArgs,
    #[command(flatten)]
    systems: SystemArgs,
    #[command(flatten)]
    metrics: MetricArgs,
    #[command(flatten)]
    test: TestArgs,
    #[command(flatten)]
    gate: GateArgs,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    save: SaveArgs,
}

/// By what outputs are scored.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Metrics")]
pub struct MetricArgs {
    /// A metric, with options as NAME:KEY=VALUE,KEY=VALUE, or a pasted signature of sacreBLEU [default: bleu, chrf++]
    ///
    /// Names: bleu, chrf, chrf++, ter, rouge (rouge-1, -2, -l), rouge-N, rouge-lsum; brief (coverage, density,
    /// compression, novel-N, grounded: an English brief against the article given with --src); comet=MODEL.
    /// Keys are those of signatures. bleu: case=mixed|lc, tok=13a|intl|char|zh|none|spm|flores101|flores200 (with
    /// model=FILE), smooth=exp|floor[X]|add-k[X]|none, eff=yes|no, order=N. chrf: case, nc, nw, beta, space, eff. ter:
    /// case=lc|cs, norm, punct, asian. rouge: stem=yes|no.
    #[arg(short, long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,
    /// Divide the test set and score each part
    #[arg(long = "by", value_name = "WHAT", value_delimiter = ',', default_values = ["length", "topic"])]
    groupings: Vec<GroupingArg>,
    /// Do not hold outputs against Bengali sources for numbers, names and negations that changed
    #[arg(long)]
    no_checks: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GroupingArg {
    /// Words of the source
    Length,
    /// Topics, where the test set names them
    Topic,
    /// Documents, where it names them
    Document,
}

impl MetricArgs {
    /// Whether any are named.
    pub fn are_named(&self) -> bool {
        !self.metrics.is_empty()
    }

    /// The metrics that are named, and those that bars name beside them.
    pub fn metrics(&self, bars: &[Bar]) -> Result<Vec<Box<dyn Metric>>, Failure> {
        let usual = USUAL.map(str::to_owned);
        let named = match self.metrics.is_empty() {
            true => &usual[..],
            false => &self.metrics[..],
        };
        let mut metrics = Vec::new();
        for spec in named {
            metrics.extend(parse_metrics(spec)?);
        }
        for bar in bars {
            let is_known = |metrics: &[Box<dyn Metric>]| {
                metrics
                    .iter()
                    .any(|metric| is_called(&metric.name(), &bar.metric))
            };
            if !is_known(&metrics) {
                metrics.extend(parse_metrics(&bar.metric)?);
            }
        }
        Ok(metrics)
    }

    /// What is wanted beside the scores.
    pub fn options(&self, sentences: bool) -> EvaluationOptions {
        let grouping = |arg: &GroupingArg| match arg {
            GroupingArg::Length => Grouping::Length,
            GroupingArg::Topic => Grouping::Topic,
            GroupingArg::Document => Grouping::Document,
        };
        EvaluationOptions {
            groupings: self.groupings.iter().map(grouping).collect(),
            checks: !self.no_checks,
            sentences,
            significance: None,
        }
    }
}

/// Runs the verb.
pub fn run(verb: ScoreVerb, console: Console) -> Result<Exit, Failure> {
    let interrupt = Interrupt::install().or_exit(Exit::Output)?;
    // What is cheap to find wrong is found before a model runs for an hour.
    let metrics = verb.metrics.metrics(&verb.gate.bars)?;
    let source_language = verb.systems.source_language();
    let mut corpus = verb
        .set
        .read(source_language, verb.systems.names_any(), &interrupt)?;
    verb.systems.set_threads()?;
    let made = verb
        .systems
        .translate(&corpus.test_set, console, &interrupt)?;
    corpus.systems.extend(made);
    let systems = verb.test.baseline_first(corpus.systems)?;
    let mut options = verb
        .metrics
        .options(verb.show.needs_sentences() || verb.save.is_wanted());
    options.significance = verb.test.significance(systems.len());
    let report = evaluate(&corpus.test_set, &systems, &metrics, &options, &|| {
        interrupt.check()
    })?;
    let exit = verb.gate.judge(&report, console, &interrupt)?;
    verb.save.save(&report, console)?;
    verb.show.show(&report, console, &interrupt)?;
    Ok(exit)
}
