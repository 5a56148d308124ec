//! A sentence cut into numbers, Bengali words, Latin words and single marks.

use std::ops::Range;

use crate::text::is_bengali_letter;

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits of either script, with `.`, `,`, `:` or `/` between groups of them.
    Number,
    /// Letters and signs of the Bengali block.
    Word,
    /// Letters with what may stand inside a Latin word, an address or a code.
    Latin,
    /// Any other character that is not a space.
    Mark,
}

/// Tokens of a text with their bytes in it.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Tokens<'_> {
    type Item = (Kind, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.text[self.at..];
        let (space, first) = rest.char_indices().find(|(_, c)| !is_space(*c))?;
        let rest = &rest[space..];
        let (kind, length) = if is_digit(first) {
            (Kind::Number, number(rest))
        } else if is_bengali_letter(first) {
            (Kind::Word, run(rest, is_bengali_letter))
        } else if is_latin(first) {
            (Kind::Latin, latin(rest))
        } else {
            (Kind::Mark, first.len_utf8())
        };
        let start = self.at + space;
        self.at = start + length;
        Some((kind, start..self.at))
    }
}

/// Whether `text` is one Bengali word and nothing else.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_bengali_letter)
}

/// Length in bytes of the characters at the start of `text` that `belongs` accepts.
fn run(text: &str, belongs: fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn number(text: &str) -> usize {
    let mut length = run(text, is_digit);
    while text[length..].starts_with(['.', ',', ':', '/']) {
        match run(&text[length + 1..], is_digit) {
            0 => break,
            group => length += 1 + group,
        }
    }
    length
}

fn latin(text: &str) -> usize {
    let inside = |c: char| is_latin(c) || c.is_ascii_digit() || "'._@/-".contains(c);
    let length = text.find(|c| !inside(c)).unwrap_or(text.len());
    text[..length]
        .trim_end_matches(['\'', '.', '_', '@', '/', '-'])
        .len()
}

fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '০'..='৯')
}

fn is_latin(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{24f}')
}

/// Unicode's white space, and the four separators that Python's `\s` knows besides.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        Tokens::new(text).map(|(_, span)| &text[span]).collect()
    }

    #[test]
    fn numbers_keep_their_separators_but_not_the_stop() {
        assert_eq!(cut("৩,৫০০.২৫ টাকা।"), ["৩,৫০০.২৫", "টাকা", "।"]);
        assert_eq!(cut("১২/৩/২০২৪, ১০:৩০."), ["১২/৩/২০২৪", ",", "১০:৩০", "."]);
        assert_eq!(cut("৫টি"), ["৫", "টি"]);
    }

    #[test]
    fn latin_words_keep_what_stands_inside_them() {
        assert_eq!(
            cut("(COVID-19) a@b.com. É -x"),
            ["(", "COVID-19", ")", "a@b.com", ".", "É", "-", "x"]
        );
        assert_eq!(cut("A-"), ["A", "-"]);
    }

    #[test]
    fn every_other_mark_stands_alone() {
        assert_eq!(cut("৳৫ “না”\u{1f}…"), ["৳", "৫", "“", "না", "”", "…"]);
        assert!(cut(" \u{a0}\u{3000}").is_empty());
    }
}
