//! Prompts in, texts out: a loaded model with its tokenizer, on all the cores it was given.

use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};
use thiserror::Error;

use super::{Continuation, DecodeOptions, Request, generate};
use crate::model::Model;
use crate::prompts::Prompting;
use crate::tokenizer::{Part, Tokenizer, TokenizerError};

/// A language model that continues texts.
pub struct Generator {
    model: Box<dyn Model>,
    tokenizer: Tokenizer,
    prompting: Prompting,
    threads: usize,
    batch_tokens: usize,
}

/// A text to be continued.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    tokens: Vec<u32>,
}

impl Prompt {
    /// Tokens in it, the beginning of sequence included.
    pub fn tokens(&self) -> usize {
        self.tokens.len()
    }
}

/// A continuation as text.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The text, without white space around it.
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
    /// The model failed.
    #[error("the model failed: {0}")]
    Model(#[from] candle_core::Error),
    /// A text could not be encoded or decoded.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// Threads could not be started.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl Generator {
    /// `threads`: cores to use, 0 for all of them; `batch_tokens`: see [`DecodeOptions::batch_tokens`],
    /// for each core.
    pub fn new(
        model: Box<dyn Model>,
        tokenizer: Tokenizer,
        threads: usize,
        batch_tokens: usize,
    ) -> Self {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, NonZero::get),
            n => n,
        };
        Generator {
            model,
            tokenizer,
            prompting: Prompting::Completion,
            threads,
            batch_tokens,
        }
    }

    /// The same model, prompted in another way.
    pub fn with_prompting(self, prompting: Prompting) -> Self {
        Generator { prompting, ..self }
    }

    /// How the model is prompted.
    pub fn prompting(&self) -> &Prompting {
        &self.prompting
    }

    /// Tokens that a prompt and its continuation can have together.
    pub fn context(&self) -> usize {
        self.model.limits().target
    }

    /// Encodes a prompt.
    ///
    /// # Errors
    /// If the tokenizer cannot encode the text.
    pub fn prompt(&self, parts: &[Part]) -> Result<Prompt, TokenizerError> {
        Ok(Prompt {
            tokens: self.tokenizer.encode_parts(parts)?,
        })
    }

    /// Tokens of a text, the beginning of sequence included; more than any model takes if it has none.
    pub fn count_tokens(&self, text: &str) -> usize {
        self.tokenizer
            .encode(text)
            .map_or(usize::MAX, |ids| ids.len())
    }

    /// Continues each prompt by at most so many tokens, with a beam of `beam_size` hypotheses.
    ///
    /// `done` is called from worker threads with a prompt's place in `prompts` and its hypotheses, best first,
    /// as soon as they are there. `keep_going` is asked after each step of the model and may stop all
    /// workers; what is unfinished then is not done. The results do not depend on the number of threads or on what is
    /// batched with what (on the CPU with [`Compute::Int8`](crate::model::Compute::Int8), to the bit).
    ///
    /// # Errors
    /// [`GenerateError::Interrupted`] if `keep_going` broke; otherwise if the model or a thread fails.
    pub fn generate(
        &self,
        prompts: &[(Prompt, usize)],
        beam_size: usize,
        done: &(dyn Fn(usize, Vec<Generated>) + Sync),
        keep_going: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<(), GenerateError> {
        // Workers of one core share no work inside a step, which wastes no time on waiting; with fewer
        // prompts than cores the products themselves are shared out.
        let workers = match self.model.device().is_cpu() {
            true => prompts.len().min(self.threads),
            false => prompts.len().min(1),
        };
        let next = AtomicUsize::new(0);
        let work = |pool: ThreadPool| {
            let result = pool.install(|| self.work(prompts, beam_size, &next, done, keep_going));
            // After a failure the others need not begin anything more.
            result.inspect_err(|_| next.store(prompts.len(), Ordering::Relaxed))
        };
        let pools = (0..workers).map(|i| {
            let threads = self.threads / workers + usize::from(i < self.threads % workers);
            ThreadPoolBuilder::new().num_threads(threads).build()
        });
        let pools = pools.collect::<Result<Vec<_>, _>>()?;
        thread::scope(|scope| {
            let work = &work;
            let handles: Vec<_> = pools
                .into_iter()
                .map(|pool| scope.spawn(move || work(pool)))
                .collect();
            let results = handles.into_iter().map(|handle| {
                handle
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            results.collect::<Vec<_>>().into_iter().collect()
        })
    }

    fn work(
        &self,
        prompts: &[(Prompt, usize)],
        beam_size: usize,
        next: &AtomicUsize,
        done: &(dyn Fn(usize, Vec<Generated>) + Sync),
        keep_going: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<(), GenerateError> {
        let options = DecodeOptions {
            beam_size,
            batch_tokens: self.batch_tokens,
            ..DecodeOptions::default()
        };
        let next = || {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let (prompt, max_new_tokens) = prompts.get(i)?;
            let prompt = prompt.tokens.clone();
            Some((
                i,
                Request {
                    prompt,
                    max_new_tokens: *max_new_tokens,
                },
            ))
        };
        let done = |i: usize, continuations: Vec<Continuation>| {
            let texts = continuations.into_iter().map(|continuation| {
                let text = self
                    .tokenizer
                    .decode(&continuation.tokens)?
                    .trim()
                    .to_owned();
                Ok(Generated { text, continuation })
            });
            done(i, texts.collect::<Result<_, TokenizerError>>()?);
            Ok(())
        };
        let after_step = || match keep_going() {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(GenerateError::Interrupted),
        };
        generate(
            &*self.model,
            self.tokenizer.end(),
            options,
            next,
            done,
            after_step,
        )
    }
}
