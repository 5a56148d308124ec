//! `anubad models info`.

use anubad::hub::{Entry, Hub, HubError, ModelReference, Origin, readable_size};
use clap::Args;
use serde::Serialize;

use super::list::{ModelLine, of_entry};
use super::{licence_line, origin, quantized_size};
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::{print, print_json};
use crate::cli::terminal::stdout_width;

/// Tell what is known of a model
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models info nllb-600m
  anubad models info --json opus-mt")]
pub struct InfoVerb {
    /// A catalogue name or owner/name[@revision]
    model: String,
    /// JSON, one object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Info<'a> {
    schema: u32,
    #[serde(flatten)]
    model: Option<ModelLine<'a>>,
    prompt: Option<&'a anubad::hub::Prompt>,
    decoding: Option<&'a anubad::hub::Decoding>,
    commit: Option<&'a str>,
    path: Option<String>,
    quantized: Option<Quantized>,
    files: Vec<File<'a>>,
}

/// Weights rounded to 8 bits.
#[derive(Serialize)]
struct Quantized {
    path: String,
    size: u64,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    size: u64,
    sha256: &'a str,
}

pub fn run(verb: InfoVerb, hub: &Hub) -> Result<Exit, Failure> {
    let reference = ModelReference::parse(&verb.model, hub.catalogue())?;
    let (entry, id, revision) = match reference {
        ModelReference::Named(entry) => match entry.origin.clone() {
            Origin::Repository { id, revision } => (Some(entry), Some(id), revision),
            Origin::Folder(_) => (Some(entry), None, String::new()),
        },
        ModelReference::Repository { id, revision } => (None, Some(id), revision),
        ModelReference::Path(_) => {
            return Err(HubError::LocalFolder { name: verb.model }.into());
        }
    };
    let lock = hub.installed()?;
    let locked = id.as_ref().and_then(|id| lock.get(id, &revision));
    let located = hub.locate(&verb.model);
    if let (None, None, Err(error)) = (&entry, locked, &located) {
        let told = HubError::NotPulled { name: verb.model };
        return Err(match error {
            HubError::NotPulled { .. } => told.into(),
            _ => located.map(drop).unwrap_err().into(),
        });
    }
    let located = located.ok();
    let path = located.as_ref().map(|l| l.folder.display().to_string());
    let quantized = located.as_ref().and_then(|located| {
        let path = located.quantized.as_ref()?.display().to_string();
        let size = quantized_size(located)?;
        Some(Quantized { path, size })
    });
    let info = Info {
        schema: 1,
        model: entry.as_ref().map(|entry| of_entry(entry, hub)),
        prompt: entry.as_ref().map(|entry| &entry.prompt),
        decoding: entry.as_ref().map(|entry| &entry.decoding),
        commit: locked.map(|model| model.commit.as_str()),
        path,
        quantized,
        files: locked
            .iter()
            .flat_map(|model| &model.files)
            .map(|file| File {
                path: &file.path,
                size: file.size,
                sha256: &file.sha256,
            })
            .collect(),
    };
    match verb.json {
        true => print_json(&info)?,
        false => print(&text(&verb.model, entry.as_deref(), hub, &info))?,
    }
    Ok(Exit::Done)
}

/// What is known, a line a fact.
fn text(name: &str, entry: Option<&Entry>, hub: &Hub, info: &Info) -> String {
    let mut lines = vec![name.to_owned()];
    let width = stdout_width();
    let mut tell = |what: &str, value: &str| {
        if !value.is_empty() {
            let first = format!("  {what:<11} ");
            match width {
                Some(width) => lines.push(wrapped(value, width, &first)),
                None => lines.push(first + value),
            }
        }
    };
    if let Some(entry) = entry {
        let size = |bytes: Option<u64>| bytes.map(readable_size).unwrap_or_default();
        tell("about", &entry.about);
        tell(
            "from",
            &entry
                .page(&hub.environment().endpoint)
                .unwrap_or(origin(entry)),
        );
        tell("file", entry.file.as_deref().unwrap_or(""));
        tell("needs", &entry.needs.join(" "));
        tell("for", entry.task.name());
        let languages = (
            entry.source_languages.join(" "),
            entry.target_languages.join(" "),
        );
        if !languages.0.is_empty() {
            tell("languages", &format!("{} → {}", languages.0, languages.1));
        }
        tell("kind", &entry.architecture);
        let licence = &entry.licence;
        tell(
            "licence",
            &licence_line(&licence.name, licence.non_commercial, licence.gated),
        );
        let parameters = entry
            .size
            .parameters
            .map(|n| format!("{} million", n / 1_000_000));
        tell("parameters", &parameters.unwrap_or_default());
        tell("download", &size(entry.size.download));
        tell("memory", &size(entry.size.memory));
        for quality in &entry.quality {
            let figure = format!("{} {}", quality.metric, quality.value);
            tell(
                "quality",
                &format!("{figure} on {} ({})", quality.test, quality.source),
            );
        }
        let prompt = &entry.prompt;
        tell(
            "prefix",
            &prompt
                .prefix
                .as_ref()
                .map(|p| format!("{p:?}"))
                .unwrap_or_default(),
        );
        if let (Some(from), Some(to)) = (&prompt.source_language, &prompt.target_language) {
            tell("tokens", &format!("{from} → {to}"));
        }
        let beams = entry.decoding.beams.map(|beams| match beams {
            1 => "greedy".to_owned(),
            beams => format!("{beams} beams"),
        });
        let longest = entry.decoding.max_source_tokens;
        let longest = longest.map(|tokens| format!("sources up to {tokens} tokens"));
        let decoding: Vec<String> = beams.into_iter().chain(longest).collect();
        tell("decoding", &decoding.join(", "));
    }
    tell("commit", info.commit.unwrap_or(""));
    match &info.path {
        Some(path) => tell("here", path),
        None => tell(
            "here",
            &format!("no; `anubad models pull {name}` fetches it"),
        ),
    }
    if let Some(Quantized { path, size }) = &info.quantized {
        tell("quantized", &format!("{} in {path}", readable_size(*size)));
    }
    for file in &info.files {
        let digits = &file.sha256[..12];
        tell(
            "",
            &format!(
                "{}  {}  sha256 {digits}…",
                file.path,
                readable_size(file.size)
            ),
        );
    }
    lines.join("\n") + "\n"
}

/// A value in lines of a width, below its beginning; paths and names stay whole.
fn wrapped(value: &str, width: usize, first: &str) -> String {
    let indent = " ".repeat(first.len());
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(&indent)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(value, options)
}
