//! The second pass: a translation in, a short brief out, every sentence traced to its source.

mod answer;
mod extractive;
mod grounding;
mod opposites;
mod prompted;
mod salience;
mod selection;
mod sentence;
mod summarizer;
mod vector;
mod words;

pub use extractive::{Length, MAX_SENTENCES, SummaryOptions, extract};
pub use grounding::{Grounding, Sources};
pub use summarizer::{SummarizeError, Summarizer};

/// A short English text about one article.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// English headline, where the article has one.
    pub title: Option<String>,
    /// Sentences in the order of the article.
    pub sentences: Vec<BriefSentence>,
    /// Whether a model was to write it and wrote nothing that the article bears out, so that its sentences are the
    /// article's own.
    pub is_fallback: bool,
}

/// A sentence of a brief and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct BriefSentence {
    /// The sentence.
    pub text: String,
    /// Numbers of the segments of the translation ([`crate::translate::Translation::segments`])
    /// that it rests on, ascending.
    pub citations: Vec<usize>,
}
