//! Outputs that models make on the fly.

use std::path::Path;

use anubad::eval::{System, TestSet, translate_set};
use anubad::translate::Translator;
use clap::Args;

use crate::cli::args::{Console, SearchArgs};
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::interrupt::Interrupt;
use crate::cli::progress::Progress;

/// Models whose outputs are scored.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Translation")]
pub struct SystemArgs {
    /// A model that translates the sources: `embedded`, a name of `anubad models list`, owner/name[@revision] of the
    /// Hub, a folder, or a .gguf file; again for another model
    #[arg(long = "model", value_name = "NAME|PATH")]
    models: Vec<String>,
    #[command(flatten)]
    search: SearchArgs,
}

impl SystemArgs {
    /// Whether there are any.
    pub fn names_any(&self) -> bool {
        !self.models.is_empty()
    }

    /// Language of the sources.
    pub fn source_language(&self) -> &str {
        self.search.source_language()
    }

    /// Gives metrics and tests as many cores as models.
    pub fn set_threads(&self) -> Result<(), Failure> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.search.threads());
        pool.build_global().or_exit(Exit::Output)
    }

    /// The models as reports name them: by the last part of a path, where that tells them apart.
    pub fn names(&self) -> Vec<&str> {
        let short: Vec<&str> = self.models.iter().map(|model| name(model)).collect();
        let is_shared = |name| short.iter().filter(|other| **other == name).count() > 1;
        let pairs = self.models.iter().zip(&short);
        pairs
            .map(|(model, name)| match is_shared(*name) {
                true => model.as_str(),
                false => *name,
            })
            .collect()
    }

    /// What each model makes of the sources. One is loaded at a time.
    pub fn translate(
        &self,
        test_set: &TestSet,
        console: Console,
        interrupt: &Interrupt,
    ) -> Result<Vec<System>, Failure> {
        // What is missing is found before the first model runs.
        for name in self.names() {
            test_set.check_sources(name)?;
        }
        let options = self.models.iter().map(|model| self.search.options(model));
        let options: Vec<_> = options.collect::<Result<_, _>>()?;
        let mut systems = Vec::new();
        for (name, options) in self.names().into_iter().zip(options) {
            let progress = Progress::new(console.quiet);
            progress.set_sentences(test_set.segments.len(), name);
            let translator = Translator::load(options)?;
            let translated = translate_set(&translator, name, test_set, &|sentences| {
                progress.sentences_done(sentences);
                interrupt.check()
            });
            progress.finish();
            systems.push(translated?);
        }
        Ok(systems)
    }
}

/// A model as reports name it: the last part of a path, other names as they are.
fn name(model: &str) -> &str {
    let path = Path::new(model);
    let last = path.file_name().and_then(|name| name.to_str());
    match path.exists() {
        true => last.unwrap_or(model),
        false => model,
    }
}
