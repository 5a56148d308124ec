//! `anubad translate`: articles in English, nothing left out.

use clap::Args;

use super::args::{Console, ModelArgs, OutputArgs};
use super::exit::{Exit, Failure};
use super::format::Report;
use super::inputs::InputArgs;
use super::job::Job;

/// Translate articles
///
/// Paragraphs are kept, and every sentence is checked. Advertisements, related links and the like are
/// set apart and counted, URLs and code come through unchanged.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad translate article.txt
  anubad translate --bilingual --format markdown article.md > article.en.md
  anubad translate news/ more/ --format jsonl --output english.jsonl
  anubad models pull nllb-600m && anubad translate --model nllb-600m article.txt
  echo 'পদ্মা সেতুতে ৪১টি স্প্যান আছে।' | anubad translate")]
pub struct TranslateVerb {
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    model: ModelArgs,
}

/// Runs the verb.
pub fn run(verb: TranslateVerb, console: Console) -> Result<Exit, Failure> {
    let options = verb.model.options(verb.output.explain)?;
    verb.output.check(&options)?;
    let inputs = verb.inputs.open("translate", options.is_bengali())?;
    let job = Job::open(&verb.output, console, &inputs.files, inputs.several)?;
    job.translate(inputs, options, &|_, translation, _| {
        Ok(Report {
            translation,
            brief: None,
            in_full: true,
        })
    })
}
