//! `anubad models pull`.

use anubad::hub::{Event, Hub, readable_size};
use clap::Args;

use super::licence_line;
use super::progress::Transfer;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::note;

/// Fetch models into the cache
///
/// Each is pinned to a commit in models.lock, every file is checked against its checksum, and what was
/// fetched before an interruption is not fetched again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models pull nllb-600m
  anubad models pull Helsinki-NLP/opus-mt-fr-en@main
  anubad models pull --update opus-mt       take what the revision means now")]
pub struct PullVerb {
    /// Catalogue names or owner/name[@revision]
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<String>,
    /// Move pinned models to the present commit of their revision
    #[arg(long)]
    update: bool,
}

pub fn run(verb: PullVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    let transfer = Transfer::begin(console)?;
    for name in hub.catalogue().with_needs(&verb.models) {
        let entry = hub.catalogue().get(name);
        if let Some(entry) = entry {
            let licence = &entry.licence;
            let line = licence_line(&licence.name, licence.non_commercial, licence.gated);
            note(console, &format!("{name}: licence {line}"));
        }
        let tell = |event: Event| {
            if let (None, Event::Licence { name: licence }) = (entry, event) {
                let forbids = licence.to_lowercase().contains("-nc");
                let line = licence_line(licence, forbids, false);
                note(console, &format!("{name}: licence {line}"));
            }
            transfer.on(event)
        };
        let pulled = hub.pull(name, verb.update, &tell);
        let how = format!("`anubad models pull {name}` goes on where it stopped");
        let pulled = transfer.end(pulled, &how)?;
        let done = if pulled.was_here {
            "is here already"
        } else {
            "pulled"
        };
        let size = readable_size(pulled.bytes);
        let folder = pulled.located.folder.display();
        let commit = &pulled.commit[..12];
        note(
            console,
            &format!("{name}: {done} ({size}, commit {commit}) in {folder}"),
        );
    }
    Ok(Exit::Done)
}
