//! Options that several verbs share, and what they come to.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use anubad::generate::Use;
use anubad::hub::Hub;
use anubad::summarize::{Length, MAX_SENTENCES, SummaryOptions};
use anubad::translate::{
    Compute, DeviceChoice, ModelSource, Severity, ShortlistChoice, TranslateOptions,
};
use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure, OrExit};
use super::format::{Format, View};
use super::terminal::{Color, Styles, stdout_width};

/// How the program talks; on every verb.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Messages")]
pub struct Console {
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// No progress and no summary on stderr, errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Tell every finding and the speed on stderr; tables of scores with parts and precisions
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
}

/// Where results go and in which form.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Form of the output [default: by the extension of --output, else text]
    #[arg(short, long)]
    format: Option<Format>,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Bengali and English side by side, sentence by sentence
    #[arg(short = 'B', long)]
    bilingual: bool,
    /// Put into JSON output what a translation was made of: the gloss that the model was shown, and its tokens
    ///
    /// Each token has its natural-log probability and, where the model reads a source apart, the source token that it
    /// looked at most. Costs another pass through such a model.
    #[arg(long)]
    pub explain: bool,
    /// Write to a file, or to a folder with a file for each article
    ///
    /// It is a folder where it exists as one, ends in "/", or has no extension while several inputs
    /// are given. Files appear under their names only when they are whole.
    #[arg(short, long, value_name = "FILE|DIR")]
    pub output: Option<PathBuf>,
    /// Exit with 1 where a translation has a finding this grave
    #[arg(long, value_name = "SEVERITY", default_value = "none")]
    pub fail_on: FailOn,
}

impl OutputArgs {
    /// The form of the output.
    pub fn format(&self) -> Format {
        let json = self.json.then_some(Format::Json);
        let of_output = || Format::of_path(self.output.as_deref()?);
        json.or(self.format).or_else(of_output).unwrap_or_default()
    }

    /// Refuses what the form of the output cannot show.
    pub fn check(&self, options: &TranslateOptions) -> Result<(), Failure> {
        if options.n_best > 1 && self.format() == Format::Markdown {
            let error = anyhow::anyhow!("--n-best needs --format text, json or jsonl");
            return Err(Failure::new(Exit::Usage, error));
        }
        Ok(())
    }

    /// How it is to be shown.
    pub fn view(&self, console: Console) -> Result<View, Failure> {
        if self.explain && !matches!(self.format(), Format::Json | Format::Jsonl) {
            let error = anyhow::anyhow!("--explain needs --format json or jsonl");
            return Err(Failure::new(Exit::Usage, error));
        }
        let to_stdout = self.output.is_none();
        Ok(View {
            bilingual: self.bilingual,
            explain: self.explain,
            styles: if to_stdout {
                Styles::for_stdout(console.color)
            } else {
                Styles::default()
            },
            width: if to_stdout { stdout_width() } else { None },
        })
    }
}

/// The least grave finding that makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// No finding does; they are in the output and counted on stderr
    None,
    /// Errors: the translation is likely wrong
    Error,
    /// Warnings too
    Warning,
}

impl FailOn {
    /// Whether a finding of this severity makes the exit code 1.
    pub fn includes(self, severity: Severity) -> bool {
        match self {
            FailOn::None => false,
            FailOn::Error => severity >= Severity::Error,
            FailOn::Warning => true,
        }
    }
}

/// How to translate.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Translation")]
pub struct ModelArgs {
    /// Another model than the embedded one: a name of `anubad models list`, owner/name[@revision] of the Hub, a
    /// folder, or a .gguf file
    ///
    /// Nothing is fetched: `anubad models pull NAME` does that.
    #[arg(long, value_name = "NAME|PATH")]
    model: Option<String>,
    /// Hypotheses of each sentence to tell, in text and JSON: the translation, and what else the model might have said
    ///
    /// The beam is at least as wide. Fewer come where some read the same. Findings are told of the translation alone.
    #[arg(long, value_name = "N", default_value_t = TranslateOptions::default().n_best,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=32))]
    n_best: usize,
    #[command(flatten)]
    search: SearchArgs,
}

impl ModelArgs {
    /// The options of the translator; `explain`: whether its tokens are wanted.
    pub fn options(&self, explain: bool) -> Result<TranslateOptions, Failure> {
        let model = self.model.as_deref().unwrap_or(EMBEDDED);
        Ok(TranslateOptions {
            n_best: self.n_best,
            explain,
            ..self.search.options(model)?
        })
    }
}

/// What the model that the program carries is called where models are named.
pub const EMBEDDED: &str = "embedded";

/// How a model is searched, and with what of the machine.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Translation")]
pub struct SearchArgs {
    /// Language of the articles, such as bn or fr, for models of other languages [default: bn, or the model's only one]
    ///
    /// Glosses and the checks of numbers, names and negations are for Bengali alone.
    #[arg(long, value_name = "CODE")]
    source_lang: Option<String>,
    /// A word list of your own, asked before the embedded one: "word<TAB>English / other sense" a line
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    /// Hypotheses kept at each step; 1 is greedy [default: as the model is meant to be searched, 1 of the embedded one]
    #[arg(long, value_name = "N",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=32))]
    beam: Option<usize>,
    /// Exponent of the length that a hypothesis' log-probability is divided by; more prefers longer ones, without
    /// effect where the search is greedy [default: as the model is meant to be searched, else 1]
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = finite)]
    length_penalty: Option<f32>,
    /// Do not decode a sentence again where a check finds an error
    #[arg(long)]
    no_redecode: bool,
    /// Score for each sentence the tokens alone that this shortlist has for it, which `anubad models shortlist` makes:
    /// faster, and now and then another translation [default: the model's own, where its folder has one]
    #[arg(long, value_name = "FILE", conflicts_with = "no_shortlist")]
    shortlist: Option<PathBuf>,
    /// Score all tokens, whatever shortlist the model comes with
    #[arg(long)]
    no_shortlist: bool,
    /// Threads; 0 is all cores
    #[arg(long, value_name = "N", default_value_t = TranslateOptions::default().threads,
          value_parser = RangedU64ValueParser::<usize>::new().range(0..=1024))]
    threads: usize,
    /// Tokens that may be kept for the sentences that one core decodes together [default: 1024; of encoder-decoders
    /// 4096]
    #[arg(long, value_name = "N",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1 << 20))]
    batch_tokens: Option<usize>,
    /// Arithmetic of the model
    #[arg(long, default_value = "auto")]
    compute: ComputeArg,
    /// Where the model runs
    #[arg(long, default_value = "auto")]
    device: DeviceArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ComputeArg {
    /// What is fastest on the device
    Auto,
    /// 8-bit integers
    Int8,
    /// 16-bit floating point, for encoder-decoders on the processor: half the memory of f32 and nearly its results; for
    /// other models and on a GPU the same as f32
    Bf16,
    /// 32-bit floating point: slower, and what the model's figures are measured with
    F32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DeviceArg {
    /// A GPU where the program is built for one and finds one
    Auto,
    /// The processor
    Cpu,
    /// The first CUDA device
    Cuda,
}

impl SearchArgs {
    /// Cores to use; 0 for all.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Language of the sources.
    pub fn source_language(&self) -> &str {
        self.source_lang.as_deref().unwrap_or("bn")
    }

    /// The options of the translator with a model of this name.
    pub fn options(&self, model: &str) -> Result<TranslateOptions, Failure> {
        let model = match model {
            EMBEDDED => ModelSource::Embedded,
            name => {
                let from = self.source_lang.clone().unwrap_or_default();
                locate(name, &Use::Translation { from })?
            }
        };
        let source_language = self.source_lang.clone();
        let source_language = source_language.or_else(|| model.source_language());
        Ok(TranslateOptions {
            source_language: source_language.unwrap_or_else(|| "bn".to_owned()),
            model,
            compute: match self.compute {
                ComputeArg::Auto => Compute::Auto,
                ComputeArg::Int8 => Compute::Int8,
                ComputeArg::Bf16 => Compute::Bf16,
                ComputeArg::F32 => Compute::F32,
            },
            device: match self.device {
                DeviceArg::Auto => DeviceChoice::Auto,
                DeviceArg::Cpu => DeviceChoice::Cpu,
                DeviceArg::Cuda => DeviceChoice::Cuda,
            },
            beam_size: self.beam,
            length_penalty: self.length_penalty,
            threads: self.threads,
            batch_tokens: self.batch_tokens,
            shortlist: match &self.shortlist {
                Some(path) => ShortlistChoice::File(path.clone()),
                None if self.no_shortlist => ShortlistChoice::Off,
                None => ShortlistChoice::Own,
            },
            lexicon: self.lexicon.clone(),
            redecode: !self.no_redecode,
            ..TranslateOptions::default()
        })
    }
}

fn finite(value: &str) -> Result<f32, String> {
    match value.parse::<f32>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("not a number".to_owned()),
    }
}

/// The model that a name or a path stands for. One that is known to be for something else is refused before anyone
/// fetches it.
pub fn locate(name: &str, purpose: &Use) -> Result<ModelSource, Failure> {
    let hub = Hub::from_env()?;
    if let Some(entry) = hub.catalogue().get(name) {
        purpose.check(entry).or_exit(Exit::Model)?;
    }
    let located = hub.locate(name)?;
    Ok(ModelSource::Located(Box::new(located)))
}

/// What the brief should be like.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Brief")]
pub struct BriefArgs {
    /// Length of the brief in sentences [default: 3]
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "words",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_SENTENCES as u64))]
    sentences: Option<usize>,
    /// Length of the brief in words, in whole sentences
    #[arg(long, value_name = "N",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    words: Option<usize>,
    /// What makes the brief: `extractive`, the most telling sentences of the translation; `model`, the model that
    /// translates; or another model, named as with --model
    ///
    /// Of what a model writes only sentences are kept that rest on the translation; read them beside the citations.
    #[arg(
        long,
        value_name = "extractive|model|NAME|PATH",
        default_value = "extractive"
    )]
    pub summarizer: SummarizerArg,
}

/// What makes a brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SummarizerArg {
    /// The most telling sentences of the translation.
    Extractive,
    /// The model that translates.
    Model,
    /// A model by its name or path.
    Named(String),
}

impl FromStr for SummarizerArg {
    type Err = Infallible;

    fn from_str(value: &str) -> Result<Self, Infallible> {
        Ok(match value {
            "extractive" => SummarizerArg::Extractive,
            "model" => SummarizerArg::Model,
            name => SummarizerArg::Named(name.to_owned()),
        })
    }
}

impl BriefArgs {
    /// The options of the summarizer.
    pub fn options(&self) -> SummaryOptions {
        let length = match (self.sentences, self.words) {
            (Some(sentences), _) => Length::Sentences(sentences),
            (None, Some(words)) => Length::Words(words),
            (None, None) => return SummaryOptions::default(),
        };
        SummaryOptions { length }
    }
}
