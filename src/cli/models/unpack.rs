//! `anubad models unpack`.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use anubad::hub::{Hub, HubError, readable_size};
use clap::Args;

use super::progress::Transfer;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::note;

/// Put the model of an archive into the cache
///
/// The whole archive is read and checked before anything is placed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models unpack /media/usb/nllb.tar
  ssh desk cat nllb.tar | anubad models unpack -")]
pub struct UnpackVerb {
    /// An archive that `models pack` wrote; `-` is stdin
    archive: PathBuf,
}

pub fn run(verb: UnpackVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    let is_stdin = verb.archive.as_os_str() == "-";
    let name = match is_stdin {
        true => "standard input".to_owned(),
        false => verb.archive.display().to_string(),
    };
    let from: Box<dyn Read> = match is_stdin {
        true => Box::new(io::stdin().lock()),
        false => {
            let open = File::open(&verb.archive).map_err(|source| HubError::Read {
                path: verb.archive,
                source,
            });
            Box::new(io::BufReader::with_capacity(1 << 20, open?))
        }
    };
    let transfer = Transfer::begin(console)?;
    let unpacked = hub.unpack(&name, from, &|event| transfer.on(event));
    let model = transfer.end(unpacked, "nothing was unpacked")?.model;
    let size = readable_size(model.size());
    let known = hub.catalogue().of_repository(&model.repository).next();
    let reference = match known {
        Some(entry) => entry.name.clone(),
        None if model.revision == "main" => model.repository.clone(),
        None => format!("{}@{}", model.repository, model.revision),
    };
    note(
        console,
        &format!(
            "{reference}: unpacked ({size}, commit {})",
            &model.commit[..12]
        ),
    );
    Ok(Exit::Done)
}
