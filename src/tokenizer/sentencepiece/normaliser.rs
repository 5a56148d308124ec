//! What SentencePiece does to a text before it cuts it into pieces.

use super::charsmap::Charsmap;
use super::proto;
use super::trie::Trie;
use super::{SPACE, TokenizerError};

/// Rewrites characters by a table, evens out spaces and marks them.
pub(super) struct Normaliser {
    charsmap: Option<Charsmap>,
    pub add_dummy_prefix: bool,
    pub remove_extra_whitespaces: bool,
    escape_whitespaces: bool,
}

impl Normaliser {
    pub fn new(spec: &proto::Normaliser) -> Result<Self, TokenizerError> {
        let charsmap = spec.charsmap.as_deref().filter(|blob| !blob.is_empty());
        Ok(Normaliser {
            charsmap: charsmap.map(Charsmap::new).transpose()?,
            add_dummy_prefix: spec.add_dummy_prefix(),
            remove_extra_whitespaces: spec.remove_extra_whitespaces(),
            escape_whitespaces: spec.escape_whitespaces(),
        })
    }

    /// The text as its pieces spell it. What `kept` knows is left as it is.
    ///
    /// Follows `Normalizer::Normalize` of SentencePiece: at each place the longest string the table knows is
    /// replaced, whatever the graphemes.
    pub fn normalise(&self, text: &str, kept: &Trie) -> String {
        let space = if self.escape_whitespaces { SPACE } else { ' ' };
        let mut output = String::with_capacity(text.len() + text.len() / 4 + 3);
        let mut rest = text;
        if self.remove_extra_whitespaces {
            while let Some((" ", length)) = self.first(rest, kept) {
                rest = &rest[length..];
            }
        }
        if rest.is_empty() {
            return output;
        }
        if self.add_dummy_prefix {
            output.push(space);
        }
        let mut after_space = self.remove_extra_whitespaces;
        while let Some((mut becomes, length)) = self.first(rest, kept) {
            if after_space {
                becomes = becomes.trim_start_matches(' ');
            }
            if !becomes.is_empty() {
                output.extend(becomes.chars().map(|c| if c == ' ' { space } else { c }));
                after_space = becomes.ends_with(' ');
            }
            after_space &= self.remove_extra_whitespaces;
            rest = &rest[length..];
        }
        if self.remove_extra_whitespaces {
            let end = output.trim_end_matches(space).len();
            output.truncate(end);
        }
        output
    }

    /// What the start of a text becomes, and the length of what it stands for; none at the end.
    fn first<'a>(&'a self, text: &'a str, kept: &Trie) -> Option<(&'a str, usize)> {
        let character = text.chars().next()?;
        if let Some((_, length)) = kept.prefixes(text).last() {
            return Some((&text[..length], length));
        }
        let mapped = self.charsmap.as_ref().and_then(|map| map.longest(text));
        let length = character.len_utf8();
        Some(mapped.unwrap_or((&text[..length], length)))
    }
}
