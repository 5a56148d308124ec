//! chrF and chrF++: F-scores of n-grams of characters, and of words.

mod ngrams;

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::vocabulary::Vocabulary;
use super::whitespace;
use super::{
    Counter, EvalError, Metric, Precision, ReferenceCount, Segment, Sides, Signature, Spec,
    Statistics, StringMetric, count,
};
use ngrams::Ngrams;

/// The highest order of n-grams that [`Chrf::from_spec`] takes.
const MAX_ORDER: usize = 64;

/// The character n-gram F-score of Popović ([2015](https://aclanthology.org/W15-3049), with words
/// [2017](https://aclanthology.org/W17-4770)), 0 to 100, as sacreBLEU computes it.
///
/// A sentence with several references is held against the one that gives it the best score. At least one of the orders
/// must be above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chrf {
    /// The longest n-grams of characters.
    pub char_order: usize,
    /// The longest n-grams of words; 2 makes it chrF++.
    pub word_order: usize,
    /// How many times as much recall counts as precision.
    pub beta: u32,
    /// Whether upper and lower case are the same.
    pub lowercase: bool,
    /// Whether n-grams of characters include white space.
    pub whitespace: bool,
    /// Whether the score is the mean of the F-scores of the orders, with 1e-16 for what is not there, as in chrF++.py,
    /// NLTK and Moses. Otherwise it is the F-score of mean precision and mean recall over the orders that both sides
    /// are long enough for (effective order).
    pub eps_smoothing: bool,
}

impl Default for Chrf {
    /// chrF2: characters up to 6, no words, effective order.
    fn default() -> Chrf {
        Chrf {
            char_order: 6,
            word_order: 0,
            beta: 2,
            lowercase: false,
            whitespace: false,
            eps_smoothing: false,
        }
    }
}

impl Chrf {
    /// Whether it is a name of chrF: `chrf`, with β behind it where it is given (`chrf2`), and a plus sign for each
    /// order of words (`chrf++`, `chrf2++`).
    pub fn is_name(name: &str) -> bool {
        name.strip_prefix("chrf").is_some_and(|rest| {
            let beta = rest.trim_end_matches('+');
            beta.bytes().all(|byte| byte.is_ascii_digit())
        })
    }

    /// Reads the options `case` (mixed, lc), `nc`, `nw`, `beta`, `space`, and `eff` or its inverse `eps` (yes, no).
    ///
    /// # Errors
    /// [`EvalError::Spec`] where an option is wrong or unknown.
    pub fn from_spec(spec: &mut Spec) -> Result<Chrf, EvalError> {
        let default = Chrf::default();
        let stem = spec.name.trim_end_matches('+');
        let pluses = spec.name.len() - stem.len();
        let beta = match stem.trim_start_matches("chrf") {
            "" => default.beta,
            beta => beta.parse().map_err(|_| spec.error("β is too large"))?,
        };
        let lowercase = spec.take_lowercase(default.lowercase)?;
        let effective_order = spec.take_bool(&["eff", "e"], true)?;
        let chrf = Chrf {
            char_order: spec.take_number(&["nc"], default.char_order)?,
            word_order: spec.take_number(&["nw"], pluses)?,
            beta: spec.take_number(&["beta"], beta)?,
            lowercase,
            whitespace: spec.take_bool(&["space", "s"], default.whitespace)?,
            eps_smoothing: spec.take_bool(&["eps"], !effective_order)?,
        };
        spec.finish("case, nc, nw, beta, space, eff, eps")?;
        if chrf.order() == 0 {
            return Err(spec.error("nc and nw cannot both be 0"));
        }
        if chrf.char_order.max(chrf.word_order) > MAX_ORDER {
            return Err(spec.error(format!("nc and nw can be {MAX_ORDER} at most")));
        }
        Ok(chrf)
    }

    fn order(&self) -> usize {
        self.char_order + self.word_order
    }

    /// The score of a sentence or of a corpus, from n-grams of output and reference and their matches by order, in
    /// arithmetic of this precision.
    fn f_score(&self, statistics: &[f64], arithmetic: Precision) -> f64 {
        const EPSILON: f64 = 1e-16;
        let round = |value: f64| arithmetic.round(value);
        let share = |part: f64, whole: f64| match whole > 0.0 {
            true => round(part / whole),
            false => EPSILON,
        };
        let factor = f64::from(self.beta).powi(2);
        // The weighted harmonic mean of precision and recall.
        let f = |precision: f64, recall: f64| {
            let product = round(round((1.0 + factor) * precision) * recall);
            round(product / round(round(factor * precision) + recall))
        };
        let (mut sum, mut precision, mut recall, mut effective_order) = (0.0, 0.0, 0.0, 0.0);
        for &[output, reference, matches] in statistics.as_chunks::<3>().0 {
            let (p, r) = (share(matches, output), share(matches, reference));
            let of_order = if factor * p + r > 0.0 {
                f(p, r)
            } else {
                EPSILON
            };
            sum = round(sum + of_order);
            if output > 0.0 && reference > 0.0 {
                precision = round(precision + p);
                recall = round(recall + r);
                effective_order += 1.0;
            }
        }
        if self.eps_smoothing {
            return round(round(100.0 * sum) / self.order() as f64);
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        let mean = |sum: f64| round(sum / effective_order);
        round(100.0 * f(mean(precision), mean(recall)))
    }
}

impl Metric for Chrf {
    fn name(&self) -> String {
        format!("chrF{}{}", self.beta, "+".repeat(self.word_order))
    }

    fn signature(&self, references: ReferenceCount) -> Signature {
        Signature::sacrebleu(references)
            .with_lowercase(self.lowercase)
            .with_bool("eff", "e", !self.eps_smoothing)
            .with("nc", "nc", self.char_order)
            .with("nw", "nw", self.word_order)
            .with_bool("space", "s", self.whitespace)
    }

    fn width(&self) -> usize {
        3 * self.order()
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
        self.f_score(sums, Precision::Double)
    }

    fn resampled_score(&self, sums: &[f64]) -> f64 {
        self.f_score(sums, Precision::Single)
    }

    fn resampled_precision(&self) -> Precision {
        Precision::Single
    }
}

impl StringMetric for Chrf {
    fn counter(&self) -> Box<dyn Counter + '_> {
        Box::new(ChrfCounter {
            metric: self,
            vocabulary: Vocabulary::default(),
            references: Vec::new(),
            len: 0,
            characters: Vec::new(),
            words: Vec::new(),
            statistics: vec![0.0; self.width()],
        })
    }
}

/// N-grams of a reference.
#[derive(Default)]
struct Reference {
    characters: Ngrams,
    words: Ngrams,
}

struct ChrfCounter<'a> {
    metric: &'a Chrf,
    vocabulary: Vocabulary,
    /// Those of the sentence at hand come first; others are there for their buffers.
    references: Vec<Reference>,
    /// How many references the sentence has.
    len: usize,
    characters: Vec<u32>,
    words: Vec<u32>,
    statistics: Vec<f64>,
}

impl ChrfCounter<'_> {
    /// Reads a sentence into `characters` and `words`.
    fn read(&mut self, text: &str, number: impl Fn(&mut Vocabulary, &str) -> u32) {
        let text = match self.metric.lowercase {
            true => Cow::Owned(text.to_lowercase()),
            false => Cow::Borrowed(text),
        };
        let whitespace = self.metric.whitespace;
        self.characters.clear();
        if self.metric.char_order > 0 {
            let characters = text
                .chars()
                .filter(|&c| whitespace || !whitespace::is_space(c));
            self.characters.extend(characters.map(u32::from));
        }
        self.words.clear();
        if self.metric.word_order > 0 {
            let words = whitespace::words(&text).flat_map(split_punctuation);
            let numbers = words.map(|word| number(&mut self.vocabulary, word));
            self.words.extend(numbers);
        }
    }
}

impl Counter for ChrfCounter<'_> {
    fn set(&mut self, sides: Sides) {
        self.vocabulary.clear();
        self.len = sides.references.len();
        if self.references.len() < self.len {
            self.references.resize_with(self.len, Reference::default);
        }
        for (i, text) in sides.references.iter().enumerate() {
            self.read(text, Vocabulary::add);
            let reference = &mut self.references[i];
            let Chrf {
                char_order,
                word_order,
                ..
            } = *self.metric;
            reference.characters.read(&self.characters, char_order);
            reference.words.read(&self.words, word_order);
        }
    }

    fn count(&mut self, hypothesis: &str, statistics: &mut [f64]) {
        self.read(hypothesis, |vocabulary, word| vocabulary.get(word));
        let mut best = None;
        for reference in &mut self.references[..self.len] {
            let (characters, words) = self.statistics.split_at_mut(3 * self.metric.char_order);
            reference.characters.count(&self.characters, characters);
            reference.words.count(&self.words, words);
            let score = self.metric.score(&self.statistics);
            if best.is_none_or(|best| score > best) {
                best = Some(score);
                statistics.copy_from_slice(&self.statistics);
            }
        }
    }
}

/// Sets apart the ASCII punctuation mark at the end of a word or, where there is none, the one at its beginning:
/// `(so)` becomes `(so` and `)`.
fn split_punctuation(word: &str) -> impl Iterator<Item = &str> {
    let is_mark = |c: char| c.is_ascii_punctuation();
    let (left, right) = if word.ends_with(is_mark) {
        word.split_at(word.len() - 1)
    } else if word.starts_with(is_mark) {
        word.split_at(1)
    } else {
        (word, "")
    };
    [left, right].into_iter().filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(metric: &Chrf, hypothesis: &str, references: &[&str]) -> f64 {
        let mut counter = metric.counter();
        counter.set(Sides {
            source: None,
            references,
        });
        let mut statistics = vec![0.0; metric.width()];
        counter.count(hypothesis, &mut statistics);
        metric.sentence_score(&statistics)
    }

    #[test]
    fn names_carry_beta_and_the_order_of_words() {
        for (text, name) in [
            ("chrf", "chrF2"),
            ("chrF++", "chrF2++"),
            ("chrF3+", "chrF3+"),
            ("chrf:nw=2,beta=1", "chrF1++"),
        ] {
            let mut spec = Spec::parse(text).unwrap();
            assert!(Chrf::is_name(&spec.name), "{text}");
            assert_eq!(Chrf::from_spec(&mut spec).unwrap().name(), name);
        }
        assert!(!Chrf::is_name("chrfs") && !Chrf::is_name("bleu"));
    }

    #[test]
    fn a_signature_reads_back_as_what_it_was_written_for() {
        let metric = Chrf {
            char_order: 4,
            word_order: 1,
            beta: 3,
            lowercase: true,
            whitespace: true,
            eps_smoothing: true,
        };
        let signature = metric.signature(ReferenceCount::Fixed(2));
        for form in [signature.long(), signature.short()] {
            let mut spec = Spec::parse(&format!("{}|{form}", metric.name())).unwrap();
            assert_eq!(Chrf::from_spec(&mut spec).unwrap(), metric);
        }
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        for (text, message) in [
            ("chrf:nc=0", "cannot both be 0"),
            ("chrf:nc=65", "64 at most"),
            ("chrf:case=upper", "must be mixed or lc"),
            ("chrf:tok=13a", "no option \"tok\""),
            ("chrf99999999999", "β is too large"),
        ] {
            let error = Chrf::from_spec(&mut Spec::parse(text).unwrap()).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
    }

    #[test]
    fn one_mark_a_word_is_set_apart() {
        let split = |word| split_punctuation(word).collect::<Vec<_>>();
        assert_eq!(split("(হ্যাঁ)"), ["(হ্যাঁ", ")"]);
        assert_eq!(split("“না”"), ["“না”"]);
        assert_eq!(split("#১"), ["#", "১"]);
        assert_eq!(split("."), ["."]);
        assert_eq!(split(".."), [".", "."]);
    }

    #[test]
    fn the_reference_that_fits_best_counts() {
        let metric = Chrf::default();
        let hypothesis = "The river is rising.";
        let alone = score(&metric, hypothesis, &["The river rises."]);
        assert_eq!(
            score(&metric, hypothesis, &["", "The river rises.", "Water"]),
            alone
        );
        assert_eq!(score(&metric, hypothesis, &["Water", hypothesis]), 100.0);
    }
}
