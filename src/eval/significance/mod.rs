//! Whether a difference between systems is more than chance, and how sure a score is.
//!
//! The tests are those of sacreBLEU 2.6 with numpy 2, to the same numbers: the same random numbers from the same seed
//! (`numpy`), the same resamples (`bootstrap`) and exchanges (`randomization`), rounded in the same places.
//! Only sums of statistics decide, so outputs are read once. Results do not depend on the number of threads.

mod bootstrap;
mod numpy;
mod randomization;
mod table;

use std::cmp::Ordering;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use bootstrap::bootstrap;
use numpy::Generator;
use randomization::randomization;

use super::{EvalError, Metric, Precision, Signature, Statistics};

/// The seed that sacreBLEU takes unless told otherwise.
pub const DEFAULT_SEED: u64 = 12345;

/// Resamples that sacreBLEU draws unless told otherwise.
pub const DEFAULT_RESAMPLES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// Trials that sacreBLEU makes unless told otherwise.
pub const DEFAULT_TRIALS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// A test of systems against a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairedTest {
    /// Paired bootstrap resampling (Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation").
    Bootstrap {
        /// Corpora to draw.
        resamples: NonZeroUsize,
    },
    /// Paired approximate randomization (Riezler and Maxwell 2005, "On Some Pitfalls in Automatic Evaluation and
    /// Significance Testing for MT").
    Randomization {
        /// Times to exchange outputs.
        trials: NonZeroUsize,
        /// Corpora to draw for intervals; none are given without.
        resamples: Option<NonZeroUsize>,
    },
}

impl PairedTest {
    /// What it is called in print.
    pub fn name(self) -> &'static str {
        match self {
            PairedTest::Bootstrap { .. } => "paired bootstrap",
            PairedTest::Randomization { .. } => "paired approximate randomization",
        }
    }

    /// The test of so many systems: of one alone there is nothing to test, and what is left is a bootstrap of its score,
    /// where there are resamples.
    pub fn of_systems(self, systems: usize) -> Option<PairedTest> {
        match systems {
            1 => (self.resamples()).map(|resamples| PairedTest::Bootstrap { resamples }),
            _ => Some(self),
        }
    }

    /// Corpora drawn or trials made to come to a p-value.
    pub fn samples(self) -> NonZeroUsize {
        match self {
            PairedTest::Bootstrap { resamples } => resamples,
            PairedTest::Randomization { trials, .. } => trials,
        }
    }

    /// Corpora drawn for intervals.
    pub fn resamples(self) -> Option<NonZeroUsize> {
        match self {
            PairedTest::Bootstrap { resamples } => Some(resamples),
            PairedTest::Randomization { resamples, .. } => resamples,
        }
    }

    /// Adds the test to the signature of a metric, as sacreBLEU does.
    pub fn sign(self, signature: Signature, seed: u64) -> Signature {
        match self {
            PairedTest::Bootstrap { resamples } => signature.resampled(Some(resamples), None, seed),
            PairedTest::Randomization { trials, resamples } => {
                signature.resampled(resamples, Some(trials), seed)
            }
        }
    }
}

/// The score of a system, and what chance has to do with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The score of the corpus.
    pub score: f64,
    /// Over the resamples, where there are any.
    pub estimate: Option<Estimate>,
    /// The probability that a difference from the baseline as great as this one is chance; none of the baseline.
    pub p_value: Option<f64>,
}

/// What resamples say of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Mean of the resamples' scores.
    pub mean: f64,
    /// Half the width of the interval around it in which 95 % of them lie.
    pub interval: f64,
}

/// Tests systems against the first, by statistics of the same metric over the same sentences. `check` is asked now
/// and then whether to go on.
///
/// sacreBLEU differs in four cases, each a slip: a score that is no number makes a difference significant, a seed of 0 is no seed to its paired tests, outputs exchanged under
/// BLEU's `add-k` add the whole part of k alone, and statistics that are no whole numbers may be summed in another
/// order, which can decide where differences are the same but for rounding.
///
/// # Errors
/// [`EvalError::Empty`] where there are no sentences, [`EvalError::Length`] where a system has more or fewer than the
/// first, [`EvalError::Interrupted`] where `check` breaks.
///
/// # Panics
/// Where statistics are not those of the metric.
pub fn paired(
    test: PairedTest,
    metric: &dyn Metric,
    systems: &[Statistics],
    seed: u64,
    check: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Vec<Outcome>, EvalError> {
    let run = Run {
        metric,
        systems,
        scores: scores(metric, systems)?,
        seed,
        check,
    };
    let (p_values, estimates) = match test {
        PairedTest::Bootstrap { resamples } => run.bootstrap(resamples)?,
        PairedTest::Randomization { trials, resamples } => {
            let (p_values, generator) = run.randomization(trials)?;
            let estimates = resamples.map(|resamples| run.estimates(resamples, generator));
            (p_values, estimates.transpose()?.unwrap_or_default())
        }
    };
    let outcome = |(system, score): (usize, &f64)| Outcome {
        score: *score,
        estimate: estimates.get(system).copied(),
        p_value: system.checked_sub(1).map(|system| p_values[system]),
    };
    Ok(run.scores.iter().enumerate().map(outcome).collect())
}

/// How sure the score of one system is: `sacrebleu --confidence`.
///
/// # Errors
/// As [`paired`].
///
/// # Panics
/// As [`paired`].
pub fn confidence(
    metric: &dyn Metric,
    system: &Statistics,
    resamples: NonZeroUsize,
    seed: u64,
    check: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Estimate, EvalError> {
    let systems = std::slice::from_ref(system);
    scores(metric, systems)?;
    let mut generator = Generator::new(seed);
    let scores = bootstrap(metric, systems, resamples, &mut generator, check)?.swap_remove(0);
    // Here sacreBLEU's mean is Python's, exact before it is rounded.
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let precision = metric.resampled_precision();
    Ok(Estimate {
        mean: precision.round(mean),
        ..estimate(precision, scores)
    })
}

/// Scores of the whole corpus, where systems can be compared by them.
fn scores(metric: &dyn Metric, systems: &[Statistics]) -> Result<Vec<f64>, EvalError> {
    for (i, system) in systems.iter().enumerate() {
        assert_eq!(system.width(), metric.width(), "statistics of the metric");
        if system.is_empty() {
            return Err(EvalError::Empty);
        }
        if system.len() != systems[0].len() {
            return Err(EvalError::Length {
                what: format!("system {}", i + 1),
                found: system.len(),
                against: "the baseline".to_owned(),
                expected: systems[0].len(),
            });
        }
    }
    let score = |system: &Statistics| metric.score(&system.sums());
    Ok(systems.iter().map(score).collect())
}

/// What a test works on.
struct Run<'a> {
    metric: &'a dyn Metric,
    systems: &'a [Statistics],
    /// Of the whole corpus.
    scores: Vec<f64>,
    seed: u64,
    check: &'a (dyn Fn() -> ControlFlow<()> + Sync),
}

impl Run<'_> {
    /// P-values of all systems but the first, and estimates of all.
    fn bootstrap(&self, resamples: NonZeroUsize) -> Result<(Vec<f64>, Vec<Estimate>), EvalError> {
        let mut generator = Generator::new(self.seed);
        let scores = self.resample(self.systems, resamples, &mut generator)?;
        let precision = self.metric.resampled_precision();
        let p_value_of = |system: usize| {
            let pairs = scores[system].iter().zip(&scores[0]);
            let differences =
                pairs.map(|(score, baseline)| precision.round((score - baseline).abs()));
            let differences: Vec<f64> = differences.collect();
            let mean = precision.mean(&differences);
            let shifted = differences
                .iter()
                .map(|difference| precision.round(difference - mean));
            p_value(shifted, precision.round(self.difference(system)))
        };
        let p_values = (1..self.systems.len()).map(p_value_of).collect();
        let estimates = scores
            .into_iter()
            .map(|scores| estimate(precision, scores))
            .collect();
        Ok((p_values, estimates))
    }

    /// P-values of all systems but the first, and the generator as it is behind the trials.
    fn randomization(&self, trials: NonZeroUsize) -> Result<(Vec<f64>, Generator), EvalError> {
        let mut generator = Generator::new(self.seed);
        let mut p_values = Vec::new();
        for system in 1..self.systems.len() {
            generator = Generator::new(self.seed);
            let pair = [&self.systems[0], &self.systems[system]];
            let differences = randomization(self.metric, pair, trials, &mut generator, self.check)?;
            p_values.push(p_value(differences, self.difference(system)));
        }
        Ok((p_values, generator))
    }

    /// Estimates beside randomization: of the baseline from the seed, of the others with what follows the trials.
    fn estimates(
        &self,
        resamples: NonZeroUsize,
        mut behind_trials: Generator,
    ) -> Result<Vec<Estimate>, EvalError> {
        let (baseline, others) = self.systems.split_at(1.min(self.systems.len()));
        let mut scores = self.resample(baseline, resamples, &mut Generator::new(self.seed))?;
        scores.extend(self.resample(others, resamples, &mut behind_trials)?);
        let precision = self.metric.resampled_precision();
        Ok(scores
            .into_iter()
            .map(|scores| estimate(precision, scores))
            .collect())
    }

    fn resample(
        &self,
        systems: &[Statistics],
        resamples: NonZeroUsize,
        generator: &mut Generator,
    ) -> Result<Vec<Vec<f64>>, EvalError> {
        bootstrap(self.metric, systems, resamples, generator, self.check)
    }

    fn difference(&self, system: usize) -> f64 {
        (self.scores[0] - self.scores[system]).abs()
    }
}

/// The share of differences made by chance that are greater than the real one. One is added to both sides, so that
/// the null hypothesis is not rejected too often after few samples. What is no number counts as greater: it must not
/// make a difference significant.
fn p_value(by_chance: impl IntoIterator<Item = f64>, real: f64) -> f64 {
    let (mut greater, mut all) = (1, 1);
    for difference in by_chance {
        let order = difference.partial_cmp(&real);
        greater += usize::from(order.is_none_or(Ordering::is_gt));
        all += 1;
    }
    greater as f64 / all as f64
}

/// Mean and 95 % interval: a fortieth is left out at each end.
fn estimate(precision: Precision, mut scores: Vec<f64>) -> Estimate {
    scores.sort_unstable_by(f64::total_cmp);
    let left_out = scores.len() / 40;
    let width = scores[scores.len() - 1 - left_out] - scores[left_out];
    Estimate {
        mean: precision.mean(&scores),
        interval: precision.round(0.5 * precision.round(width)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_not_significant() {
        assert_eq!(p_value([1.0, 2.0, 3.0], 2.0), 0.5);
        assert_eq!(p_value([1.0, f64::NAN, 3.0], 2.0), 0.75);
        assert_eq!(p_value([1.0, 2.0, 3.0], f64::NAN), 1.0);
    }

    #[test]
    fn of_one_system_only_the_interval_is_left() {
        let (resamples, trials) = (DEFAULT_RESAMPLES, DEFAULT_TRIALS);
        let bootstrap = PairedTest::Bootstrap { resamples };
        let randomization = |resamples| PairedTest::Randomization { trials, resamples };
        assert_eq!(bootstrap.of_systems(1), Some(bootstrap));
        assert_eq!(
            randomization(Some(resamples)).of_systems(1),
            Some(bootstrap)
        );
        assert_eq!(randomization(None).of_systems(1), None);
        assert_eq!(randomization(None).of_systems(2), Some(randomization(None)));
    }
}
