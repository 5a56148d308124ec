//! TER, the translation edit rate.

mod distance;
mod shift;
mod tokenize;

use std::ops::ControlFlow;

use super::vocabulary::Vocabulary;
use super::whitespace;
use super::{
    Counter, EvalError, Metric, Precision, ReferenceCount, Segment, Sides, Signature, Spec,
    Statistics, StringMetric, count,
};
use shift::Editor;

/// The translation edit rate of [Snover et al. 2006](https://aclanthology.org/2006.amta-papers.25), as sacreBLEU
/// computes it after Tercom: edits by words of the reference, in percent; less is better, and it can be above 100.
///
/// An edit inserts, deletes or replaces a word, or shifts words that stand together. With several references, the
/// fewest edits count, and the mean of their lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ter {
    /// Whether to set punctuation apart from words, resolve XML's escapes and join lines.
    pub normalized: bool,
    /// Whether to leave punctuation out.
    pub no_punct: bool,
    /// Whether `normalized` and `no_punct` also concern Chinese, Japanese and Korean, whose characters then are words.
    pub asian_support: bool,
    /// Whether upper and lower case differ.
    pub case_sensitive: bool,
}

impl Ter {
    /// Reads the options `case` (mixed, lc), `tok` (tercom), and `norm`, `punct`, `asian` (yes, no).
    ///
    /// # Errors
    /// [`EvalError::Spec`] where an option is wrong or unknown.
    pub fn from_spec(spec: &mut Spec) -> Result<Ter, EvalError> {
        let case_sensitive = !spec.take_lowercase(true)?;
        if let Some(other) = spec.take(&["tok", "t"]).filter(|tok| tok != "tercom") {
            return Err(spec.error(format!("tok={other} must be tercom")));
        }
        let ter = Ter {
            normalized: spec.take_bool(&["norm", "nr"], false)?,
            no_punct: !spec.take_bool(&["punct", "pn"], true)?,
            asian_support: spec.take_bool(&["asian", "as"], false)?,
            case_sensitive,
        };
        spec.finish("case, tok, norm, punct, asian")?;
        Ok(ter)
    }
}

impl Metric for Ter {
    fn name(&self) -> String {
        "TER".to_owned()
    }

    fn signature(&self, references: ReferenceCount) -> Signature {
        Signature::sacrebleu(references)
            .with_lowercase(!self.case_sensitive)
            .with("tok", "t", "tercom")
            .with_bool("norm", "nr", self.normalized)
            .with_bool("punct", "pn", !self.no_punct)
            .with_bool("asian", "as", self.asian_support)
    }

    fn higher_is_better(&self) -> bool {
        false
    }

    /// Edits, and words of the reference.
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
        rate(sums, Precision::Double)
    }

    fn resampled_score(&self, sums: &[f64]) -> f64 {
        rate(sums, Precision::Single)
    }

    fn resampled_precision(&self) -> Precision {
        Precision::Single
    }
}

/// Edits by words of the reference, per cent.
fn rate(sums: &[f64], precision: Precision) -> f64 {
    let (edits, words) = (sums[0], sums[1]);
    if words > 0.0 {
        precision.round(100.0 * precision.round(edits / words))
    } else if edits > 0.0 {
        100.0
    } else {
        0.0
    }
}

impl StringMetric for Ter {
    fn counter(&self) -> Box<dyn Counter + '_> {
        Box::new(TerCounter {
            metric: self,
            vocabulary: Vocabulary::default(),
            references: Vec::new(),
            hypothesis: Vec::new(),
            editor: Editor::default(),
        })
    }
}

struct TerCounter<'a> {
    metric: &'a Ter,
    vocabulary: Vocabulary,
    references: Vec<Vec<u32>>,
    hypothesis: Vec<u32>,
    editor: Editor,
}

impl Counter for TerCounter<'_> {
    fn set(&mut self, sides: Sides) {
        self.vocabulary.clear();
        self.references.clear();
        for text in sides.references {
            let text = tokenize::normalise_reference(text, self.metric);
            let numbers = whitespace::words(&text).map(|word| self.vocabulary.add(word));
            self.references.push(numbers.collect());
        }
    }

    fn count(&mut self, hypothesis: &str, statistics: &mut [f64]) {
        let text = tokenize::normalise(hypothesis, self.metric);
        self.hypothesis.clear();
        let numbers = whitespace::words(&text).map(|word| self.vocabulary.get(word));
        self.hypothesis.extend(numbers);
        let Some(fewest) = self
            .references
            .iter()
            .map(|reference| self.editor.edits(&self.hypothesis, reference))
            .min()
        else {
            return;
        };
        let words: usize = self.references.iter().map(Vec::len).sum();
        statistics[0] = f64::from(fewest);
        statistics[1] = words as f64 / self.references.len() as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_reads_back_as_what_it_was_written_for() {
        let metric = Ter {
            normalized: true,
            no_punct: true,
            asian_support: true,
            case_sensitive: true,
        };
        let signature = metric.signature(ReferenceCount::Varying);
        for form in [signature.long(), signature.short()] {
            let mut spec = Spec::parse(&format!("TER|{form}")).unwrap();
            assert_eq!(Ter::from_spec(&mut spec).unwrap(), metric);
        }
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        for (text, message) in [
            ("ter:tok=13a", "must be tercom"),
            ("ter:case=upper", "must be mixed or lc"),
            ("ter:norm=maybe", "must be yes or no"),
            ("ter:nc=6", "no option \"nc\""),
        ] {
            let error = Ter::from_spec(&mut Spec::parse(text).unwrap()).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
    }

    #[test]
    fn the_fewest_edits_stand_over_the_mean_length() {
        let metric = Ter::default();
        let mut counter = metric.counter();
        counter.set(Sides {
            source: None,
            references: &["the river rises", "The river is rising fast", ""],
        });
        let mut statistics = [0.0; 2];
        counter.count("the river is rising", &mut statistics);
        assert_eq!(statistics, [1.0, 8.0 / 3.0]);
        assert_eq!(metric.score(&statistics), 37.5);
    }

    #[test]
    fn without_words_of_a_reference_all_or_nothing_is_wrong() {
        let metric = Ter::default();
        assert_eq!(metric.score(&[3.0, 0.0]), 100.0);
        assert_eq!(metric.score(&[0.0, 0.0]), 0.0);
    }
}
