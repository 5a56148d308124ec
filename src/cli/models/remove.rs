//! `anubad models remove`.

use anubad::hub::{Hub, readable_size};
use clap::Args;

use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::note;

/// Delete models from the cache
///
/// Asks nothing, and says what is freed. Files that another revision shares stay, and so do folders of your
/// own; an entry that you added to the catalogue goes too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models remove nllb-600m
  anubad models remove Helsinki-NLP/opus-mt-fr-en")]
pub struct RemoveVerb {
    /// Catalogue names or owner/name[@revision]
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<String>,
}

pub fn run(verb: RemoveVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    for name in &verb.models {
        let removed = hub.remove(name)?;
        let freed = readable_size(removed.freed);
        let entry = removed
            .entry
            .map_or(String::new(), |path| format!(", and {}", path.display()));
        note(console, &format!("{name}: removed, {freed} freed{entry}"));
    }
    Ok(Exit::Done)
}
