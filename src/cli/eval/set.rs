//! What is evaluated: test set and outputs, from files or from a known set.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anubad::eval::{
    Corpus, Format, Languages, Layout, SystemFile, TestSetFiles, add_documents, read_parallel,
    read_systems, read_test_set,
};
use anyhow::anyhow;
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::testset::locate;
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupt::Interrupt;

/// The test set and outputs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Test set")]
pub struct SetArgs {
    /// Source, a line a sentence (or SGML of WMT), `-` for stdin; what models translate, checks look at and briefs come
    /// from
    #[arg(long, value_name = "FILE")]
    src: Option<PathBuf>,
    /// References, a line a sentence (or SGML), `-` for stdin; several files are several references
    #[arg(long = "ref", value_name = "FILE", num_args = 1..)]
    references: Vec<PathBuf>,
    /// Outputs of a system, a line a sentence (or SGML), `-` for stdin; several files are several systems [default:
    /// stdin, where no system is named and it is no terminal]
    #[arg(long = "hyp", value_name = "[NAME=]FILE", num_args = 1..)]
    hypotheses: Vec<String>,
    /// One file with all sides, `-` for stdin: TSV whose first line names the columns (src, ref, id, doc, topic, hyp:NAME), JSON lines
    /// ({"src", "ref" or "refs", "hyps": {"NAME": …}, "id", "doc", "topic"}), XML of WMT, or TMX
    #[arg(long, value_name = "FILE", conflicts_with_all = ["src", "references", "testset"])]
    input: Option<PathBuf>,
    /// Form of --input [default: by its extension]
    #[arg(long, value_name = "FORM",
          value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name)))]
    input_format: Option<String>,
    /// Language of the references, for TMX; that of the sources is --source-lang
    #[arg(long, value_name = "CODE", default_value = "en")]
    target_lang: String,
    /// A public test set that you have added: see `anubad eval testset`
    #[arg(long, value_name = "NAME", conflicts_with_all = ["src", "references"])]
    testset: Option<String>,
    /// Documents and topics of the sentences, a line each: document<TAB>topic
    #[arg(long, value_name = "FILE")]
    docs: Option<PathBuf>,
    /// Only the first so many sentences
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

impl SetArgs {
    /// Reads test set and outputs. `others`: whether there are systems beside those of the files; `source_language` is
    /// that of the sources.
    pub fn read(
        &self,
        source_language: &str,
        others: bool,
        interrupt: &Interrupt,
    ) -> Result<Corpus, Failure> {
        let mut files: Vec<SystemFile> = self
            .hypotheses
            .iter()
            .map(|text| SystemFile::parse(text))
            .collect();
        if self.input_format.is_some() && self.input.is_none() {
            return Err(usage(
                "--input-format is the form of --input; name that too",
            ));
        }
        let from_stdin = self.readings_of_stdin(&files);
        if from_stdin > 1 {
            return Err(usage(
                "standard input can be read once only; name it (-) once",
            ));
        }
        let mut corpus = interrupt.while_waiting(|| self.read_set(source_language))?;
        if files.is_empty() && corpus.systems.is_empty() && !others {
            if from_stdin > 0 || io::stdin().is_terminal() {
                return Err(usage(
                    "nothing to score: name outputs with --hyp or models with --model, or pipe outputs in",
                ));
            }
            files.push(SystemFile::parse("-"));
        }
        let read = interrupt.while_waiting(|| read_systems(&files, &corpus.test_set));
        corpus.systems.extend(read?);
        if let Some(limit) = self.limit {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            corpus.test_set.segments.truncate(limit);
            for system in &mut corpus.systems {
                system.hypotheses.truncate(limit);
            }
        }
        Ok(corpus)
    }

    /// How often stdin is named.
    fn readings_of_stdin(&self, outputs: &[SystemFile]) -> usize {
        let sides = self.src.iter().chain(&self.references).chain(&self.input);
        let paths = sides
            .chain(&self.docs)
            .chain(outputs.iter().map(|file| &file.path));
        paths.filter(|path| *path == Path::new("-")).count()
    }

    fn read_set(&self, source_language: &str) -> Result<Corpus, Failure> {
        let mut corpus = match (&self.input, &self.testset) {
            (Some(path), _) => read_parallel(path, &self.layout(source_language))?,
            (None, Some(name)) => Corpus {
                test_set: locate(name)?,
                ..Corpus::default()
            },
            (None, None) if self.src.is_none() && self.references.is_empty() => {
                return Err(usage(
                    "no test set: give --ref (and --src), --input or --testset",
                ));
            }
            (None, None) => {
                let files = TestSetFiles {
                    source: self.src.clone(),
                    references: self.references.clone(),
                    documents: None,
                };
                Corpus {
                    test_set: read_test_set(&files)?,
                    ..Corpus::default()
                }
            }
        };
        if let Some(path) = &self.docs {
            add_documents(&mut corpus.test_set, path)?;
        }
        Ok(corpus)
    }

    fn layout(&self, source_language: &str) -> Layout {
        let named = |name: &String| Format::ALL.into_iter().find(|format| format.name() == name);
        Layout {
            format: self.input_format.as_ref().and_then(named),
            languages: Languages {
                source: source_language.to_owned(),
                target: self.target_lang.clone(),
            },
            columns: None,
        }
    }
}

fn usage(message: &'static str) -> Failure {
    Failure::new(Exit::Usage, anyhow!(message))
}
