//! Vocabulary shortlists: of the tens of thousands of tokens that a model can write, the few that a sentence may need.
//!
//! Scoring the whole vocabulary at every step is the largest product of a small model. A table ([`Table`]) of what each
//! source token tends to be translated with, learnt from texts and their
//! translations ([`learn`]), leaves some hundreds of tokens for
//! a sentence ([`Shortlist`]), and the softmax is over those (Schwenk et al. 2007; Jean et al. 2015, arXiv:1412.2007;
//! L'Hostis et al. 2016, arXiv:1610.00072). A sentence with a token that the table knows nothing about has the whole
//! vocabulary.

mod learn;
mod model1;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

pub use learn::{LONGEST, Recipe, learn};
pub use model1::Pair;
pub use table::Table;

/// Why a shortlist cannot be used.
#[derive(Debug, Error)]
pub enum ShortlistError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not a shortlist, or is damaged.
    #[error("the shortlist {path} cannot be used: {what}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The table is about another model.
    #[error(
        "the shortlist is for another model: it has {table} {side} tokens, the model has {model}; make one with \
         `anubad models shortlist`"
    )]
    OtherModel {
        /// `source` or `target`.
        side: &'static str,
        /// Tokens of the table.
        table: usize,
        /// Tokens of the model.
        model: usize,
    },
    /// A language model has no source.
    #[error("a language model reads no source, so that it can have no shortlist")]
    LanguageModel,
}

impl ShortlistError {
    fn malformed(path: &Path, what: &str) -> Self {
        ShortlistError::Malformed {
            path: path.to_owned(),
            what: what.to_owned(),
        }
    }
}

/// What a shortlist has to know of a model's tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabularies {
    /// One more than the largest source token.
    pub source: usize,
    /// One more than the largest target token.
    pub target: usize,
    /// Whether source and target have the same tokens: what is copied has the same one then.
    pub is_shared: bool,
    /// Source tokens that stand around every text.
    pub around: Vec<u32>,
    /// Target tokens that any sentence may need: ends, the unknown one, those that are forced.
    pub always: Vec<u32>,
}

/// A table, ready to be asked about the sources of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortlist {
    table: Table,
    vocabularies: Vocabularies,
}

impl Shortlist {
    /// A table for a model with these tokens.
    ///
    /// # Errors
    /// If the table is about other vocabularies.
    pub fn new(table: Table, vocabularies: Vocabularies) -> Result<Self, ShortlistError> {
        let fit = |side, table, model, fits: bool| match fits {
            true => Ok(()),
            false => Err(ShortlistError::OtherModel { side, table, model }),
        };
        let (sources, targets) = (table.sources(), table.targets());
        let own = &vocabularies;
        fit("source", sources, own.source, sources == own.source)?;
        fit("target", targets, own.target, targets <= own.target)?;
        Ok(Shortlist {
            table,
            vocabularies,
        })
    }

    /// One more than the largest token that may be in a list.
    pub fn vocabulary(&self) -> usize {
        self.vocabularies.target
    }

    /// The tokens that a translation of this source may have, rising. None where the table does not know a token of
    /// it: then any may be needed.
    pub fn for_source(&self, source: &[u32]) -> Option<Arc<[u32]>> {
        let own = &self.vocabularies;
        let mut set = TokenSet::new(own.target);
        let first = self.table.first.min(own.target as u64) as u32;
        (0..first).for_each(|token| set.insert(token));
        own.always.iter().for_each(|&token| set.insert(token));
        for &token in source {
            let list = self.table.list(token);
            if list.is_empty() && !own.around.contains(&token) {
                return None;
            }
            list.iter().for_each(|&token| set.insert(token));
            if own.is_shared {
                set.insert(token);
            }
        }
        Some(set.into_tokens())
    }
}

/// A set of tokens, as a bit for each of the vocabulary.
struct TokenSet(Vec<u64>);

impl TokenSet {
    fn new(vocabulary: usize) -> Self {
        TokenSet(vec![0; vocabulary.div_ceil(64)])
    }

    /// Adds a token; one beyond the vocabulary is none.
    fn insert(&mut self, token: u32) {
        if let Some(word) = self.0.get_mut(token as usize / 64) {
            *word |= 1 << (token % 64);
        }
    }

    /// All, rising.
    fn into_tokens(self) -> Arc<[u32]> {
        let mut tokens = Vec::new();
        for (i, mut word) in (0..).zip(self.0) {
            while word != 0 {
                tokens.push(i * 64 + word.trailing_zeros());
                word &= word - 1;
            }
        }
        tokens.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabularies() -> Vocabularies {
        Vocabularies {
            source: 6,
            target: 200,
            is_shared: false,
            around: vec![0],
            always: vec![0, 130],
        }
    }

    fn shortlist(vocabularies: Vocabularies) -> Shortlist {
        let lists = [
            vec![],
            vec![],
            vec![64, 199],
            vec![7],
            vec![5, 7, 63],
            vec![1],
        ];
        Shortlist::new(Table::new(3, lists.into_iter()), vocabularies).unwrap()
    }

    #[test]
    fn a_source_has_what_its_tokens_bring_and_what_all_may_need() {
        let own = shortlist(vocabularies());
        let list = own.for_source(&[4, 2, 4, 0]).unwrap();
        assert_eq!(*list, [0, 1, 2, 5, 7, 63, 64, 130, 199]);
        assert_eq!(*own.for_source(&[3, 0]).unwrap(), [0, 1, 2, 7, 130]);
        let shared = shortlist(Vocabularies {
            is_shared: true,
            ..vocabularies()
        });
        assert_eq!(*shared.for_source(&[3, 0]).unwrap(), [0, 1, 2, 3, 7, 130]);
    }

    #[test]
    fn what_the_table_does_not_know_may_need_anything() {
        let own = shortlist(vocabularies());
        assert!(own.for_source(&[3, 1, 0]).is_none());
        assert!(own.for_source(&[3, 77, 0]).is_none());
    }

    #[test]
    fn a_table_of_another_model_is_refused() {
        let table = || Table::new(0, [vec![9], vec![199]].into_iter());
        let fit = |source, target| {
            let vocabularies = Vocabularies {
                source,
                target,
                ..Vocabularies::default()
            };
            Shortlist::new(table(), vocabularies).map(drop)
        };
        assert!(fit(2, 200).is_ok());
        let error = fit(3, 200).unwrap_err().to_string();
        assert!(
            error.contains("2 source tokens, the model has 3"),
            "{error}"
        );
        let error = fit(2, 199).unwrap_err().to_string();
        assert!(error.contains("200 target tokens"), "{error}");
    }
}
