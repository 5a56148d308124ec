//! What a verb reads: files, folders, standard input.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anubad::article::{self, Article, InputError, ReadOptions, Source};
use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};

/// What to read, and how.
#[derive(Debug, Clone, Args)]
pub struct InputArgs {
    /// Files, folders, `-` for stdin; stdin where none is named
    ///
    /// UTF-8 text, Markdown, or JSON lines of {"id", "title", "text"}. A folder stands for the .txt,
    /// .md and .jsonl files in it and below it, in the order of their names.
    #[arg(value_name = "FILE|DIR|-")]
    inputs: Vec<PathBuf>,
    /// Form of the inputs [default: by extension; of stdin, JSON lines where it begins with "{"]
    #[arg(long, value_name = "FORM", help_heading = "Input")]
    input_format: Option<InputFormat>,
    /// Take articles that do not look Bengali
    #[arg(long, help_heading = "Input")]
    force: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum InputFormat {
    /// Plain text
    Text,
    /// Markdown
    Markdown,
    /// JSON lines
    Jsonl,
}

impl InputArgs {
    /// Finds the inputs. They are read one by one, when they are asked for. Those that are not Bengali are refused
    /// where they should be.
    pub fn open(&self, verb: &str, is_bengali: bool) -> Result<Inputs, Failure> {
        let stdin = [PathBuf::from("-")];
        let named = if self.inputs.is_empty() {
            &stdin[..]
        } else {
            &self.inputs
        };
        if self.inputs.is_empty() && io::stdin().is_terminal() {
            let error = anyhow!(
                "nothing to read: name files or folders, or pipe an article in (`anubad {verb} --help` has examples)"
            );
            return Err(Failure::new(Exit::Usage, error));
        }
        let options = ReadOptions {
            format: self.input_format.map(|format| match format {
                InputFormat::Text => article::Format::Text,
                InputFormat::Markdown => article::Format::Markdown,
                InputFormat::Jsonl => article::Format::JsonLines,
            }),
            force: self.force || !is_bengali,
            ..ReadOptions::default()
        };
        let sources = article::sources(named);
        let files = sources.iter().flatten().filter_map(|source| match source {
            Source::File(path) => Some(path.clone()),
            Source::Stdin => None,
        });
        Ok(Inputs {
            files: files.collect(),
            several: sources.len() > 1 || named.iter().any(|path| path.is_dir()),
            is_live: sources
                .iter()
                .flatten()
                .any(|source| *source == Source::Stdin),
            articles: Box::new(sources.into_iter().flat_map(move |source| match source {
                Ok(source) => source.articles(options),
                Err(error) => Box::new(std::iter::once(Err(error))),
            })),
        })
    }
}

/// The articles of all inputs in order, and what is known of these before they are read.
pub struct Inputs {
    /// Files among them.
    pub files: Vec<PathBuf>,
    /// Whether there may be more than one, apart from the lines of a file.
    pub several: bool,
    /// Whether standard input is among them, which may come slowly.
    pub is_live: bool,
    articles: Box<dyn Iterator<Item = Result<Article, InputError>>>,
}

impl Iterator for Inputs {
    type Item = Result<Article, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.articles.next()
    }
}
