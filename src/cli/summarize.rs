//! `anubad summarize`: the brief alone, of an article or of a translation that was stored as JSON.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use anubad::translate::Translation;
use clap::Args;

use super::args::{BriefArgs, Console, ModelArgs, OutputArgs, SummarizerArg};
use super::briefer::{Briefer, no_translator};
use super::exit::{Exit, Failure};
use super::format::stored_translations;
use super::inputs::InputArgs;
use super::job::Job;

/// Translate articles and print their briefs only
///
/// Citations are the numbers of sentences in the article, counted from 1; --bilingual shows them in
/// Bengali. With --from, translations that were stored as JSON are briefed without a model.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad summarize article.txt
  anubad summarize --sentences 5 --bilingual article.txt
  anubad translate news/ -f jsonl -o day.jsonl; anubad summarize --from day.jsonl")]
pub struct SummarizeVerb {
    #[command(flatten)]
    inputs: InputArgs,
    /// Brief translations that anubad wrote as JSON or JSON lines, `-` for stdin
    #[arg(long, value_name = "FILE", num_args = 1..,
          conflicts_with_all = ["inputs", "ModelArgs", "SearchArgs", "input_format", "force"])]
    from: Vec<PathBuf>,
    #[command(flatten)]
    brief: BriefArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    model: ModelArgs,
}

/// Runs the verb.
pub fn run(verb: SummarizeVerb, console: Console) -> Result<Exit, Failure> {
    let options = verb.model.options(verb.output.explain)?;
    if verb.from.is_empty() {
        let inputs = verb.inputs.open("summarize", options.is_bengali())?;
        let job = Job::open(&verb.output, console, &inputs.files, inputs.several)?;
        let briefer = Briefer::new(&verb.brief, &options)?;
        return job.translate(inputs, options, &|translator, translation, interrupt| {
            briefer.report(Some(translator), translation, interrupt, false)
        });
    }
    if verb.brief.summarizer == SummarizerArg::Model {
        return Err(no_translator());
    }
    let job = Job::open(&verb.output, console, &verb.from, verb.from.len() > 1)?;
    let briefer = Briefer::new(&verb.brief, &options)?;
    let translations = verb.from.iter().flat_map(|path| stored(path));
    job.write_stored(translations, |translation, interrupt| {
        briefer.report(None, translation, interrupt, false)
    })
}

/// The translations in a file that anubad wrote; its name stands before an error.
fn stored(path: &Path) -> Box<dyn Iterator<Item = anyhow::Result<Translation>> + '_> {
    let named = move |error: anyhow::Error| error.context(path.display().to_string());
    let reader: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) => return Box::new(std::iter::once(Err(named(error.into())))),
        },
    };
    let translations = stored_translations(BufReader::new(reader));
    Box::new(translations.map(move |translation| translation.map_err(|e| named(e.into()))))
}
