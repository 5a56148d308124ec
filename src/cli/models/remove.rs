//! `anubad models remove`.

use anubad::hub::{Hub, readable_size};
use clap::Args;

use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::note;

/// Delete models from the cache
///
/// Asks nothing, and says what is freed. Files that another revision shares stay, and so do folders of your
/// own; an entry that you added to the catalogue goes too. With --quantized only weights go that were rounded to 8
/// bits, which the next use of a model makes anew.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models remove nllb-600m
  anubad models remove Helsinki-NLP/opus-mt-fr-en
  anubad models remove --quantized           the quantized weights of all models")]
pub struct RemoveVerb {
    /// Catalogue names or owner/name[@revision]
    #[arg(required_unless_present = "quantized", value_name = "MODEL")]
    models: Vec<String>,
    /// Only the quantized weights of these models, folders of your own included, or of all
    #[arg(long)]
    quantized: bool,
}

pub fn run(verb: RemoveVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    if verb.quantized {
        return remove_quantized(&verb.models, hub, console);
    }
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

fn remove_quantized(models: &[String], hub: &Hub, console: Console) -> Result<Exit, Failure> {
    let tell = |whose: &str, freed| {
        let freed = readable_size(freed);
        note(
            console,
            &format!("{whose}: quantized weights removed, {freed} freed"),
        );
    };
    if models.is_empty() {
        tell("all models", hub.remove_all_quantized()?);
    }
    for name in models {
        tell(name, hub.remove_quantized(name)?);
    }
    Ok(Exit::Done)
}
