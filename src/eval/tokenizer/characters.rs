//! `char`: every code point is a token, for scripts without spaces.

use crate::eval::whitespace::is_space;

/// Calls `token` with each code point of a line that is not whitespace.
pub(super) fn tokenize(line: &str, mut token: impl FnMut(&str)) {
    let mut utf8 = [0; 4];
    for c in line.chars().filter(|&c| !is_space(c)) {
        token(c.encode_utf8(&mut utf8));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Tokenizer, tokens};

    #[test]
    fn vowel_signs_and_joiners_are_tokens_too() {
        assert_eq!(
            tokens(&Tokenizer::Char, "ক্\u{200D}ষি a\u{1C}b"),
            ["ক", "্", "\u{200D}", "ষ", "ি", "a", "b"]
        );
    }
}
