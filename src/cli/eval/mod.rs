//! `anubad eval`: scores, what they are worth, and whether they are good enough.

mod changes;
mod compare;
mod gate;
mod history;
mod models;
mod notes;
mod save;
mod score;
mod set;
mod show;
mod significance;
mod suite;
mod testset;

use anubad::eval::EvalError;
use clap::{Args, Subcommand};

use super::args::Console;
use super::exit::{Exit, Failure};

/// Score translations and briefs against references
///
/// Scores are those of sacreBLEU 2.6 and rouge_score, to the last digit. Outputs come from files, or are made on the
/// fly by models. Of several systems the first is the baseline that the others are tested against.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  anubad eval --ref ref.en --hyp google.en nllb.en         BLEU and chrF++, with p-values
  anubad eval --src news.bn --ref news.en --model embedded --model nllb-600m
  anubad eval --ref ref.en --hyp out.en -m bleu:tok=intl -m chrf -m ter
  anubad eval --src news.bn --ref news.en --hyp out.en --report out.html --report out.tex
  anubad eval --src a.bn --ref a.en --model embedded --min BLEU=20,chrF++=45
  anubad eval --input set.tsv --test randomization --json
  anubad eval --src article.en --hyp brief.txt -m brief    what a brief takes from its article
  anubad eval compare 12 old.json                          two runs, with the sentences that changed
  anubad eval suite tests/suites/news.toml                 what `cargo test` runs"
)]
pub struct EvalVerb {
    #[command(subcommand)]
    verb: Option<EvalSubverb>,
    #[command(flatten)]
    score: score::ScoreVerb,
}

#[derive(Debug, Subcommand)]
enum EvalSubverb {
    Compare(compare::CompareVerb),
    History(history::HistoryVerb),
    Suite(suite::SuiteVerb),
    Testset(testset::TestsetVerb),
}

/// Runs the verb.
pub fn run(verb: EvalVerb, console: Console) -> Result<Exit, Failure> {
    match verb.verb {
        None => score::run(verb.score, console),
        Some(EvalSubverb::Compare(verb)) => compare::run(verb, console),
        Some(EvalSubverb::History(verb)) => history::run(verb, console),
        Some(EvalSubverb::Suite(verb)) => suite::run(verb, console),
        Some(EvalSubverb::Testset(verb)) => testset::run(verb, console),
    }
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Failure {
        match error {
            EvalError::Interrupted => Failure::interrupted(),
            EvalError::Comet(_) | EvalError::Hub(_) => Failure::new(Exit::Model, error),
            EvalError::Spec { .. } => Failure::new(Exit::Usage, error),
            error => Failure::new(Exit::Input, error),
        }
    }
}
