//! `anubad brief`: headline, brief with citations, full translation.

use clap::Args;

use super::args::{BriefArgs, Console, ModelArgs, OutputArgs};
use super::briefer::Briefer;
use super::exit::{Exit, Failure};
use super::inputs::InputArgs;
use super::job::Job;

/// Translate articles and put a brief with citations before each
///
/// For each article: the English headline, a brief whose sentences cite numbered sentences of the
/// translation, and the full translation. What the checks saw stands below the sentences concerned.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad brief article.txt
  anubad brief --words 60 --bilingual article.md
  anubad brief news/ --format markdown --output briefs/
  curl -s https://example.org/day.jsonl | anubad brief -f jsonl > day.en.jsonl")]
pub struct BriefVerb {
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    brief: BriefArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    model: ModelArgs,
}

/// Runs the verb.
pub fn run(verb: BriefVerb, console: Console) -> Result<Exit, Failure> {
    let options = verb.model.options(verb.output.explain)?;
    verb.output.check(&options)?;
    let inputs = verb.inputs.open("brief", options.is_bengali())?;
    let job = Job::open(&verb.output, console, &inputs.files, inputs.several)?;
    let briefer = Briefer::new(&verb.brief, &options)?;
    job.translate(inputs, options, &|translator, translation, interrupt| {
        briefer.report(Some(translator), translation, interrupt, true)
    })
}
