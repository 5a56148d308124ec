//! Special tokens, which mark up a prompt, kept apart from text that spells like them.

use rustc_hash::FxHashMap;

/// A part of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// From a template: special tokens that it spells are meant.
    Markup(String),
    /// From anywhere else: what spells like a special token is text.
    Text(String),
}

/// The special tokens of a tokenizer, by their spelling.
#[derive(Debug, Default)]
pub struct SpecialTokens {
    ids: FxHashMap<String, u32>,
    /// Their lengths in bytes, longest first.
    lengths: Vec<usize>,
}

/// A piece of markup.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Special(u32),
    Plain(&'a str),
}

impl SpecialTokens {
    pub fn new(tokens: impl IntoIterator<Item = (String, u32)>) -> Self {
        let ids: FxHashMap<String, u32> =
            tokens.into_iter().filter(|(t, _)| !t.is_empty()).collect();
        let mut lengths: Vec<usize> = ids.keys().map(String::len).collect();
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        lengths.dedup();
        SpecialTokens { ids, lengths }
    }

    pub fn spelling(&self, id: u32) -> Option<&str> {
        let token = self.ids.iter().find(|(_, of)| **of == id);
        token.map(|(spelling, _)| spelling.as_str())
    }

    /// Cuts markup into special tokens, leftmost and longest first, and what is between them.
    pub fn split<'a>(&self, markup: &'a str) -> Vec<Piece<'a>> {
        let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
        while at < markup.len() {
            match self.at(&markup[at..]) {
                Some((id, length)) => {
                    if start < at {
                        pieces.push(Piece::Plain(&markup[start..at]));
                    }
                    pieces.push(Piece::Special(id));
                    at += length;
                    start = at;
                }
                None => at += markup[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        if start < markup.len() {
            pieces.push(Piece::Plain(&markup[start..]));
        }
        pieces
    }

    /// The longest special token that a text begins with, and its length.
    fn at(&self, text: &str) -> Option<(u32, usize)> {
        self.lengths.iter().find_map(|&length| {
            let id = self.ids.get(text.get(..length)?)?;
            Some((*id, length))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leftmost_longest_special_token_is_taken() {
        let tokens = [("<s>", 1), ("<s><s>", 2), ("</s>", 3), ("", 4)];
        let special = SpecialTokens::new(tokens.map(|(t, id)| (t.to_owned(), id)));
        assert_eq!(
            special.split("ক<s><s><s>খ</s"),
            [
                Piece::Plain("ক"),
                Piece::Special(2),
                Piece::Special(1),
                Piece::Plain("খ</s"),
            ]
        );
        assert_eq!(special.split(""), []);
        assert_eq!(SpecialTokens::default().split("a"), [Piece::Plain("a")]);
    }
}
