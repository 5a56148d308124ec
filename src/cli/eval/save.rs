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
    /// Keep the run, with every sentence, for `anubad eval history` and `compare`; --note and --history keep it too
    #[arg(long)]
    save: bool,
    /// A word on the run, such as a commit
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
    /// Opens the history, and makes it where there is none.
    pub fn open(&self) -> Result<History, Failure> {
        Ok(History::open(&self.path()?)?)
    }

    /// Opens the history to read it; none where nothing was kept yet.
    pub fn open_existing(&self) -> Result<Option<History>, Failure> {
        let path = self.path()?;
        match path.exists() {
            true => Ok(Some(History::open(&path)?)),
            false => Ok(None),
        }
    }

    /// Opens the history for a run that must be in it.
    pub fn open_with(&self, run: i64) -> Result<History, Failure> {
        let no_run = HistoryError::NoRun {
            path: self.path()?,
            id: run,
        };
        self.open_existing()?.ok_or_else(|| no_run.into())
    }

    fn path(&self) -> Result<PathBuf, Failure> {
        match &self.file {
            Some(path) => Ok(path.clone()),
            None => Ok(Environment::from_env()?.home.join(FILE)),
        }
    }
}

impl SaveArgs {
    /// Opens the history, where the run is to be kept.
    pub fn open(&self) -> Result<Option<History>, Failure> {
        match self.save || self.note.is_some() || self.history.file.is_some() {
            true => self.history.open().map(Some),
            false => Ok(None),
        }
    }

    /// Keeps a run.
    pub fn save(
        &self,
        report: &Report,
        history: &mut History,
        console: Console,
    ) -> Result<(), Failure> {
        let id = history.add(report, self.note.as_deref())?;
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
