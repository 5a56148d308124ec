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
    fn whitespace_is_pythons() {
        // `[c for c in map(chr, range(0x110000)) if c.isspace()]` of Python 3.11.
        let pythons: Vec<u32> = [
            (0x09..=0x0d).collect(),
            (0x1c..=0x20).collect(),
            vec![0x85, 0xa0, 0x1680],
            (0x2000..=0x200a).collect(),
            vec![0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
        ]
        .concat();
        let ours = (0..=0x10ffff).filter(|code| char::from_u32(*code).is_some_and(is_space));
        assert_eq!(ours.collect::<Vec<_>>(), pythons);
    }

    #[test]
    fn separators_part_words_and_joiners_do_not() {
        let found: Vec<_> =
            words("\u{1F}a\u{1C}b\u{85}c\u{A0}\u{3000}d\u{200B}e\u{200D}f ").collect();
        assert_eq!(found, ["a", "b", "c", "d\u{200B}e\u{200D}f"]);
    }
}
