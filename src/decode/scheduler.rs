//! Many requests at once: a request joins as soon as there is room for it and leaves when it is done,
//! so that no step waits for the longest sentence of a batch.

use super::beam::BeamSearch;
use super::constraints::Constraints;
use super::{Continuation, DecodeError, DecodeOptions, Request};
use crate::model::{KvCache, Model, Sequence};

/// Answers requests until `next` has no more.
///
/// A step takes the newest token of every hypothesis and as many new sources and prompts as stay within
/// [`DecodeOptions::step_tokens`]. Results do not depend on what is decoded together, as far as the model's do not.
///
/// `next` is asked whenever there is room; it gives a number that comes back with the result. `done` gets each
/// request's hypotheses, best first and at least one, as soon as its search is over; `after_step` is
/// called after each step of the model, and can look at what is written so far. An error of either stops the work.
///
/// # Errors
/// If the options make no sense, a request cannot be answered by the model, the model fails, its output is not a
/// number, or `done` or `after_step` fails.
pub fn generate<E: From<DecodeError>>(
    model: &dyn Model,
    options: &DecodeOptions,
    mut next: impl FnMut() -> Option<(usize, Request)>,
    mut done: impl FnMut(usize, Vec<Continuation>) -> Result<(), E>,
    mut after_step: impl FnMut(&Step) -> Result<(), E>,
) -> Result<(), E> {
    options.check(model.vocabulary())?;
    let mut next = || match next() {
        Some((id, request)) => match request.check(model.limits(), options) {
            Ok(()) => Ok(Some((id, request))),
            Err(reason) => Err(DecodeError::Request { id, reason }),
        },
        None => Ok(None),
    };
    let mut waiting = next()?;
    if waiting.is_none() {
        return Ok(());
    }
    let constraints = Constraints::new(options);
    let mut batch = Batch::new(model, &constraints)?;
    loop {
        let mut joining = Vec::new();
        let mut reading = batch.prompt_tokens();
        while let Some((id, request)) = waiting.take_if(|(_, request)| {
            let is_alone = batch.active.is_empty() && joining.is_empty();
            let tokens = reading + request.source.len() + request.prompt.len();
            let is_short = reading == 0 || tokens <= options.step_tokens;
            is_alone || is_short && Room::of(request, options).fits(&batch.room)
        }) {
            reading += request.source.len() + request.prompt.len();
            batch.reserve(&request)?;
            joining.push((id, request));
            waiting = next()?;
        }
        batch.join(joining)?;
        if batch.active.is_empty() {
            debug_assert!(batch.is_clean(), "cache slots were not given back");
            return Ok(());
        }
        for (id, continuations) in batch.step()? {
            done(id, continuations)?;
        }
        after_step(&Step { batch: &batch })?;
    }
}

/// Answers requests, all of them, in their order: for each its hypotheses, best first.
///
/// # Errors
/// As [`generate`]; a request is named by its place.
pub fn generate_all(
    model: &dyn Model,
    options: &DecodeOptions,
    requests: &[Request],
) -> Result<Vec<Vec<Continuation>>, DecodeError> {
    let mut results = vec![Vec::new(); requests.len()];
    let mut next = requests.iter().cloned().enumerate();
    let done = |i: usize, continuations| {
        results[i] = continuations;
        Ok(())
    };
    generate(
        model,
        options,
        || next.next(),
        done,
        |_| Ok::<_, DecodeError>(()),
    )?;
    Ok(results)
}

/// What is in work after a step of the model.
pub struct Step<'a> {
    batch: &'a Batch<'a>,
}

impl Step<'_> {
    /// The requests that go on, by their numbers, with the tokens of their best hypothesis so far. In greedy search
    /// tokens are only added; in beam search what was there may change.
    pub fn partial(&self) -> impl Iterator<Item = (usize, &[u32])> {
        self.batch.active.iter().map(|a| (a.id, a.search.best()))
    }
}

/// Requests that are decoded together.
struct Batch<'a> {
    model: &'a dyn Model,
    options: &'a DecodeOptions,
    constraints: &'a Constraints<'a>,
    cache: KvCache,
    /// What nobody has reserved.
    room: Room,
    active: Vec<Active<'a>>,
}

struct Active<'a> {
    id: usize,
    reserved: Room,
    search: BeamSearch<'a>,
}

/// Slots of a cache.
#[derive(Debug, Clone, Copy)]
struct Room {
    tokens: usize,
    source: usize,
}

impl Room {
    /// What a request may come to need.
    fn of(request: &Request, options: &DecodeOptions) -> Self {
        Room {
            tokens: request.slots(options),
            source: request.source.len(),
        }
    }

    fn fits(&self, other: &Room) -> bool {
        self.tokens <= other.tokens && self.source <= other.source
    }
}

impl<'a> Batch<'a> {
    fn new(model: &'a dyn Model, constraints: &'a Constraints) -> Result<Self, DecodeError> {
        let options = constraints.options;
        let room = Room {
            tokens: options.batch_tokens,
            source: match model.limits().source {
                0 => 0,
                _ => options.batch_tokens,
            },
        };
        Ok(Batch {
            model,
            options,
            constraints,
            cache: model.new_cache(room.tokens, room.source)?,
            room,
            active: Vec::new(),
        })
    }

    /// Tokens of prompts that the next step takes.
    fn prompt_tokens(&self) -> usize {
        self.active.iter().map(|a| a.search.prompt_tokens()).sum()
    }

    /// Reserves what a request may need. One that needs more than there is comes when nothing is in work, and gets a
    /// larger cache.
    fn reserve(&mut self, request: &Request) -> Result<(), DecodeError> {
        let needed = Room::of(request, self.options);
        if !needed.fits(&self.room) {
            self.room.tokens = self.room.tokens.max(needed.tokens);
            self.room.source = self.room.source.max(needed.source);
            self.cache = self.model.new_cache(self.room.tokens, self.room.source)?;
        }
        self.room.tokens -= needed.tokens;
        self.room.source -= needed.source;
        Ok(())
    }

    /// Begins with requests that have reserved their room; their sources are read together.
    fn join(&mut self, requests: Vec<(usize, Request)>) -> Result<(), DecodeError> {
        let sources: Vec<&[u32]> = requests.iter().map(|(_, r)| r.source.as_slice()).collect();
        let sequences = match sources.first() {
            Some(source) if !source.is_empty() => self.model.encode(&mut self.cache, &sources)?,
            _ => sources.iter().map(|_| Sequence::default()).collect(),
        };
        for ((id, request), sequence) in requests.into_iter().zip(sequences) {
            self.active.push(Active {
                id,
                reserved: Room::of(&request, self.options),
                search: BeamSearch::new(sequence, request, self.constraints),
            });
        }
        Ok(())
    }

    /// One step of the model, and what is done after it.
    fn step(&mut self) -> Result<Vec<(usize, Vec<Continuation>)>, DecodeError> {
        let queries = self.active.iter_mut().flat_map(|a| a.search.queries());
        let queries: Vec<_> = queries.collect();
        let inputs = self.active.iter_mut().flat_map(|a| a.search.inputs());
        let (cache, mut inputs) = (&mut self.cache, inputs.collect::<Vec<_>>());
        let (answers, attention) = match self.options.needs_attention() {
            true => self
                .model
                .step_best_with_attention(cache, &mut inputs, &queries)?,
            false => {
                let answers = self.model.step_best(cache, &mut inputs, &queries)?;
                (answers, Vec::new())
            }
        };
        let (mut answers, mut attention) = (answers.into_iter(), attention.as_slice());
        let mut done = Vec::new();
        let mut going_on = Vec::with_capacity(self.active.len());
        for mut active in self.active.drain(..) {
            let width = active.search.width();
            let own = answers.by_ref().take(width).collect();
            let looks;
            (looks, attention) = attention.split_at(width.min(attention.len()));
            if active.search.advance(&mut self.cache, own, looks)? {
                self.room.tokens += active.reserved.tokens;
                self.room.source += active.reserved.source;
                done.push((active.id, active.search.into_continuations()));
            } else {
                going_on.push(active);
            }
        }
        self.active = going_on;
        Ok(done)
    }

    /// Whether every slot of the cache is free.
    fn is_clean(&self) -> bool {
        self.cache.free_slots() == self.cache.slots()
            && self.cache.free_source_slots() == self.cache.source_slots()
    }
}
