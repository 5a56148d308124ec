//! The command line: one file a verb, and what they share.

mod args;
mod atomic;
mod brief;
mod briefer;
mod completions;
mod eval;
mod exit;
mod format;
mod inputs;
mod interrupt;
mod job;
mod lexicon;
mod man;
mod models;
mod names;
mod output;
mod print;
mod progress;
mod queue;
mod summarize;
pub mod terminal;
mod translate;

use clap::{Parser, Subcommand};

use args::Console;
use exit::{Exit, Failure};

/// Bengali news, in English, offline
///
/// Translates Bengali news articles into English on this machine, checks every sentence for numbers,
/// names and negations that changed, and makes a short brief whose sentences cite their sources.
#[derive(Debug, Parser)]
#[command(
    name = "anubad",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP),
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    console: Console,
}

const EXAMPLES: &str = "\
Examples:
  anubad brief article.txt                       headline, brief, translation
  anubad translate news/ --output english/       a folder, a file an article
  anubad translate --bilingual -f markdown a.md  Bengali and English in a table
  cat day.jsonl | anubad summarize -f jsonl      a stream of articles
  anubad eval --ref a.en --hyp b.en c.en         scores, and whether a difference is chance
  anubad lexicon lookup সেতুগুলোর                 what the gloss makes of it
  anubad models list                             other models to choose from";

#[derive(Debug, Subcommand)]
enum Verb {
    Brief(brief::BriefVerb),
    Translate(translate::TranslateVerb),
    Summarize(summarize::SummarizeVerb),
    Eval(Box<eval::EvalVerb>),
    #[command(subcommand)]
    Lexicon(lexicon::LexiconVerb),
    #[command(subcommand)]
    Models(models::ModelsVerb),
    Completions(completions::CompletionsVerb),
    Man(man::ManVerb),
}

/// Does what the command line says.
pub fn run(cli: Cli) -> Result<Exit, Failure> {
    match cli.verb {
        Verb::Brief(verb) => brief::run(verb, cli.console),
        Verb::Translate(verb) => translate::run(verb, cli.console),
        Verb::Summarize(verb) => summarize::run(verb, cli.console),
        Verb::Eval(verb) => eval::run(*verb, cli.console),
        Verb::Lexicon(verb) => lexicon::run(verb),
        Verb::Models(verb) => models::run(verb, cli.console),
        Verb::Completions(verb) => completions::run(verb),
        Verb::Man(verb) => man::run(verb),
    }
}
