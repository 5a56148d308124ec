//! `anubad models list`: a table that helps to choose.

use std::io::IsTerminal;

use anubad::hub::{Entry, Hub, LockFile, LockedModel, Quality, Task, readable_size};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{origin, quantized_size};
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::{print, print_json};
use crate::cli::terminal::{Styles, paint};

/// List the models of the catalogue, and those that were fetched
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models list
  anubad models list --task translate
  anubad models list --installed --json")]
pub struct ListVerb {
    /// Only models that can be used for this
    #[arg(long)]
    task: Option<TaskArg>,
    /// Only models that are on this machine
    #[arg(long)]
    installed: bool,
    /// JSON, one object
    #[arg(long)]
    json: bool,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskArg {
    /// Bengali to English
    Translate,
    /// Summaries
    Summarize,
    /// A language model that follows instructions: summaries, and translation where it knows Bengali
    Instruct,
    /// Scores of translations
    Evaluate,
}

impl From<TaskArg> for Task {
    fn from(task: TaskArg) -> Task {
        match task {
            TaskArg::Translate => Task::Translate,
            TaskArg::Summarize => Task::Summarize,
            TaskArg::Instruct => Task::Instruct,
            TaskArg::Evaluate => Task::Evaluate,
        }
    }
}

/// A model as JSON tells it; sizes in bytes.
#[derive(Serialize)]
pub struct ModelLine<'a> {
    name: &'a str,
    origin: String,
    task: Option<&'static str>,
    architecture: &'a str,
    about: &'a str,
    licence: &'a str,
    non_commercial: bool,
    gated: bool,
    parameters: Option<u64>,
    download: Option<u64>,
    memory: Option<u64>,
    quality: &'a [Quality],
    installed: bool,
    /// Of its weights rounded to 8 bits.
    quantized: Option<u64>,
}

#[derive(Serialize)]
struct Listing<'a> {
    schema: u32,
    models: Vec<ModelLine<'a>>,
}

pub fn run(verb: ListVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    let lock = hub.installed()?;
    let task = verb.task.map(Task::from);
    let known = hub.catalogue().entries().iter();
    let known = known.filter(|entry| task.is_none_or(|task| entry.serves(task)));
    let known = known.map(|entry| of_entry(entry, hub));
    let others = others(hub, &lock);
    let others = others.filter(|_| task.is_none());
    let mut models: Vec<ModelLine> = known.chain(others).collect();
    models.retain(|model| model.installed || !verb.installed);
    match verb.json {
        true => print_json(&Listing { schema: 1, models })?,
        false => print(&table(&models, console))?,
    }
    Ok(Exit::Done)
}

/// What is said of a model of the catalogue.
pub fn of_entry<'a>(entry: &'a Entry, hub: &Hub) -> ModelLine<'a> {
    let located = hub.locate(&entry.name).ok();
    ModelLine {
        name: &entry.name,
        origin: origin(entry),
        task: Some(entry.task.name()),
        architecture: &entry.architecture,
        about: &entry.about,
        licence: &entry.licence.name,
        non_commercial: entry.licence.non_commercial,
        gated: entry.licence.gated,
        parameters: entry.size.parameters,
        download: entry.size.download,
        memory: entry.size.memory,
        quality: &entry.quality,
        installed: located.is_some(),
        quantized: located.as_ref().and_then(quantized_size),
    }
}

/// Models that were fetched by their repository.
fn others<'a>(hub: &'a Hub, lock: &'a LockFile) -> impl Iterator<Item = ModelLine<'a>> {
    let is_known = |repository: &str| hub.catalogue().of_repository(repository).next().is_some();
    let models = lock
        .models
        .iter()
        .filter(move |model| !is_known(&model.repository));
    let quantized = |model: &LockedModel| {
        let located = hub.locate(&format!("{}@{}", model.repository, model.revision));
        quantized_size(&located.ok()?)
    };
    models.map(move |model| ModelLine {
        name: &model.repository,
        origin: format!("{}@{}", model.repository, model.revision),
        task: None,
        architecture: "",
        about: "",
        licence: "",
        non_commercial: false,
        gated: false,
        parameters: None,
        download: Some(model.size()),
        memory: None,
        quality: &[],
        installed: true,
        quantized: quantized(model),
    })
}

/// A table for a reader, at most 80 columns wide unless names are long; a line a model.
pub fn table(models: &[ModelLine], console: Console) -> String {
    let head = [
        "NAME", "FOR", "QUALITY", "SIZE", "MEMORY", "HERE", "LICENCE",
    ];
    let size = |bytes: Option<u64>| bytes.map_or("-".to_owned(), readable_size);
    let rows = models.iter().map(|model| {
        let quality = model.quality.first();
        let licence = match (model.non_commercial, model.gated) {
            (true, _) => "non-commercial".to_owned(),
            (false, true) => format!("{}, gated", model.licence),
            (false, false) => model.licence.to_owned(),
        };
        [
            model.name.to_owned(),
            model.task.unwrap_or("-").to_owned(),
            // The table is for 80 columns.
            quality.map_or("-".to_owned(), |q| {
                format!("{} {:.1}", q.metric.replace("ROUGE-", "R"), q.value)
            }),
            size(model.download),
            size(model.memory),
            match (model.installed, model.quantized) {
                (true, Some(_)) => "int8",
                (true, None) => "yes",
                (false, _) => "-",
            }
            .to_owned(),
            licence,
        ]
    });
    let mut cells = vec![head.map(str::to_owned)];
    cells.extend(rows);
    let styles = Styles::for_stdout(console.color);
    let mut lines = columns(&cells).into_iter();
    let mut text = lines
        .next()
        .map_or(String::new(), |head| paint(styles.heading, &head) + "\n");
    lines.for_each(|line| text.push_str(&(line + "\n")));
    if std::io::stdout().is_terminal() {
        let hint = "`anubad models info NAME` tells more, `anubad models pull NAME` fetches it.";
        text.push_str(&format!("\n{}\n", paint(styles.dim, hint)));
    }
    text
}

/// Rows as lines whose cells stand below each other.
pub fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let lines = rows.iter().map(|row| {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}  "));
        cells.collect::<String>().trim_end().to_owned()
    });
    lines.collect()
}
