//! `anubad completions`: completion of the command line for a shell.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::exit::{Exit, Failure, write_failure};

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad completions bash > ~/.local/share/bash-completion/completions/anubad
  anubad completions fish > ~/.config/fish/completions/anubad.fish")]
pub struct CompletionsVerb {
    /// The shell
    shell: Shell,
}

/// Runs the verb.
pub fn run(verb: CompletionsVerb) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(verb.shell, &mut Cli::command(), "anubad", &mut script);
    io::stdout()
        .write_all(&script)
        .map_err(|error| write_failure(error, "standard output"))?;
    Ok(Exit::Done)
}
