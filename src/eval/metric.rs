//! What all metrics have in common: statistics of a sentence that add up, and a score of their sums.
//!
//! A corpus is read once, sentence by sentence; scores of the corpus, of parts of it and of resampled corpora are
//! functions of sums of [`Statistics`].

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::{EvalError, Precision, ReferenceCount, Segment, Signature};

/// Sentences that one thread takes at a time.
const CHUNK: usize = 256;

/// What outputs for a sentence are held against.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The source; for briefs, the text that was summarised.
    pub source: Option<&'a str>,
    /// The references that there are.
    pub references: &'a [&'a str],
}

/// What a metric cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// The source of every sentence.
    pub source: bool,
    /// At least one reference of every sentence.
    pub references: bool,
}

impl Needs {
    /// References, and no source.
    pub const REFERENCES: Needs = Needs {
        source: false,
        references: true,
    };
    /// The source, and no references.
    pub const SOURCE: Needs = Needs {
        source: true,
        references: false,
    };
}

/// A way to score outputs, of whatever statistics: what evaluations and tests of significance need to know of it.
pub trait Metric: Send + Sync {
    /// Its name in reports, as the field writes it: `BLEU`, `chrF2++`, `TER`, `ROUGE-L`.
    fn name(&self) -> String;

    /// What the score is computed with.
    fn signature(&self, references: ReferenceCount) -> Signature;

    /// What it cannot do without.
    fn needs(&self) -> Needs {
        Needs::REFERENCES
    }

    /// Whether more is better.
    fn higher_is_better(&self) -> bool {
        true
    }

    /// Digits after the point in which the score is usually told.
    fn decimals(&self) -> usize {
        2
    }

    /// Numbers that describe one sentence.
    fn width(&self) -> usize;

    /// The score of a corpus, from the sums of its sentences' statistics.
    fn score(&self, sums: &[f64]) -> f64;

    /// The score of a sentence alone. Differs from [`Metric::score`] where sacreBLEU's sentence score does.
    fn sentence_score(&self, statistics: &[f64]) -> f64 {
        self.score(statistics)
    }

    /// The score of a resampled corpus, from sums of single precision. Differs from [`Metric::score`] where sacreBLEU's
    /// does: with numpy 2, it goes on in single precision.
    fn resampled_score(&self, sums: &[f64]) -> f64 {
        self.score(sums)
    }

    /// The precision in which sacreBLEU keeps scores of resampled corpora.
    fn resampled_precision(&self) -> Precision {
        Precision::Double
    }

    /// Statistics of the outputs of each system; `systems` holds, for each, an output a sentence.
    ///
    /// # Errors
    /// [`EvalError::Missing`] where a sentence lacks what the metric needs, [`EvalError::Length`] where a system has more
    /// or fewer outputs than there are sentences, [`EvalError::Interrupted`] where `check` breaks.
    fn statistics(
        &self,
        segments: &[Segment],
        systems: &[&[String]],
        check: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Statistics>, EvalError>;

    /// What sacreBLEU writes behind the score of a corpus; empty where it writes nothing.
    fn details(&self, _sums: &[f64]) -> String {
        String::new()
    }
}

/// A metric that compares strings, each sentence by itself. Its [`Metric::statistics`] are [`count`].
pub trait StringMetric: Metric {
    /// A counter with buffers of its own, for one thread.
    fn counter(&self) -> Box<dyn Counter + '_>;
}

/// Counts the statistics of outputs; what it holds them against is read once for all systems.
pub trait Counter {
    /// Takes the sides of a sentence, against which the next outputs are held.
    fn set(&mut self, sides: Sides);

    /// Writes the statistics of an output; `statistics` has the metric's width and holds zeros.
    fn count(&mut self, hypothesis: &str, statistics: &mut [f64]);
}

/// Statistics of each sentence: a row-major matrix, sentences × width.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    width: usize,
    values: Vec<f64>,
}

impl Statistics {
    /// From rows behind each other.
    ///
    /// # Panics
    /// Where `values` is no multiple of `width`, or `width` is 0.
    pub fn new(width: usize, values: Vec<f64>) -> Statistics {
        assert!(
            width > 0 && values.len().is_multiple_of(width),
            "whole rows"
        );
        Statistics { width, values }
    }

    /// Numbers a sentence.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of sentences.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are no sentences.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Statistics of a sentence, numbered from 0.
    pub fn row(&self, sentence: usize) -> &[f64] {
        &self.values[sentence * self.width..][..self.width]
    }

    /// Statistics of all sentences in order.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.width)
    }

    /// All numbers, row behind row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Sums over all sentences, added in order.
    pub fn sums(&self) -> Vec<f64> {
        self.sums_of(0..self.len())
    }

    /// Sums over some sentences, added in the order given; one that is named twice counts twice.
    pub fn sums_of(&self, sentences: impl IntoIterator<Item = usize>) -> Vec<f64> {
        let mut sums = vec![0.0; self.width];
        for sentence in sentences {
            for (sum, value) in sums.iter_mut().zip(self.row(sentence)) {
                *sum += value;
            }
        }
        sums
    }
}

/// Statistics of the outputs of each system, on all threads of the current rayon pool. Memory beside the result does not
/// grow with the corpus.
///
/// # Errors
/// As [`Metric::statistics`].
pub fn count(
    metric: &(impl StringMetric + ?Sized),
    segments: &[Segment],
    systems: &[&[String]],
    check: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Vec<Statistics>, EvalError> {
    check_input(metric, segments, systems)?;
    let width = metric.width();
    let mut counted =
        vec![Statistics::new(width, vec![0.0; width * segments.len()]); systems.len()];
    let rows = counted
        .iter_mut()
        .map(|of| of.values.chunks_mut(CHUNK * width));
    let mut rows: Vec<_> = rows.collect();
    // Each chunk of sentences with the rows that it fills, one slice a system.
    let chunks = segments.chunks(CHUNK).enumerate().map(|(chunk, segments)| {
        let rows = rows
            .iter_mut()
            .map(|rows| rows.next().expect("as many chunks"));
        (chunk * CHUNK, segments, rows.collect::<Vec<_>>())
    });
    let chunks: Vec<_> = chunks.collect();
    chunks
        .into_par_iter()
        .try_for_each(|(first, segments, mut rows)| {
            if check().is_break() {
                return Err(EvalError::Interrupted);
            }
            let mut counter = metric.counter();
            for (i, segment) in segments.iter().enumerate() {
                counter.set(Sides {
                    source: segment.source.as_deref(),
                    references: &segment.references(),
                });
                for (system, rows) in systems.iter().zip(&mut rows) {
                    let row = &mut rows[i * width..][..width];
                    counter.count(&system[first + i], row);
                }
            }
            Ok(())
        })?;
    Ok(counted)
}

/// Whether every sentence has what a metric needs, and every system an output for it.
///
/// # Errors
/// [`EvalError::Missing`] and [`EvalError::Length`] where not.
pub(super) fn check_input(
    metric: &(impl Metric + ?Sized),
    segments: &[Segment],
    systems: &[&[String]],
) -> Result<(), EvalError> {
    let needs = metric.needs();
    let missing = |what, sentence| EvalError::Missing {
        metric: metric.name(),
        what,
        sentence,
    };
    for (i, segment) in segments.iter().enumerate() {
        if needs.references && segment.references.iter().all(Option::is_none) {
            return Err(missing("a reference", i + 1));
        }
        if needs.source && segment.source.is_none() {
            return Err(missing("the source", i + 1));
        }
    }
    for (i, outputs) in systems.iter().enumerate() {
        if outputs.len() != segments.len() {
            return Err(EvalError::Length {
                what: format!("system {}", i + 1),
                found: outputs.len(),
                against: "the test set".to_owned(),
                expected: segments.len(),
            });
        }
    }
    Ok(())
}
