//! Whitespace as Python sees it, whose `str.split()` and `str.strip()` the reference implementations go by.

/// Whether Python's `str.isspace()` holds: what has the property White_Space, and the separators U+001C to U+001F.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, '\u{1C}'..='\u{1F}') || c.is_whitespace()
}

/// What lies between whitespace, as `str.split()`.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_part_words_and_joiners_do_not() {
        let found: Vec<_> =
            words("\u{1F}a\u{1C}b\u{85}c\u{A0}\u{3000}d\u{200B}e\u{200D}f ").collect();
        assert_eq!(found, ["a", "b", "c", "d\u{200B}e\u{200D}f"]);
    }
}
