//! The words of a translation.

use crate::text::is_bengali;

/// Words of an English text in lower case, without the marks around them; an apostrophe inside
/// a word is `'`.
pub(super) fn words(text: &str) -> Vec<String> {
    words_as_written(text).map(lower).collect()
}

/// Words of an English text without the marks around them.
pub(super) fn words_as_written(text: &str) -> impl Iterator<Item = &str> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
    text.split(move |c| !inside(c))
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
}

/// The form of a word that lists have: lower case, `'` for an apostrophe.
pub(super) fn lower(word: &str) -> String {
    word.to_lowercase().replace('’', "'")
}

/// Words of a text in lower case, and each other character that is not a space by itself.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        // Bengali vowel signs and the hasanta are no letters, but part of words.
        if c.is_alphanumeric() || is_bengali(c) {
            word.extend(c.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if !c.is_whitespace() {
            tokens.push(c.into());
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

#[cfg(test)]
mod tests {
    #[test]
    fn tokens_are_words_and_marks() {
        assert_eq!(
            super::tokens("It's না, না।"),
            ["it", "'", "s", "না", ",", "না", "।"]
        );
    }

    #[test]
    fn words_come_without_their_marks() {
        assert_eq!(
            super::words("“Don’t,” said Dr. O'Neil's half-brother (19)."),
            ["don't", "said", "dr", "o'neil's", "half", "brother", "19"]
        );
    }
}
