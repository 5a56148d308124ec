//! English words that deny.

const DENIALS: [&str; 12] = [
    "not", "no", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "cannot",
    "cant", "dont",
];

/// Whether a word, in lower case and with `'` for an apostrophe, denies the clause that it stands in.
pub(crate) fn is_denial(word: &str) -> bool {
    DENIALS.contains(&word) || word.ends_with("n't")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_deny_and_near_words_do_not() {
        for word in ["not", "nobody", "didn't", "cannot"] {
            assert!(is_denial(word), "{word}");
        }
        for word in ["note", "without", "unable", "know", "don"] {
            assert!(!is_denial(word), "{word}");
        }
    }
}
