//! `anubad eval history`: the runs that were kept.

use anubad::eval::history::{Filter, RunSummary};
use clap::{Args, Subcommand};
use serde_json::json;
use textwrap::core::display_width;

use super::save::HistoryArgs;
use super::show::ShowArgs;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::interrupt::Interrupt;
use crate::cli::print::{note, print, print_json};
use crate::cli::terminal::{count, one_line};

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
            let history = verb.history.open_existing()?;
            let runs = history.map_or(Ok(Vec::new()), |history| history.list(&filter))?;
            if runs.is_empty() {
                let has_filter = filter.test_set.is_some() || filter.system.is_some();
                note(
                    console,
                    match has_filter {
                        true => "no run that is kept is such a one",
                        false => "no run is kept yet; `anubad eval --save` keeps one",
                    },
                );
            }
            match verb.list.json {
                true => print_json(
                    &json!({"schema": 1, "runs": runs.iter().map(run_json).collect::<Vec<_>>()}),
                )?,
                false => print(&runs.iter().map(lines).collect::<String>())?,
            }
        }
        Some(HistorySubverb::Show { run, show, history }) => {
            let interrupt = Interrupt::install().or_exit(Exit::Output)?;
            show.check()?;
            let report = history.open_with(run)?.get(run)?;
            show.show(&report, false, console, &interrupt)?;
        }
        Some(HistorySubverb::Remove { run, history }) => history.open_with(run)?.remove(run)?,
    }
    Ok(Exit::Done)
}

/// ```text
/// 12  2026-11-27T21:00:00Z  news, 79 sentences  (a note)
///     embedded   BLEU 25.12  chrF2++ 52.10
///     nllb-600m  BLEU 33.02  chrF2++ 57.65
/// ```
fn lines(run: &RunSummary) -> String {
    let RunSummary {
        id,
        created,
        test_set,
        ..
    } = run;
    let note = run.note.as_ref();
    let note = note.map_or_else(String::new, |note| format!("  ({})", one_line(note)));
    let (test_set, sentences) = (one_line(test_set), count(run.sentences, "sentence"));
    let mut text = format!("{id}  {created}  {test_set}, {sentences}{note}\n");
    let names: Vec<String> = run.systems.iter().map(|s| one_line(&s.name)).collect();
    let widths = names.iter().map(|name| display_width(name));
    let widest = widths.clone().max().unwrap_or(0);
    for ((system, name), width) in run.systems.iter().zip(&names).zip(widths) {
        text += &format!("    {name}{}", " ".repeat(widest - width));
        for (metric, score) in &system.scores {
            text += &format!("  {metric} {score:.2}");
        }
        text.push('\n');
    }
    text
}

fn run_json(run: &RunSummary) -> serde_json::Value {
    let systems = run.systems.iter().map(|system| {
        // A list, as several configurations of one metric share its name.
        let scores = system.scores.iter();
        let scores = scores.map(|(metric, score)| json!({"metric": metric, "value": score}));
        json!({"name": system.name, "scores": scores.collect::<Vec<_>>()})
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
