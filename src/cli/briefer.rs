//! Briefs as the command line asks for them: by which summarizer, loaded once.

use std::cell::OnceCell;
use std::sync::Arc;

use anubad::generate::{Generator, ModelSource, Use};
use anubad::summarize::{Summarizer, SummaryOptions};
use anubad::translate::{TranslateOptions, Translation, Translator};
use anyhow::anyhow;

use super::args::{BriefArgs, SummarizerArg, locate};
use super::exit::{Exit, Failure, OrExit};
use super::format::Report;
use super::interrupt::Interrupt;

/// Makes briefs.
pub struct Briefer {
    options: SummaryOptions,
    writer: Writer,
}

enum Writer {
    Extractive,
    Translator,
    /// Loaded at the first brief, so that inputs are looked at before.
    Model {
        source: ModelSource,
        translation: Box<TranslateOptions>,
        generator: OnceCell<Arc<Generator>>,
    },
}

impl Briefer {
    /// As the arguments say; a model of its own runs with the resources of the one that translates.
    pub fn new(args: &BriefArgs, translation: &TranslateOptions) -> Result<Briefer, Failure> {
        let writer = match &args.summarizer {
            SummarizerArg::Extractive => Writer::Extractive,
            SummarizerArg::Model => Writer::Translator,
            SummarizerArg::Named(name) => Writer::Model {
                source: locate(name, &Use::Summary)?,
                translation: Box::new(translation.clone()),
                generator: OnceCell::new(),
            },
        };
        Ok(Briefer {
            options: args.options(),
            writer,
        })
    }

    /// The report on a translation with its brief; `translator` is what made it, where it was made just now.
    pub fn report(
        &self,
        translator: Option<&Translator>,
        translation: Translation,
        interrupt: &Interrupt,
        in_full: bool,
    ) -> Result<Report, Failure> {
        let summarizer = match (&self.writer, translator) {
            (Writer::Extractive, _) => Summarizer::extractive(self.options),
            (Writer::Translator, Some(translator)) => {
                Summarizer::prompted(self.options, translator.generator())
            }
            (Writer::Translator, None) => return Err(no_translator()),
            (
                Writer::Model {
                    source,
                    translation: options,
                    generator,
                },
                _,
            ) => {
                let generator = match generator.get() {
                    Some(generator) => generator,
                    None => {
                        let opened = open(source, options)?;
                        generator.get_or_init(|| Arc::new(opened))
                    }
                };
                Summarizer::prompted(self.options, generator.clone())
            }
        };
        let brief = summarizer.summarize(&translation, &|| interrupt.check())?;
        Ok(Report {
            translation,
            brief: Some(brief),
            in_full,
        })
    }
}

/// What is wrong with asking the model that translates for briefs of translations that were stored.
pub fn no_translator() -> Failure {
    let error = anyhow!("--from translates nothing: name the model to brief with");
    Failure::new(Exit::Usage, error)
}

fn open(source: &ModelSource, translation: &TranslateOptions) -> Result<Generator, Failure> {
    let resources = translation.resources().or_exit(Exit::Model)?;
    Generator::open(source, &Use::Summary, &resources).or_exit(Exit::Model)
}
