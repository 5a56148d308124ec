//! The second pass, by either of its ways.

use std::ops::ControlFlow;
use std::sync::Arc;

use thiserror::Error;

use super::{Brief, SummaryOptions, extractive, prompted};
use crate::generate::{GenerateError, Generator};
use crate::translate::Translation;

/// Makes briefs of translations.
///
/// ```
/// use anubad::summarize::{Length, Summarizer, SummaryOptions};
///
/// let options = SummaryOptions { length: Length::Sentences(2) };
/// let summarizer = Summarizer::extractive(options);
/// ```
pub struct Summarizer {
    options: SummaryOptions,
    /// The language model that writes the brief; none: the article's own sentences.
    generator: Option<Arc<Generator>>,
}

/// Why a brief could not be made.
#[derive(Debug, Error)]
pub enum SummarizeError {
    /// A prompt template is malformed.
    #[error("a prompt template is malformed: {0}")]
    Template(#[from] minijinja::Error),
    /// The caller stopped the work.
    #[error("interrupted")]
    Interrupted,
    /// The model failed.
    #[error(transparent)]
    Generate(GenerateError),
}

impl From<GenerateError> for SummarizeError {
    fn from(error: GenerateError) -> Self {
        match error {
            GenerateError::Interrupted => SummarizeError::Interrupted,
            error => SummarizeError::Generate(error),
        }
    }
}

impl Summarizer {
    /// Briefs of the translation's own sentences: [`extract`](super::extract).
    pub fn extractive(options: SummaryOptions) -> Self {
        Summarizer {
            options,
            generator: None,
        }
    }

    /// Briefs that a language model writes. Of what it writes only sentences are kept that are grounded in
    /// the translation ([`Sources`](super::Sources)); where none is, the brief is an extractive one, and says so
    /// ([`Brief::is_fallback`]).
    pub fn prompted(options: SummaryOptions, generator: Arc<Generator>) -> Self {
        Summarizer {
            options,
            generator: Some(generator),
        }
    }

    /// The brief of a translation. `keep_going` is asked after each step of a model and may stop the work.
    ///
    /// # Errors
    /// [`SummarizeError::Interrupted`] if `keep_going` broke; otherwise if the model fails. An extractive
    /// brief never fails.
    pub fn summarize(
        &self,
        translation: &Translation,
        keep_going: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Brief, SummarizeError> {
        if let Some(generator) = &self.generator {
            let brief = prompted::write(generator, translation, &self.options, keep_going)?;
            if !brief.sentences.is_empty() {
                return Ok(brief);
            }
        }
        Ok(Brief {
            is_fallback: self.generator.is_some(),
            ..extractive::extract(translation, &self.options)
        })
    }
}
