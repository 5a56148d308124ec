//! A brief that a language model writes, held to what the article says.

use std::ops::ControlFlow;
use std::sync::Mutex;

use super::{Brief, BriefSentence, Length, MAX_SENTENCES, Sources, SummarizeError, SummaryOptions};
use crate::article::Role;
use crate::decode::{Generated, Generator};
use crate::prompts::Prompts;
use crate::text::sentences;
use crate::translate::{TranslatedParagraph, Translation};

/// Tokens of the article that the model is shown: news leads with what matters, and small models lose
/// the thread of long texts. Whole paragraphs from the beginning, at least one.
const ARTICLE_TOKENS: usize = 1500;
/// Room for a sentence of a brief.
const TOKENS_A_SENTENCE: usize = 60;
/// Room for a word of a brief.
const TOKENS_A_WORD: usize = 2;

/// Prompts the model with the translation and keeps the sentences of its answer that are grounded, in the order
/// it gave them, within the length asked for. Empty if none is.
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
    let mut room = ARTICLE_TOKENS;
    let news = translation.paragraphs.iter().filter(|p| p.role.is_news());
    let shown = news
        .map(TranslatedParagraph::text)
        .enumerate()
        .take_while(|(i, text)| {
            let tokens = generator.count_tokens(text);
            let fits = *i == 0 || tokens <= room;
            room = room.saturating_sub(tokens);
            fits
        });
    let paragraphs: Vec<String> = shown.map(|(_, text)| text).collect();
    if paragraphs.is_empty() {
        return Ok(brief);
    }
    let prompt = Prompts::new()?.brief(title.as_deref().unwrap_or_default(), paragraphs)?;
    let most = match options.length {
        Length::Sentences(n) => n.clamp(1, MAX_SENTENCES) * TOKENS_A_SENTENCE,
        Length::Words(n) => n.clamp(TOKENS_A_SENTENCE, MAX_SENTENCES * 10) * TOKENS_A_WORD,
    };
    let prompt = generator
        .prompt(&prompt)
        .map_err(crate::decode::GenerateError::from)?;
    let answer = Mutex::new(String::new());
    let done = |_, hypotheses: Vec<Generated>| {
        if let (Some(best), Ok(mut answer)) = (hypotheses.into_iter().next(), answer.lock()) {
            *answer = best.text;
        }
    };
    generator.generate(&[(prompt, most)], 1, &done, keep_going)?;
    let answer = answer.into_inner().unwrap_or_default();

    let segments: Vec<(Role, &str)> = translation
        .paragraphs
        .iter()
        .flat_map(|p| {
            p.segments
                .iter()
                .map(|s| (p.role, s.hypothesis.text.as_str()))
        })
        .collect();
    // A brief rests on the news, not on a caption; numbers of segments count them all.
    let sources: Vec<&str> = segments
        .iter()
        .map(|&(role, text)| if role.is_news() { text } else { "" })
        .collect();
    let sources = Sources::new(&sources);
    let mut words = 0;
    for range in sentences(&answer) {
        let text = &answer[range];
        let grounding = sources.ground(text);
        let repeats = brief.sentences.iter().any(|s| s.text == text);
        if repeats || !grounding.is_grounded() {
            continue;
        }
        words += text.split_whitespace().count();
        let fits = match options.length {
            Length::Sentences(n) => brief.sentences.len() < n,
            Length::Words(n) => words <= n || brief.sentences.is_empty(),
        };
        if !fits {
            break;
        }
        brief.sentences.push(BriefSentence {
            text: text.to_owned(),
            citations: grounding.citations,
        });
    }
    Ok(brief)
}
