//! The translator: articles in, checked translations out.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

use super::cut::cut;
use super::draft::{Draft, Outcome};
use super::mask::Masked;
use super::{Segment, ShortlistChoice, TranslateOptions, TranslatedParagraph, Translation};
use crate::article::Article;
use crate::decode::{DecodeError, Step};
use crate::generate::{
    ExplainedToken, GenerateError, Generated, Generator, OpenError, Prompt, Search, Use,
};
use crate::lexicon::{Lexicon, LexiconError};
use crate::prompts::{Prompting, Prompts};
use crate::shortlist::{ShortlistError, Table};
use crate::text::for_model;
use crate::tokenizer::same_language;

/// Tokens of a sentence, without its gloss, beyond which the model in the program and its like translate it clause by
/// clause.
const LONGEST_GLOSSED: usize = 80;
/// The same of models that were trained on whole sentences: they lose parts of longer ones.
const LONGEST_SENTENCE: usize = 200;
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
    pub(super) generator: Arc<Generator>,
    /// None where the articles are not Bengali.
    lexicon: Option<Lexicon>,
    prompts: Prompts,
    pub(super) search: Search,
    n_best: usize,
    redecode: bool,
    explain: bool,
}

/// Why a translation could not be made.
#[derive(Debug, Error)]
pub enum TranslateError {
    /// The model's files are missing, damaged or of a kind that cannot be run.
    #[error(transparent)]
    Model(#[from] OpenError),
    /// The model was asked for another language than its own.
    #[error(
        "the model translates from {own} alone, not from {wanted}; name a model of that language"
    )]
    Language {
        /// What it translates from.
        own: String,
        /// What it was to translate from.
        wanted: String,
    },
    /// The device that was asked for cannot be used.
    #[error("the device cannot be used: {0}; the processor always can")]
    Device(candle_core::Error),
    /// The shortlist cannot be used.
    #[error(transparent)]
    Shortlist(#[from] ShortlistError),
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

impl Translator {
    /// Loads the model and the lexicon.
    ///
    /// # Errors
    /// If the model, the device or the user's word list cannot be used.
    pub fn load(options: TranslateOptions) -> Result<Self, TranslateError> {
        let is_bengali = options.is_bengali();
        let from = options.source_language.clone();
        let only = |own: &str| TranslateError::Language {
            own: own.to_owned(),
            wanted: from.clone(),
        };
        if let Some(own) = options.model.only_language()
            && !same_language(&own, &from)
        {
            return Err(only(&own));
        }
        let resources = options.resources().map_err(TranslateError::Device)?;
        let lexicon = || match &options.lexicon {
            _ if !is_bengali => Ok(None),
            None => Ok(Some(Lexicon::embedded())),
            Some(path) => Lexicon::embedded().with_user_entries(path).map(Some),
        };
        let purpose = Use::Translation { from: from.clone() };
        let model = || Generator::open(&options.model, &purpose, &resources);
        let (generator, lexicon) = rayon::join(model, lexicon);
        let mut generator = generator?;
        let shortlist = match options.shortlist {
            ShortlistChoice::Own if generator.limits().source > 0 => options.model.shortlist(),
            ShortlistChoice::Own | ShortlistChoice::Off => None,
            ShortlistChoice::File(path) => Some(path),
        };
        if let Some(path) = shortlist {
            generator.use_shortlist(Table::read(&path)?)?;
        }
        // The templates in prompts/ speak of Bengali.
        if !is_bengali && !matches!(generator.prompting(), Prompting::Source { .. }) {
            return Err(only("bn"));
        }
        let own = generator.search();
        let beam_size = options.beam_size.unwrap_or(own.beam_size);
        Ok(Translator {
            lexicon: lexicon?,
            prompts: Prompts::new()?,
            search: Search {
                beam_size: beam_size.max(options.n_best).max(1),
                length_penalty: options.length_penalty.unwrap_or(own.length_penalty),
            },
            n_best: options.n_best,
            redecode: options.redecode,
            explain: options.explain,
            generator: Arc::new(generator),
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
        let cuts = articles.iter().flat_map(|article| self.cut(article));
        let cuts: Vec<Vec<Segment>> = cuts.collect();
        let mut lengths = cuts.iter().map(Vec::len).collect::<Vec<_>>().into_iter();
        let segments = cuts.into_iter().flatten();
        let drafts = segments
            .map(|segment| self.draft(segment))
            .collect::<Result<Vec<_>, _>>()?;
        let outcomes = self.outcomes(&drafts, progress)?;
        let shows_gloss = !matches!(self.generator.prompting(), Prompting::Source { .. });
        let finished = drafts.into_iter().zip(outcomes).map(|(draft, outcome)| {
            let explained = self.explained(&draft, &outcome, progress)?;
            Ok(draft.finished(outcome, explained, shows_gloss))
        });
        let finished = finished.collect::<Result<Vec<_>, TranslateError>>()?;
        let mut finished = finished.into_iter();

        let translations = articles.iter().map(|article| {
            let paragraphs =
                article
                    .paragraphs
                    .iter()
                    .zip(lengths.by_ref())
                    .map(|(paragraph, length)| TranslatedParagraph {
                        role: paragraph.role,
                        source: paragraph.text.clone(),
                        part: paragraph.part,
                        span: paragraph.span.clone(),
                        segments: finished.by_ref().take(length).collect(),
                    });
            Translation {
                id: article.id.clone(),
                paragraphs: paragraphs.collect(),
            }
        });
        Ok(translations.collect())
    }

    /// The segments of each paragraph; those of an untranslated one are none.
    pub(super) fn cut(&self, article: &Article) -> impl Iterator<Item = Vec<Segment>> {
        article
            .paragraphs
            .iter()
            .map(|paragraph| match paragraph.role.is_translated() {
                true => cut(paragraph, self.longest_sentence(), |text| self.tokens(text)),
                false => Vec::new(),
            })
    }

    /// Tokens of a sentence that is translated as a whole.
    fn longest_sentence(&self) -> usize {
        match self.generator.prompting() {
            Prompting::Completion => LONGEST_GLOSSED,
            Prompting::Chat(_) => LONGEST_SENTENCE,
            // The tokens around it, and a prefix, want room too.
            Prompting::Source { .. } => {
                LONGEST_SENTENCE.min(self.generator.limits().source.saturating_sub(16).max(1))
            }
        }
    }

    /// New tokens that a sentence may take: nearly twice what the longest of good translations do, so that only a
    /// loop is cut.
    pub(super) fn most_new_tokens(&self, prompt: &Prompt) -> usize {
        let most = match self.generator.prompting() {
            // The prompt holds the Bengali and a gloss.
            Prompting::Completion | Prompting::Chat(_) => prompt.tokens() * 3 / 4 + 16,
            Prompting::Source { .. } => prompt.tokens() * 2 + 24,
        };
        most.min(self.generator.room(prompt).max(1))
    }

    /// What the model will see of a text, in tokens: an address is one mark there, however long.
    fn tokens(&self, text: &str) -> usize {
        // Of a byte come three tokens at most, where a tokenizer sets it apart: short sentences need no counting.
        match text.len() <= self.longest_sentence() / 3 {
            true => text.len(),
            false => self
                .generator
                .count_tokens(&for_model(&Masked::new(text).text)),
        }
    }

    pub(super) fn draft(&self, segment: Segment) -> Result<Draft, TranslateError> {
        let mut draft = Draft::new(segment, self.lexicon.as_ref());
        if draft.has_words() {
            let prompting = self.generator.prompting();
            let (text, gloss) = (&draft.masked.text, draft.gloss());
            let prompt = self.prompts.translate(prompting, text, gloss)?;
            let prompt = self.generator.prompt(&prompt);
            draft.prompt = Some(prompt.map_err(GenerateError::from)?);
        }
        Ok(draft)
    }

    /// The tokens of an outcome, where they are asked for.
    fn explained(
        &self,
        draft: &Draft,
        outcome: &Outcome,
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
    ) -> Result<Vec<ExplainedToken>, TranslateError> {
        match &draft.prompt {
            Some(prompt) if self.explain => match progress(0) {
                ControlFlow::Continue(()) => {
                    Ok(self.generator.explain(prompt, outcome.continuation())?)
                }
                ControlFlow::Break(()) => Err(TranslateError::Interrupted),
            },
            _ => Ok(Vec::new()),
        }
    }

    /// Decodes the drafts; those with an error are decoded again with a wider beam.
    fn outcomes(
        &self,
        drafts: &[Draft],
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Outcome>, TranslateError> {
        let mut outcomes: Vec<Option<Outcome>> = drafts.iter().map(Draft::untouched).collect();
        let untouched = outcomes.iter().flatten().count();
        if untouched > 0 && progress(untouched).is_break() {
            return Err(TranslateError::Interrupted);
        }
        let is_final = |outcome: &Outcome| {
            !self.redecode || self.search.beam_size >= REDECODE_BEAM || outcome.errors() == 0
        };
        let wider = Search {
            beam_size: REDECODE_BEAM,
            ..self.search
        };
        let first = drafts
            .iter()
            .enumerate()
            .filter_map(|(i, d)| Some((i, d.prompt.clone()?)));
        for (i, outcome) in
            self.decode(drafts, first.collect(), self.search, progress, &is_final)?
        {
            outcomes[i] = Some(outcome);
        }
        let again = drafts
            .iter()
            .zip(&outcomes)
            .enumerate()
            .filter_map(|(i, (draft, outcome))| {
                let needs_it = outcome.as_ref().is_some_and(|outcome| !is_final(outcome));
                Some((i, draft.prompt.clone().filter(|_| needs_it)?))
            });
        for (i, outcome) in self.decode(drafts, again.collect(), wider, progress, &|_| true)? {
            let before = &mut outcomes[i];
            if before
                .as_ref()
                .is_none_or(|before| outcome.rank() < before.rank())
            {
                *before = Some(outcome);
            }
        }
        let lost = || candle_core::Error::msg("a sentence got no hypothesis");
        let whole = outcomes.into_iter().map(|outcome| outcome.ok_or_else(lost));
        let whole = whole.collect::<Result<_, _>>();
        whole.map_err(|error| TranslateError::Generate(DecodeError::Model(error).into()))
    }

    /// The best outcome of each of some drafts, named by their places.
    fn decode(
        &self,
        drafts: &[Draft],
        prompts: Vec<(usize, Prompt)>,
        search: Search,
        progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
        is_final: &(dyn Fn(&Outcome) -> bool + Sync),
    ) -> Result<Vec<(usize, Outcome)>, TranslateError> {
        let (places, prompts): (Vec<usize>, Vec<_>) = prompts
            .into_iter()
            .map(|(i, prompt)| {
                let most = self.most_new_tokens(&prompt);
                (i, (prompt, most))
            })
            .unzip();
        let outcomes = Mutex::new(Vec::with_capacity(prompts.len()));
        let stopped = AtomicBool::new(false);
        let report = |finished| {
            if progress(finished).is_break() {
                stopped.store(true, Ordering::Relaxed);
            }
        };
        let done = |at: usize, hypotheses: Vec<Generated>| {
            let i = places[at];
            let judged = hypotheses
                .into_iter()
                .map(|hypothesis| drafts[i].judged(hypothesis));
            if let Some(best) = Outcome::choose(judged.collect(), self.n_best) {
                report(usize::from(is_final(&best)));
                outcomes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((i, best));
            }
        };
        let after_step = |_: &Step| {
            report(0);
            match stopped.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        self.generator
            .generate(&prompts, search, &done, &after_step)?;
        Ok(outcomes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner))
    }
}
