//! `intl`: the tokenizer of `mteval-v14.pl`, which goes by the general categories of Unicode.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::mteval::{self, Class, Edges};
use crate::eval::whitespace::is_space;

/// Calls `token` with each token of a line. A mark after a number that ends the line stays with it, as in the script.
pub(super) fn tokenize(line: &str, token: impl FnMut(&str)) {
    mteval::tokenize(line, Edges::Bare, class, token);
}

/// What a character is, as of Unicode 18: sacreBLEU may take those that are new there for letters.
fn class(c: char) -> Class {
    // Most text, and much faster than the tables of all categories.
    if c.is_ascii_alphabetic() {
        return Class::Word;
    }
    if is_space(c) {
        return Class::Space;
    }
    match c.general_category_group() {
        GeneralCategoryGroup::Punctuation => Class::Mark,
        GeneralCategoryGroup::Number => Class::Number,
        GeneralCategoryGroup::Symbol => Class::Symbol,
        _ => Class::Word,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Tokenizer, tokens};

    fn intl(line: &str) -> String {
        tokens(&Tokenizer::Intl, line).join(" ")
    }

    #[test]
    fn marks_and_symbols_of_all_scripts_stand_alone() {
        assert_eq!(intl("দাম ৳৫.৫ লাখ।"), "দাম ৳ ৫.৫ লাখ ।");
        assert_eq!(intl("«Да», 5€…"), "« Да » , 5 € …");
        assert_eq!(intl("well-known it's"), "well - known it ' s");
    }

    #[test]
    fn a_number_keeps_the_dot_that_ends_the_line() {
        assert_eq!(intl("in 2010."), "in 2010.");
        assert_eq!(intl("in 2010. "), "in 2010 .");
    }
}
