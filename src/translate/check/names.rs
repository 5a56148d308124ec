//! Whether the names of the source are in the translation.

use unicode_normalization::UnicodeNormalization;

use super::{Finding, FindingKind, Severity};
use crate::lexicon::{GlossedWord, Origin, Reading, romanise};
use crate::text::{for_lookup, is_bengali_letter};

/// Looks for each name of the source in the translation, by its sound.
///
/// A name is a word that the lists give with a capital. A word that they do not have may be one:
/// it counts where it stands beside a listed name, and where the translation has a name that
/// nothing in the source sounds like. Two words may be one name if their consonants are alike,
/// which bears the many spellings of Bengali names in English (Choudhury, Chowdhuri) and most
/// adjectives (Iran, Iranian). Initials (এ.কে.এম.) have to be there as letters, together.
pub(super) fn check(source: &str, glossed: &[GlossedWord], translation: &str) -> Vec<Finding> {
    let translated: Vec<Sound> = words(translation).map(Sound::of).collect();
    let strange = has_strange_name(glossed, &translated);
    let mut findings: Vec<Finding> = Vec::new();
    for (i, word) in glossed.iter().enumerate() {
        if word.reading == Reading::Spelt && !strange && !stands_by_name(glossed, i) {
            continue;
        }
        let names = names(word);
        let found = names.iter().any(|name| {
            let sound = Sound::of(name);
            sound.skeleton.len() < 2 || translated.iter().any(|other| sound.resembles(other))
        });
        if names.is_empty() || found || other_name(word, translation) {
            continue;
        }
        let message = format!(
            "nothing in the translation is like “{}” ({})",
            &source[word.span.clone()],
            names[0]
        );
        if findings.iter().all(|finding| finding.message != message) {
            findings.push(Finding {
                kind: FindingKind::MissingName,
                severity: Severity::Warning,
                message,
            });
        }
    }
    let plain = translation.replace(['.', ' '], "");
    for initials in initials(source) {
        if !plain.contains(&initials) {
            findings.push(Finding {
                kind: FindingKind::MissingName,
                severity: Severity::Warning,
                message: format!("the initials {initials} are not in the translation"),
            });
        }
    }
    findings
}

/// Bengali names of the Latin letters.
const LETTERS: [(&str, char); 29] = [
    ("এ", 'A'),
    ("বি", 'B'),
    ("সি", 'C'),
    ("ডি", 'D'),
    ("ই", 'E'),
    ("এফ", 'F'),
    ("জি", 'G'),
    ("এইচ", 'H'),
    ("আই", 'I'),
    ("জে", 'J'),
    ("কে", 'K'),
    ("এল", 'L'),
    ("এম", 'M'),
    ("এন", 'N'),
    ("ও", 'O'),
    ("পি", 'P'),
    ("কিউ", 'Q'),
    ("আর", 'R'),
    ("এস", 'S'),
    ("টি", 'T'),
    ("ইউ", 'U'),
    ("ভি", 'V'),
    ("ডব্লিউ", 'W'),
    ("ডব্লু", 'W'),
    ("ডাব্লিউ", 'W'),
    ("এক্স", 'X'),
    ("ওয়াই", 'Y'),
    ("জেড", 'Z'),
    ("জেট", 'Z'),
];

/// Rows of two and more initials with dots: এ.কে.এম., এ. কে. এম. One alone is often a word at the
/// end of a sentence.
fn initials(source: &str) -> Vec<String> {
    let letter = |word: &str| {
        let word = for_lookup(word);
        let same = |(name, _): &&(&str, char)| for_lookup(name) == word;
        LETTERS.iter().find(same).map(|&(_, letter)| letter)
    };
    let mut rows = vec![String::new()];
    let mut pieces: Vec<&str> = source.split('.').collect();
    // What stands behind the last dot.
    pieces.pop();
    for piece in pieces {
        if let (Some(letter), Some(row)) = (letter(piece.trim()), rows.last_mut()) {
            row.push(letter);
        } else {
            let word = piece.rsplit(|c| !is_bengali_letter(c)).next();
            rows.push(word.and_then(letter).into_iter().collect());
        }
    }
    rows.retain(|row| row.len() > 1);
    rows
}

/// Whether the word before or behind word `i` is a listed name.
fn stands_by_name(glossed: &[GlossedWord], i: usize) -> bool {
    let is_name = |word: &&GlossedWord| {
        matches!(
            word.reading,
            Reading::Listed {
                origin: Origin::Names,
                ..
            }
        )
    };
    // A name with an ending is the last of its group: "of Rahman" and then another word.
    let is_bare = |word: &&GlossedWord| matches!(&word.reading, Reading::Listed { endings, .. } if endings.is_empty());
    let before = i.checked_sub(1).and_then(|before| glossed.get(before));
    before.filter(is_name).is_some_and(|word| is_bare(&word))
        || glossed.get(i + 1).as_ref().is_some_and(is_name)
}

/// Whether the translation has a name, not as its first word, that sounds like no word of the
/// source and like no English of one.
fn has_strange_name(glossed: &[GlossedWord], translated: &[Sound]) -> bool {
    let capitals = || {
        translated
            .iter()
            .skip(1)
            .filter(|word| word.capital && word.skeleton.len() > 2)
    };
    if capitals().next().is_none() {
        return false;
    }
    let sources: Vec<Sound> = glossed
        .iter()
        .flat_map(|word| {
            let english = words(&word.gloss).map(Sound::of);
            english.chain(std::iter::once(Sound::of(&romanise(&word.form))))
        })
        .collect();
    capitals().any(|capital| !sources.iter().any(|source| source.resembles(capital)))
}

/// English spellings of the word, if it is a name; one of them is enough to be found.
fn names(word: &GlossedWord) -> Vec<String> {
    match &word.reading {
        Reading::Listed { origin, senses, .. } => {
            let capital = |w: &&str| w.starts_with(char::is_uppercase);
            let named = |sense: &String| words(sense).any(|w| capital(&w));
            if *origin != Origin::Names && !senses.iter().all(named) {
                return Vec::new();
            }
            let mut names: Vec<String> = senses
                .iter()
                .flat_map(|sense| words(sense).filter(capital))
                .map(str::to_owned)
                .collect();
            // Two letters are an initial, a title (Dr, Md) or an abbreviation (MP): English has
            // other ways for these.
            if names.iter().any(|name| name.chars().count() < 3) {
                return Vec::new();
            }
            names.push(romanise(&word.form));
            names
        }
        Reading::Spelt if word.form.chars().count() > 2 => vec![romanise(&word.form)],
        _ => Vec::new(),
    }
}

/// Names that English has in forms of another sound.
const OTHER_NAMES: [(&str, &[&str]); 9] = [
    ("United States", &["US", "America"]),
    ("United Kingdom", &["UK", "Brit", "England", "English"]),
    ("United Nations", &["UN"]),
    ("European Union", &["EU", "Europe"]),
    ("Emirates", &["UAE"]),
    ("Netherlands", &["Dutch", "Holland"]),
    ("Switzerland", &["Swiss"]),
    ("Ireland", &["Irish"]),
    ("Denmark", &["Danish", "Dane"]),
];

fn other_name(word: &GlossedWord, translation: &str) -> bool {
    let Reading::Listed { senses, .. } = &word.reading else {
        return false;
    };
    let plain = translation.replace('.', "");
    OTHER_NAMES.iter().any(|(name, others)| {
        senses.iter().any(|sense| sense.contains(name))
            && words(&plain).any(|word| others.iter().any(|other| word.starts_with(other)))
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic() && c != '\u{301}')
        .filter(|word| !word.is_empty())
}

/// How a Latin word sounds, roughly.
struct Sound {
    /// Its consonants, those alike in Bengali under one letter, and its first letter if that is a vowel.
    skeleton: Vec<u8>,
    /// Whether it is written with a capital.
    capital: bool,
}

impl Sound {
    fn of(word: &str) -> Self {
        let letters: Vec<u8> = word
            .nfd()
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_lowercase() as u8)
            .collect();
        let mut skeleton = Vec::with_capacity(letters.len());
        for (i, &letter) in letters.iter().enumerate() {
            let next = letters.get(i + 1).copied();
            let sound = match letter {
                b'a' | b'e' | b'i' | b'o' | b'u' | b'w' | b'y' if i == 0 => b'a',
                b'a' | b'e' | b'i' | b'o' | b'u' | b'w' | b'y' | b'h' => continue,
                b'c' if matches!(next, Some(b'e' | b'i' | b'y')) => b's',
                b'c' | b'q' | b'x' => b'k',
                b'z' => b'j',
                b'v' => b'b',
                b'p' if next == Some(b'h') => b'f',
                other => other,
            };
            if skeleton.last() != Some(&sound) {
                skeleton.push(sound);
            }
        }
        Self {
            skeleton,
            capital: word.starts_with(char::is_uppercase),
        }
    }

    /// Whether `other`, a word of the translation, may be a spelling of this name or an adjective of it.
    fn resembles(&self, other: &Self) -> bool {
        let (name, word) = (&self.skeleton, &other.skeleton);
        let alike = name.iter().zip(word).take_while(|(a, b)| a == b).count();
        let shorter = name.len().min(word.len());
        if !other.capital {
            return alike == shorter && shorter >= 3 || name == word;
        }
        alike >= 2 && alike * 2 >= shorter
            || name == word
            || shorter >= 3 && distance(name, word) <= 1
    }
}

/// Levenshtein distance.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::Lexicon;

    fn missing(source: &str, translation: &str) -> usize {
        check(
            source,
            &Lexicon::embedded().gloss_words(source),
            translation,
        )
        .len()
    }

    #[test]
    fn a_name_is_known_by_its_sound() {
        for (source, translation) in [
            ("ঢাকায় বৃষ্টি", "Rain in Dhaka"),
            ("চৌধুরী বলেন", "Chaudhuri said"),
            ("ইরানের মন্ত্রী", "an Iranian minister"),
            ("যুক্তরাষ্ট্রের মন্ত্রী", "a U.S. minister"),
            ("ডেনমার্কের জাহাজ", "a Danish ship"),
            ("অঁদ্রে বলেন", "André said"),
            ("ডা. আমুন্ডসেন", "Dr Amundsen"),
        ] {
            assert_eq!(missing(source, translation), 0, "{source}: {translation}");
        }
    }

    #[test]
    fn a_lost_or_changed_name_is_missed() {
        assert_eq!(missing("ঢাকায় বৃষ্টি", "Rain in Kolkata"), 1);
        assert_eq!(missing("নরওয়ের আমুন্ডসেনের দল", "The team of Norway"), 1);
        assert_eq!(missing("ঢাকায় বৃষ্টি, ঢাকায় ঝড়", "Rain and storm"), 1);
    }

    #[test]
    fn an_unknown_word_is_a_name_where_the_translation_has_a_strange_one() {
        assert_eq!(missing("ঘঘঘনিয়া মাঠে ধান", "There is paddy in the field"), 0);
        assert_eq!(
            missing("ঘঘঘনিয়া মাঠে ধান", "There is paddy in Tolstoy field"),
            1
        );
    }

    #[test]
    fn initials_come_through() {
        assert_eq!(initials("বলেন এ.কে.এম. রহিম ও ডা. এস. আলী।"), ["AKM"]);
        assert_eq!(initials("এ. কে. এম. রহিম, জি.ওয়াই."), ["AKM", "GY"]);
        for (translation, lost) in [
            ("A.K.M. Rahim", 0),
            ("A K M Rahim", 0),
            ("AKM Rahim", 0),
            ("M. Rahim", 1),
        ] {
            assert_eq!(missing("এ.কে.এম. রহিম", translation), lost, "{translation}");
        }
    }

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance(b"kitten", b"sitting"), 3);
        assert_eq!(distance(b"", b"abc"), 3);
    }
}
