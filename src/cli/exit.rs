//! What the exit code of every verb means, and how an error comes to one.

use std::io;

use anubad::summarize::SummarizeError;
use anubad::translate::TranslateError;

/// How a run ended. Where several apply, the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// All done. Also when the reader of our output went away (`anubad … | head`).
    Done = 0,
    /// Done, but a translation has a finding of the severity that `--fail-on` names, a word that was looked up is not
    /// known, a score is below its bar, or a suite is not passed.
    NeedsLook = 1,
    /// The command line is wrong; nothing was done. clap exits with this code by itself.
    Usage = 2,
    /// Some input could not be used, and the other inputs are done; or the user's word list, a test set or a run could
    /// not.
    Input = 3,
    /// The model is missing or damaged, or failed.
    Model = 4,
    /// The output could not be written.
    Output = 5,
    /// Stopped by Ctrl-C or SIGTERM. What was written is whole; no file is half written.
    Interrupted = 130,
}

/// The same for a reader of `--help`.
pub const HELP: &str = "\
Exit codes:
    0  all done (findings are in the output, errors among them counted on stderr)
    1  done, but a translation has a finding that --fail-on names, a word looked up is not known,
       a score is below its bar, or a suite is not passed
    2  the command line is wrong
    3  some input could not be used, the others are done; or a word list, a test set or a run could not
    4  the model, or the Hub, is missing, damaged or out of reach, or failed
    5  the output could not be written
  130  interrupted; nothing is half written";

/// Why a verb stopped before its end.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What to tell the user; none where there is nothing to tell (a closed pipe, Ctrl-C).
    pub error: Option<anyhow::Error>,
}

impl Failure {
    /// A failure to be told.
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Failure {
        Failure {
            exit,
            error: Some(error.into()),
        }
    }

    /// The user asked to stop.
    pub fn interrupted() -> Failure {
        Failure {
            exit: Exit::Interrupted,
            error: None,
        }
    }
}

impl From<TranslateError> for Failure {
    fn from(error: TranslateError) -> Failure {
        match error {
            TranslateError::Interrupted => Failure::interrupted(),
            TranslateError::Lexicon(error) => Failure::new(Exit::Input, error),
            error => Failure::new(Exit::Model, error),
        }
    }
}

impl From<SummarizeError> for Failure {
    fn from(error: SummarizeError) -> Failure {
        match error {
            SummarizeError::Interrupted => Failure::interrupted(),
            error => Failure::new(Exit::Model, error),
        }
    }
}

/// Gives the error of a result its exit code.
pub trait OrExit<T> {
    /// The value, or a [`Failure`] with this exit code.
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(exit, error))
    }
}

/// The failure of a write to `target`. A reader that has seen enough is no failure.
pub fn write_failure(error: io::Error, target: &str) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure {
            exit: Exit::Done,
            error: None,
        };
    }
    Failure::new(
        Exit::Output,
        anyhow::Error::new(error).context(format!("{target}: cannot write")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graver_outcome_wins() {
        assert_eq!(Exit::NeedsLook.max(Exit::Input), Exit::Input);
        assert_eq!(Exit::Interrupted.max(Exit::Output), Exit::Interrupted);
    }

    #[test]
    fn a_closed_pipe_is_success_and_a_full_disk_is_not() {
        let closed = write_failure(io::ErrorKind::BrokenPipe.into(), "standard output");
        assert!(closed.exit == Exit::Done && closed.error.is_none());
        let full = write_failure(io::ErrorKind::StorageFull.into(), "out.md");
        assert_eq!(full.exit, Exit::Output);
        assert!(format!("{:#}", full.error.unwrap()).starts_with("out.md: cannot write"));
    }
}
