//! A brief made of the article's own sentences.

use super::vector::Vocabulary;
use super::words::words;
use super::{Brief, BriefSentence, salience, selection, sentence};
use crate::article::Role;
use crate::translate::{TranslatedSegment, Translation};

/// How long a brief may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Sentences, 1 to [`MAX_SENTENCES`].
    Sentences(usize),
    /// Words, parted by white space. Sentences are taken whole while they fit.
    Words(usize),
}

/// No brief is longer than this many sentences, whatever [`Length`] asks for.
pub const MAX_SENTENCES: usize = 1000;

/// What a brief should be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryOptions {
    /// Its length; 3 sentences unless told.
    pub length: Length,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        SummaryOptions {
            length: Length::Sentences(3),
        }
    }
}

/// Makes a brief of the sentences that tell most of the article's news, in the order of the article.
///
/// Sentences of the body and of lists may be taken; headings, captions, bylines and the like are not
/// news. A sentence with a finding of [`Severity::Error`](crate::translate::Severity::Error) is taken
/// only where the sound ones do not fill the length, and one that is cut off, loops or is left in
/// another script only where there is nothing else, not even a headline. A sentence that says the same as one taken is
/// left out, so a brief may be shorter than asked.
///
/// A brief of an article with news has at least one sentence, even where none fits the words asked
/// for. Where the headline is all there is, the brief is the headline; where there is neither, it is
/// empty. The same translation and options give the same brief, in time that grows with the length of
/// the article and not with its square.
pub fn extract(translation: &Translation, options: &SummaryOptions) -> Brief {
    let title = translation.title();
    let mut vocabulary = Vocabulary::default();
    let news = sentence::news(translation, &mut vocabulary);
    let headline = vocabulary.vector(&words(title.as_deref().unwrap_or_default()));
    let scores = salience::scores(&news, &headline);
    let mut pool: Vec<usize> = (0..news.len()).filter(|&i| !news[i].is_broken).collect();
    if pool.is_empty() && !has_sound_headline(translation) {
        pool = (0..news.len()).collect();
    }
    let taken = selection::select(&news, &scores, pool, options.length);
    let mut sentences: Vec<BriefSentence> = taken
        .into_iter()
        .map(|i| BriefSentence {
            text: news[i].text.to_owned(),
            citations: vec![news[i].segment],
        })
        .collect();
    if sentences.is_empty() {
        sentences.extend(headline_sentence(translation));
    }
    Brief {
        title,
        sentences,
        is_fallback: false,
    }
}

/// Whether there is a headline and it is English.
fn has_sound_headline(translation: &Translation) -> bool {
    let title = translation
        .paragraphs
        .iter()
        .find(|p| p.role == Role::Title);
    title.is_some_and(|title| {
        let is_broken = |s: &TranslatedSegment| sentence::is_broken(&s.findings);
        !title.text().trim().is_empty() && !title.segments.iter().any(is_broken)
    })
}

/// The headline as a sentence that rests on the headline's segments.
fn headline_sentence(translation: &Translation) -> Option<BriefSentence> {
    let place = translation
        .paragraphs
        .iter()
        .position(|p| p.role == Role::Title)?;
    let before: usize = translation.paragraphs[..place]
        .iter()
        .map(|p| p.segments.len())
        .sum();
    let title = &translation.paragraphs[place];
    let text = title.text();
    let citations = (before..before + title.segments.len()).collect();
    (!text.trim().is_empty()).then_some(BriefSentence { text, citations })
}
