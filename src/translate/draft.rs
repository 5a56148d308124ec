//! A segment on its way through the model: what the model is shown of it, and what came back, checked.

use super::check::{check, check_form};
use super::mask::Masked;
use super::{
    ExplainedToken, Finding, FindingKind, Hypothesis, Segment, Severity, TranslatedSegment,
};
use crate::decode::Continuation;
use crate::generate::{Generated, Prompt};
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
#[derive(Debug, Clone)]
pub struct Outcome {
    text: String,
    continuation: Continuation,
    findings: Vec<Finding>,
    alternatives: Vec<Hypothesis>,
}

impl Outcome {
    /// Of a search's outcomes, best first, the one with the fewest findings; the others, as many as make `n_best` with
    /// it, are its alternatives.
    pub fn choose(mut outcomes: Vec<Outcome>, n_best: usize) -> Option<Outcome> {
        let places = 0..outcomes.len();
        let mut best = outcomes.remove(places.min_by_key(|&i| outcomes[i].rank())?);
        for other in outcomes {
            let same = |alternative: &Hypothesis| alternative.text == other.text;
            let is_known = best.text == other.text || best.alternatives.iter().any(same);
            if !is_known && best.alternatives.len() + 1 < n_best {
                let hypothesis = Hypothesis::new(other.text, other.continuation);
                best.alternatives.push(hypothesis);
            }
        }
        Some(best)
    }

    /// What the model wrote; nothing for a segment that it was not shown.
    pub fn continuation(&self) -> &Continuation {
        &self.continuation
    }

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
        Some(Outcome {
            text,
            continuation: Continuation::default(),
            findings: findings.collect(),
            alternatives: Vec::new(),
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
        Outcome {
            text: restored.text,
            continuation: generated.continuation,
            findings,
            alternatives: Vec::new(),
        }
    }

    /// The segment with its outcome and what explains it, and with its gloss if the model was shown it.
    pub fn finished(
        self,
        outcome: Outcome,
        explained: Vec<ExplainedToken>,
        shows_gloss: bool,
    ) -> TranslatedSegment {
        let gloss = self.gloss.filter(|_| shows_gloss && self.prompt.is_some());
        TranslatedSegment {
            segment: self.segment,
            gloss: gloss.map(|gloss| gloss.text),
            hypothesis: Hypothesis::new(outcome.text, outcome.continuation),
            findings: outcome.findings,
            alternatives: outcome.alternatives,
            explained,
        }
    }
}

impl Hypothesis {
    fn new(text: String, continuation: Continuation) -> Self {
        Hypothesis {
            text,
            score: continuation.mean_log_prob(),
            tokens: continuation.tokens,
            token_log_probs: continuation.token_log_probs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str, findings: usize) -> Outcome {
        let finding = Finding {
            kind: FindingKind::AddedNumber,
            severity: Severity::Error,
            message: String::new(),
        };
        Outcome {
            text: text.to_owned(),
            continuation: Continuation::default(),
            findings: vec![finding; findings],
            alternatives: Vec::new(),
        }
    }

    #[test]
    fn the_fewest_findings_win_and_the_others_keep_their_order() {
        let outcomes = || {
            let all = [("a", 2), ("b", 1), ("a", 3), ("c", 1), ("b", 1), ("d", 4)];
            all.map(|(text, findings)| outcome(text, findings)).to_vec()
        };
        for (n_best, expected) in [
            (1, &[][..]),
            (2, &["a"]),
            (3, &["a", "c"]),
            (9, &["a", "c", "d"]),
        ] {
            let best = Outcome::choose(outcomes(), n_best).unwrap();
            assert_eq!(best.text, "b");
            let texts: Vec<&str> = best.alternatives.iter().map(|h| h.text.as_str()).collect();
            assert_eq!(texts, expected, "{n_best}");
        }
        assert!(Outcome::choose(Vec::new(), 2).is_none());
    }
}
