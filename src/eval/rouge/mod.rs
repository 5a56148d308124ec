//! ROUGE: how much of a reference a text has in common with it. Lin, "ROUGE: a Package for Automatic Evaluation of
//! Summaries" (ACL 2004), with the words, the stemming and the scores of `rouge_score` 0.1.2.

mod grams;
mod lcs;
mod stem;
mod words;

use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};

use rustc_hash::FxHashMap;

use super::{
    Counter, EvalError, Metric, ReferenceCount, Segment, Sides, Signature, Spec, Statistics,
    StringMetric, count,
};
use grams::Grams;
use lcs::Lcs;
use words::Words;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// N-grams that both texts have: ROUGE-N.
    Grams(NonZeroUsize),
    /// Words of a longest common subsequence: ROUGE-L.
    Subsequence,
    /// Words of each line of the reference that are in a longest common subsequence with any line of the text:
    /// ROUGE-Lsum.
    Lines,
}

/// The longest n-grams that there is a name for.
const LONGEST: usize = 9;

/// ROUGE, in percent. The score of a corpus is the mean of the F-scores of its texts; with several references, that
/// with the best F-score counts.
///
/// Time grows with the product of the lengths of text and reference (64 words at a time within a line), but for
/// n-grams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rouge {
    /// What is counted.
    pub overlap: Overlap,
    /// Whether words are compared by their Porter stems. `rouge_score` does not unless told to.
    pub stems: bool,
}

impl Rouge {
    /// The metrics that a specification names: `rouge` (ROUGE-1, -2 and -L), `rouge-1` to `rouge-9`, `rouge-l`,
    /// `rouge-lsum`; the option `stem` is `yes` or `no`.
    ///
    /// # Errors
    /// [`EvalError::Spec`] where the name or an option is not known.
    pub fn from_spec(spec: &mut Spec) -> Result<Vec<Rouge>, EvalError> {
        let rest = spec.name.strip_prefix("rouge").unwrap_or(&spec.name);
        let grams = |n: usize| NonZeroUsize::new(n).map(Overlap::Grams);
        let overlaps = match rest.strip_prefix('-').unwrap_or(rest) {
            _ if spec.name == "rouge" => vec![grams(1), grams(2), Some(Overlap::Subsequence)],
            "l" => vec![Some(Overlap::Subsequence)],
            "lsum" => vec![Some(Overlap::Lines)],
            n => vec![n.parse().ok().filter(|&n| n <= LONGEST).and_then(grams)],
        };
        let overlaps: Option<Vec<Overlap>> = overlaps.into_iter().collect();
        let unknown =
            || spec.error("no such ROUGE; there are rouge-1 to rouge-9, rouge-l, rouge-lsum");
        let overlaps = overlaps.ok_or_else(unknown)?;
        let stems = spec.take_bool(&["stem"], false)?;
        spec.finish("stem")?;
        let rouge = |overlap| Rouge { overlap, stems };
        Ok(overlaps.into_iter().map(rouge).collect())
    }
}

/// Places in a text's statistics.
const PRECISION: usize = 0;
const RECALL: usize = 1;
const F: usize = 2;
const TEXTS: usize = 3;

impl Metric for Rouge {
    fn name(&self) -> String {
        match self.overlap {
            Overlap::Grams(n) => format!("ROUGE-{n}"),
            Overlap::Subsequence => "ROUGE-L".to_owned(),
            Overlap::Lines => "ROUGE-Lsum".to_owned(),
        }
    }

    fn signature(&self, references: ReferenceCount) -> Signature {
        Signature::other("rouge_score-0.1.2")
            .with("nrefs", "#", references)
            .with_bool("stem", "stem", self.stems)
    }

    fn width(&self) -> usize {
        4
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
        mean(sums, F)
    }

    fn details(&self, sums: &[f64]) -> String {
        format!(
            "P = {:.2} R = {:.2}",
            mean(sums, PRECISION),
            mean(sums, RECALL)
        )
    }
}

impl StringMetric for Rouge {
    fn counter(&self) -> Box<dyn Counter + '_> {
        Box::new(OverlapCounter {
            overlap: self.overlap,
            words: Words::new(self.stems),
            references: Vec::new(),
            hypothesis: Text::default(),
            lcs: Lcs::default(),
        })
    }
}

/// A mean over the texts, in percent.
fn mean(sums: &[f64], place: usize) -> f64 {
    match sums[TEXTS] {
        0.0 => 0.0,
        texts => 100.0 * sums[place] / texts,
    }
}

/// A text, read for what is counted.
#[derive(Debug, Default)]
struct Text {
    words: Vec<u32>,
    /// Its lines; filled for [`Overlap::Lines`] alone.
    lines: Vec<Range<usize>>,
    /// Filled for [`Overlap::Grams`] alone.
    grams: Grams,
}

impl Text {
    fn read(&mut self, text: &str, overlap: Overlap, words: &mut Words) {
        self.words.clear();
        self.lines.clear();
        match overlap {
            Overlap::Grams(n) => {
                words.read(text, &mut self.words);
                self.grams.read(&self.words, n.get());
            }
            Overlap::Subsequence => words.read(text, &mut self.words),
            Overlap::Lines => {
                for line in text.split('\n') {
                    let start = self.words.len();
                    words.read(line, &mut self.words);
                    self.lines.push(start..self.words.len());
                }
            }
        }
    }

    /// Lines of words.
    fn lines(&self) -> impl Iterator<Item = &[u32]> {
        self.lines.iter().map(|line| &self.words[line.clone()])
    }

    /// How many there are of what is counted.
    fn units(&self, overlap: Overlap) -> usize {
        match overlap {
            Overlap::Grams(_) => self.grams.len(),
            Overlap::Subsequence | Overlap::Lines => self.words.len(),
        }
    }
}

struct OverlapCounter {
    overlap: Overlap,
    words: Words,
    references: Vec<Text>,
    hypothesis: Text,
    lcs: Lcs,
}

impl Counter for OverlapCounter {
    fn set(&mut self, sides: Sides) {
        let texts = sides.references.len();
        self.references.resize_with(texts, Text::default);
        for (text, reference) in self.references.iter_mut().zip(sides.references) {
            text.read(reference, self.overlap, &mut self.words);
        }
    }

    fn count(&mut self, hypothesis: &str, statistics: &mut [f64]) {
        self.hypothesis
            .read(hypothesis, self.overlap, &mut self.words);
        let all = self.hypothesis.units(self.overlap);
        statistics[TEXTS] = 1.0;
        for reference in &self.references {
            let shared = shared(self.overlap, reference, &self.hypothesis, &mut self.lcs) as f64;
            let precision = shared / all.max(1) as f64;
            let recall = shared / reference.units(self.overlap).max(1) as f64;
            let f = match precision + recall {
                0.0 => 0.0,
                sum => 2.0 * precision * recall / sum,
            };
            // The first of the best, as rouge_score has it.
            if f > statistics[F] {
                statistics[PRECISION] = precision;
                statistics[RECALL] = recall;
                statistics[F] = f;
            }
        }
    }
}

/// How much of what is counted is in both texts.
fn shared(overlap: Overlap, reference: &Text, hypothesis: &Text, lcs: &mut Lcs) -> usize {
    let (a, b) = (&reference.words, &hypothesis.words);
    match overlap {
        Overlap::Grams(n) => grams::shared(n.get(), (a, &reference.grams), (b, &hypothesis.grams)),
        Overlap::Subsequence => lcs.length(a, b),
        Overlap::Lines => shared_in_lines(reference, hypothesis, lcs),
    }
}

/// Words of the reference's lines that are in a longest common subsequence with any line of the hypothesis, each as
/// often as the hypothesis has it at most.
fn shared_in_lines(reference: &Text, hypothesis: &Text, lcs: &mut Lcs) -> usize {
    let mut left: FxHashMap<u32, usize> = FxHashMap::default();
    for &word in &hypothesis.words {
        *left.entry(word).or_default() += 1;
    }
    let mut shared = 0;
    let mut marks = Vec::new();
    for line in reference.lines() {
        marks.clear();
        marks.resize(line.len(), false);
        for other in hypothesis.lines() {
            lcs.mark(line, other, &mut marks);
        }
        for (word, _) in line.iter().zip(&marks).filter(|(_, is_marked)| **is_marked) {
            if let Some(left) = left.get_mut(word).filter(|left| **left > 0) {
                *left -= 1;
                shared += 1;
            }
        }
    }
    shared
}
