//! `anubad models add`.

use anubad::hub::{Entry, Hub, Licence, ModelReference, Origin, Prompt};
use anyhow::anyhow;
use clap::Args;

use super::list::TaskArg;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::note;

/// Give a model a name of your own
///
/// Writes an entry into your catalogue ($ANUBAD_HOME/catalog), which the other verbs and --model then know.
/// Nothing is fetched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models add my-mt me/opus-mt-bn-en-news --about 'tuned on our archive'
  anubad models add house-model ./exported --prefix '>>eng<< '
  anubad models add smol HuggingFaceTB/SmolLM2-360M-Instruct-GGUF \\
    --file smollm2-360m-instruct-q8_0.gguf --task instruct")]
pub struct AddVerb {
    /// The name
    name: String,
    /// owner/name[@revision], or a folder
    model: String,
    /// What it is for
    #[arg(long, default_value = "translate")]
    task: TaskArg,
    /// The one file, of a GGUF repository
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// A line that says what it is
    #[arg(long, value_name = "TEXT", default_value = "")]
    about: String,
    /// model_type of its configuration
    #[arg(long, value_name = "NAME", default_value = "")]
    architecture: String,
    /// Its licence
    #[arg(long, value_name = "NAME", default_value = "unknown")]
    licence: String,
    /// Put before every source, blanks included
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// Token of the source language
    #[arg(long, value_name = "TOKEN")]
    source_language: Option<String>,
    /// Token of the target language
    #[arg(long, value_name = "TOKEN")]
    target_language: Option<String>,
    /// Replace an entry with this name
    #[arg(long)]
    force: bool,
}

pub fn run(verb: AddVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    if hub.catalogue().get(&verb.name).is_some() && !verb.force {
        let error = anyhow!(
            "{} is in the catalogue already; choose another name, or --force",
            verb.name
        );
        return Err(Failure::new(Exit::Usage, error));
    }
    let origin = match ModelReference::parse(&verb.model, hub.catalogue())? {
        ModelReference::Path(path) => {
            let absolute = path.canonicalize();
            Origin::Folder(absolute.map_err(|error| Failure::new(Exit::Input, error))?)
        }
        ModelReference::Repository { id, revision } => Origin::Repository { id, revision },
        ModelReference::Named(entry) => entry.origin,
    };
    let entry = Entry {
        file: verb.file,
        about: verb.about,
        architecture: verb.architecture,
        licence: Licence {
            non_commercial: verb.licence.to_lowercase().contains("-nc"),
            name: verb.licence,
            gated: false,
        },
        prompt: Prompt {
            prefix: verb.prefix,
            source_language: verb.source_language,
            target_language: verb.target_language,
        },
        ..Entry::new(&verb.name, origin, verb.task.into())
    };
    let path = hub.add(&entry).map_err(|error| match error {
        error @ anubad::hub::HubError::Entry { .. } => Failure::new(Exit::Usage, error),
        error => error.into(),
    })?;
    note(
        console,
        &format!("{}: added as {}", verb.name, path.display()),
    );
    Ok(Exit::Done)
}
