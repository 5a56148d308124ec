//! What the model reads and writes, as tokens: for those who learn from it.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use super::{Segment, TranslateError, Translator};
use crate::article::{Article, Part};
use crate::decode::Step;
use crate::generate::{GenerateError, Generated};
use crate::shortlist::Pair;

impl Translator {
    /// The tokens that the model reads of one sentence; none where there is nothing to translate in it.
    ///
    /// # Errors
    /// If the tokenizer cannot encode it.
    pub fn source_tokens(&self, sentence: &str) -> Result<Vec<u32>, TranslateError> {
        let draft = self.draft(Segment {
            text: sentence.to_owned(),
            part: Part::Text,
            span: 0..sentence.len(),
        })?;
        let prompt = draft.prompt.as_ref();
        Ok(prompt.map_or_else(Vec::new, |prompt| prompt.source().to_vec()))
    }

    /// The tokens that the model reads of each sentence of articles, with those that it writes: a pair for each
    /// hypothesis of its search, in the order of the sentences and best first.
    ///
    /// `progress` is as in [`Translator::translate`].
    ///
    /// # Errors
    /// As [`Translator::translate`].
    pub fn pairs(
        &self,
        articles: &[Article],
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Pair>, TranslateError> {
        let segments = articles.iter().flat_map(|article| self.cut(article));
        let mut prompts = Vec::new();
        for segment in segments.flatten() {
            match self.draft(segment)?.prompt {
                Some(prompt) => {
                    let most = self.most_new_tokens(&prompt);
                    prompts.push((prompt, most));
                }
                None if progress(1).is_break() => return Err(TranslateError::Interrupted),
                None => (),
            }
        }
        let written = Mutex::new(vec![Vec::new(); prompts.len()]);
        let done = |i: usize, hypotheses: Vec<Generated>| {
            let tokens = hypotheses.into_iter().map(|h| h.continuation.tokens);
            written.lock().unwrap_or_else(PoisonError::into_inner)[i] = tokens.collect();
            // Whether to stop is asked after the step.
            let _ = progress(1);
        };
        let after_step = |_: &Step| progress(0);
        self.generator
            .generate(&prompts, self.search, &done, &after_step)
            .map_err(|error: GenerateError| TranslateError::from(error))?;
        let written = written.into_inner().unwrap_or_else(PoisonError::into_inner);
        let pairs = prompts
            .iter()
            .zip(written)
            .flat_map(|((prompt, _), written)| {
                let source = prompt.source();
                written.into_iter().map(|tokens| (source.to_vec(), tokens))
            });
        Ok(pairs.collect())
    }
}
