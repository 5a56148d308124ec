//! `anubad eval compare`: two runs beside each other, tested, with the sentences that changed most.

use std::path::Path;

use anubad::eval::report::{Report, ScoreReport};
use anubad::eval::{Metric, Segment, System, TestSet, evaluate, parse_metrics};
use anyhow::{Context, anyhow};
use clap::Args;

use super::changes::changes;
use super::save::HistoryArgs;
use super::score::MetricArgs;
use super::show::{Form, ShowArgs};
use super::significance::TestArgs;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::interrupt::Interrupt;
use crate::cli::print::print_styled;
use crate::cli::terminal::Styles;

/// How much a score may differ when it is computed again; neural ones differ a little between machines.
const SAME: f64 = 1e-3;
/// Largest report that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// Compare two runs of one test set
///
/// A run is its number in the history, or a report that was written with --report FILE.json. Of a run with several systems
/// one is named behind an @: 12@nllb-600m. The outputs are scored again, by the metrics of the first run unless others are
/// named, and the second is tested against the first. Then come the sentences that changed most by the first metric.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad eval compare 11 12
  anubad eval compare old.json new.json --report change.html
  anubad eval compare 12@embedded 12@nllb-600m -m ter")]
pub struct CompareVerb {
    /// The run that the other is held against
    #[arg(value_name = "RUN[@SYSTEM]")]
    before: String,
    /// The other run
    #[arg(value_name = "RUN[@SYSTEM]")]
    after: String,
    #[command(flatten)]
    metrics: MetricArgs,
    #[command(flatten)]
    test: TestArgs,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    history: HistoryArgs,
}

/// Runs the verb.
pub fn run(verb: CompareVerb, console: Console) -> Result<Exit, Failure> {
    let interrupt = Interrupt::install().or_exit(Exit::Output)?;
    let before = Run::open(&verb.before, &verb.history)?;
    let after = Run::open(&verb.after, &verb.history)?;
    verb.show.check()?;
    if before.report.test_set_sha256 != after.report.test_set_sha256 {
        let error = anyhow!(
            "{} is of the test set {}, {} of {} with other sentences: they cannot be compared",
            verb.before,
            before.report.test_set,
            verb.after,
            after.report.test_set
        );
        return Err(Failure::new(Exit::Input, error));
    }
    let metrics = match verb.metrics.are_named() {
        true => verb.metrics.metrics(&[])?,
        false => metrics_of(&before.report)?,
    };
    let (mut first, mut second) = (before.system()?, after.system()?);
    if verb.before == verb.after {
        let error = anyhow!("{} is named twice; name two runs", verb.before);
        return Err(Failure::new(Exit::Usage, error));
    }
    if first.name == second.name {
        first.name = format!("{} ({})", first.name, verb.before);
        second.name = format!("{} ({})", second.name, verb.after);
    }
    verb.test.check(&[&first.name, &second.name])?;
    let first_name = first.name.clone();
    let systems = verb.test.baseline_first(vec![first, second]);
    let in_table = verb.show.form() == Form::Table;
    let mut options = (verb.metrics).options(verb.show.needs_sentences() || in_table);
    options.significance = verb.test.significance(systems.len());
    let test_set = before.test_set();
    let report = evaluate(&test_set, &systems, &metrics, &options, &|| {
        interrupt.check()
    })?;
    if !verb.metrics.are_named() {
        let again = report
            .systems
            .iter()
            .find(|system| system.name == first_name);
        before.check_scores(&again.map_or(Vec::new(), |system| system.scores.clone()))?;
    }
    verb.show
        .show(&report, verb.metrics.wants_parts(), console, &interrupt)?;
    if in_table {
        let styles = Styles::for_stdout(console.color);
        let styled = Styles::is_on(console.color);
        print_styled(&changes(&report, styles, styled))?;
    }
    Ok(Exit::Done)
}

/// A report, and which of its systems is meant.
struct Run<'a> {
    name: &'a str,
    report: Report,
    system: Option<&'a str>,
}

impl<'a> Run<'a> {
    fn open(text: &'a str, history: &HistoryArgs) -> Result<Run<'a>, Failure> {
        let (name, system) = match text.split_once('@') {
            Some((name, system)) if !Path::new(text).exists() => (name, Some(system)),
            _ => (text, None),
        };
        let report = match name.parse::<i64>() {
            Ok(run) => history.open_with(run)?.get(run)?,
            Err(_) => read(Path::new(name)).or_exit(Exit::Input)?,
        };
        Ok(Run {
            name,
            report,
            system,
        })
    }

    /// Where its system stands in the report, if it is clear which is meant.
    fn place(&self) -> Option<usize> {
        let systems = &self.report.systems;
        match self.system {
            Some(name) => systems.iter().position(|system| system.name == name),
            None => (systems.len() == 1).then_some(0),
        }
    }

    /// Whether its outputs have the scores again that they had: a signature does not tell every option (`order` of BLEU).
    fn check_scores(&self, again: &[ScoreReport]) -> Result<(), Failure> {
        let system = self
            .place()
            .and_then(|place| self.report.systems.get(place));
        let then = system.map_or(&[][..], |system| &system.scores);
        let pairs = self.report.metrics.iter().zip(then.iter().zip(again));
        for (metric, (then, now)) in pairs {
            if (then.value - now.value).abs() > SAME {
                let error = anyhow!(
                    "{}: {} was {}, and is {} by what its signature says; name the metric with its options (-m)",
                    self.name,
                    metric.name,
                    then.value,
                    now.value
                );
                return Err(Failure::new(Exit::Input, error));
            }
        }
        Ok(())
    }

    /// Its outputs.
    fn system(&self) -> Result<System, Failure> {
        let wrong =
            |message: String| Failure::new(Exit::Input, anyhow!("{}: {message}", self.name));
        let systems = &self.report.systems;
        let Some(place) = self.place() else {
            let names: Vec<&str> = systems.iter().map(|s| s.name.as_str()).collect();
            let names = names.join(", ");
            return Err(wrong(match self.system {
                Some(name) => format!("has no system {name:?}; there are {names}"),
                None => format!("name one of its systems, as {}@NAME: {names}", self.name),
            }));
        };
        if self.report.sentences == 0 || self.report.segments.len() != self.report.sentences {
            return Err(wrong(
                "the report has no sentences; write it with --report FILE.json".to_owned(),
            ));
        }
        let outputs = self
            .report
            .segments
            .iter()
            .map(|segment| segment.outputs.get(place));
        let hypotheses = outputs.map(|output| Some(output?.hypothesis.clone()));
        Ok(System {
            name: systems[place].name.clone(),
            hypotheses: hypotheses
                .collect::<Option<_>>()
                .ok_or_else(|| wrong("a sentence has no output".to_owned()))?,
            seconds: systems[place].seconds,
        })
    }

    fn test_set(&self) -> TestSet {
        let segments = self.report.segments.iter().map(|segment| Segment {
            id: segment.id.clone(),
            document: segment.document.clone(),
            topic: segment.topic.clone(),
            source: segment.source.clone(),
            references: segment.references.clone(),
        });
        TestSet {
            name: self.report.test_set.clone(),
            segments: segments.collect(),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Report> {
    let shown = path.display();
    let size = std::fs::metadata(path)
        .with_context(|| {
            format!("{shown}: neither the number of a run nor a report that can be read")
        })?
        .len();
    if size > LARGEST {
        return Err(anyhow!("{shown}: {size} bytes are too many for a report"));
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown}: cannot be read"))?;
    serde_json::from_str(&text).with_context(|| format!("{shown}: no report of anubad eval"))
}

/// The metrics of a report, by their names and signatures.
fn metrics_of(report: &Report) -> Result<Vec<Box<dyn Metric>>, Failure> {
    let mut metrics = Vec::new();
    for metric in &report.metrics {
        metrics.extend(parse_metrics(&format!(
            "{}|{}",
            metric.name, metric.signature
        ))?);
    }
    Ok(metrics)
}
