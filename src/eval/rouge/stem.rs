//! English words without their endings: Porter, "An algorithm for suffix stripping" (Program 14:3, 1980), with the
//! changes of NLTK's stemmer in its usual mode, which `rouge_score` stems with.
//!
//! Digits count as consonants. The letter `m` of the paper, the number of times that vowels are followed by consonants,
//! is [`measure`] here.

/// Strips the endings of a word of ASCII lower-case letters and digits.
pub fn stem(word: &mut String) {
    if let Some(stem) = irregular(word) {
        word.replace_range(.., stem);
        return;
    }
    if word.len() <= 2 {
        return;
    }
    strip_plural(word);
    strip_past(word);
    turn_y(word);
    shorten_double_suffix(word);
    replace(word, &STEP_3, 1);
    strip_suffix(word);
    strip_e(word);
}

/// Words that the rules get wrong.
fn irregular(word: &str) -> Option<&'static str> {
    Some(match word {
        "skies" | "sky" => "sky",
        "dying" => "die",
        "lying" => "lie",
        "tying" => "tie",
        "news" => "news",
        "inning" | "innings" => "inning",
        "outing" | "outings" => "outing",
        "canning" | "cannings" => "canning",
        "howe" => "howe",
        "proceed" => "proceed",
        "exceed" => "exceed",
        "succeed" => "succeed",
        _ => return None,
    })
}

/// Step 1a: caresses → caress, ponies → poni, but dies → die.
fn strip_plural(word: &mut String) {
    if word.len() == 4 && word.ends_with("ies") {
        word.pop();
        return;
    }
    let rules = [("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")];
    replace(word, &rules, 0);
}

/// Step 1b: agreed → agree, plastered → plaster, hopping → hop, filing → file, but died → die.
fn strip_past(word: &mut String) {
    if word.ends_with("ied") {
        let ending = if word.len() == 4 { 1 } else { 2 };
        word.truncate(word.len() - ending);
        return;
    }
    if let Some(stem) = word.strip_suffix("eed") {
        if measure(stem) > 0 {
            word.pop();
        }
        return;
    }
    let stem = word.strip_suffix("ed").or(word.strip_suffix("ing"));
    let Some(stem) = stem.filter(|stem| consonants(stem).any(|is_consonant| !is_consonant)) else {
        return;
    };
    word.truncate(stem.len());
    if ["at", "bl", "iz"].iter().any(|end| word.ends_with(end)) {
        word.push('e');
    } else if ends_in_double_consonant(word) {
        if !word.ends_with(['l', 's', 'z']) {
            word.pop();
        }
    } else if measure(word) == 1 && ends_short(word) {
        word.push('e');
    }
}

/// Step 1c: happy → happi, but enjoy and by stay.
fn turn_y(word: &mut String) {
    let is_turned = |stem: &str| stem.len() > 1 && consonants(stem).last() == Some(true);
    if word.strip_suffix('y').is_some_and(is_turned) {
        word.pop();
        word.push('i');
    }
}

/// Step 2: relational → relate, vietnamization → vietnamize.
fn shorten_double_suffix(word: &mut String) {
    let has_measure = |stem: &str| measure(stem) > 0;
    if word.strip_suffix("alli").is_some_and(has_measure) {
        word.truncate(word.len() - 2); // radicalli → radical, which may be shortened further
    }
    // The l belongs to the stem, so that geologi → geolog.
    if word.ends_with("logi") && has_measure(&word[..word.len() - 3]) {
        word.pop();
    }
    replace(word, &STEP_2, 1);
}

/// Step 4: revival → reviv, adoption → adopt.
fn strip_suffix(word: &mut String) {
    match word.strip_suffix("ion") {
        Some(stem) if measure(stem) > 1 && stem.ends_with(['s', 't']) => word.truncate(stem.len()),
        Some(_) => {}
        None => replace(word, &STEP_4, 2),
    }
}

/// Step 5: probate → probat, cease → ceas, controll → control.
fn strip_e(word: &mut String) {
    let is_long = |stem: &str| match measure(stem) {
        0 => false,
        1 => !ends_short(stem),
        _ => true,
    };
    if word.strip_suffix('e').is_some_and(is_long) {
        word.pop();
    }
    if word.ends_with("ll") && measure(&word[..word.len() - 1]) > 1 {
        word.pop();
    }
}

#[rustfmt::skip]
const STEP_2: [(&str, &str); 21] = [
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"),
    ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
    ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
    ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
];

#[rustfmt::skip]
const STEP_3: [(&str, &str); 7] = [
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
];

#[rustfmt::skip]
const STEP_4: [(&str, &str); 18] = [
    ("al", ""), ("ance", ""), ("ence", ""), ("er", ""), ("ic", ""), ("able", ""), ("ible", ""), ("ant", ""),
    ("ement", ""), ("ment", ""), ("ent", ""), ("ou", ""), ("ism", ""), ("ate", ""), ("iti", ""), ("ous", ""),
    ("ive", ""), ("ize", ""),
];

/// Applies the first rule whose ending the word has, if what stands before it has the least measure; later rules are
/// not tried then.
fn replace(word: &mut String, rules: &[(&str, &str)], least: usize) {
    for (ending, replacement) in rules {
        if let Some(stem) = word.strip_suffix(ending) {
            if measure(stem) >= least {
                word.truncate(stem.len());
                word.push_str(replacement);
            }
            return;
        }
    }
}

/// For each letter, whether it is a consonant: `y` is one at the beginning and after a vowel.
fn consonants(word: &str) -> impl Iterator<Item = bool> {
    word.bytes().scan(false, |follows_consonant, letter| {
        *follows_consonant = match letter {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => !*follows_consonant,
            _ => true,
        };
        Some(*follows_consonant)
    })
}

/// How often vowels are followed by consonants: 0 in "tree", 1 in "trouble", 2 in "private".
fn measure(stem: &str) -> usize {
    let mut follows_vowel = false;
    let ends_vowels = |&is_consonant: &bool| {
        let ends = follows_vowel && is_consonant;
        follows_vowel = !is_consonant;
        ends
    };
    consonants(stem).filter(ends_vowels).count()
}

fn ends_in_double_consonant(word: &str) -> bool {
    let is_double = matches!(word.as_bytes(), [.., a, b] if a == b);
    is_double && consonants(word).last() == Some(true)
}

/// Whether the word ends in consonant, vowel and a consonant other than w, x and y ("wil", "hop"), or is a vowel and a
/// consonant.
fn ends_short(word: &str) -> bool {
    let last = consonants(word).fold([false; 3], |[_, b, c], d| [b, c, d]);
    match word.len() {
        0 | 1 => false,
        2 => last == [false, false, true],
        _ => last == [true, false, true] && !word.ends_with(['w', 'x', 'y']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words with the stems that NLTK finds (`scripts/make_rouge_fixtures.py`).
    const STEMS: &str = include_str!("../../../tests/data/eval/stems.tsv");

    #[test]
    fn stems_are_those_of_nltk() {
        let mut cases = 0;
        for line in STEMS.lines() {
            let (word, expected) = line.split_once('\t').expect("word, tab, stem");
            let mut found = word.to_owned();
            stem(&mut found);
            assert_eq!(found, expected, "{word}");
            cases += 1;
        }
        assert!(cases > 200, "{cases}");
    }

    #[test]
    fn a_very_long_word_takes_no_long_time() {
        let mut word = "y".repeat(1 << 20);
        stem(&mut word);
        assert_eq!(word.len(), 1 << 20);
    }
}
