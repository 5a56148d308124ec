//! Texts in, texts out: a loaded model with its tokenizer, on all the cores it was given.

use std::cmp::Reverse;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use thiserror::Error;

use crate::decode::{Continuation, DecodeError, DecodeOptions, Request, Step, generate};
use crate::model::{KeepError, Limits, Model};
use crate::prompts::Prompting;
use crate::shortlist::{Shortlist, ShortlistError, Table, Vocabularies};
use crate::tokenizer::{Part, Tokenizer, TokenizerError};
use crate::workers::share_out;

/// A model that writes texts: a language model continues them, an encoder-decoder reads them and writes another.
pub struct Generator {
    pub(super) model: Box<dyn Model>,
    pub(super) tokenizer: Tokenizer,
    pub(super) options: GeneratorOptions,
    pub(super) not_kept: Option<KeepError>,
}

/// How a [`Generator`] works.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GeneratorOptions {
    /// How the model wants to be asked.
    pub prompting: Prompting,
    /// What the decoder of an encoder-decoder starts with (`decoder_start_token_id`, where the reference has one
    /// token); a language model starts with the text itself.
    pub decoder_start: Vec<u32>,
    /// Tokens that the model's makers mean it to read at most, where they say so and it is an encoder-decoder.
    pub max_source_tokens: Option<usize>,
    /// Tokens that the model's makers mean it to write at most, where they say so.
    pub max_new_tokens: Option<usize>,
    /// Cores to use; 0, the default, for all of them.
    pub threads: usize,
    /// How sequences are searched for. `batch_tokens` is for each core; the tokenizer's end token is taken where no
    /// other is named; what [`Search`] has is what callers get from [`Generator::search`] and may give, or another.
    pub decode: DecodeOptions,
}

/// What callers may choose of a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// Hypotheses kept at each step, and those returned at most; 1 is greedy search.
    pub beam_size: usize,
    /// See [`DecodeOptions::length_penalty`].
    pub length_penalty: f32,
}

/// A text for the model, encoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    pub(super) source: Vec<u32>,
    pub(super) start: Vec<u32>,
}

impl Prompt {
    /// What an encoder-decoder reads, special tokens included; nothing of a language model.
    pub fn source(&self) -> &[u32] {
        &self.source
    }

    /// Tokens of the text, special ones included.
    pub fn tokens(&self) -> usize {
        match self.source.len() {
            0 => self.start.len(),
            n => n,
        }
    }
}

/// What the model wrote, as text.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The text, without white space around it and without the reasoning of a model that converses.
    pub text: String,
    /// The tokens it came from, and their score.
    pub continuation: Continuation,
}

/// Why generating failed.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// The caller stopped it.
    #[error("interrupted")]
    Interrupted,
    /// The model failed, or cannot do what it was asked for.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A text could not be encoded or decoded.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// Threads could not be started.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl Generator {
    /// A model with its tokenizer.
    pub fn new(model: Box<dyn Model>, tokenizer: Tokenizer, options: GeneratorOptions) -> Self {
        let mut options = options;
        if options.threads == 0 {
            options.threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        }
        if options.decode.end_tokens.is_empty() {
            options.decode.end_tokens.extend(tokenizer.ends());
        }
        Generator {
            model,
            tokenizer,
            options,
            not_kept: None,
        }
    }

    /// What a shortlist for the model has to know.
    pub fn vocabularies(&self) -> Vocabularies {
        let (tokenizer, decode) = (&self.tokenizer, &self.options.decode);
        let always = decode.end_tokens.iter().copied();
        let always = always.chain(tokenizer.unknown());
        let always = always.chain(decode.forced_first);
        Vocabularies {
            source: tokenizer.source_vocabulary(),
            target: tokenizer.vocabulary(),
            is_shared: tokenizer.is_shared(),
            around: tokenizer.around(),
            always: always.chain(decode.forced_last.iter().copied()).collect(),
        }
    }

    /// Leaves the model for each source the tokens that a table has for it.
    ///
    /// # Errors
    /// If the table is for another model, or this one reads no source.
    pub fn use_shortlist(&mut self, table: Table) -> Result<(), ShortlistError> {
        if self.model.limits().source == 0 {
            return Err(ShortlistError::LanguageModel);
        }
        let shortlist = Shortlist::new(table, self.vocabularies())?;
        self.options.decode.shortlist = Some(Arc::new(shortlist));
        Ok(())
    }

    /// Why the weights were rounded for this start alone, where they could have been kept for the next.
    pub fn not_kept(&self) -> Option<&KeepError> {
        self.not_kept.as_ref()
    }

    /// How the model is prompted.
    pub fn prompting(&self) -> &Prompting {
        &self.options.prompting
    }

    /// Encodes a prompt: what a language model continues, or an encoder-decoder reads.
    ///
    /// # Errors
    /// If the tokenizer cannot encode the text.
    pub fn prompt(&self, parts: &[Part]) -> Result<Prompt, TokenizerError> {
        let ids = self.tokenizer.encode_parts(parts)?;
        Ok(match self.model.limits().source {
            0 => Prompt {
                source: Vec::new(),
                start: ids,
            },
            _ => Prompt {
                source: ids,
                start: self.options.decoder_start.clone(),
            },
        })
    }

    /// Tokens of a text, special ones included; more than any model takes if it has none.
    pub fn count_tokens(&self, text: &str) -> usize {
        self.tokenizer
            .encode(text)
            .map_or(usize::MAX, |ids| ids.len())
    }

    /// How the model is meant to be searched.
    pub fn search(&self) -> Search {
        Search {
            beam_size: self.options.decode.beam_size,
            length_penalty: self.options.decode.length_penalty,
        }
    }

    /// Tokens that the model's makers mean it to write at most, where they say so.
    pub fn max_new_tokens(&self) -> Option<usize> {
        self.options.max_new_tokens
    }

    /// Tokens that the model can hold, and is meant to.
    pub fn limits(&self) -> Limits {
        let limits = self.model.limits();
        let most = self.options.max_source_tokens.unwrap_or(usize::MAX);
        Limits {
            source: limits.source.min(most),
            ..limits
        }
    }

    /// New tokens that the model has room for after a prompt.
    pub fn room(&self, prompt: &Prompt) -> usize {
        let most = self.model.limits().target;
        most.saturating_sub(prompt.start.len())
    }

    /// The text of tokens, such as those of [`Step::partial`], without white space around it.
    ///
    /// # Errors
    /// If a token is not in the vocabulary.
    pub fn text(&self, tokens: &[u32]) -> Result<String, TokenizerError> {
        Ok(self.tokenizer.decode(tokens)?.trim().to_owned())
    }

    /// Answers each prompt with at most so many tokens.
    ///
    /// Longer prompts are begun first, so that the tail is short. `done` is called from worker threads with a prompt's
    /// place in `prompts` and its hypotheses, best first, as soon as they are there. `after_step` is called after
    /// each step of the model, with what is written so far, and may stop all workers; what is unfinished then is not
    /// done. The results do not depend on the number of threads or on what is batched with what (on the CPU with
    /// [`Compute::Int8`](crate::model::Compute::Int8), to the bit).
    ///
    /// # Errors
    /// [`GenerateError::Interrupted`] if `after_step` broke; [`GenerateError::Decode`] before anything is done if a
    /// prompt is too long for the model, naming its place; otherwise if the model or a thread fails.
    pub fn generate(
        &self,
        prompts: &[(Prompt, usize)],
        search: Search,
        done: &(dyn Fn(usize, Vec<Generated>) + Sync),
        after_step: &(dyn Fn(&Step) -> ControlFlow<()> + Sync),
    ) -> Result<(), GenerateError> {
        let options = DecodeOptions {
            beam_size: search.beam_size,
            n_best: search.beam_size,
            length_penalty: search.length_penalty,
            ..self.options.decode.clone()
        };
        let mut requests = Vec::with_capacity(prompts.len());
        for (id, (prompt, max_new_tokens)) in prompts.iter().enumerate() {
            let request = Request {
                source: prompt.source.clone(),
                prompt: prompt.start.clone(),
                max_new_tokens: *max_new_tokens,
            };
            let checked = request.check(self.model.limits(), &options);
            checked.map_err(|reason| DecodeError::Request { id, reason })?;
            requests.push((id, request));
        }
        requests.sort_by_key(|(i, _)| Reverse(prompts[*i].0.tokens()));

        let next = AtomicUsize::new(0);
        share_out(
            prompts.len(),
            self.options.threads,
            self.model.device(),
            || {
                let result = self.work(&requests, &options, &next, done, after_step);
                // After a failure the others need not begin anything more.
                result.inspect_err(|_| next.store(requests.len(), Ordering::Relaxed))
            },
        )
    }

    fn work(
        &self,
        requests: &[(usize, Request)],
        options: &DecodeOptions,
        next: &AtomicUsize,
        done: &(dyn Fn(usize, Vec<Generated>) + Sync),
        after_step: &(dyn Fn(&Step) -> ControlFlow<()> + Sync),
    ) -> Result<(), GenerateError> {
        let next = || {
            let i = next.fetch_add(1, Ordering::Relaxed);
            requests.get(i).cloned()
        };
        let done = |i: usize, continuations: Vec<Continuation>| {
            let texts = continuations.into_iter().map(|continuation| {
                let text = self.text(&continuation.tokens)?;
                let text = self.options.prompting.answer(&text).to_owned();
                Ok(Generated { text, continuation })
            });
            done(i, texts.collect::<Result<_, TokenizerError>>()?);
            Ok(())
        };
        let after_step = |step: &Step| match after_step(step) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(GenerateError::Interrupted),
        };
        generate(&*self.model, options, next, done, after_step)
    }
}
