//! A brief that a language model writes, held to what the article says.
//!
//! What fits is summarised at once. A longer article is summarised part by part, and then the briefs of its parts, until
//! they fit: of whatever the model writes on the way, only sentences go on that rest on the article itself.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use super::answer::{grounded, joined};
use super::{Brief, BriefSentence, Length, Sources, SummarizeError, SummaryOptions};
use crate::generate::{GenerateError, Generated, Generator, Prompt};
use crate::prompts::Prompts;
use crate::translate::{Severity, TranslatedSegment, Translation};

/// Tokens of the article that the model is shown at once: small models lose the thread of longer texts.
const PART_TOKENS: usize = 1500;
/// Room for a sentence of a brief, and for a word of one.
const TOKENS_A_SENTENCE: usize = 60;
const TOKENS_A_WORD: usize = 2;
/// Room for a whole brief: a longer one would not be brief.
const BRIEF_TOKENS: usize = 1000;
/// Words of a sentence, as one that counts words may expect them.
const WORDS_A_SENTENCE: usize = 20;

/// Has the model write a brief of the translation's sentences, but those with an error in them, and keeps of it the
/// sentences that are grounded in them. Empty if none is.
///
/// A sentence that alone is longer than what the model can be shown is left out.
pub fn write(
    generator: &Generator,
    translation: &Translation,
    options: &SummaryOptions,
    keep_going: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Brief, SummarizeError> {
    let title = translation.title();
    let sources = sources(translation);
    let writer = Writer {
        generator,
        prompts: Prompts::new()?,
        title: title.clone().unwrap_or_default(),
        length: options.length,
        sources: Sources::new(&sources),
        keep_going,
    };
    let sentences = writer.brief(news(translation))?;
    Ok(Brief {
        title,
        sentences,
        is_fallback: false,
    })
}

/// What is asked for and of what.
struct Writer<'a> {
    generator: &'a Generator,
    prompts: Prompts,
    title: String,
    length: Length,
    sources: Sources,
    keep_going: &'a (dyn Fn() -> ControlFlow<()> + Sync),
}

impl Writer<'_> {
    /// The brief of paragraphs, each its sentences.
    fn brief(
        &self,
        mut paragraphs: Vec<Vec<String>>,
    ) -> Result<Vec<BriefSentence>, SummarizeError> {
        let room = self.room()?;
        let mut before: Option<Vec<BriefSentence>> = None;
        loop {
            let parts = parts(&paragraphs, room, |text| self.generator.count_tokens(text));
            let briefs = self.ask(&parts)?;
            let is_whole = briefs.len() <= 1;
            let all = joined(briefs.concat(), None);
            // Each round has to come closer to one part.
            let is_stuck = before.as_ref().is_some_and(|b| all.len() >= b.len());
            if is_whole || is_stuck {
                let best = if all.is_empty() {
                    before.unwrap_or_default()
                } else {
                    all
                };
                return Ok(joined(best, Some(self.length)));
            }
            paragraphs = briefs
                .into_iter()
                .map(|brief| brief.into_iter().map(|s| s.text).collect())
                .collect();
            before = Some(all);
        }
    }

    /// Tokens that paragraphs may have in one prompt.
    fn room(&self) -> Result<usize, SummarizeError> {
        let empty = self.prompt(&[])?.tokens();
        let limits = self.generator.limits();
        let left = match limits.source {
            0 => limits.target.saturating_sub(empty + self.most_new_tokens()),
            most => most.saturating_sub(empty),
        };
        Ok(left.min(PART_TOKENS))
    }

    fn prompt(&self, paragraphs: &[String]) -> Result<Prompt, SummarizeError> {
        let sentences = match self.length {
            Length::Sentences(n) => n.max(1),
            Length::Words(n) => n.div_ceil(WORDS_A_SENTENCE).max(1),
        };
        let prompting = self.generator.prompting();
        let parts = self
            .prompts
            .brief(prompting, &self.title, paragraphs, sentences)?;
        Ok(self.generator.prompt(&parts).map_err(GenerateError::from)?)
    }

    /// Room for an answer: never more than half of what the model can hold.
    fn most_new_tokens(&self) -> usize {
        let most = match self.length {
            Length::Sentences(n) => n.saturating_mul(TOKENS_A_SENTENCE),
            Length::Words(n) => n.saturating_mul(TOKENS_A_WORD),
        };
        let most = most.clamp(TOKENS_A_SENTENCE, BRIEF_TOKENS);
        self.generator
            .max_new_tokens()
            .unwrap_or(most)
            .min(self.generator.limits().target / 2)
    }

    /// The grounded sentences of the brief of each part.
    fn ask(&self, parts: &[Vec<String>]) -> Result<Vec<Vec<BriefSentence>>, SummarizeError> {
        let most = self.most_new_tokens();
        let prompts = parts.iter().map(|part| Ok((self.prompt(part)?, most)));
        let prompts = prompts.collect::<Result<Vec<_>, SummarizeError>>()?;
        let answers = Mutex::new(vec![None; parts.len()]);
        let done = |i: usize, hypotheses: Vec<Generated>| {
            answers.lock().unwrap_or_else(PoisonError::into_inner)[i] =
                hypotheses.into_iter().next();
        };
        self.generator
            .generate(&prompts, self.generator.search(), &done, &|_| {
                (self.keep_going)()
            })?;
        let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        let briefs = answers.into_iter().map(|answer| match answer {
            Some(Generated { text, continuation }) => {
                grounded(&text, continuation.ended(), &self.sources, self.length)
            }
            None => Vec::new(),
        });
        Ok(briefs.collect())
    }
}

fn is_sound(segment: &TranslatedSegment) -> bool {
    segment
        .findings
        .iter()
        .all(|f| f.severity < Severity::Error)
}

/// The sound sentences of the translation's news, paragraph by paragraph.
fn news(translation: &Translation) -> Vec<Vec<String>> {
    let paragraphs = translation.paragraphs.iter().filter(|p| p.role.is_news());
    let sentences = paragraphs.map(|paragraph| {
        let sound = paragraph.segments.iter().filter(|s| is_sound(s));
        sound.map(|s| s.hypothesis.text.clone()).collect()
    });
    sentences.collect()
}

/// The texts of all segments, as their numbers count them; what a brief may not rest on is empty.
fn sources(translation: &Translation) -> Vec<&str> {
    let paragraphs = translation.paragraphs.iter();
    let segments = paragraphs.flat_map(|p| p.segments.iter().map(move |s| (p.role.is_news(), s)));
    let texts = segments.map(|(is_news, s)| match is_news && is_sound(s) {
        true => s.hypothesis.text.as_str(),
        false => "",
    });
    texts.collect()
}

/// Paragraphs put together to parts of at most `room` tokens, which begin and end between sentences.
fn parts(
    paragraphs: &[Vec<String>],
    room: usize,
    tokens: impl Fn(&str) -> usize,
) -> Vec<Vec<String>> {
    let (mut parts, mut part, mut left) = (Vec::new(), Vec::new(), room);
    for paragraph in paragraphs {
        let mut text = String::new();
        for sentence in paragraph {
            let needed = tokens(sentence);
            if needed > room {
                continue;
            }
            if needed > left {
                if !text.is_empty() {
                    part.push(std::mem::take(&mut text));
                }
                parts.push(std::mem::take(&mut part));
                left = room;
            }
            left -= needed;
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(sentence);
        }
        if !text.is_empty() {
            part.push(text);
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::Path;
    use std::sync::Arc;

    use candle_core::{Device, Tensor};

    use super::*;
    use crate::article::{Part, Role};
    use crate::generate::GeneratorOptions;
    use crate::model::{Compute, KvCache, LanguageModel, Limits, Model, Sequence};
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
                    token_log_probs: Vec::new(),
                    score: 0.0,
                },
                alternatives: Vec::new(),
                explained: Vec::new(),
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
    fn parts_begin_and_end_between_sentences() {
        let paragraph = |sentences: &[&str]| sentences.iter().map(|s| (*s).to_owned()).collect();
        let paragraphs = [
            paragraph(&["one two.", "three four."]),
            paragraph(&["a sentence of too many words."]),
            paragraph(&["five.", "six seven eight."]),
        ];
        let words = |text: &str| text.split(' ').count();
        assert_eq!(
            parts(&paragraphs, 5, words),
            [
                vec!["one two. three four.", "five."],
                vec!["six seven eight."]
            ]
        );
        assert_eq!(parts(&paragraphs, 0, words), Vec::<Vec<String>>::new());
        assert_eq!(parts(&paragraphs, 100, words).len(), 1);
    }

    /// A model that answers everything by the same words, and notes what it was shown.
    struct Parrot {
        answer: Vec<u32>,
        end: u32,
        vocabulary: usize,
        /// For each piece of a prompt: whether it is the first, and the tokens of the prompt so far.
        shown: Arc<Mutex<Vec<(bool, usize)>>>,
        /// How much of the answer is written, by the first cache slot of a sequence.
        written: Mutex<HashMap<u32, usize>>,
    }

    impl Model for Parrot {
        fn vocabulary(&self) -> usize {
            self.vocabulary
        }

        fn device(&self) -> &Device {
            &Device::Cpu
        }

        fn limits(&self) -> Limits {
            Limits {
                source: 0,
                target: 1024,
            }
        }

        fn new_cache(&self, slots: usize, _: usize) -> candle_core::Result<KvCache> {
            KvCache::new(1, slots, 1, &Device::Cpu)
        }

        fn step(
            &self,
            cache: &mut KvCache,
            batch: &mut [(&mut Sequence, &[u32])],
        ) -> candle_core::Result<Tensor> {
            let mut logits = vec![0f32; batch.len() * self.vocabulary];
            let mut written = self.written.lock().unwrap();
            for ((sequence, new), row) in batch.iter_mut().zip(logits.chunks_mut(self.vocabulary)) {
                let is_first = sequence.is_empty();
                cache.extend(sequence, new.len())?;
                let count = written.entry(sequence.slots()[0]).or_default();
                if new.len() > 1 {
                    *count = 0;
                    let piece = (is_first, sequence.len());
                    self.shown.lock().unwrap().push(piece);
                }
                row[*self.answer.get(*count).unwrap_or(&self.end) as usize] = 9.0;
                *count += 1;
            }
            Tensor::from_vec(logits, (batch.len(), self.vocabulary), &Device::Cpu)
        }
    }

    #[test]
    fn a_long_article_is_summarised_in_parts_and_the_parts_again() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/model/llama-mini.gguf"
        );
        let mini = LanguageModel::open(Path::new(path), Compute::F32, &Device::Cpu).unwrap();
        let answer =
            "The river Teesta flooded five villages in Rangpur. The mayor of Paris resigned.";
        let shown = Arc::new(Mutex::new(Vec::new()));
        let parrot = Parrot {
            answer: mini.tokenizer.encode(answer).unwrap()[1..].to_vec(),
            end: mini.tokenizer.end(),
            vocabulary: mini.model.vocabulary(),
            shown: shown.clone(),
            written: Mutex::default(),
        };
        let generator = Generator::new(
            Box::new(parrot),
            mini.tokenizer,
            GeneratorOptions {
                prompting: mini.prompting,
                threads: 1,
                ..GeneratorOptions::default()
            },
        );
        let river = ("The river Teesta flooded five villages in Rangpur.", false);
        let long = translation(&[river; 90]);
        let options = SummaryOptions {
            length: Length::Sentences(2),
        };
        let keep_going = || ControlFlow::Continue(());
        let brief = write(&generator, &long, &options, &keep_going).unwrap();
        let texts: Vec<&str> = brief.sentences.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(
            texts,
            [river.0],
            "what the article does not say is left out"
        );
        let shown = shown.lock().unwrap();
        let longest = shown.iter().map(|piece| piece.1).max().unwrap();
        assert!(longest <= 1024 - 2 * TOKENS_A_SENTENCE, "{longest} tokens");
        assert!(longest > 512, "{longest} tokens do not use the room");
        let prompts = shown.iter().filter(|piece| piece.0).count();
        assert!(
            prompts > 3,
            "{prompts} prompts for several parts and the whole"
        );
    }
}
