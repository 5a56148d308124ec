//! `anubad models`: choose, fetch and check models. One file a verb.

mod add;
mod info;
mod list;
mod pack;
mod path;
mod progress;
mod pull;
mod quantize;
mod remove;
mod search;
mod shortlist;
mod unpack;
mod verify;

use anubad::hub::{Entry, Hub, HubError, Located, Origin};
use clap::Subcommand;

use super::args::Console;
use super::exit::{Exit, Failure};

/// Choose, fetch and check models
///
/// A model is named as the catalogue does (`models list`), by its repository (owner/name or
/// owner/name@revision), or by a folder. Fetched models are in the cache that Python's huggingface_hub
/// uses too (HF_HOME, HF_HUB_CACHE); HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HTTPS_PROXY
/// and SSL_CERT_FILE are honoured.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  anubad models list                    what there is, and how good
  anubad models pull nllb-600m          fetch a model, or go on where it broke
  anubad models quantize nllb-600m      round its weights now, not at its first use
  anubad models verify                  hash all fetched files again
  anubad models pack nllb-600m          an archive for a machine without network
  anubad models shortlist --help        what makes an encoder-decoder faster")]
pub enum ModelsVerb {
    List(list::ListVerb),
    Search(search::SearchVerb),
    Info(info::InfoVerb),
    Pull(pull::PullVerb),
    Verify(verify::VerifyVerb),
    Remove(remove::RemoveVerb),
    Path(path::PathVerb),
    Add(add::AddVerb),
    Quantize(quantize::QuantizeVerb),
    Pack(pack::PackVerb),
    Unpack(unpack::UnpackVerb),
    Shortlist(shortlist::ShortlistVerb),
}

/// Runs the verb.
pub fn run(verb: ModelsVerb, console: Console) -> Result<Exit, Failure> {
    let hub = Hub::from_env()?;
    match verb {
        ModelsVerb::Shortlist(verb) => shortlist::run(verb, console),
        ModelsVerb::List(verb) => list::run(verb, &hub, console),
        ModelsVerb::Search(verb) => search::run(verb, &hub, console),
        ModelsVerb::Info(verb) => info::run(verb, &hub),
        ModelsVerb::Pull(verb) => pull::run(verb, &hub, console),
        ModelsVerb::Verify(verb) => verify::run(verb, &hub, console),
        ModelsVerb::Remove(verb) => remove::run(verb, &hub, console),
        ModelsVerb::Path(verb) => path::run(verb, &hub),
        ModelsVerb::Add(verb) => add::run(verb, &hub, console),
        ModelsVerb::Quantize(verb) => quantize::run(verb, &hub, console),
        ModelsVerb::Pack(verb) => pack::run(verb, &hub, console),
        ModelsVerb::Unpack(verb) => unpack::run(verb, &hub, console),
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Failure {
        match error {
            HubError::Interrupted => Failure::interrupted(),
            HubError::Reference { .. } => Failure::new(Exit::Usage, error),
            HubError::Write { .. } | HubError::DiskFull { .. } => Failure::new(Exit::Output, error),
            error => Failure::new(Exit::Model, error),
        }
    }
}

/// Bytes of a model's weights rounded to 8 bits, where they are there.
fn quantized_size(located: &Located) -> Option<u64> {
    let metadata = std::fs::metadata(located.quantized.as_ref()?);
    metadata.ok().map(|metadata| metadata.len())
}

/// Repository with revision, or folder.
fn origin(entry: &Entry) -> String {
    match &entry.origin {
        Origin::Repository { id, revision } if revision == "main" => id.to_string(),
        Origin::Repository { id, revision } => format!("{id}@{revision}"),
        Origin::Folder(path) => path.display().to_string(),
    }
}

/// The licence, and plainly what it forbids.
fn licence_line(name: &str, non_commercial: bool, gated: bool) -> String {
    let forbids = if non_commercial {
        ": NOT for commercial use"
    } else {
        ""
    };
    let gate = if gated {
        "; has to be accepted on its page first"
    } else {
        ""
    };
    format!("{name}{forbids}{gate}")
}
