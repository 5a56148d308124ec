//! What a model makes of a test set.

use std::ops::ControlFlow;
use std::time::Instant;

use super::{System, TestSet};
use crate::article::{Article, Paragraph, Part, Role};
use crate::translate::{TranslateError, Translator};

/// Sentences that are translated together: enough to fill batches with ones of a length.
const WINDOW: usize = 1024;

/// Translates the sources of a test set, each by itself: a line of a test set is a sentence (or some) of the body of an
/// article, whatever it looks like. A missing source gives an empty output.
///
/// `progress` is told of sentences done, as [`Translator::translate`] tells it, and stops the work where it breaks. The
/// seconds are those of translating, without loading the model.
///
/// # Errors
/// Where the model fails or `progress` breaks.
pub fn translate_set(
    translator: &Translator,
    name: &str,
    test_set: &TestSet,
    progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
) -> Result<System, TranslateError> {
    let started = Instant::now();
    let mut hypotheses = Vec::with_capacity(test_set.segments.len());
    for window in test_set.segments.chunks(WINDOW) {
        let sources = window.iter().map(|segment| segment.source.as_deref());
        let articles: Vec<Article> = sources
            .map(|source| article(source.unwrap_or("")))
            .collect();
        for translation in translator.translate(&articles, progress)? {
            let texts = translation.paragraphs.iter().map(|p| p.text());
            hypotheses.push(texts.collect::<Vec<_>>().join(" "));
        }
    }
    Ok(System {
        name: name.to_owned(),
        hypotheses,
        seconds: Some(started.elapsed().as_secs_f64()),
    })
}

/// A line as the only paragraph of an article.
fn article(line: &str) -> Article {
    let text = line.trim();
    let paragraph = Paragraph {
        role: Role::Body,
        part: Part::Text,
        span: 0..text.len(),
        text: text.to_owned(),
        offsets: Vec::new(),
    };
    Article {
        id: String::new(),
        title: None,
        text: text.to_owned(),
        paragraphs: if text.is_empty() {
            Vec::new()
        } else {
            vec![paragraph]
        },
    }
}
