//! The sequences of tokens that translations are read as.

use rustc_hash::FxHashMap;

use super::hparams::Kind;
use super::{CometError, Triple};
use crate::eval::EvalError;
use crate::tokenizer::Tokenizer;

/// What translations are read as; a sequence that several need is there once.
#[derive(Default)]
pub struct Readings {
    /// Sequences with their special tokens.
    pub sequences: Vec<Vec<u32>>,
    /// Of each translation.
    pub translations: Vec<Reading>,
    places: FxHashMap<Vec<u32>, usize>,
}

/// What one translation is read as.
pub struct Reading {
    /// Numbers of sequences. Of a regression: source, translation, and the reference where it has one. Of a unified
    /// metric: each of the ways in which they are read together.
    pub sequences: Vec<usize>,
    /// Whether tokens had to be left out.
    pub is_cut: bool,
}

/// Makes readings.
pub struct Reader<'a> {
    pub kind: Kind,
    pub tokenizer: &'a Tokenizer,
    /// Tokens of a sequence that the encoder reads.
    pub longest: usize,
    /// Name of the metric, for messages.
    pub metric: &'a str,
}

/// The tokens of a text with its special ones, and whether some were left out.
struct Tokens {
    ids: Vec<u32>,
    is_cut: bool,
}

impl Reader<'_> {
    /// Reads translations, of which the first is number `first` for messages.
    ///
    /// # Errors
    /// If one lacks what the metric needs, or a text cannot be made into tokens.
    pub fn read(&self, triples: &[Triple], first: usize) -> Result<Readings, CometError> {
        let mut readings = Readings::default();
        for (i, triple) in triples.iter().enumerate() {
            let reading = self.one(triple, first + i, &mut readings)?;
            readings.translations.push(reading);
        }
        Ok(readings)
    }

    fn one(
        &self,
        triple: &Triple,
        sentence: usize,
        readings: &mut Readings,
    ) -> Result<Reading, CometError> {
        let tokens = |text| self.tokens(text, sentence);
        let source = || match triple.source {
            Some(source) => tokens(source),
            None => Err(self.missing("the source", sentence)),
        };
        let reference = || match triple.reference {
            Some(reference) => tokens(reference),
            None => Err(self.missing("a reference", sentence)),
        };
        let translation = tokens(triple.hypothesis)?;
        let sequences = match self.kind {
            Kind::Regression => vec![source()?, translation, reference()?],
            Kind::Referenceless => vec![source()?, translation],
            Kind::Unified {
                source: true,
                reference: true,
            } if triple.reference.is_some() => {
                let (source, reference) = (source()?, reference()?);
                vec![
                    self.join(&[&translation, &source]),
                    self.join(&[&translation, &reference]),
                    self.join(&[&translation, &source, &reference]),
                ]
            }
            Kind::Unified { source: true, .. } => vec![self.join(&[&translation, &source()?])],
            Kind::Unified { source: false, .. } => {
                vec![self.join(&[&translation, &reference()?])]
            }
        };
        Ok(Reading {
            is_cut: sequences.iter().any(|tokens| tokens.is_cut),
            sequences: sequences
                .into_iter()
                .map(|tokens| readings.place(tokens.ids))
                .collect(),
        })
    }

    fn missing(&self, what: &'static str, sentence: usize) -> CometError {
        CometError::Input(EvalError::Missing {
            metric: self.metric.to_owned(),
            what,
            sentence,
        })
    }

    /// A text alone. COMET leaves two of the encoder's positions free.
    fn tokens(&self, text: &str, sentence: usize) -> Result<Tokens, CometError> {
        let mut ids = self
            .tokenizer
            .encode(text)
            .map_err(|source| CometError::Text { sentence, source })?;
        let longest = self.longest.saturating_sub(2).max(2);
        let is_cut = ids.len() > longest;
        if is_cut {
            ids.truncate(longest - 1);
            ids.push(self.tokenizer.end());
        }
        Ok(Tokens { ids, is_cut })
    }

    /// Texts in one sequence, `<s> first </s></s> second </s>`. What is too long for the encoder is cut off, with the
    /// token at the end.
    fn join(&self, texts: &[&Tokens]) -> Tokens {
        let end = self.tokenizer.end();
        let mut ids = texts[0].ids.clone();
        for text in &texts[1..] {
            ids.push(end);
            ids.extend(&text.ids[1..]);
        }
        let is_cut = ids.len() > self.longest || texts.iter().any(|text| text.is_cut);
        ids.truncate(self.longest);
        Tokens { ids, is_cut }
    }
}

impl Readings {
    /// The number of a sequence, which may be there already.
    fn place(&mut self, ids: Vec<u32>) -> usize {
        match self.places.get(&ids) {
            Some(&place) => place,
            None => {
                let place = self.sequences.len();
                self.places.insert(ids.clone(), place);
                self.sequences.push(ids);
                place
            }
        }
    }
}
