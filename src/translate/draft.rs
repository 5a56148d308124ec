//! A segment on its way through the model: what the model is shown of it, and what came back, checked.

use super::check::{check, check_form};
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
    /// What the lexicon makes of it; none where the source is not Bengali.
    gloss: Option<Gloss>,
    /// None: the segment comes through untouched.
    pub prompt: Option<Prompt>,
}

/// The words of a segment in English, one by one.
struct Gloss {
    text: String,
    words: Vec<GlossedWord>,
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
    /// Masks a segment and, with the lexicon of its language, glosses it.
    pub fn new(segment: Segment, lexicon: Option<&Lexicon>) -> Self {
        let mut masked = Masked::new(&segment.text);
        // What Bengali typing needs would change the quotation marks and spaces of other languages.
        let text = match lexicon {
            Some(_) => for_model(&masked.text),
            None => masked.text.replace(|c: char| c.is_control(), " "),
        };
        // Templates are made of lines: a line end inside a sentence must not look like one of theirs.
        masked.text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let gloss = lexicon.map(|lexicon| Gloss {
            text: lexicon.gloss(&masked.text),
            words: lexicon.gloss_words(&masked.text),
        });
        Draft {
            segment,
            masked,
            gloss,
            prompt: None,
        }
    }

    /// The gloss of what the model sees; empty where the source is not Bengali.
    pub fn gloss(&self) -> &str {
        self.gloss.as_ref().map_or("", |gloss| &gloss.text)
    }

    /// Whether there is something to translate in it: Bengali, or, where the source is another language, words.
    pub fn has_words(&self) -> bool {
        let scripts = Scripts::of(&self.masked.text);
        match self.gloss {
            Some(_) => scripts.bengali() > 0.0,
            None => scripts.letters() > 0,
        }
    }

    fn check(&self, translation: &str) -> Vec<Finding> {
        match &self.gloss {
            Some(gloss) => check(&self.masked.text, &gloss.words, translation),
            None => check_form(&self.masked.text, translation),
        }
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
        let findings = self
            .check(&to_ascii_digits(&self.masked.text))
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
        let mut findings = self.check(&generated.text);
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

    /// The segment with its outcome, and with its gloss if the model was shown it.
    pub fn finished(self, outcome: Outcome, shows_gloss: bool) -> TranslatedSegment {
        let gloss = self.gloss.filter(|_| shows_gloss && self.prompt.is_some());
        let Outcome {
            hypothesis,
            findings,
        } = outcome;
        TranslatedSegment {
            segment: self.segment,
            gloss: gloss.map(|gloss| gloss.text),
            hypothesis,
            findings,
        }
    }
}
