//! A set of strings in which all that begin a text are found in one walk.

use rustc_hash::FxHashMap;

/// Strings with a number each, found as prefixes of a text.
#[derive(Default)]
pub(super) struct Trie {
    /// From a node by a character to the next.
    edges: FxHashMap<(u32, char), u32>,
    /// The number of the string that ends at a node.
    ends: Vec<Option<u32>>,
}

impl Trie {
    /// Adds a string; false where it is in already.
    pub fn insert(&mut self, key: &str, value: u32) -> bool {
        if self.ends.is_empty() {
            self.ends.push(None);
        }
        let mut node = 0;
        for c in key.chars() {
            let next = self.ends.len() as u32;
            node = *self.edges.entry((node, c)).or_insert(next);
            if node == next {
                self.ends.push(None);
            }
        }
        self.ends[node as usize].replace(value).is_none()
    }

    /// The number and the length in bytes of every string that `text` begins with, shortest first.
    pub fn prefixes<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (u32, usize)> + 'a {
        let mut node = 0;
        text.char_indices()
            .map_while(move |(at, c)| {
                node = *self.edges.get(&(node, c))?;
                Some((self.ends[node as usize], at + c.len_utf8()))
            })
            .filter_map(|(value, length)| Some((value?, length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_all_prefixes() {
        let mut trie = Trie::default();
        assert_eq!(trie.prefixes("কলম").count(), 0);
        for (value, key) in ["ক", "কল", "কলম", "কলা", "a"].into_iter().enumerate()
        {
            assert!(trie.insert(key, value as u32));
        }
        assert!(!trie.insert("কল", 9));
        let found: Vec<_> = trie.prefixes("কলম চাই").collect();
        assert_eq!(found, [(0, 3), (9, 6), (2, 9)]);
        assert_eq!(trie.prefixes("খাতা").count(), 0);
    }
}
