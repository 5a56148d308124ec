//! `anubad eval suite`: what `cargo test` runs, from the command line.

use std::path::PathBuf;

use anubad::eval::report::{Case, junit};
use anubad::eval::{Outcome, Suite, SuiteError};
use clap::Args;

use super::show::{check_target, write_file};
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::interrupt::Interrupt;
use crate::cli::print::print;
use crate::cli::progress::Progress;
use crate::cli::terminal;

/// Run suites: test set, model, bars, and a recorded baseline
///
/// Tests run a suite with `anubad::assert_quality!("tests/suites/news.toml")`. Exits with 1 where one is not passed. The
/// baseline is written by --update alone, into news.baseline.json beside news.toml.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad eval suite tests/suites/news.toml
  anubad eval suite --update tests/suites/news.toml     make today's scores the baseline
  anubad eval suite tests/suites/*.toml --junit suites.xml

A suite:
  input = \"news.jsonl\"         # beside this file; any form of `anubad eval --input`
  model = \"embedded\"           # or a name of `anubad models list`, or a path beside this file
  metrics = [\"bleu\", \"chrf++\"]
  errors = 4                   # findings of severity error that are still good enough
  [bars]                       # what scores must reach
  BLEU = 25
  [regression]                 # how far they may fall behind the baseline
  BLEU = 1.0
  \"chrF++\" = 0.5")]
pub struct SuiteVerb {
    /// Suites
    #[arg(required = true, value_name = "FILE")]
    suites: Vec<PathBuf>,
    /// Record the scores as the baseline that later runs are held against
    #[arg(long)]
    update: bool,
    /// Write what became of the suites as JUnit XML, for CI
    #[arg(long, value_name = "FILE", conflicts_with = "update")]
    junit: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(verb: SuiteVerb, console: Console) -> Result<Exit, Failure> {
    let interrupt = Interrupt::install().or_exit(Exit::Output)?;
    verb.junit.as_deref().map_or(Ok(()), check_target)?;
    let suites = verb.suites.iter().map(Suite::load);
    let suites: Vec<Suite> = suites.collect::<Result<_, _>>()?;
    let mut exit = Exit::Done;
    let mut cases = Vec::new();
    for suite in &suites {
        let progress = Progress::new(console.quiet);
        let outcome = suite.run(&|sentences| {
            progress.sentences_done(sentences);
            interrupt.check()
        });
        progress.finish();
        let outcome = outcome?;
        let name = suite.name();
        if verb.update {
            suite.record(&outcome.report)?;
            let path = suite.baseline_path();
            print(&format!(
                "{name}: {}; recorded in {}\n",
                scores(&outcome),
                path.display()
            ))?;
            for verdict in outcome.verdicts.iter().filter(|v| !v.is_passed()) {
                terminal::complain(format_args!("{name}: {}", verdict.message()));
            }
            continue;
        }
        if !outcome.is_passed() {
            exit = Exit::NeedsLook;
        }
        print(&format!(
            "{name}: {}; {}\n",
            scores(&outcome),
            outcome.to_string().trim_end()
        ))?;
        cases.extend(cases_of(&name, &outcome));
    }
    if let Some(path) = &verb.junit {
        write_file(
            path,
            &junit("anubad eval", &cases).or_exit(Exit::Output)?,
            &interrupt,
        )?;
    }
    Ok(exit)
}

/// "BLEU 30.12, chrF2++ 55.40"
fn scores(outcome: &Outcome) -> String {
    let metrics = outcome.report.metrics.iter();
    let systems = outcome.report.systems.iter();
    let of_system = |system: &anubad::eval::report::SystemReport| {
        let scores = metrics.clone().zip(&system.scores);
        let told = scores.map(|(m, score)| format!("{} {:.*}", m.name, m.decimals, score.value));
        told.collect::<Vec<_>>().join(", ")
    };
    systems.map(of_system).collect::<Vec<_>>().join("; ")
}

/// One case for every bar, regression and complaint.
fn cases_of(suite: &str, outcome: &Outcome) -> Vec<Case> {
    let seconds = outcome
        .report
        .systems
        .first()
        .and_then(|system| system.seconds);
    let case = |name: String, failure: Option<String>| Case {
        suite: suite.to_owned(),
        name,
        seconds,
        failure,
    };
    let bars = outcome.verdicts.iter().map(|verdict| {
        let failure = (!verdict.is_passed()).then(|| verdict.message());
        case(format!("{} reaches its bar", verdict.metric.name), failure)
    });
    let regressions = outcome.regressions.iter().map(|regression| {
        let failure = (!regression.is_passed()).then(|| regression.message());
        case(format!("{} holds its baseline", regression.metric), failure)
    });
    let complaints = outcome.complaints.iter();
    let complaints =
        complaints.map(|complaint| case("other limits".to_owned(), Some(complaint.clone())));
    bars.chain(regressions).chain(complaints).collect()
}

impl From<SuiteError> for Failure {
    fn from(error: SuiteError) -> Failure {
        match error {
            SuiteError::File { .. } => Failure::new(Exit::Input, error),
            SuiteError::Eval(error) => error.into(),
            SuiteError::Hub(error) => error.into(),
            SuiteError::Translate(error) => error.into(),
        }
    }
}
