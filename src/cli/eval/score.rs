//! `anubad eval` itself: outputs against references.

use std::collections::HashSet;

use anubad::eval::{
    Bar, EvaluationOptions, Grouping, Metric, ReferenceCount, evaluate, is_called, parse_metrics,
};
use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::gate::GateArgs;
use super::models::SystemArgs;
use super::notes;
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
    /// A metric, with options as NAME:KEY=VALUE,KEY=VALUE, or a pasted signature of sacreBLEU; names without options may
    /// stand together: -m bleu,chrf++,ter [default: bleu,chrf++]
    ///
    /// Names: bleu, chrf, chrf++, ter, rouge (rouge-1, -2, -l), rouge-N, rouge-lsum; brief (coverage, density,
    /// compression, novel-N, grounded: an English brief against the article given with --src); comet,
    /// comet-qe, cometkiwi (neural; after `anubad models pull wmt22-comet-da`, or with model=NAME|FOLDER).
    ///
    /// Keys are those of signatures. bleu: case=mixed|lc, tok=13a|intl|char|zh|none|flores101|flores200 (the last two with
    /// model=FILE), smooth=exp|floor[X]|add-k[X]|none, eff=yes|no, order=N. chrf: case=mixed|lc, nc=N, nw=N, beta=N,
    /// space=yes|no, eff=yes|no, eps=yes|no. ter: case=lc|mixed, norm=yes|no, punct=yes|no, asian=yes|no. rouge: stem=yes|no.
    #[arg(short, long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,
    /// Divide the test set and score each part [default: length,topic, told with --verbose and in the other forms]
    #[arg(long = "by", value_name = "WHAT", value_delimiter = ',')]
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
        for spec in named.iter().flat_map(|text| specs(text)) {
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
        let mut known = HashSet::new();
        metrics.retain(|metric| {
            let signature = metric.signature(ReferenceCount::Fixed(1));
            // Of BLEU, the signature does not tell the longest n-grams; the width of its statistics does.
            known.insert((metric.name(), signature.long(), metric.width()))
        });
        Ok(metrics)
    }

    /// Whether scores of parts of the test set are asked for.
    pub fn wants_parts(&self) -> bool {
        !self.groupings.is_empty()
    }

    /// What is wanted beside the scores.
    pub fn options(&self, sentences: bool) -> EvaluationOptions {
        let grouping = |arg: &GroupingArg| match arg {
            GroupingArg::Length => Grouping::Length,
            GroupingArg::Topic => Grouping::Topic,
            GroupingArg::Document => Grouping::Document,
        };
        let usual = [GroupingArg::Length, GroupingArg::Topic];
        let groupings = match self.groupings.is_empty() {
            true => &usual[..],
            false => &self.groupings[..],
        };
        EvaluationOptions {
            groupings: groupings.iter().map(grouping).collect(),
            checks: !self.no_checks,
            sentences,
            significance: None,
        }
    }
}

/// The metrics that an argument names: `bleu,ter` names two, `bleu:tok=intl,case=lc` one.
fn specs(text: &str) -> Vec<&str> {
    match text.contains([':', '|']) {
        true => vec![text],
        false => text.split(',').collect(),
    }
}

/// Runs the verb.
pub fn run(verb: ScoreVerb, console: Console) -> Result<Exit, Failure> {
    let interrupt = Interrupt::install().or_exit(Exit::Output)?;
    // What is cheap to find wrong is found before a model runs for an hour.
    let metrics = verb.metrics.metrics(&verb.gate.bars)?;
    verb.gate.check(&metrics)?;
    verb.show.check()?;
    let source_language = verb.systems.source_language();
    let mut corpus = verb
        .set
        .read(source_language, verb.systems.names_any(), &interrupt)?;
    let names = corpus.systems.iter().map(|system| system.name.as_str());
    let names: Vec<&str> = names.chain(verb.systems.names()).collect();
    check_names(&names)?;
    verb.test.check(&names)?;
    let mut history = verb.save.open()?;
    verb.systems.set_threads()?;
    let made = verb
        .systems
        .translate(&corpus.test_set, console, &interrupt)?;
    corpus.systems.extend(made);
    let systems = verb.test.baseline_first(corpus.systems);
    let mut options = verb
        .metrics
        .options(verb.show.needs_sentences() || history.is_some());
    options.significance = verb.test.significance(systems.len());
    let report = evaluate(&corpus.test_set, &systems, &metrics, &options, &|| {
        interrupt.check()
    })?;
    notes::tell(&corpus.test_set, corpus.left_out, &systems, console);
    if verb.metrics.wants_parts() {
        notes::tell_undivided(&report, &options.groupings, console);
    }
    if let Some(history) = &mut history {
        verb.save.save(&report, history, console)?;
    }
    verb.show
        .show(&report, verb.metrics.wants_parts(), console, &interrupt)?;
    verb.gate.judge(&report, &interrupt)
}

/// Refuses two systems of one name.
fn check_names(names: &[&str]) -> Result<(), Failure> {
    let twin = (1..names.len()).find(|&place| names[..place].contains(&names[place]));
    let Some(name) = twin.map(|place| names[place]) else {
        return Ok(());
    };
    let error = anyhow!(
        "two systems are called {name:?}; name outputs of a file with --hyp NAME=FILE, and models once"
    );
    Err(Failure::new(Exit::Usage, error))
}

#[cfg(test)]
mod tests {
    use super::specs;

    #[test]
    fn names_stand_together_and_options_with_their_metric() {
        assert_eq!(specs("bleu,chrf++"), ["bleu", "chrf++"]);
        assert_eq!(specs("bleu:tok=intl,case=lc"), ["bleu:tok=intl,case=lc"]);
        assert_eq!(
            specs("BLEU|nrefs:1|case:mixed"),
            ["BLEU|nrefs:1|case:mixed"]
        );
    }
}
