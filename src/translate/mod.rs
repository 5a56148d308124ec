//! A document in, a document out: sentences cut, translated, checked, and put back in their places.

mod check;
mod cut;
mod draft;
mod mask;
mod options;
mod pairs;
mod translator;

use std::ops::Range;

use crate::article::{Part, Role};
pub use check::{Finding, FindingKind, Severity, check};
pub use options::{DeviceChoice, ShortlistChoice, TranslateOptions};
pub use translator::{TranslateError, Translator};

pub use crate::generate::{ExplainedToken, ModelSource};
pub use crate::model::Compute;

/// A sentence of an article, or a clause of one that is too long for the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The source sentence, without markup, otherwise as written.
    pub text: String,
    /// Which string of the article `span` points into.
    pub part: Part,
    /// Bytes of the sentence in that string.
    pub span: Range<usize>,
}

/// One output of the decoder for one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// Detokenised text.
    pub text: String,
    /// Token ids, without the end-of-sequence token.
    pub tokens: Vec<u32>,
    /// Natural-log probability of each token, and of the end of sequence where the model came to it.
    pub token_log_probs: Vec<f32>,
    /// Their mean; 0 is certain.
    pub score: f32,
}

/// A segment with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TranslatedSegment {
    /// The source.
    pub segment: Segment,
    /// The word-by-word gloss that the model was shown, where it uses one.
    pub gloss: Option<String>,
    /// The translation.
    pub hypothesis: Hypothesis,
    /// What the checks saw in it.
    pub findings: Vec<Finding>,
    /// What else the model might have said, where more than one hypothesis was asked for
    /// ([`TranslateOptions::n_best`]), in the order in which the search ranks them; each text once. Addresses are
    /// back in their places; findings are not told of these.
    pub alternatives: Vec<Hypothesis>,
    /// The translation token by token, where that was asked for ([`TranslateOptions::explain`]).
    pub explained: Vec<ExplainedToken>,
}

/// A block of the article with its segments translated. A block that is not translated
/// ([`Role::is_translated`]) has none and comes through as `source`.
#[derive(Debug, Clone, PartialEq)]
pub struct TranslatedParagraph {
    /// What the block is.
    pub role: Role,
    /// The block's words in Bengali.
    pub source: String,
    /// Which string of the article `span` points into.
    pub part: Part,
    /// Bytes of the block in that string.
    pub span: Range<usize>,
    /// Its sentences in order.
    pub segments: Vec<TranslatedSegment>,
}

/// An article in English: its blocks in reading order, nothing left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Translation {
    /// `Article::id`.
    pub id: String,
    /// Its blocks.
    pub paragraphs: Vec<TranslatedParagraph>,
}

impl TranslatedParagraph {
    /// The English of the block: its segments joined by a space, or the source of an untranslated block.
    pub fn text(&self) -> String {
        if !self.role.is_translated() {
            return self.source.clone();
        }
        let texts: Vec<&str> = self
            .segments
            .iter()
            .map(|s| s.hypothesis.text.as_str())
            .filter(|t| !t.is_empty())
            .collect();
        texts.join(" ")
    }
}

impl Translation {
    /// The English headline, where the article has one.
    pub fn title(&self) -> Option<String> {
        self.paragraphs
            .iter()
            .find(|p| p.role == Role::Title)
            .map(TranslatedParagraph::text)
    }

    /// Segments of the whole article in order, numbered from 0: the numbers that a brief's citations use.
    pub fn segments(&self) -> impl Iterator<Item = &TranslatedSegment> {
        self.paragraphs.iter().flat_map(|p| &p.segments)
    }

    /// All findings with the number of the segment they are about.
    pub fn findings(&self) -> impl Iterator<Item = (usize, &Finding)> {
        self.segments()
            .enumerate()
            .flat_map(|(i, s)| s.findings.iter().map(move |f| (i, f)))
    }
}
