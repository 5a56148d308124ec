//! `anubad models shortlist`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anubad::article::{self, Article, ReadOptions};
use anubad::eval::{Column, Layout, read_lines, read_parallel};
use anubad::generate::{ModelSource, Use};
use anubad::shortlist::{LONGEST, Pair, Recipe, ShortlistError, learn};
use anubad::tokenizer::{Languages, Tokenizer};
use anubad::translate::{ShortlistChoice, TranslateOptions, Translator};
use anyhow::anyhow;
use clap::builder::RangedU64ValueParser;
use clap::{ArgGroup, Args};

use crate::cli::args::{Console, locate};
use crate::cli::atomic::AtomicFile;
use crate::cli::exit::{Exit, Failure, OrExit, write_failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::print::note;
use crate::cli::progress::Progress;
use crate::cli::terminal::{count, with_causes};

/// Hypotheses of the model that are learnt from, of each sentence: what it nearly wrote it may write elsewhere.
const HYPOTHESES: usize = 4;
/// Articles that are translated together.
const ARTICLES: usize = 64;

/// Learn which words a model needs for a sentence, so that it scores those alone
///
/// A model scores tens of thousands of tokens for each that it writes. A shortlist has the few hundred that the tokens of
/// a sentence were translated with before; `--shortlist FILE` makes `translate`, `brief` and `eval` use it. A sentence
/// with a token that was hardly seen here is scored in full. Translations can differ from those without: the more text, and
/// the more like yours, the fewer do. The file is as Marian and bergamot have it (lex.*.bin).
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("texts").required(true)), after_help = "\
Examples:
  anubad models shortlist --model opus-mt-bn-en --outputs-of archive/ -o lex.bn-en.bin
  anubad models shortlist --model opus-mt-bn-en --corpus news.bn news.en -o lex.bn-en.bin
  anubad translate --model opus-mt-bn-en --shortlist lex.bn-en.bin article.txt")]
pub struct ShortlistVerb {
    /// The model, an encoder-decoder: a name of `anubad models list`, owner/name[@revision] of the Hub, or a folder
    #[arg(long, value_name = "NAME|PATH")]
    model: String,
    /// Learn from what the model itself writes for these articles
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., group = "texts")]
    outputs_of: Vec<PathBuf>,
    /// Learn from two files of sentences and their translations, a line each
    #[arg(long, value_names = ["SOURCES", "TRANSLATIONS"], num_args = 2, group = "texts")]
    corpus: Vec<PathBuf>,
    /// Learn from a file with a sentence and its translation a line, a tab between
    #[arg(long, value_name = "FILE", group = "texts")]
    tsv: Option<PathBuf>,
    /// Most frequent tokens that every sentence may have
    #[arg(long, value_name = "N", default_value_t = Recipe::default().first,
          value_parser = RangedU64ValueParser::<usize>::new().range(0..=1 << 20))]
    first: usize,
    /// Tokens that each token of a sentence brings at most
    #[arg(long, value_name = "N", default_value_t = Recipe::default().best,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    best: usize,
    /// Sentences in which a token must have been seen: a sentence with one that was not is scored in full
    #[arg(long, value_name = "N", default_value_t = Recipe::default().least,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1 << 20))]
    least: usize,
    /// Language of the sentences, for models of several [default: bn, or the model's only one]
    #[arg(long, value_name = "CODE")]
    source_lang: Option<String>,
    /// Threads; 0 is all cores
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = RangedU64ValueParser::<usize>::new().range(0..=1024))]
    threads: usize,
    /// The shortlist
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// What is learnt from, and what of it cannot be.
#[derive(Default)]
struct Texts {
    pairs: Vec<Pair>,
    /// Sentences that are too long.
    long: usize,
    /// Articles that could not be read.
    unread: usize,
}

pub fn run(verb: ShortlistVerb, console: Console) -> Result<Exit, Failure> {
    let from = verb.source_lang.clone().unwrap_or_default();
    let model = locate(&verb.model, &Use::Translation { from })?;
    let source_language = verb.source_lang.clone().or_else(|| model.source_language());
    let options = TranslateOptions {
        source_language: source_language.unwrap_or_else(|| "bn".to_owned()),
        n_best: HYPOTHESES,
        threads: verb.threads,
        shortlist: ShortlistChoice::Off,
        model,
        ..TranslateOptions::default()
    };
    let interrupt = Interrupt::install().or_exit(Exit::Output)?;
    let shown = verb.output.display().to_string();
    let file = AtomicFile::create(&verb.output, &interrupt);
    let mut file = file.map_err(|error| write_failure(error, &shown))?;
    let translator = Translator::load(options.clone())?;
    let generator = translator.generator();
    if generator.limits().source == 0 {
        return Err(Failure::new(Exit::Model, ShortlistError::LanguageModel));
    }
    let texts = verb.texts(&translator, &options, console, &interrupt)?;
    if texts.pairs.is_empty() {
        return Err(Failure::new(
            Exit::Input,
            anyhow!("no sentences to learn from"),
        ));
    }
    let recipe = Recipe {
        first: verb.first,
        best: verb.best,
        least: verb.least,
        ..Recipe::default()
    };
    let vocabularies = generator.vocabularies();
    let table = learn(&texts.pairs, &vocabularies, recipe, &|| interrupt.check());
    let table = table.ok_or_else(Failure::interrupted)?;
    let written = file
        .write_all(&table.to_bytes())
        .and_then(|()| file.commit());
    written.map_err(|error| write_failure(error, &shown))?;
    let known = (0..table.sources() as u32).filter(|&token| !table.list(token).is_empty());
    note(
        console,
        &format!(
            "{shown}: lists for {} of {} source tokens with {} tokens in all, learnt from {}",
            known.count(),
            table.sources(),
            table.len(),
            count(texts.pairs.len(), "pair")
        ),
    );
    if texts.long > 0 {
        let long = count(texts.long, "sentence");
        note(
            console,
            &format!("{long} of more than {LONGEST} tokens left out"),
        );
    }
    match texts.unread {
        0 => Ok(Exit::Done),
        _ => Ok(Exit::Input),
    }
}

impl ShortlistVerb {
    fn texts(
        &self,
        translator: &Translator,
        options: &TranslateOptions,
        console: Console,
        interrupt: &Interrupt,
    ) -> Result<Texts, Failure> {
        if !self.outputs_of.is_empty() {
            return outputs(translator, &self.outputs_of, options, console, interrupt);
        }
        let sentences = match &self.tsv {
            Some(path) => from_tsv(path)?,
            None => from_lines(&self.corpus[0], &self.corpus[1])?,
        };
        let ModelSource::Located(located) = &options.model else {
            return Err(Failure::new(Exit::Model, ShortlistError::LanguageModel));
        };
        let languages = Languages::new(&options.source_language, "en");
        let targets = Tokenizer::of_targets(&located.folder, languages).or_exit(Exit::Model)?;
        let mut texts = Texts::default();
        for (source, target) in sentences {
            if interrupt.is_raised() {
                return Err(Failure::interrupted());
            }
            let source = translator.source_tokens(&source)?;
            let target = targets.encode(&target).or_exit(Exit::Input)?;
            texts.add((source, target));
        }
        Ok(texts)
    }
}

impl Texts {
    fn add(&mut self, (source, target): Pair) {
        if source.len().max(target.len()) > LONGEST {
            self.long += 1;
        } else if !source.is_empty() && !target.is_empty() {
            self.pairs.push((source, target));
        }
    }
}

/// What the model makes of articles.
fn outputs(
    translator: &Translator,
    paths: &[PathBuf],
    options: &TranslateOptions,
    console: Console,
    interrupt: &Interrupt,
) -> Result<Texts, Failure> {
    let progress = Progress::new(console.quiet);
    let read = ReadOptions {
        force: !options.is_bengali(),
        ..ReadOptions::default()
    };
    let mut texts = Texts::default();
    let mut articles: Vec<Article> = Vec::new();
    for article in article::articles(paths, read) {
        match article {
            Ok(article) => articles.push(article),
            Err(error) => {
                texts.unread += 1;
                progress.complain(format_args!("{}", with_causes(&error.into())));
            }
        }
    }
    let sentences = articles.iter().map(|article| translator.segments(article));
    progress.set_sentences(sentences.sum(), "translated");
    for articles in articles.chunks(ARTICLES) {
        let pairs = translator.pairs(articles, &|sentences| {
            progress.sentences_done(sentences);
            interrupt.check()
        });
        pairs?.into_iter().for_each(|pair| texts.add(pair));
    }
    progress.finish();
    Ok(texts)
}

fn from_lines(sources: &Path, targets: &Path) -> Result<Vec<(String, String)>, Failure> {
    let (source, target) = (read_lines(sources)?, read_lines(targets)?);
    if source.len() != target.len() {
        let (sources, targets) = (sources.display(), targets.display());
        let error = anyhow!(
            "{sources} has {} lines and {targets} {}: each sentence needs its translation",
            source.len(),
            target.len()
        );
        return Err(Failure::new(Exit::Input, error));
    }
    Ok(source.into_iter().zip(target).collect())
}

fn from_tsv(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let layout = Layout {
        format: Some(anubad::eval::Format::Tsv),
        columns: Some(vec![Column::Source, Column::Reference]),
        ..Layout::default()
    };
    let corpus = read_parallel(path, &layout)?;
    let pairs = corpus.test_set.segments.into_iter().map(|segment| {
        let target = segment.references.into_iter().next().flatten();
        (
            segment.source.unwrap_or_default(),
            target.unwrap_or_default(),
        )
    });
    Ok(pairs.collect())
}
