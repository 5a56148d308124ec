//! STAND-IN of the command line's branch: the real file replaces it.
use super::*;
use crate::article::Article;
use crate::summarize::{Brief, SummaryOptions};
use std::ops::ControlFlow;
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    Embedded,
    Folder(PathBuf),
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compute {
    Auto,
    Int8,
    F32,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    Auto,
    Cpu,
    Cuda,
}
#[derive(Clone, Debug)]
pub struct TranslateOptions {
    pub model: ModelSource,
    pub compute: Compute,
    pub device: DeviceChoice,
    pub beam_size: usize,
    pub threads: usize,
    pub batch_tokens: usize,
    pub lexicon: Option<PathBuf>,
    pub redecode: bool,
}
impl Default for TranslateOptions {
    fn default() -> Self {
        Self {
            model: ModelSource::Embedded,
            compute: Compute::Auto,
            device: DeviceChoice::Auto,
            beam_size: 1,
            threads: 0,
            batch_tokens: 2048,
            lexicon: None,
            redecode: true,
        }
    }
}
#[derive(Debug, thiserror::Error)]
pub enum TranslateError {
    #[error("{}: no model there", .0.display())]
    ModelMissing(PathBuf),
    #[error("interrupted")]
    Interrupted,
    #[error(transparent)]
    Lexicon(#[from] crate::lexicon::LexiconError),
}
pub struct Translator {
    lexicon: crate::lexicon::Lexicon,
}
impl Translator {
    pub fn load(options: TranslateOptions) -> Result<Translator, TranslateError> {
        if let ModelSource::Folder(path) = &options.model
            && !path.join("model.gguf").exists()
        {
            return Err(TranslateError::ModelMissing(path.clone()));
        }
        let mut lexicon = crate::lexicon::Lexicon::embedded();
        if let Some(path) = &options.lexicon {
            lexicon = lexicon.with_user_entries(path)?;
        }
        Ok(Translator { lexicon })
    }
    pub fn segments(&self, article: &Article) -> usize {
        article
            .paragraphs
            .iter()
            .filter(|p| p.role.is_translated())
            .map(|p| split(&p.text).len())
            .sum()
    }
    pub fn translate(
        &self,
        articles: &[Article],
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Translation>, TranslateError> {
        articles
            .iter()
            .map(|a| {
                let mut paragraphs = Vec::new();
                for p in &a.paragraphs {
                    let mut segments = Vec::new();
                    if p.role.is_translated() {
                        for range in split(&p.text) {
                            if let Some(ms) = std::env::var("STANDIN_MS").ok() {
                                std::thread::sleep(std::time::Duration::from_millis(
                                    ms.parse().unwrap(),
                                ));
                            }
                            if progress(1).is_break() {
                                return Err(TranslateError::Interrupted);
                            }
                            let text = p.text[range.clone()].to_owned();
                            let gloss = self.lexicon.gloss(&text);
                            let mut english: Vec<String> = self
                                .lexicon
                                .gloss_words(&text)
                                .into_iter()
                                .map(|w| w.gloss.split(" / ").next().unwrap().to_owned())
                                .collect();
                            if let Some(first) = english.first_mut() {
                                let mut c = first.chars();
                                *first = c
                                    .next()
                                    .map(|f| f.to_uppercase().collect::<String>() + c.as_str())
                                    .unwrap_or_default();
                            }
                            let mut findings = vec![];
                            if text.contains('৩') {
                                findings.push(Finding {
                                    kind: FindingKind::MissingNumber,
                                    severity: Severity::Error,
                                    message: "number 3 of the source is missing".into(),
                                })
                            }
                            segments.push(TranslatedSegment {
                                segment: Segment {
                                    span: p.source_span(range),
                                    text,
                                    part: p.part,
                                },
                                gloss: Some(gloss),
                                hypothesis: Hypothesis {
                                    text: english.join(" ") + ".",
                                    tokens: vec![1],
                                    score: -0.5,
                                },
                                findings,
                            });
                        }
                    }
                    paragraphs.push(TranslatedParagraph {
                        role: p.role,
                        source: p.text.clone(),
                        part: p.part,
                        span: p.span.clone(),
                        segments,
                    });
                }
                Ok(Translation {
                    id: a.id.clone(),
                    paragraphs,
                })
            })
            .collect()
    }
    pub fn summarize(
        &self,
        translation: &Translation,
        options: &SummaryOptions,
    ) -> Result<Brief, TranslateError> {
        Ok(crate::summarize::extract(translation, options))
    }
}
fn split(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    text.split_inclusive('।')
        .filter_map(|s| {
            let start = at + (s.len() - s.trim_start().len());
            at += s.len();
            let end = start + s.trim().len();
            (end > start).then_some(start..end)
        })
        .collect()
}
