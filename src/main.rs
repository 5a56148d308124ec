//! The `anubad` program: parse, dispatch, map the outcome to an exit code. Everything else is in `cli`.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // clap itself prints usage errors and exits with 2, help and version with 0.
    let cli = cli::Cli::parse();
    let exit = cli::run(cli).unwrap_or_else(|failure| {
        if let Some(error) = &failure.error {
            cli::terminal::complain(format_args!("{}", cli::terminal::with_causes(error)));
        }
        failure.exit
    });
    ExitCode::from(exit as u8)
}
