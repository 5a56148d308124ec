//! A segment on its way through the model: what the model is shown of it, and what came back, checked.

use super::check::check;
use super::mask::Masked;
use super::{Finding, FindingKind, Hypothesis, Segment, Severity, TranslatedSegment};
use crate::decode::{Generated, Prompt};
use crate::lexicon::{GlossedWord, Lexicon};
use crate::text::{Scripts, for_model, to_ascii_digits};

/// A segment in work.
pub struct Draft {
    segment: Segment,
    /// What the model sees of it.
    pub masked: Masked,
    words: Vec<GlossedWord>,
    /// The gloss of what the model sees.
    pub gloss: String,
    /// None: the segment comes through untouched.
    pub prompt: Option<Prompt>,
}

/// What became of a draft.
pub struct Outcome {
    hypothesis: Hypothesis,
    findings: Vec<Finding>,
}

impl Outcome {
    /// Findings that make the translation likely wrong.
    pub fn errors(&self) -> usize {
        self.findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .count()
    }

    /// Lower is better: errors first, then all findings.
    pub fn rank(&self) -> (usize, usize) {
        (self.errors(), self.findings.len())
    }
}

impl Draft {
    /// Masks and glosses a segment.
    pub fn new(segment: Segment, lexicon: &Lexicon) -> Self {
        let mut masked = Masked::new(&segment.text);
        // Templates are made of lines: a line end inside a sentence must not look like one of theirs.
        masked.text = for_model(&masked.text)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let (gloss, words) = (
            lexicon.gloss(&masked.text),
            lexicon.gloss_words(&masked.text),
        );
        Draft {
            segment,
            masked,
            words,
            gloss,
            prompt: None,
        }
    }

    /// Whether there is Bengali in it to translate.
    pub fn is_bengali(&self) -> bool {
        Scripts::of(&self.masked.text).bengali() > 0.0
    }

    /// The outcome of a segment that has nothing to translate: itself, with ASCII digits.
    pub fn untouched(&self) -> Option<Outcome> {
        if self.prompt.is_some() {
            return None;
        }
        let text = self
            .masked
            .restore(&to_ascii_digits(&self.masked.text))
            .text;
        // What it says in another script than ours the checks find: nobody translated it.
        let findings = check(
            &self.masked.text,
            &self.words,
            &to_ascii_digits(&self.masked.text),
        );
        let findings = findings
            .into_iter()
            .filter(|f| f.kind == FindingKind::Untranslated);
        let hypothesis = Hypothesis {
            text,
            tokens: Vec::new(),
            score: 0.0,
        };
        Some(Outcome {
            hypothesis,
            findings: findings.collect(),
        })
    }

    /// A hypothesis with what the checks see in it.
    pub fn judged(&self, generated: Generated) -> Outcome {
        let mut findings = check(&self.masked.text, &self.words, &generated.text);
        if !generated.continuation.ended() {
            findings.push(Finding {
                kind: FindingKind::Truncated,
                severity: Severity::Error,
                message: "cut off: the model did not end the sentence".to_owned(),
            });
        }
        let restored = self.masked.restore(&generated.text);
        let misplaced = |piece: String, what| Finding {
            kind: FindingKind::Misplaced,
            severity: Severity::Warning,
            message: format!("“{piece}” {what}"),
        };
        let lost = restored
            .lost
            .into_iter()
            .map(|p| misplaced(p, "lost its place and stands at the end"));
        findings.extend(lost);
        let repeated = restored
            .repeated
            .into_iter()
            .map(|p| misplaced(p, "stands in more than one place"));
        findings.extend(repeated);
        let hypothesis = Hypothesis {
            text: restored.text,
            score: generated.continuation.mean_log_prob(),
            tokens: generated.continuation.tokens,
        };
        Outcome {
            hypothesis,
            findings,
        }
    }

    /// The segment with its outcome.
    pub fn finished(self, outcome: Outcome) -> TranslatedSegment {
        let gloss = self.prompt.is_some().then_some(self.gloss);
        let Outcome {
            hypothesis,
            findings,
        } = outcome;
        TranslatedSegment {
            segment: self.segment,
            gloss,
            hypothesis,
            findings,
        }
    }
}
