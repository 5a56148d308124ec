//! The `anubad` program: parse, dispatch, map the outcome to an exit code. Everything else is in `cli`.

mod cli;

use std::process::ExitCode;

use clap::Parser;

/// Tensors come and go at every step: the system's allocator gives their pages back each time, and the kernel
/// clears them anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
