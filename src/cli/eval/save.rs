//! The history of runs: where it is, and adding to it.

use std::path::PathBuf;

use anubad::eval::history::{History, HistoryError};
use anubad::eval::report::Report;
use anubad::hub::Environment;
use clap::Args;

use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::note;

/// Name of the file in `ANUBAD_HOME`.
const FILE: &str = "evaluations.sqlite";

/// Whether the run is kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "History")]
pub struct SaveArgs {
    /// Keep the run, with every sentence, for `anubad eval history` and `compare`
    #[arg(long)]
    save: bool,
    /// A word on the run, such as a commit; keeps it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    history: HistoryArgs,
}

/// Where runs are kept.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// File of the history [default: evaluations.sqlite in ANUBAD_HOME]
    #[arg(long = "history", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl HistoryArgs {
    /// Opens the history.
    pub fn open(&self) -> Result<History, Failure> {
        let path = match &self.file {
            Some(path) => path.clone(),
            None => Environment::from_env()?.home.join(FILE),
        };
        Ok(History::open(&path)?)
    }
}

impl SaveArgs {
    /// Whether the run is to be kept.
    pub fn is_wanted(&self) -> bool {
        self.save || self.note.is_some()
    }

    /// Keeps a run, where that is wanted.
    pub fn save(&self, report: &Report, console: Console) -> Result<(), Failure> {
        if !self.is_wanted() {
            return Ok(());
        }
        let id = self.history.open()?.add(report, self.note.as_deref())?;
        note(console, &format!("kept as run {id}"));
        Ok(())
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Failure {
        match error {
            HistoryError::NoRun { .. } => Failure::new(Exit::Input, error),
            error => Failure::new(Exit::Output, error),
        }
    }
}
