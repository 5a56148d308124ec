//! `anubad brief`: headline, brief with citations, full translation.

use anubad::summarize::Summarizer;
use anubad::translate::{Translation, Translator};
use clap::Args;

use super::args::{BriefArgs, Console, ModelArgs, OutputArgs, SummarizerArg};
use super::exit::{Exit, Failure};
use super::format::Report;
use super::inputs::InputArgs;
use super::interrupt::Interrupt;
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
  curl -s https://example.org/day.jsonl | anubad brief --format jsonl > day.en.jsonl")]
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
    let inputs = verb.inputs.open("brief")?;
    let job = Job::open(&verb.output, console, &inputs.files, inputs.several)?;
    let brief = &verb.brief;
    job.translate(
        inputs,
        verb.model.options(),
        &|translator, translation, interrupt| {
            make_report(translator, translation, interrupt, brief, true)
        },
    )
}

/// The report on an article with its brief.
pub fn make_report(
    translator: &Translator,
    translation: Translation,
    interrupt: &Interrupt,
    args: &BriefArgs,
    in_full: bool,
) -> Result<Report, Failure> {
    let summarizer = match args.summarizer {
        SummarizerArg::Extractive => Summarizer::extractive(args.options()),
        SummarizerArg::Model => Summarizer::prompted(args.options(), translator.generator()),
    };
    let brief = summarizer.summarize(&translation, &|| interrupt.check())?;
    Ok(Report {
        translation,
        brief: Some(brief),
        in_full,
    })
}
