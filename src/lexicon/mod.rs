//! Bengali-English word forms: look-up, endings taken off, spelling of names, the gloss of a sentence.
//!
//! A word is looked up as written, then with its endings taken off by rule, and is spelt in Latin
//! letters where that too finds nothing. A [`Lexicon::gloss`] is what the embedded model reads
//! beside the Bengali; [`Lexicon::gloss_words`] shows where each part of it came from.

mod aligned;
mod gloss;
mod inflection;
mod romanise;
mod token;
mod user;

use std::path::Path;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::text::for_lookup;

pub use gloss::GlossedWord;
use inflection::{Ending, Place};
pub use romanise::romanise;
pub use user::LexiconError;

const LEXICON: &str = include_str!("../../models/embedded/lexicon.tsv");
const NAMES: &str = include_str!("../../models/embedded/names.tsv");

/// Between the senses of a gloss.
const SENSE_SEPARATOR: &str = " / ";

/// Word forms with their English.
///
/// Each form counts once: a user's list comes before the lexicon, the lexicon before the names.
#[derive(Debug, Clone)]
pub struct Lexicon {
    user: FxHashMap<String, String>,
    embedded: FxHashMap<&'static str, Entry<'static>>,
    endings: Vec<Ending>,
}

/// The list that a word form was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A list of the user's own.
    User,
    /// The embedded lexicon of common words.
    Lexicon,
    /// The embedded list of people and places.
    Names,
}

/// How a word came by its gloss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reading", rename_all = "snake_case")]
pub enum Reading {
    /// Listed, as written or with endings taken off.
    Listed {
        /// The list it is in.
        origin: Origin,
        /// What is listed: the word without its endings, normalised for look-up.
        stem: String,
        /// What was taken off, in the order of the word.
        endings: Vec<String>,
        /// English of the stem, likeliest first.
        senses: Vec<String>,
    },
    /// Not listed: spelt in Latin letters.
    Spelt,
    /// A number, with its ordinal ending if it has one.
    Number,
    /// What follows a number: a classifier or a case, which may add nothing to the English.
    AfterNumber,
    /// Latin letters, kept as they are.
    Latin,
}

#[derive(Debug, Clone, Copy)]
struct Entry<'l> {
    gloss: &'l str,
    origin: Origin,
}

/// A listed stem and the endings that make the word of it, each in its [`Place`].
struct Analysis<'l> {
    entry: Entry<'l>,
    stem_len: usize,
    endings: [Option<&'l Ending>; PLACES],
}

const PLACES: usize = Place::Emphasis as usize + 1;

impl Lexicon {
    /// The lists that come with Anubad: 65,000 word forms.
    pub fn embedded() -> Self {
        let lists = [(LEXICON, Origin::Lexicon), (NAMES, Origin::Names)];
        // A line of the lists is longer than 24 bytes on average.
        let capacity = (LEXICON.len() + NAMES.len()) / 24;
        let mut embedded = FxHashMap::with_capacity_and_hasher(capacity, Default::default());
        for (list, origin) in lists {
            for (form, gloss) in list.lines().filter_map(|line| line.split_once('\t')) {
                embedded.entry(form).or_insert(Entry { gloss, origin });
            }
        }
        Self {
            user: FxHashMap::default(),
            embedded,
            endings: inflection::longest_first(),
        }
    }

    /// Puts a user's own entries in front of the embedded lists, behind those of earlier calls.
    ///
    /// The file is UTF-8, one entry a line: a Bengali word, a tab, its English, senses separated
    /// by ` / `. Empty lines and lines that begin with `#` are passed over; of two entries for a
    /// word the first counts.
    ///
    /// # Errors
    /// When the file cannot be read, is larger than 16 MiB, is not UTF-8, or has a line that is
    /// not an entry; the message names the file and the line.
    pub fn with_user_entries(mut self, path: &Path) -> Result<Self, LexiconError> {
        for (form, gloss) in user::read(path)? {
            self.user.entry(form).or_insert(gloss);
        }
        Ok(self)
    }

    /// How `word` is read: in which list it stands, after which endings were taken off.
    ///
    /// Meant for one Bengali word; anything else is [`Reading::Spelt`]. For a text see
    /// [`Lexicon::gloss_words`].
    pub fn lookup(&self, word: &str) -> Reading {
        let word = for_lookup(word.trim());
        self.analyse(&word)
            .map_or(Reading::Spelt, |analysis| analysis.reading(&word))
    }

    fn entry(&self, form: &str) -> Option<Entry<'_>> {
        if let Some(gloss) = self.user.get(form) {
            return Some(Entry {
                gloss,
                origin: Origin::User,
            });
        }
        self.embedded.get(form).copied()
    }

    fn analyse(&self, word: &str) -> Option<Analysis<'_>> {
        self.analyse_below(PLACES, word)
    }

    /// Analyses `word` with endings of the places below `place` only.
    fn analyse_below(&self, place: usize, word: &str) -> Option<Analysis<'_>> {
        if let Some(entry) = self.entry(word) {
            return Some(Analysis {
                entry,
                stem_len: word.len(),
                endings: [None; PLACES],
            });
        }
        self.endings
            .iter()
            .filter(|ending| (ending.place as usize) < place)
            .find_map(|ending| {
                let mut analysis =
                    self.analyse_below(ending.place as usize, ending.strip(word)?)?;
                analysis.endings[ending.place as usize] = Some(ending);
                Some(analysis)
            })
    }
}

impl Analysis<'_> {
    /// Appends the English of the whole word: all senses if it is listed as it stands, else the
    /// likeliest sense of the stem in the English of its endings.
    fn push_english(&self, out: &mut String) {
        if self.endings.iter().all(Option::is_none) {
            out.push_str(self.entry.gloss);
        } else {
            self.push_below(PLACES, out);
        }
    }

    fn push_below(&self, place: usize, out: &mut String) {
        let Some(outermost) = self.endings[..place]
            .iter()
            .rev()
            .find_map(|ending| *ending)
        else {
            out.push_str(first_sense(self.entry.gloss));
            return;
        };
        let english = match place {
            PLACES => outermost.english,
            _ => first_sense(outermost.english),
        };
        for (i, part) in english.split("{}").enumerate() {
            if i > 0 {
                self.push_below(outermost.place as usize, out);
            }
            out.push_str(part);
        }
    }

    fn reading(&self, word: &str) -> Reading {
        Reading::Listed {
            origin: self.entry.origin,
            stem: word[..self.stem_len].to_owned(),
            endings: self
                .endings
                .iter()
                .flatten()
                .map(|e| e.form.to_owned())
                .collect(),
            senses: self
                .entry
                .gloss
                .split(SENSE_SEPARATOR)
                .map(str::to_owned)
                .collect(),
        }
    }
}

fn first_sense(gloss: &str) -> &str {
    gloss
        .split_once(SENSE_SEPARATOR)
        .map_or(gloss, |(first, _)| first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_embedded_lists_is_an_entry() {
        for line in LEXICON.lines().chain(NAMES.lines()) {
            let (form, gloss) = line.split_once('\t').expect(line);
            assert_eq!(for_lookup(form), form, "{line}");
            assert!(
                gloss
                    .split(SENSE_SEPARATOR)
                    .all(|sense| !sense.trim().is_empty()),
                "{line}"
            );
        }
    }

    #[test]
    fn lookup_tells_stem_and_endings() {
        let lexicon = Lexicon::embedded();
        let Reading::Listed {
            origin,
            stem,
            endings,
            senses,
        } = lexicon.lookup("অংশুমানকেও")
        else {
            panic!("not listed");
        };
        assert_eq!(origin, Origin::Names);
        assert_eq!(stem, "অংশুমান");
        assert_eq!(endings, ["কে", "ও"]);
        assert_eq!(senses, ["Anshuman"]);
        assert_eq!(lexicon.lookup("ঘঘঘঘ"), Reading::Spelt);
        assert_eq!(lexicon.lookup(""), Reading::Spelt);
    }

    #[test]
    fn a_lexicon_is_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Lexicon>();
    }
}
