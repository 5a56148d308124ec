//! `anubad man`: manual pages.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::Cli;
use super::exit::{Exit, Failure, write_failure};

/// Print the manual page, or write one for each verb into a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad man | man -l -
  anubad man --dir ~/.local/share/man/man1")]
pub struct ManVerb {
    /// The folder; it is made where it does not exist
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(verb: ManVerb) -> Result<Exit, Failure> {
    let command = Cli::command();
    if let Some(dir) = &verb.dir {
        std::fs::create_dir_all(dir)
            .and_then(|()| clap_mangen::generate_to(command, dir))
            .map_err(|error| write_failure(error, &dir.display().to_string()))?;
        return Ok(Exit::Done);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .and_then(|()| io::stdout().write_all(&page))
        .map_err(|error| write_failure(error, "standard output"))?;
    Ok(Exit::Done)
}
