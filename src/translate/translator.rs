//! The translator: articles in, checked translations out.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

use super::check::check;
use super::cut::cut;
use super::mask::Masked;
use super::{
    Finding, FindingKind, Hypothesis, ModelSource, Segment, Severity, TranslateOptions,
    TranslatedParagraph, TranslatedSegment, Translation,
};
use crate::article::Article;
use crate::decode::{GenerateError, Generated, Generator, Prompt};
use crate::lexicon::{GlossedWord, Lexicon, LexiconError};
use crate::model::{Package, PackageError};
use crate::prompts::Prompts;
use crate::text::{Scripts, for_model, to_ascii_digits};

/// Tokens of a sentence, without its gloss, beyond which it is translated clause by clause.
const LONGEST_SENTENCE: usize = 160;
/// Hypotheses among which a sentence is chosen that is decoded again.
const REDECODE_BEAM: usize = 4;

/// Translates articles from Bengali into English.
///
/// ```no_run
/// use std::ops::ControlFlow;
/// use anubad::article::Article;
/// use anubad::translate::{TranslateOptions, Translator};
///
/// let translator = Translator::load(TranslateOptions::default())?;
/// let article = Article::from_plain("today", None, "ঢাকায় আজ ভারী বৃষ্টি হয়েছে।".to_owned());
/// let translations = translator.translate(&[article], &|_| ControlFlow::Continue(()))?;
/// for segment in translations[0].segments() {
///     println!("{} → {}", segment.segment.text, segment.hypothesis.text);
/// }
/// # Ok::<(), anubad::translate::TranslateError>(())
/// ```
pub struct Translator {
    generator: Arc<Generator>,
    lexicon: Lexicon,
    prompts: Prompts,
    beam_size: usize,
    redecode: bool,
}

/// Why a translation could not be made.
#[derive(Debug, Error)]
pub enum TranslateError {
    /// The model's files are missing, damaged or of a kind that cannot be run.
    #[error(transparent)]
    Model(#[from] PackageError),
    /// The device that was asked for cannot be used.
    #[error("the device cannot be used: {0}; --device cpu always works")]
    Device(candle_core::Error),
    /// The user's word list cannot be used.
    #[error(transparent)]
    Lexicon(#[from] LexiconError),
    /// A prompt template is malformed.
    #[error("a prompt template is malformed: {0}")]
    Template(#[from] minijinja::Error),
    /// The caller stopped the work.
    #[error("interrupted")]
    Interrupted,
    /// The model failed while it ran.
    #[error(transparent)]
    Generate(GenerateError),
}

impl From<GenerateError> for TranslateError {
    fn from(error: GenerateError) -> Self {
        match error {
            GenerateError::Interrupted => TranslateError::Interrupted,
            error => TranslateError::Generate(error),
        }
    }
}

/// A segment in work.
struct Draft {
    segment: Segment,
    masked: Masked,
    words: Vec<GlossedWord>,
    gloss: String,
    /// None: the segment has no Bengali to translate.
    prompt: Option<Prompt>,
}

/// What became of a draft.
type Outcome = (Hypothesis, Vec<Finding>);

impl Translator {
    /// Loads the model and the lexicon.
    ///
    /// # Errors
    /// If the model, the device or the user's word list cannot be used.
    pub fn load(options: TranslateOptions) -> Result<Self, TranslateError> {
        let package = match &options.model {
            ModelSource::Embedded => Package::embedded()?,
            ModelSource::Folder(folder) => Package::folder(folder)?,
        };
        let device = options.device.open().map_err(TranslateError::Device)?;
        let lexicon = || match &options.lexicon {
            None => Ok(Lexicon::embedded()),
            Some(path) => Lexicon::embedded().with_user_entries(path),
        };
        let ((model, tokenizer), lexicon) = {
            let (model, lexicon) = rayon::join(|| package.load(options.compute, &device), lexicon);
            (model?, lexicon?)
        };
        Ok(Translator {
            generator: Arc::new(Generator::new(
                model,
                tokenizer,
                options.threads,
                options.batch_tokens,
            )),
            lexicon,
            prompts: Prompts::new()?,
            beam_size: options.beam_size.max(1),
            redecode: options.redecode,
        })
    }

    /// The model with its tokenizer, to share with a [`Summarizer`](crate::summarize::Summarizer).
    pub fn generator(&self) -> Arc<Generator> {
        self.generator.clone()
    }

    /// How many segments an article will be cut into.
    pub fn segments(&self, article: &Article) -> usize {
        self.cut(article).map(|segments| segments.len()).sum()
    }

    /// Translates articles, their sentences batched together, and checks every sentence.
    ///
    /// `progress` is called from worker threads with the number of segments finished since its last call,
    /// and, with 0, after each step of the model; it may stop the work.
    ///
    /// # Errors
    /// [`TranslateError::Interrupted`] if `progress` broke; otherwise if the model fails.
    pub fn translate(
        &self,
        articles: &[Article],
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Translation>, TranslateError> {
        let cuts: Vec<Vec<Vec<Segment>>> = articles.iter().map(|a| self.cut(a).collect()).collect();
        let segments = cuts.iter().flatten().flatten();
        let drafts = segments
            .map(|s| self.draft(s.clone()))
            .collect::<Result<Vec<_>, _>>()?;
        let mut outcomes = self.outcomes(&drafts, progress)?.into_iter();
        let mut drafts = drafts.into_iter();

        let translations = articles.iter().zip(cuts).map(|(article, cuts)| {
            let paragraphs = article.paragraphs.iter().zip(cuts).map(|(paragraph, cut)| {
                let drafts = drafts.by_ref().zip(outcomes.by_ref()).take(cut.len());
                TranslatedParagraph {
                    role: paragraph.role,
                    source: paragraph.text.clone(),
                    part: paragraph.part,
                    span: paragraph.span.clone(),
                    segments: drafts
                        .map(|(draft, outcome)| draft.finished(outcome))
                        .collect(),
                }
            });
            Translation {
                id: article.id.clone(),
                paragraphs: paragraphs.collect(),
            }
        });
        Ok(translations.collect())
    }

    /// The segments of each paragraph; those of an untranslated one are none.
    fn cut(&self, article: &Article) -> impl Iterator<Item = Vec<Segment>> {
        article
            .paragraphs
            .iter()
            .map(|paragraph| match paragraph.role.is_translated() {
                true => cut(paragraph, LONGEST_SENTENCE, |text| self.tokens(text)),
                false => Vec::new(),
            })
    }

    fn tokens(&self, text: &str) -> usize {
        // A token has at least a byte, and Bengali letters have three: most sentences need no counting.
        match text.len() <= LONGEST_SENTENCE {
            true => text.len(),
            false => self.generator.count_tokens(&for_model(text)),
        }
    }

    fn draft(&self, segment: Segment) -> Result<Draft, TranslateError> {
        let mut masked = Masked::new(&segment.text);
        // Templates are made of lines: a line end inside a sentence must not look like one of theirs.
        masked.text = for_model(&masked.text)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let is_bengali = Scripts::of(&masked.text).bengali() > 0.0;
        let gloss = self.lexicon.gloss(&masked.text);
        let prompt = match is_bengali {
            true => {
                let prompt = self.prompts.translate(&masked.text, &gloss)?;
                Some(
                    self.generator
                        .prompt(&prompt)
                        .map_err(GenerateError::from)?,
                )
            }
            false => None,
        };
        let words = self.lexicon.gloss_words(&masked.text);
        Ok(Draft {
            segment,
            masked,
            words,
            gloss,
            prompt,
        })
    }

    /// Decodes the drafts; those with an error are decoded again with a wider beam.
    fn outcomes(
        &self,
        drafts: &[Draft],
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Outcome>, TranslateError> {
        let mut outcomes: Vec<Option<Outcome>> = drafts.iter().map(Draft::untouched).collect();
        let is_open = |outcome: &Option<Outcome>| outcome.is_none();
        let first: Vec<usize> = (0..drafts.len())
            .filter(|&i| is_open(&outcomes[i]))
            .collect();
        let untouched = drafts.len() - first.len();
        if untouched > 0 && progress(untouched).is_break() {
            return Err(TranslateError::Interrupted);
        }
        let is_final = |outcome: &Outcome| {
            !self.redecode || self.beam_size >= REDECODE_BEAM || errors(&outcome.1) == 0
        };
        for (i, outcome) in self.decode(drafts, &first, self.beam_size, progress, &is_final)? {
            outcomes[i] = Some(outcome);
        }
        let again = first
            .into_iter()
            .filter(|&i| outcomes[i].as_ref().is_some_and(|o| !is_final(o)));
        let again: Vec<usize> = again.collect();
        for (i, outcome) in self.decode(drafts, &again, REDECODE_BEAM, progress, &|_| true)? {
            let before = &mut outcomes[i];
            if before
                .as_ref()
                .is_none_or(|before| rank(&outcome) < rank(before))
            {
                *before = Some(outcome);
            }
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// The best outcome of each of the drafts `which`.
    fn decode(
        &self,
        drafts: &[Draft],
        which: &[usize],
        beam_size: usize,
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
        is_final: &(dyn Fn(&Outcome) -> bool + Sync),
    ) -> Result<Vec<(usize, Outcome)>, TranslateError> {
        let prompts = which.iter().filter_map(|&i| {
            let prompt = drafts[i].prompt.clone()?;
            let most = most_new_tokens(&prompt);
            Some((prompt, most))
        });
        let prompts: Vec<_> = prompts.collect();
        let outcomes = Mutex::new(Vec::with_capacity(which.len()));
        let stopped = AtomicBool::new(false);
        let report = |finished| {
            if progress(finished).is_break() {
                stopped.store(true, Ordering::Relaxed);
            }
        };
        let done = |at: usize, hypotheses: Vec<Generated>| {
            let i = which[at];
            let judged = hypotheses
                .into_iter()
                .map(|hypothesis| drafts[i].judged(hypothesis));
            if let Some(best) = judged.min_by_key(rank) {
                report(usize::from(is_final(&best)));
                outcomes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((i, best));
            }
        };
        let keep_going = || {
            report(0);
            match stopped.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        self.generator
            .generate(&prompts, beam_size, &done, &keep_going)?;
        Ok(outcomes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

/// Room for the English of a prompt, which holds the Bengali and a gloss: nearly twice what
/// the longest of good translations take, so that only a loop is cut.
fn most_new_tokens(prompt: &Prompt) -> usize {
    prompt.tokens() * 3 / 4 + 16
}

/// Errors first, then warnings; of equals `min_by_key` keeps the first, the likeliest hypothesis.
fn rank((_, findings): &Outcome) -> (usize, usize) {
    (errors(findings), findings.len())
}

fn errors(findings: &[Finding]) -> usize {
    findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .count()
}

impl Draft {
    /// The outcome of a segment that has nothing to translate: itself, with ASCII digits.
    fn untouched(&self) -> Option<Outcome> {
        if self.prompt.is_some() {
            return None;
        }
        let text = self.masked.restore(&to_ascii_digits(&self.masked.text));
        Some((
            Hypothesis {
                text,
                tokens: Vec::new(),
                score: 0.0,
            },
            Vec::new(),
        ))
    }

    /// A hypothesis with what the checks see in it.
    fn judged(&self, generated: Generated) -> Outcome {
        let mut findings = check(&self.masked.text, &self.words, &generated.text);
        if !generated.continuation.ended {
            findings.push(Finding {
                kind: FindingKind::Truncated,
                severity: Severity::Error,
                message: "cut off: the model did not end the sentence".to_owned(),
            });
        }
        let hypothesis = Hypothesis {
            text: self.masked.restore(&generated.text),
            score: generated.continuation.mean_log_prob(),
            tokens: generated.continuation.tokens,
        };
        (hypothesis, findings)
    }

    fn finished(self, (hypothesis, findings): Outcome) -> TranslatedSegment {
        let gloss = self.prompt.is_some().then_some(self.gloss);
        TranslatedSegment {
            segment: self.segment,
            gloss,
            hypothesis,
            findings,
        }
    }
}
