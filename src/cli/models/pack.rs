//! `anubad models pack`.

use std::io::BufWriter;
use std::path::PathBuf;

use anubad::hub::{Hub, readable_size};
use clap::Args;

use super::progress::Transfer;
use crate::cli::args::Console;
use crate::cli::atomic::AtomicFile;
use crate::cli::exit::{Exit, Failure, write_failure};
use crate::cli::print::note;

/// Write a model as one archive, for a machine without a network
///
/// A tar file with a manifest and checksums, which `models unpack` checks before it places anything.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models pack nllb-600m
  anubad models pack nllb-600m --output /media/usb/nllb.tar")]
pub struct PackVerb {
    /// A catalogue name or owner/name[@revision]
    model: String,
    /// The archive [default: the model's name, with .tar]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(verb: PackVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    // Whatever is wrong with the model is told before a file is begun.
    hub.locate(&verb.model)?;
    let name = verb.model.replace(['/', '@'], "--");
    let output = verb
        .output
        .unwrap_or_else(|| PathBuf::from(format!("{name}.tar")));
    let shown = output.display().to_string();
    let transfer = Transfer::begin(console)?;
    let file = AtomicFile::create(&output, transfer.interrupt());
    let mut file = file.map_err(|error| write_failure(error, &shown))?;
    let packed = hub.pack(
        &verb.model,
        BufWriter::with_capacity(1 << 20, &mut file),
        &|event| transfer.on(event),
    );
    let manifest = transfer.end(packed, "no archive was written")?;
    file.commit()
        .map_err(|error| write_failure(error, &shown))?;
    let size = readable_size(manifest.model.size());
    note(
        console,
        &format!("{}: packed into {shown} ({size})", verb.model),
    );
    Ok(Exit::Done)
}
