//! `anubad models path`.

use anubad::hub::Hub;
use clap::Args;

use crate::cli::exit::{Exit, Failure};
use crate::cli::print::print;

/// Print where a model is on this machine
///
/// The folder, or the file of a GGUF model. Asks no network.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models path nllb-600m
  ls -lL \"$(anubad models path facebook/bart-large-cnn)\"")]
pub struct PathVerb {
    /// A catalogue name, owner/name[@revision] or a folder
    model: String,
}

pub fn run(verb: PathVerb, hub: &Hub) -> Result<Exit, Failure> {
    let located = hub.locate(&verb.model)?;
    let path = located.file.unwrap_or(located.folder);
    print(&format!("{}\n", path.display()))?;
    Ok(Exit::Done)
}
