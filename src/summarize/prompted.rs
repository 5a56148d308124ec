//! A brief that a language model writes, held to what the article says.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use super::{Brief, BriefSentence, Length, Sources, SummarizeError, SummaryOptions};
use crate::decode::{GenerateError, Generated, Generator};
use crate::prompts::Prompts;
use crate::text::sentences;
use crate::translate::{Severity, TranslatedSegment, Translation};

/// Tokens of the article that the model is shown: news leads with what matters, and small models lose
/// the thread of long texts.
const ARTICLE_TOKENS: usize = 1500;
/// Room for a sentence of a brief, and for a word of one.
const TOKENS_A_SENTENCE: usize = 60;
const TOKENS_A_WORD: usize = 2;
/// Room for a whole brief: a longer one would not be brief.
const BRIEF_TOKENS: usize = 1000;

/// Prompts the model with the beginning of the translation, whole sentences without an error in them, and keeps of its
/// answer the sentences that are grounded in them. Empty if none is.
pub fn write(
    generator: &Generator,
    translation: &Translation,
    options: &SummaryOptions,
    keep_going: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Brief, SummarizeError> {
    let title = translation.title();
    let mut brief = Brief {
        title: title.clone(),
        sentences: Vec::new(),
    };
    let paragraphs = beginning(generator, translation);
    if paragraphs.is_empty() {
        return Ok(brief);
    }
    let prompt = Prompts::new()?.brief(title.as_deref().unwrap_or_default(), paragraphs)?;
    let prompt = generator.prompt(&prompt).map_err(GenerateError::from)?;
    let most = match options.length {
        Length::Sentences(n) => n.saturating_mul(TOKENS_A_SENTENCE),
        Length::Words(n) => n.saturating_mul(TOKENS_A_WORD),
    };
    let most = most.clamp(TOKENS_A_SENTENCE, BRIEF_TOKENS);
    let answer = Mutex::new(None);
    let done = |_, hypotheses: Vec<Generated>| {
        *answer.lock().unwrap_or_else(PoisonError::into_inner) = hypotheses.into_iter().next();
    };
    generator.generate(&[(prompt, most)], 1, &done, &|_| keep_going())?;
    if let Some(answer) = answer.into_inner().unwrap_or_else(PoisonError::into_inner) {
        brief.sentences = grounded(
            &answer.text,
            answer.continuation.ended(),
            translation,
            options.length,
        );
    }
    Ok(brief)
}

fn is_sound(segment: &TranslatedSegment) -> bool {
    segment
        .findings
        .iter()
        .all(|f| f.severity < Severity::Error)
}

/// The news of the translation, paragraph by paragraph, up to the first sentence that has no room.
fn beginning(generator: &Generator, translation: &Translation) -> Vec<String> {
    let mut room = ARTICLE_TOKENS;
    let mut paragraphs = Vec::new();
    for paragraph in translation.paragraphs.iter().filter(|p| p.role.is_news()) {
        let mut texts = Vec::new();
        for segment in paragraph.segments.iter().filter(|s| is_sound(s)) {
            let text = segment.hypothesis.text.as_str();
            match room.checked_sub(generator.count_tokens(text)) {
                Some(left) => room = left,
                None => {
                    room = 0;
                    break;
                }
            }
            texts.push(text);
        }
        if !texts.is_empty() {
            paragraphs.push(texts.join(" "));
        }
        if room == 0 {
            break;
        }
    }
    paragraphs
}

/// The sentences of an answer that rest on sound news of the translation, without repeats, within a length. The last
/// sentence of an answer that did not end may be half a one, and is left out.
fn grounded(
    answer: &str,
    ended: bool,
    translation: &Translation,
    length: Length,
) -> Vec<BriefSentence> {
    // Numbers of segments count them all; what a brief may not rest on is empty.
    let sources: Vec<&str> = translation
        .paragraphs
        .iter()
        .flat_map(|p| {
            p.segments
                .iter()
                .map(|s| (p.role.is_news() && is_sound(s), s))
        })
        .map(|(is_source, s)| {
            if is_source {
                s.hypothesis.text.as_str()
            } else {
                ""
            }
        })
        .collect();
    let sources = Sources::new(&sources);
    let mut ranges = sentences(answer);
    if !ended {
        ranges.pop();
    }
    let mut kept: Vec<BriefSentence> = Vec::new();
    let mut words = 0;
    for text in ranges.into_iter().map(|range| &answer[range]) {
        let grounding = sources.ground(text);
        if !grounding.is_grounded() || kept.iter().any(|s| s.text == text) {
            continue;
        }
        words += text.split_whitespace().count();
        let fits = match length {
            Length::Sentences(n) => kept.len() < n.max(1),
            Length::Words(n) => words <= n || kept.is_empty(),
        };
        if !fits {
            break;
        }
        kept.push(BriefSentence {
            text: text.to_owned(),
            citations: grounding.citations,
        });
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{Part, Role};
    use crate::translate::{Finding, FindingKind, Hypothesis, Segment, TranslatedParagraph};

    fn translation(sentences: &[(&str, bool)]) -> Translation {
        let segments = sentences.iter().map(|&(text, is_wrong)| {
            let finding = Finding {
                kind: FindingKind::AddedNumber,
                severity: Severity::Error,
                message: String::new(),
            };
            TranslatedSegment {
                segment: Segment {
                    text: String::new(),
                    part: Part::Text,
                    span: 0..0,
                },
                gloss: None,
                hypothesis: Hypothesis {
                    text: text.to_owned(),
                    tokens: Vec::new(),
                    score: 0.0,
                },
                findings: if is_wrong { vec![finding] } else { Vec::new() },
            }
        });
        let paragraph = TranslatedParagraph {
            role: Role::Body,
            source: String::new(),
            part: Part::Text,
            span: 0..0,
            segments: segments.collect(),
        };
        Translation {
            id: "a".to_owned(),
            paragraphs: vec![paragraph],
        }
    }

    #[test]
    fn only_grounded_whole_sentences_are_kept_once() {
        let translation = translation(&[
            ("The river Teesta flooded five villages in Rangpur.", false),
            ("Some 400 people moved to shelters in Dhaka.", true),
        ]);
        let first = "The river Teesta flooded five villages.";
        let answer = format!(
            "{first} The mayor of Paris resigned. {first} Some 400 people moved to shelters. The river"
        );
        let kept = grounded(&answer, false, &translation, Length::Sentences(5));
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(
            (kept[0].text.as_str(), kept[0].citations.as_slice()),
            (first, &[0][..])
        );
    }

    #[test]
    fn the_last_sentence_counts_only_if_the_model_ended_it() {
        let translation =
            translation(&[("The river Teesta flooded five villages in Rangpur.", false)]);
        let answer = "The river Teesta flooded five villages in Rangpur";
        assert!(grounded(answer, false, &translation, Length::Sentences(1)).is_empty());
        assert_eq!(
            grounded(answer, true, &translation, Length::Sentences(1)).len(),
            1
        );
    }

    #[test]
    fn length_is_kept() {
        let translation = translation(&[
            ("The river Teesta flooded five villages in Rangpur.", false),
            ("Some 400 people moved to shelters in Dhaka.", false),
        ]);
        let answer = "The river Teesta flooded five villages in Rangpur. Some 400 people moved to shelters in Dhaka.";
        let count = |length| grounded(answer, true, &translation, length).len();
        assert_eq!(
            [Length::Sentences(1), Length::Sentences(2), Length::Words(9)].map(count),
            [1, 2, 1]
        );
    }
}
