//! BLEU: how many n-grams of the output a reference has, and whether the output is long enough.

mod ngrams;
mod score;

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use super::tokenizer::{Flores, SentencePieceTokenizer, Tokenizer};
use super::vocabulary::Vocabulary;
use super::whitespace::is_space;
use super::{
    Counter, EvalError, Metric, Precision, ReferenceCount, Segment, Sides, Signature, Spec,
    Statistics, StringMetric, count,
};
use ngrams::Ngrams;
use score::Score;

/// The longest n-grams that a specification may ask for: time and memory are in proportion to it.
const MAX_ORDER: usize = 32;

/// BLEU as sacreBLEU has it. The default is its default.
///
/// Papineni et al., BLEU (ACL 2002), <https://aclanthology.org/P02-1040>; Post, A Call for Clarity in Reporting BLEU
/// Scores (WMT 2018), <https://aclanthology.org/W18-6319>.
///
/// Statistics of a sentence: tokens of the output, tokens of the reference nearest in length (the shorter of two), for
/// each order the n-grams that a reference has, and for each order all n-grams.
#[derive(Debug, Clone)]
pub struct Bleu {
    /// Whether case is disregarded. sacreBLEU keeps that of letters which its Python's Unicode does not have yet.
    pub lowercase: bool,
    /// What divides sentences into tokens.
    pub tokenizer: Tokenizer,
    /// What is done about orders without matches.
    pub smoothing: Smoothing,
    /// The longest n-grams. Signatures do not tell it.
    pub max_order: usize,
    /// Whether the score of a corpus leaves out orders of which it has no n-grams. That of a sentence always does.
    pub effective_order: bool,
}

/// What is done about orders without matches, which alone would make the score 0.
///
/// Chen and Cherry, A Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU (WMT 2014),
/// <https://aclanthology.org/W14-3346>.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Smoothing {
    /// Nothing.
    None,
    /// This many matches are counted for none. sacreBLEU's default is 0.1.
    Floor(f64),
    /// This many are added to matches and n-grams of every order but the first. sacreBLEU's default is 1.
    AddK(f64),
    /// Half a match is counted for the first order without, a quarter for the next, and so on.
    Exp,
}

impl Default for Bleu {
    fn default() -> Self {
        Bleu {
            lowercase: false,
            tokenizer: Tokenizer::V13a,
            smoothing: Smoothing::Exp,
            max_order: 4,
            effective_order: false,
        }
    }
}

impl Bleu {
    /// Takes the options out of a specification.
    ///
    /// # Errors
    /// [`EvalError::Spec`] where an option is not known or its value is not right, [`EvalError::File`] where the model
    /// of a tokenizer is not.
    pub fn from_spec(spec: &mut Spec) -> Result<Self, EvalError> {
        let default = Bleu::default();
        let max_order = spec.take_number(&["order"], default.max_order)?;
        if !(1..=MAX_ORDER).contains(&max_order) {
            return Err(spec.error(format!("order must be between 1 and {MAX_ORDER}")));
        }
        let bleu = Bleu {
            lowercase: spec.take_lowercase(default.lowercase)?,
            tokenizer: take_tokenizer(spec)?,
            smoothing: take_smoothing(spec)?,
            max_order,
            effective_order: spec.take_bool(&["eff", "e"], default.effective_order)?,
        };
        spec.finish("case, eff, tok, model, smooth and order")?;
        Ok(bleu)
    }

    fn compute(&self, sums: &[f64], precision: Precision) -> Score {
        Score::new(sums, self.smoothing, self.effective_order, precision)
    }
}

fn take_tokenizer(spec: &mut Spec) -> Result<Tokenizer, EvalError> {
    let name = spec.take(&["tok"]).unwrap_or_else(|| "13a".to_owned());
    let flores = match name.as_str() {
        "13a" => return Ok(Tokenizer::V13a),
        "intl" => return Ok(Tokenizer::Intl),
        "char" => return Ok(Tokenizer::Char),
        "none" => return Ok(Tokenizer::None),
        "zh" => return Ok(Tokenizer::Zh),
        "flores101" | "spm" => Flores::Flores101,
        "flores200" => Flores::Flores200,
        "ja-mecab" | "ko-mecab" | "spBLEU-1K" => {
            return Err(spec.error(format!(
                "the tokenizer {name} is not offered; flores200 serves this language too"
            )));
        }
        _ => {
            return Err(spec.error(format!(
                "no tokenizer {name:?}; there are 13a, intl, char, none, zh, flores101 and flores200"
            )));
        }
    };
    match spec.take(&["model"]) {
        Some(path) => {
            let tokenizer = SentencePieceTokenizer::open(flores, Path::new(&path))?;
            Ok(Tokenizer::SentencePiece(tokenizer))
        }
        None => Err(spec.error(format!(
            "tok={name} needs model=PATH, its SentencePiece model: {}",
            flores.origin()
        ))),
    }
}

fn take_smoothing(spec: &mut Spec) -> Result<Smoothing, EvalError> {
    let text = spec.take(&["smooth", "s"]);
    let text = text.as_deref().unwrap_or("exp");
    let (method, value) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        Some((method, value)) => (method, value.parse().ok()),
        None if text == "add-k" => (text, Some(1.0)),
        None => (text, Some(0.1)),
    };
    let value = value.filter(|value: &f64| value.is_finite() && *value >= 0.0);
    match (method, value) {
        ("none", _) => Ok(Smoothing::None),
        ("exp", _) => Ok(Smoothing::Exp),
        ("floor", Some(value)) => Ok(Smoothing::Floor(value)),
        ("add-k", Some(value)) => Ok(Smoothing::AddK(value)),
        _ => Err(spec.error(format!(
            "smooth={text} must be exp, floor[VALUE], add-k[VALUE] or none"
        ))),
    }
}

impl fmt::Display for Smoothing {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Smoothing::None => f.write_str("none"),
            Smoothing::Floor(value) => write!(f, "floor[{value:.2}]"),
            Smoothing::AddK(value) => write!(f, "add-k[{value:.2}]"),
            Smoothing::Exp => f.write_str("exp"),
        }
    }
}

impl Metric for Bleu {
    fn name(&self) -> String {
        "BLEU".to_owned()
    }

    fn signature(&self, references: ReferenceCount) -> Signature {
        Signature::sacrebleu(references)
            .with_lowercase(self.lowercase)
            .with_bool("eff", "e", self.effective_order)
            .with("tok", "tok", self.tokenizer.name())
            .with("smooth", "s", self.smoothing)
    }

    fn width(&self) -> usize {
        2 + 2 * self.max_order
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
        self.compute(sums, Precision::Double).bleu
    }

    fn resampled_score(&self, sums: &[f64]) -> f64 {
        self.compute(sums, Precision::Single).bleu
    }

    /// The score with the effective order, whatever [`Bleu::effective_order`] is, as `sacrebleu --sentence-level`
    /// has it.
    fn sentence_score(&self, statistics: &[f64]) -> f64 {
        Score::new(statistics, self.smoothing, true, Precision::Double).bleu
    }

    fn details(&self, sums: &[f64]) -> String {
        let score = self.compute(sums, Precision::Double);
        let (hypothesis, reference) = (sums[0], sums[1]);
        let ratio = if reference == 0.0 {
            0.0
        } else {
            hypothesis / reference
        };
        let precisions: Vec<_> = score.precisions.iter().map(|p| format!("{p:.1}")).collect();
        format!(
            "{} (BP = {:.3} ratio = {ratio:.3} hyp_len = {hypothesis} ref_len = {reference})",
            precisions.join("/"),
            score.brevity_penalty,
        )
    }
}

impl StringMetric for Bleu {
    fn counter(&self) -> Box<dyn Counter + '_> {
        Box::new(BleuCounter {
            metric: self,
            vocabulary: Vocabulary::default(),
            references: Ngrams::new(self.max_order),
            lengths: Vec::new(),
            tokens: Vec::new(),
        })
    }
}

struct BleuCounter<'a> {
    metric: &'a Bleu,
    /// Tokens of the references.
    vocabulary: Vocabulary,
    references: Ngrams,
    /// Tokens of each reference.
    lengths: Vec<usize>,
    /// The tokens of the text being read.
    tokens: Vec<u32>,
}

impl BleuCounter<'_> {
    fn tokenize(&self, text: &str, token: impl FnMut(&str)) {
        let text = match self.metric.lowercase {
            true => Cow::Owned(text.to_lowercase()),
            false => Cow::Borrowed(text),
        };
        let text = text.trim_end_matches(is_space);
        self.metric.tokenizer.tokenize(text, token);
    }
}

impl Counter for BleuCounter<'_> {
    fn set(&mut self, sides: Sides) {
        self.references.clear();
        self.lengths.clear();
        let mut vocabulary = std::mem::take(&mut self.vocabulary);
        vocabulary.clear();
        let mut tokens = std::mem::take(&mut self.tokens);
        for reference in sides.references {
            tokens.clear();
            self.tokenize(reference, |token| tokens.push(vocabulary.add(token)));
            self.references.add(&tokens);
            self.lengths.push(tokens.len());
        }
        self.vocabulary = vocabulary;
        self.tokens = tokens;
    }

    fn count(&mut self, hypothesis: &str, statistics: &mut [f64]) {
        let mut tokens = std::mem::take(&mut self.tokens);
        tokens.clear();
        self.tokenize(hypothesis, |token| tokens.push(self.vocabulary.get(token)));
        let length = tokens.len();
        let distance = |reference: &usize| (reference.abs_diff(length), *reference);
        let nearest = self.lengths.iter().copied().min_by_key(distance);
        statistics[0] = length as f64;
        statistics[1] = nearest.unwrap_or(0) as f64;
        let (correct, total) = statistics[2..].split_at_mut(self.metric.max_order);
        self.references.count_matches(&tokens, correct);
        for (n, total) in total.iter_mut().enumerate() {
            *total = length.saturating_sub(n) as f64;
        }
        self.tokens = tokens;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(bleu: &Bleu, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        let mut row = vec![0.0; bleu.width()];
        let mut counter = bleu.counter();
        counter.set(Sides {
            source: None,
            references,
        });
        counter.count(hypothesis, &mut row);
        row
    }

    #[test]
    fn a_row_has_lengths_matches_and_totals() {
        let bleu = Bleu::default();
        let row = statistics(
            &bleu,
            "the river rose the river fell",
            &["The river rose and the river fell", "the river rose"],
        );
        assert_eq!(row, [6.0, 7.0, 5.0, 3.0, 2.0, 0.0, 6.0, 5.0, 4.0, 3.0]);
        let lowercase = Bleu {
            lowercase: true,
            ..bleu
        };
        let row = statistics(&lowercase, "THE RIVER", &["the river"]);
        assert_eq!(row, [2.0, 2.0, 2.0, 1.0, 0.0, 0.0, 2.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn of_two_references_as_near_the_shorter_counts() {
        let row = statistics(&Bleu::default(), "a b", &["a b c", "a", "a b c d"]);
        assert_eq!(row[..2], [2.0, 1.0]);
    }

    #[test]
    fn details_are_those_of_sacrebleu() {
        let bleu = Bleu::default();
        let row = statistics(&bleu, "the river rose today", &["the river rose"]);
        assert_eq!(
            bleu.details(&row),
            "75.0/66.7/50.0/50.0 (BP = 1.000 ratio = 1.333 hyp_len = 4 ref_len = 3)"
        );
        assert_eq!(
            bleu.details(&[0.0; 10]),
            "0.0/0.0/0.0/0.0 (BP = 1.000 ratio = 0.000 hyp_len = 0 ref_len = 0)"
        );
    }

    fn parse(text: &str) -> Result<Bleu, String> {
        let mut spec = Spec::parse(text).map_err(|e| e.to_string())?;
        Bleu::from_spec(&mut spec).map_err(|e| e.to_string())
    }

    #[test]
    fn a_specification_becomes_its_signature() {
        for (text, signature) in [
            (
                "bleu",
                "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
            ),
            (
                "bleu:tok=intl,case=lc,eff=yes,smooth=floor",
                "nrefs:2|case:lc|eff:yes|tok:intl|smooth:floor[0.10]|version:2.6.0",
            ),
            (
                "BLEU|nrefs:1|case:mixed|eff:no|tok:zh|smooth:add-k[2.50]|version:2.4.0",
                "nrefs:2|case:mixed|eff:no|tok:zh|smooth:add-k[2.50]|version:2.6.0",
            ),
        ] {
            let bleu = parse(text).unwrap();
            assert_eq!(bleu.signature(ReferenceCount::Fixed(2)).long(), signature);
        }
        let short = Bleu::default().signature(ReferenceCount::Varying).short();
        assert_eq!(short, "#:var|c:mixed|e:no|tok:13a|s:exp|v:2.6.0");
        assert_eq!(parse("bleu:order=2").unwrap().max_order, 2);
    }

    #[test]
    fn what_cannot_be_had_is_refused() {
        for (text, why) in [
            ("bleu:tok=14", "there are 13a, intl"),
            ("bleu:tok=ja-mecab", "not offered"),
            ("bleu:tok=flores200", "needs model=PATH"),
            ("bleu:tok=flores200,model=no/such.model", "no/such.model"),
            ("bleu:smooth=floor[x]", "floor[VALUE]"),
            ("bleu:smooth=floor[-1]", "floor[VALUE]"),
            ("bleu:smooth=exponential", "floor[VALUE]"),
            ("bleu:order=0", "between 1 and 32"),
            ("bleu:case=upper", "mixed or lc"),
            ("bleu:model=x.model", "no option \"model\""),
            ("bleu:width=3", "there are case, eff"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(why), "{error}");
        }
    }
}
