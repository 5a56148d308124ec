//! Latin spelling of Bengali words, near to how newspapers spell names: রহমান rahman, সরকার sarkar.

/// Letter groups that are spelt as one, with the mark that stands for them, longer ones first.
const GROUPS: [(&str, &str); 9] = [
    ("অ্যা", "A"),
    ("এ্যা", "A"),
    ("ওয়া", "WA"),
    ("ওয়ে", "WE"),
    ("ওয়", "W"),
    ("্যা", "A"),
    ("ক্ষ", "K"),
    ("ইউ", "I"),
    ("্য", "্Y"),
];

const HASANTA: char = '্';

/// Spells a Bengali word in Latin letters, lower case. The word is one as look-up has it (ড় ঢ় য় as one
/// code point, no joiners), as [`super::GlossedWord::form`] is; characters without a sound are left out.
///
/// The inherent vowel is written after a consonant, save at the end of the word, before a vowel
/// letter, and between a voiced syllable and a consonant that has a vowel sign.
pub fn romanise(word: &str) -> String {
    let letters = group(word);
    let at = |i: usize| letters.get(i).copied();
    let bare = |i: usize| at(i).is_some_and(is_consonant);
    let open = |i: usize| bare(i) && at(i + 1).is_none_or(leaves_open);

    let mut out = String::with_capacity(word.len());
    let mut voiced = false; // whether the vowel of the last syllable was written
    for (i, &letter) in letters.iter().enumerate() {
        out.push_str(latin(letter));
        if is_vowel(letter) || is_sign(letter) || matches!(letter, 'A' | 'E' | 'I') {
            voiced = true;
        } else if open(i) {
            let in_cluster = i > 0 && letters[i - 1] == HASANTA;
            let next_has_sign = bare(i + 1) && !open(i + 1) && at(i + 2) != Some(HASANTA);
            let silent = match at(i + 1) {
                None => !in_cluster && i > 0,
                Some(next) => is_vowel(next) || voiced && !in_cluster && next_has_sign,
            };
            if !silent {
                out.push('a');
            }
            voiced = !silent;
        } else if bare(i) {
            voiced = false;
        }
    }
    out
}

/// The letters of `word` with the marks of [`GROUPS`] put in.
fn group(word: &str) -> Vec<char> {
    let mut letters = Vec::with_capacity(word.len() / 3);
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        if let Some((group, mark)) = GROUPS.iter().find(|(group, _)| rest.starts_with(group)) {
            letters.extend(mark.chars());
            rest = &rest[group.len()..];
        } else {
            letters.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    letters
}

/// Whether a consonant before this letter keeps its inherent vowel.
fn leaves_open(next: char) -> bool {
    !is_sign(next) && !matches!(next, HASANTA | 'A' | 'E')
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'অ'..='ঋ' | 'এ' | 'ঐ' | 'ও' | 'ঔ')
}

fn is_sign(c: char) -> bool {
    matches!(c, 'া'..='ৃ' | 'ে' | 'ৈ' | 'ো' | 'ৌ')
}

fn is_consonant(c: char) -> bool {
    !is_vowel(c) && !is_sign(c) && !matches!(c, 'A' | 'E' | 'I' | 'ং' | 'ঃ') && !latin(c).is_empty()
}

fn latin(letter: char) -> &'static str {
    match letter {
        'অ' | 'আ' | 'া' | 'A' => "a",
        'ই' | 'ঈ' | 'ি' | 'ী' => "i",
        'উ' | 'ঊ' | 'ু' | 'ূ' => "u",
        'ঋ' | 'ৃ' => "ri",
        'এ' | 'ে' | 'E' => "e",
        'ঐ' | 'ৈ' => "oi",
        'ও' | 'ো' => "o",
        'ঔ' | 'ৌ' => "ou",
        'I' => "yu",
        'ক' => "k",
        'খ' => "kh",
        'K' => "kkh",
        'গ' => "g",
        'ঘ' => "gh",
        'ঙ' | 'ং' => "ng",
        'চ' => "ch",
        'ছ' => "chh",
        'জ' | 'য' => "j",
        'ঝ' => "jh",
        'ঞ' | 'ণ' | 'ন' => "n",
        'ট' | 'ত' | 'ৎ' => "t",
        'ঠ' | 'থ' => "th",
        'ড' | 'দ' => "d",
        'ঢ' | 'ধ' => "dh",
        'প' => "p",
        'ফ' => "f",
        'ব' => "b",
        'ভ' => "bh",
        'ম' => "m",
        'র' | 'ৰ' | 'ড়' => "r",
        'ঢ়' => "rh",
        'ল' => "l",
        'শ' | 'ষ' => "sh",
        'স' => "s",
        'হ' | 'ঃ' => "h",
        'য়' | 'Y' => "y",
        'ৱ' | 'W' => "w",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_as_newspapers_do() {
        for (word, spelling) in [
            ("রহমান", "rahman"),
            ("সরকার", "sarkar"),
            ("ব্যাংক", "bangk"),
            ("ওয়াশিংটন", "washingtan"),
            ("ইউনুস", "yunus"),
            ("লক্ষ্মীপুর", "lakkhmipur"),
            ("অ্যান্ড", "anda"),
            ("দুঃখ", "duhkh"),
            ("ক", "ka"),
        ] {
            assert_eq!(romanise(word), spelling, "{word}");
        }
    }

    #[test]
    fn groups_are_written_as_words_are_looked_up() {
        for (group, _) in GROUPS {
            assert_eq!(crate::text::for_lookup(group), group);
        }
    }
}
