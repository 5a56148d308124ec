//! Many requests at once: a request joins as soon as there is room for it and leaves when it is done,
//! so that no step waits for the longest sentence of a batch.

use candle_core::{DType, Device};

use super::beam::{BeamSearch, PROMPT_PIECE};
use super::{Continuation, DecodeOptions, Request};
use crate::model::Model;

/// Continues requests until `next` has no more.
///
/// A step takes the newest token of every hypothesis and as many new prompts as stay within a few hundred tokens.
///
/// `next` is asked whenever there is room; it gives a number that comes back with the result. `done` gets each
/// request's hypotheses, best first and at least one, as soon as its search is over; `after_step` is
/// called after each step of the model. An error of either stops the work.
///
/// # Errors
/// If the model fails, its output is not a number, or `done` or `after_step` fails.
pub fn generate<E: From<candle_core::Error>>(
    model: &dyn Model,
    end: u32,
    options: DecodeOptions,
    mut next: impl FnMut() -> Option<(usize, Request)>,
    mut done: impl FnMut(usize, Vec<Continuation>) -> Result<(), E>,
    mut after_step: impl FnMut() -> Result<(), E>,
) -> Result<(), E> {
    let mut waiting = next();
    let Some((_, first)) = &waiting else {
        return Ok(());
    };
    let mut room = options
        .batch_tokens
        .max(BeamSearch::most_slots(first, &options));
    let mut cache = model.new_cache(room, 0)?;
    let mut active: Vec<(usize, usize, BeamSearch)> = Vec::new();
    loop {
        let mut prompts: usize = active.iter().map(|(_, _, s)| s.prompt_tokens()).sum();
        while let Some((id, request)) = waiting.take_if(|(_, request)| {
            let fits = BeamSearch::most_slots(request, &options) <= room;
            let is_short = prompts == 0 || prompts + request.prompt.len() <= PROMPT_PIECE;
            active.is_empty() || fits && is_short
        }) {
            prompts += request.prompt.len();
            let needed = BeamSearch::most_slots(&request, &options);
            if needed > cache.slots() {
                cache = model.new_cache(needed, 0)?; // nothing is active, so nothing is lost
                room = needed;
            }
            room -= needed;
            active.push((id, needed, BeamSearch::new(request, options, end)));
            waiting = next();
        }
        if active.is_empty() {
            return Ok(());
        }
        let mut batch: Vec<_> = active.iter_mut().flat_map(|(_, _, s)| s.inputs()).collect();
        let logits = model.step(&mut cache, &mut batch)?;
        let logits = logits
            .to_device(&Device::Cpu)?
            .to_dtype(DType::F32)?
            .flatten_all()?;
        let logits = logits.to_vec1::<f32>()?;
        let mut rows = logits.chunks_exact(model.vocabulary());
        let mut still_active = Vec::with_capacity(active.len());
        for (id, needed, mut search) in active {
            let own: Vec<&[f32]> = rows.by_ref().take(search.width()).collect();
            if search.advance(&mut cache, &own)? {
                room += needed;
                done(id, search.into_hypotheses())?;
            } else {
                still_active.push((id, needed, search));
            }
        }
        active = still_active;
        after_step()?;
    }
}
