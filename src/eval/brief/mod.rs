//! What a brief takes from the text it is made of, and whether that text bears it out. No reference is needed.
//!
//! Coverage, density and compression: Grusky et al., "Newsroom: A Dataset of 1.3 Million Summaries with Diverse
//! Extractive Strategies" (NAACL 2018). Novel n-grams: See et al., "Get To The Point: Summarization with
//! Pointer-Generator Networks" (ACL 2017). Grounding: [`crate::summarize::Sources`].
//!
//! Words are those of Unicode's word boundaries (UAX #29) in lower case and NFC, without punctuation. The figures of
//! those papers come from tokenizers that keep punctuation, so that they differ a little.

mod grounding;
mod words;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use super::{
    Counter, EvalError, Metric, Needs, ReferenceCount, Segment, Signature, Spec, Statistics,
    StringMetric, count,
};
use grounding::GroundingCounter;
use words::{WordCounter, compression, coverage, density, novel};

/// A metric of briefs, held against the source.
///
/// Only [`BriefMetric::Grounded`] says how good a brief is. The others describe it, and `higher_is_better` says of them
/// no more than which way leads from invention: words of the source count as better than words of the brief's own, and
/// a shorter brief as better than a longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BriefMetric {
    /// Words in fragments that the brief has from the source, in percent of its words; the mean over briefs. A brief
    /// without words has none.
    Coverage,
    /// Squares of the lengths of those fragments by words of the brief: the length, in words, of the fragment that a
    /// word of the brief is part of; the mean over briefs. A brief without words has 0.
    Density,
    /// Words of the source by words of the brief; the mean over the briefs that have words.
    Compression,
    /// Different n-grams of the brief that are not in the source, in percent; the mean over the briefs that have
    /// n-grams of this length.
    Novel(NonZeroUsize),
    /// Sentences of all briefs that rest on sentences of their source, with every number, name and denial in them
    /// ([`crate::summarize::Grounding::is_grounded`]), in percent. An empty brief counts as one sentence that does not,
    /// or saying nothing would be the way to a good score.
    Grounded,
}

/// The longest n-grams that there is a name for.
const LONGEST: usize = 9;

impl BriefMetric {
    /// The metrics that a specification names: `coverage`, `density`, `compression`, `novel-1` to `novel-9`, `grounded`;
    /// `brief` for all of them, with n-grams up to 3; `None` where it names another metric. There are no options.
    ///
    /// # Errors
    /// [`EvalError::Spec`] where there are options.
    pub fn from_spec(spec: &mut Spec) -> Result<Option<Vec<BriefMetric>>, EvalError> {
        use BriefMetric::{Compression, Coverage, Density, Grounded, Novel};
        let novel = |most| (1..=most).filter_map(NonZeroUsize::new).map(Novel);
        let metrics = match spec.name.as_str() {
            "brief" => [Coverage, Density, Compression]
                .into_iter()
                .chain(novel(3))
                .chain([Grounded])
                .collect(),
            "coverage" => vec![Coverage],
            "density" => vec![Density],
            "compression" => vec![Compression],
            "grounded" => vec![Grounded],
            name => {
                let is_named = |metric: &BriefMetric| metric.name().eq_ignore_ascii_case(name);
                novel(LONGEST).filter(is_named).collect()
            }
        };
        if metrics.is_empty() {
            return Ok(None);
        }
        spec.finish("none")?;
        Ok(Some(metrics))
    }

    /// What a mean or share is multiplied by.
    fn scale(self) -> f64 {
        match self {
            BriefMetric::Density | BriefMetric::Compression => 1.0,
            BriefMetric::Coverage | BriefMetric::Novel(_) | BriefMetric::Grounded => 100.0,
        }
    }
}

impl Metric for BriefMetric {
    fn name(&self) -> String {
        match self {
            BriefMetric::Coverage => "Coverage".to_owned(),
            BriefMetric::Density => "Density".to_owned(),
            BriefMetric::Compression => "Compression".to_owned(),
            BriefMetric::Novel(n) => format!("Novel-{n}"),
            BriefMetric::Grounded => "Grounded".to_owned(),
        }
    }

    fn signature(&self, _references: ReferenceCount) -> Signature {
        Signature::other(concat!("anubad-", env!("CARGO_PKG_VERSION")))
    }

    fn needs(&self) -> Needs {
        Needs::SOURCE
    }

    fn higher_is_better(&self) -> bool {
        !matches!(self, BriefMetric::Novel(_))
    }

    /// A sum, and how many were added.
    fn width(&self) -> usize {
        2
    }

    fn statistics(
        &self,
        segments: &[Segment],
        systems: &[&[String]],
        check: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Statistics>, EvalError> {
        count(self, segments, systems, check)
    }

    fn score(&self, sums: &[f64]) -> f64 {
        match sums[1] {
            0.0 => 0.0,
            count => self.scale() * sums[0] / count,
        }
    }
}

impl StringMetric for BriefMetric {
    fn counter(&self) -> Box<dyn Counter + '_> {
        match *self {
            BriefMetric::Coverage => Box::new(WordCounter::new(coverage)),
            BriefMetric::Density => Box::new(WordCounter::new(density)),
            BriefMetric::Compression => Box::new(WordCounter::new(compression)),
            BriefMetric::Novel(n) => {
                let novel = move |source: &[u32], brief: &[u32]| novel(source, brief, n.get());
                Box::new(WordCounter::new(novel))
            }
            BriefMetric::Grounded => Box::new(GroundingCounter::default()),
        }
    }
}
