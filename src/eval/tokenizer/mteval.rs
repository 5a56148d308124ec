//! What the tokenizers of NIST's `mteval` scripts have in common.
//!
//! The scripts put spaces around symbols, then around marks after what is no number, then around marks before what is
//! no number, each by a regular expression over the whole line. All of it is done here in one reading. What a mark
//! becomes depends on its neighbours alone, and on one trait of regular expressions: matches do not overlap, so the
//! second step, which takes a mark together with the character before it, passes over a mark that follows one it has
//! just set apart. Thus the last dot of `1...2` stays with the 2, and that of `1..2` does not.

use std::ops::Range;

/// What a character is to a tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Part of a word.
    Word,
    /// Part of a number.
    Number,
    /// Between tokens.
    Space,
    /// A token of its own.
    Symbol,
    /// A token of its own, unless it stands within a number.
    Mark,
    /// A token of its own after a number.
    Hyphen,
}

/// What stands before and after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edges {
    /// Nothing: a mark stays with the number at whose end the line ends.
    Bare,
    /// A space.
    Spaces,
}

/// Calls `token` with each token of a line whose characters are of these classes.
pub(super) fn tokenize(
    line: &str,
    edges: Edges,
    class: impl Fn(char) -> Class,
    mut token: impl FnMut(&str),
) {
    let mut write = |range: Range<usize>| {
        if !range.is_empty() {
            token(&line[range]);
        }
    };
    let no_number = |class: Option<Class>| class.is_some_and(|class| class != Class::Number);
    let edge = (edges == Edges::Spaces).then_some(Class::Space);
    let mut before = edge;
    let mut start = 0;
    // Whether the character before is a mark that was set apart with what stood before it.
    let mut taken = false;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let this = class(c);
        let end = at + c.len_utf8();
        let was_taken = std::mem::take(&mut taken);
        let alone = match this {
            Class::Word | Class::Number => false,
            Class::Space | Class::Symbol => true,
            Class::Hyphen => before == Some(Class::Number),
            Class::Mark => {
                taken = no_number(before) && !was_taken;
                taken || no_number(chars.peek().map(|&(_, c)| class(c)).or(edge))
            }
        };
        if alone {
            write(start..at);
            if this != Class::Space {
                write(at..end);
            }
            start = end;
        }
        before = Some(this);
    }
    write(start..line.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(line: &str, edges: Edges) -> Vec<&str> {
        let class = |c| match c {
            '0'..='9' => Class::Number,
            '.' => Class::Mark,
            ' ' => Class::Space,
            '+' => Class::Symbol,
            '-' => Class::Hyphen,
            _ => Class::Word,
        };
        let mut tokens = Vec::new();
        tokenize(line, edges, class, |token| {
            let at = token.as_ptr() as usize - line.as_ptr() as usize;
            tokens.push(&line[at..at + token.len()]);
        });
        tokens
    }

    #[test]
    fn marks_stay_within_numbers() {
        assert_eq!(tokens("1.5 a.b", Edges::Bare), ["1.5", "a", ".", "b"]);
        assert_eq!(tokens(".5 1.a", Edges::Spaces), [".", "5", "1", ".", "a"]);
        assert_eq!(
            tokens("1+.5-6-a", Edges::Bare),
            ["1", "+", ".", "5", "-", "6", "-", "a"]
        );
    }

    #[test]
    fn every_other_mark_of_a_row_is_passed_over() {
        assert_eq!(tokens("1..2", Edges::Bare), ["1", ".", ".", "2"]);
        assert_eq!(tokens("1...2", Edges::Bare), ["1", ".", ".", ".2"]);
        assert_eq!(tokens("a..2", Edges::Bare), ["a", ".", ".2"]);
    }

    #[test]
    fn bare_edges_hold_marks_to_numbers() {
        assert_eq!(tokens("5.", Edges::Bare), ["5."]);
        assert_eq!(tokens("5.", Edges::Spaces), ["5", "."]);
        assert_eq!(tokens(".5", Edges::Bare), [".5"]);
        assert_eq!(tokens("..", Edges::Bare), [".", "."]);
    }
}
