//! The second pass: a translation in, a short brief out, every sentence traced to its source.

/// A short English text about one article.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// English headline, where the article has one.
    pub title: Option<String>,
    /// Sentences in the order of the article.
    pub sentences: Vec<BriefSentence>,
}

/// A sentence of a brief and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct BriefSentence {
    /// The sentence.
    pub text: String,
    /// Numbers of the segments of the translation ([`crate::translate::Translation::segments`]) that it rests on.
    pub citations: Vec<usize>,
}
