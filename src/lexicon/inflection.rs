//! The endings of Bengali words: what they are, where they stand, what they add in English.

/// The place that an ending takes in a word, innermost first. A word has at most one ending of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Makes another word: -হীন "without".
    Derivation,
    /// Plural or article: -গুলো, -টি.
    Number,
    /// -র "of", -তে "in".
    Case,
    /// -ও "also", -ই.
    Emphasis,
}

/// After which letters an ending stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// Any but a hasanta.
    Any,
    /// A vowel, letter or sign.
    Vowel,
    /// A consonant with its inherent vowel.
    Consonant,
    /// The vowel আ, letter or sign.
    A,
}

/// One ending.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ending {
    pub(super) place: Place,
    after: After,
    /// As it is written, normalised for look-up.
    pub(super) form: &'static str,
    /// Its English; `{}` is the gloss of what is left when it is off, and " / " separates senses.
    pub(super) english: &'static str,
}

impl Ending {
    /// `word` without this ending, where it has it and what is left can stand alone.
    pub(super) fn strip<'w>(&self, word: &'w str) -> Option<&'w str> {
        let stem = word.strip_suffix(self.form)?;
        let mut letters = stem.chars().rev();
        let last = letters.next()?;
        letters.next()?; // a stem has two letters or more
        let stands = match self.after {
            After::Any => last != '্',
            After::Vowel => is_vowel(last),
            After::Consonant => !is_vowel(last) && !matches!(last, '্' | 'ঁ' | 'ং' | 'ঃ'),
            After::A => matches!(last, 'া' | 'আ'),
        };
        stands.then_some(stem)
    }
}

/// All endings, longest first, in the order in which they are tried.
pub(super) fn longest_first() -> Vec<Ending> {
    let mut endings = ENDINGS.to_vec();
    endings.sort_by_key(|ending| std::cmp::Reverse(ending.form.chars().count()));
    endings
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'অ'..='ঋ' | 'এ' | 'ঐ' | 'ও' | 'ঔ' | 'া'..='ৃ' | 'ে' | 'ৈ' | 'ো' | 'ৌ')
}

const fn ending(place: Place, after: After, form: &'static str, english: &'static str) -> Ending {
    Ending {
        place,
        after,
        form,
        english,
    }
}

#[rustfmt::skip]
const ENDINGS: [Ending; 46] = {
    use After::{A, Any, Consonant, Vowel};
    use Place::{Case, Derivation, Emphasis, Number};
    [
        ending(Emphasis, Any, "ও", "{} also"),
        ending(Emphasis, Any, "ই", "{}"),
        ending(Case, Vowel, "র", "of {}"),
        ending(Case, Consonant, "ের", "of {}"),
        ending(Case, Vowel, "য়ের", "of {}"),
        ending(Case, Vowel, "এর", "of {}"),
        ending(Case, Any, "কে", "{} / to {}"),
        ending(Case, Consonant, "ে", "in {}"),
        ending(Case, A, "য়", "in {}"),
        ending(Case, Vowel, "তে", "in {}"),
        ending(Case, Vowel, "য়ে", "in {}"),
        ending(Case, Any, "সহ", "including {}"),
        ending(Number, Vowel, "রা", "{}s"),
        ending(Number, Consonant, "েরা", "{}s"),
        ending(Number, Any, "দের", "of {}s / {}s"),
        ending(Number, Consonant, "েদের", "of {}s / {}s"),
        ending(Number, Any, "দেরকে", "{}s / to {}s"),
        ending(Number, Any, "টি", "the {}"),
        ending(Number, Any, "টা", "the {}"),
        ending(Number, Any, "টুকু", "the little {}"),
        ending(Number, Any, "খানা", "the {}"),
        ending(Number, Any, "খানি", "the {}"),
        ending(Number, Any, "গুলো", "the {}s"),
        ending(Number, Any, "গুলি", "the {}s"),
        ending(Number, Any, "গণ", "{}s"),
        ending(Number, Any, "সমূহ", "{}s"),
        ending(Number, Any, "বৃন্দ", "{}s"),
        ending(Derivation, Any, "ভাবে", "in a {} way"),
        ending(Derivation, Any, "হীন", "without {}"),
        ending(Derivation, Any, "বিহীন", "without {}"),
        ending(Derivation, Any, "মূলক", "{}-related"),
        ending(Derivation, Any, "জনক", "causing {}"),
        ending(Derivation, Any, "যোগ্য", "fit for {}"),
        ending(Derivation, Any, "কারী", "one who does {}"),
        ending(Derivation, Any, "পূর্ণ", "full of {}"),
        ending(Derivation, Any, "মতো", "like {}"),
        ending(Derivation, Any, "পন্থী", "pro-{}"),
        ending(Derivation, Any, "বিরোধী", "anti-{}"),
        ending(Derivation, Any, "ভিত্তিক", "{}-based"),
        ending(Derivation, Any, "কেন্দ্রিক", "{}-centred"),
        ending(Derivation, Any, "গামী", "bound for {}"),
        ending(Derivation, Any, "বাসী", "people of {}"),
        ending(Derivation, Any, "প্রাপ্ত", "given {}"),
        ending(Derivation, Any, "গ্রস্ত", "hit by {}"),
        ending(Derivation, Any, "যুক্ত", "with {}"),
        ending(Derivation, Any, "মুক্ত", "free of {}"),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_written_as_words_are_looked_up() {
        for ending in ENDINGS {
            assert_eq!(crate::text::for_lookup(ending.form), ending.form);
        }
    }

    #[test]
    fn an_ending_comes_off_only_where_it_can_stand() {
        let case = |form| {
            *ENDINGS
                .iter()
                .find(|e| e.form == form && e.place == Place::Case)
                .unwrap()
        };
        assert_eq!(case("র").strip("ঢাকার"), Some("ঢাকা"));
        assert_eq!(case("র").strip("শহর"), None);
        assert_eq!(case("ের").strip("শহরের"), Some("শহর"));
        assert_eq!(case("কে").strip("তাকে"), Some("তা"));
        assert_eq!(case("কে").strip("একে"), None);
        assert_eq!(case("য়").strip("ঢাকায়"), Some("ঢাকা"));
    }
}
