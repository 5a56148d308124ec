//! `anubad models search`.

use anubad::hub::{Found, Hub};
use clap::Args;
use serde::Serialize;

use super::list::{ModelLine, columns, of_entry, table};
use super::progress::Transfer;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::{note, print, print_json};

/// Look for models in the catalogue, or on the Hub
///
/// The exit code is 1 where nothing is found.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models search nllb
  anubad models search mit translate
  anubad models search --hub opus-mt bn")]
pub struct SearchVerb {
    /// Words that must all occur: in name, repository, task, architecture, licence, description
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// Ask the Hub, not the catalogue
    #[arg(long)]
    hub: bool,
    /// JSON, one object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listing<T> {
    schema: u32,
    models: Vec<T>,
}

#[derive(Serialize)]
struct HubLine<'a> {
    repository: &'a str,
    task: Option<&'a str>,
    licence: Option<&'a str>,
    downloads: u64,
}

pub fn run(verb: SearchVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    let is_empty = match verb.hub {
        true => of_hub(&verb, hub, console)?,
        false => of_catalogue(&verb, hub, console)?,
    };
    Ok(if is_empty {
        Exit::NeedsLook
    } else {
        Exit::Done
    })
}

fn of_catalogue(verb: &SearchVerb, hub: &Hub, console: Console) -> Result<bool, Failure> {
    let found = hub.catalogue().search(&verb.words);
    let models: Vec<ModelLine> = found
        .into_iter()
        .map(|entry| of_entry(entry, hub))
        .collect();
    let is_empty = models.is_empty();
    match verb.json {
        true => print_json(&Listing { schema: 1, models })?,
        false if is_empty => note(console, "nothing in the catalogue; --hub asks the Hub"),
        false => print(&table(&models, console))?,
    }
    Ok(is_empty)
}

fn of_hub(verb: &SearchVerb, hub: &Hub, console: Console) -> Result<bool, Failure> {
    let transfer = Transfer::begin(console)?;
    let found = hub.search(&verb.words, &|event| transfer.on(event));
    let found = transfer.end(found, "")?;
    let row = |found: &Found| {
        let text = |field: Option<&str>| field.unwrap_or("-").to_owned();
        let downloads = format!("{} downloads", found.downloads);
        [
            found.id.clone(),
            text(found.pipeline_tag.as_deref()),
            text(found.licence()),
            downloads,
        ]
    };
    match verb.json {
        true => print_json(&Listing {
            schema: 1,
            models: found
                .iter()
                .map(|found| HubLine {
                    repository: &found.id,
                    task: found.pipeline_tag.as_deref(),
                    licence: found.licence(),
                    downloads: found.downloads,
                })
                .collect(),
        })?,
        false => {
            let rows: Vec<_> = found.iter().map(row).collect();
            let lines = columns(&rows).into_iter().map(|line| line + "\n");
            print(&lines.collect::<String>())?;
        }
    }
    Ok(found.is_empty())
}
