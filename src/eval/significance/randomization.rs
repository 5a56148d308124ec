//! Scores of pairs of systems whose outputs are exchanged at random.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::numpy::Generator;
use super::table::Table;
use crate::eval::{EvalError, Metric, Statistics};

/// Trials whose random bits end where a word of bits does, whatever the number of sentences.
const TRIALS: usize = u32::BITS as usize;

/// Words of random bits that are drawn at a time, unless [`TRIALS`] have more.
const WORDS: usize = 1 << 17;

/// By how much the scores of two systems differ in each trial, whose outputs are exchanged for half of the sentences.
pub(super) fn randomization(
    metric: &dyn Metric,
    [baseline, system]: [&Statistics; 2],
    trials: NonZeroUsize,
    generator: &mut Generator,
    check: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Vec<f64>, EvalError> {
    let sentences = baseline.len();
    // Rows of a sentence stand side by side, that of the system first: a bit that is set takes the baseline's.
    let table = Table::<f64, 16>::new(2 * sentences, baseline.width(), |row, column| {
        [system, baseline][row % 2].row(row / 2)[column]
    });
    // Sums of whole numbers are exact, so what one side did not get is the other's.
    let statistics = || baseline.values().iter().chain(system.values());
    let totals = statistics().all(|value| value.fract() == 0.0).then(|| {
        let sums = baseline.sums().into_iter().zip(system.sums());
        sums.map(|(a, b)| a + b).collect::<Vec<f64>>()
    });

    let at_a_time = TRIALS * (WORDS / sentences).max(1);
    let mut differences = Vec::new();
    while differences.len() < trials.get() {
        let count = at_a_time.min(trials.get() - differences.len());
        let words: Vec<u32> = (0..(count * sentences).div_ceil(TRIALS))
            .map(|_| generator.next_u32())
            .collect();
        let difference = |(rows, sums): &mut (Vec<usize>, Vec<f64>), trial: usize| {
            if check().is_break() {
                return Err(EvalError::Interrupted);
            }
            let bit = |at: usize| (words[at / TRIALS] >> (at % TRIALS) & 1) as usize;
            rows.clear();
            rows.extend((0..sentences).map(|i| 2 * i + bit(trial * sentences + i)));
            table.sum(rows, sums);
            let one = metric.score(sums);
            match &totals {
                Some(totals) => sums
                    .iter_mut()
                    .zip(totals)
                    .for_each(|(sum, total)| *sum = total - *sum),
                None => {
                    rows.iter_mut().for_each(|row| *row ^= 1);
                    table.sum(rows, sums);
                }
            }
            Ok((one - metric.score(sums)).abs())
        };
        let trials = (0..count).into_par_iter();
        let trials = trials.map_init(Default::default, difference);
        differences.extend(trials.collect::<Result<Vec<f64>, EvalError>>()?);
    }
    Ok(differences)
}
