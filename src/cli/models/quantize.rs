//! `anubad models quantize`.

use std::sync::Arc;
use std::time::Instant;

use anubad::hub::{Event, Hub, readable_size};
use anubad::model::{Keep, KeepError, Kept, LanguageModel, load_kept};
use clap::Args;
use serde::Serialize;

use super::progress::Transfer;
use super::quantized_size;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::print::{note, print_json};

/// Round the weights of a model to 8 bits now
///
/// Its first use would do it otherwise. The file goes into a folder of our own (anubad/quantized in the user's cache
/// folder, or quantized in ANUBAD_HOME), and a start reads it in place of the model's own weights, which stay as
/// they are. It is made anew when those change. For encoder-decoders; GGUF models are quantized already.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models quantize nllb-600m
  anubad models quantize --json ~/models/my-marian")]
pub struct QuantizeVerb {
    /// A catalogue name, owner/name[@revision] or a folder
    model: String,
    /// JSON, one object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Quantized<'a> {
    schema: u32,
    model: &'a str,
    path: String,
    size: u64,
    checkpoint_size: u64,
    seconds: f64,
    was_here: bool,
}

pub fn run(verb: QuantizeVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    let name = &verb.model;
    let located = hub.locate(name)?;
    let is_quantized = located.folder.join("model.toml").is_file()
        || LanguageModel::is_at(located.file.as_ref().unwrap_or(&located.folder));
    let Some(path) = located.quantized.as_ref().filter(|_| !is_quantized) else {
        let error = anyhow::anyhow!("{name} is quantized as it is; use it so");
        return Err(Failure::new(Exit::Model, error));
    };
    let started = Instant::now();
    let transfer = Arc::new(Transfer::begin(console)?);
    let bar = transfer.clone();
    let on_read = move |done, bytes| {
        // Weights are read to the end; whether to stop is asked then.
        let _ = bar.on(match done {
            0 => Event::Plan {
                files: 1,
                bytes,
                present: 0,
            },
            done => Event::Progress { done },
        });
    };
    let kept = load_kept(&located.folder, path, Some(Box::new(on_read)));
    transfer.end(Ok(()), "")?;
    let Kept {
        keep,
        checkpoint_size,
        ..
    } = kept.or_exit(Exit::Model)?;
    let keep = keep.map_err(|error| {
        let exit = match error {
            KeepError::Write { .. } => Exit::Output,
            KeepError::Busy { .. } => Exit::Model,
        };
        Failure::new(exit, error)
    })?;
    if transfer.interrupt().is_raised() {
        return Err(Failure::interrupted());
    }
    let quantized = Quantized {
        schema: 1,
        model: name,
        path: path.display().to_string(),
        size: quantized_size(&located).unwrap_or_default(),
        checkpoint_size,
        seconds: started.elapsed().as_secs_f64(),
        was_here: keep == Keep::Found,
    };
    match verb.json {
        true => print_json(&quantized)?,
        false => note(console, &line(&quantized)),
    }
    Ok(Exit::Done)
}

fn line(quantized: &Quantized) -> String {
    let sizes = format!(
        "{} from {}",
        readable_size(quantized.size),
        readable_size(quantized.checkpoint_size)
    );
    let (name, path) = (quantized.model, &quantized.path);
    match quantized.was_here {
        true => format!("{name}: is quantized already ({sizes}), in {path}"),
        false => {
            let seconds = quantized.seconds;
            format!("{name}: quantized in {seconds:.1} s ({sizes}), in {path}")
        }
    }
}
