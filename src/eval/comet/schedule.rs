//! Which sequences are encoded together, and on which cores.

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::CometError;
use super::embedding::Embedder;
use crate::eval::EvalError;
use crate::workers::share_out;

/// Tokens of a batch: what a core's caches hold of the vectors, and what keeps a GPU busy.
const CPU_TOKENS: usize = 512;
const GPU_TOKENS: usize = 8192;

/// The vector of each sequence, in order. `check` is told how many of the tokens are done.
///
/// # Errors
/// If the device fails, or `check` breaks.
pub fn embed_all(
    embedder: &Embedder,
    sequences: &[Vec<u32>],
    threads: usize,
    check: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
) -> Result<Vec<Vec<f32>>, CometError> {
    let device = embedder.encoder.device();
    let room = match device.is_cpu() {
        true => CPU_TOKENS,
        false => GPU_TOKENS,
    };
    let batches = batches(sequences, room);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let vectors = Mutex::new(vec![Vec::new(); sequences.len()]);
    let work = || -> Result<(), CometError> {
        while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            let tokens: Vec<&[u32]> = batch.iter().map(|&i| sequences[i].as_slice()).collect();
            let embedded = embedder.embed(&tokens)?;
            let mut vectors = vectors.lock().unwrap_or_else(PoisonError::into_inner);
            for (&i, vector) in batch.iter().zip(embedded) {
                vectors[i] = vector;
            }
            drop(vectors);
            let count: usize = tokens.iter().map(|tokens| tokens.len()).sum();
            if check(done.fetch_add(count, Ordering::Relaxed) + count).is_break() {
                return Err(CometError::Input(EvalError::Interrupted));
            }
        }
        Ok(())
    };
    share_out(batches.len(), threads, device, || {
        // After a failure the others need not begin anything more.
        work().inspect_err(|_| next.store(batches.len(), Ordering::Relaxed))
    })?;
    Ok(vectors.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Numbers of sequences, the longest first, so that what is left to the end is short; each batch has at most so many
/// tokens, or is one sequence.
fn batches(sequences: &[Vec<u32>], tokens: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    order.sort_by_key(|&i| Reverse(sequences[i].len()));
    let (mut batches, mut room) = (Vec::<Vec<usize>>::new(), 0);
    for i in order {
        let length = sequences[i].len();
        match batches.last_mut().filter(|_| length <= room) {
            Some(batch) => {
                batch.push(i);
                room -= length;
            }
            None => {
                batches.push(vec![i]);
                room = tokens.saturating_sub(length);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_filled_from_the_longest_on() {
        let sequences = [2, 9, 4, 30, 3].map(|length| vec![7; length]);
        let batches = batches(&sequences, 12);
        assert_eq!(batches, [vec![3], vec![1], vec![2, 4, 0]]);
        assert!(super::batches(&[], 12).is_empty());
    }
}
