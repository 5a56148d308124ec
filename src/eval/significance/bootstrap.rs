//! Scores of corpora that are drawn, sentence by sentence and with replacement, from the real one.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::numpy::Generator;
use super::table::Table;
use crate::eval::{EvalError, Metric, Statistics};

/// Sentences that are drawn at a time for each thread, unless a resample has more.
const DRAWN: usize = 1 << 15;

/// Scores of `samples` resamples: a row a system. All systems are scored on the same resamples.
///
/// sacreBLEU sums statistics in single precision, which rounds where a corpus has tens of millions of characters;
/// sums here are the same ones.
pub(super) fn bootstrap(
    metric: &dyn Metric,
    systems: &[Statistics],
    samples: NonZeroUsize,
    generator: &mut Generator,
    check: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Vec<Vec<f64>>, EvalError> {
    let columns: usize = systems.iter().map(Statistics::width).sum();
    let resample = match columns {
        0..=4 => resample::<4>,
        5..=16 => resample::<16>,
        _ => resample::<32>,
    };
    resample(metric, systems, samples, generator, check)
}

/// [`bootstrap`] with a table of so many lanes: fewer are faster where there are few columns.
fn resample<const LANES: usize>(
    metric: &dyn Metric,
    systems: &[Statistics],
    samples: NonZeroUsize,
    generator: &mut Generator,
    check: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Vec<Vec<f64>>, EvalError> {
    let Some(first) = systems.first() else {
        return Ok(Vec::new());
    };
    let (sentences, width) = (first.len(), first.width());
    let table = Table::<f32, LANES>::new(sentences, width * systems.len(), |row, column| {
        systems[column / width].row(row)[column % width] as f32
    });
    let score = |sums: &mut Vec<f32>, resample: &[usize]| {
        if check().is_break() {
            return Err(EvalError::Interrupted);
        }
        table.sum(resample, sums);
        let sums: Vec<f64> = sums.iter().copied().map(f64::from).collect();
        let systems = sums.chunks_exact(width);
        Ok(systems.map(|sums| metric.resampled_score(sums)).collect())
    };

    let at_a_time = rayon::current_num_threads() * DRAWN.div_ceil(sentences);
    let mut left = samples.get();
    let mut draw = || {
        let resamples = left.min(at_a_time);
        left -= resamples;
        generator.choice(sentences, resamples * sentences)
    };
    let mut scores = vec![Vec::new(); systems.len()];
    let mut drawn: Vec<usize> = draw();
    while !drawn.is_empty() {
        let resamples = drawn.par_chunks_exact(sentences);
        // The next are drawn, one after the other, while these are scored.
        let (scored, next) = rayon::join(
            || {
                let scored = resamples.map_init(Vec::new, score);
                scored.collect::<Result<Vec<Vec<f64>>, EvalError>>()
            },
            &mut draw,
        );
        for resample in scored? {
            for (scores, score) in scores.iter_mut().zip(resample) {
                scores.push(score);
            }
        }
        drawn = next;
    }
    Ok(scores)
}
