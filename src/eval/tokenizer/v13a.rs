//! `13a`: the tokenizer of `mteval-v13a.pl`, for languages in the Latin script.

use std::borrow::Cow;

use super::mteval::{self, Class, Edges};
use crate::eval::whitespace::is_space;

/// What is written otherwise, in this order, before anything else.
const REPLACED: [(&str, &str); 7] = [
    ("<skipped>", ""),
    ("-\n", ""),
    ("\n", " "),
    ("&quot;", "\""),
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
];

/// Calls `token` with each token of a line.
pub(super) fn tokenize(line: &str, token: impl FnMut(&str)) {
    mteval::tokenize(&replace(line), Edges::Spaces, class, token);
}

/// What a character is: only ASCII counts, but for whitespace.
pub(super) fn class(c: char) -> Class {
    match c {
        'a'..='z' | 'A'..='Z' | '\'' => Class::Word,
        ' ' => Class::Space,
        '0'..='9' => Class::Number,
        '.' | ',' => Class::Mark,
        '-' => Class::Hyphen,
        '!'..='~' => Class::Symbol,
        _ if is_space(c) => Class::Space,
        _ => Class::Word,
    }
}

fn replace(line: &str) -> Cow<'_, str> {
    let mut line = Cow::Borrowed(line);
    if line.contains(['<', '\n', '&']) {
        for (from, to) in REPLACED {
            if line.contains(from) {
                line = Cow::Owned(line.replace(from, to));
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::{Tokenizer, tokens};

    fn v13a(line: &str) -> String {
        tokens(&Tokenizer::V13a, line).join(" ")
    }

    #[test]
    fn punctuation_stands_alone_outside_numbers() {
        assert_eq!(
            v13a("It's 1,250.50 (about 3-4%), he said."),
            "It's 1,250.50 ( about 3 - 4 % ) , he said ."
        );
        assert_eq!(v13a("in 2010. well-known"), "in 2010 . well-known");
        assert_eq!(v13a("দাম ৫.৫ টাকা।"), "দাম ৫ . ৫ টাকা।");
    }

    #[test]
    fn entities_and_line_ends_are_undone_first() {
        assert_eq!(v13a("a &quot;b&quot; &amp;lt; c"), "a \" b \" < c");
        assert_eq!(v13a("trans-\nlation\nof <skipped>it"), "translation of it");
        assert_eq!(v13a("<skip<skipped>ped>"), "< skipped >");
    }
}
