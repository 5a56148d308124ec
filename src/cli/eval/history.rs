//! `anubad eval history`: the runs that were kept.

use anubad::eval::history::{Filter, RunSummary};
use clap::{Args, Subcommand};
use serde_json::json;

use super::save::HistoryArgs;
use super::show::ShowArgs;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::interrupt::Interrupt;
use crate::cli::print::{print, print_json};

/// Runs that were kept with --save: list, show, remove
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  anubad eval history                                newest first
  anubad eval history --testset news --system embedded
  anubad eval history show 12 --report run12.html
  anubad eval history remove 12"
)]
pub struct HistoryVerb {
    #[command(subcommand)]
    verb: Option<HistorySubverb>,
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    history: HistoryArgs,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only runs of the test set with this name
    #[arg(long, value_name = "NAME")]
    testset: Option<String>,
    /// Only runs with the system of this name
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// JSON, one object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum HistorySubverb {
    /// Show the report of a run
    Show {
        /// Number of the run
        run: i64,
        #[command(flatten)]
        show: ShowArgs,
        #[command(flatten)]
        history: HistoryArgs,
    },
    /// Remove a run
    Remove {
        /// Number of the run
        run: i64,
        #[command(flatten)]
        history: HistoryArgs,
    },
}

/// Runs the verb.
pub fn run(verb: HistoryVerb, console: Console) -> Result<Exit, Failure> {
    match verb.verb {
        None => {
            let filter = Filter {
                test_set: verb.list.testset,
                system: verb.list.system,
                limit: Some(verb.list.limit),
            };
            let runs = verb.history.open()?.list(&filter)?;
            match verb.list.json {
                true => print_json(
                    &json!({"schema": 1, "runs": runs.iter().map(run_json).collect::<Vec<_>>()}),
                )?,
                false => print(&runs.iter().map(line).collect::<String>())?,
            }
        }
        Some(HistorySubverb::Show { run, show, history }) => {
            let interrupt = Interrupt::install().or_exit(Exit::Output)?;
            let report = history.open()?.get(run)?;
            show.show(&report, console, &interrupt)?;
        }
        Some(HistorySubverb::Remove { run, history }) => history.open()?.remove(run)?,
    }
    Ok(Exit::Done)
}

/// "12  2026-11-27T21:00:00Z  news, 79 sentences  embedded: BLEU 25.12, chrF2++ 52.10  (a note)"
fn line(run: &RunSummary) -> String {
    let systems = run.systems.iter().map(|system| {
        let scores = system
            .scores
            .iter()
            .map(|(metric, score)| format!("{metric} {score:.2}"));
        format!("{}: {}", system.name, scores.collect::<Vec<_>>().join(", "))
    });
    let systems: Vec<String> = systems.collect();
    let note = run
        .note
        .as_ref()
        .map_or_else(String::new, |note| format!("  ({note})"));
    format!(
        "{}  {}  {}, {} sentences  {}{note}\n",
        run.id,
        run.created,
        run.test_set,
        run.sentences,
        systems.join("; ")
    )
}

fn run_json(run: &RunSummary) -> serde_json::Value {
    let systems = run.systems.iter().map(|system| {
        let scores = system
            .scores
            .iter()
            .map(|(metric, score)| (metric.clone(), json!(score)));
        json!({"name": system.name, "scores": scores.collect::<serde_json::Map<_, _>>()})
    });
    json!({
        "run": run.id,
        "created": run.created,
        "test_set": run.test_set,
        "test_set_sha256": run.test_set_sha256,
        "sentences": run.sentences,
        "note": run.note,
        "systems": systems.collect::<Vec<_>>(),
    })
}
