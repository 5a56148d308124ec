//! The compiled table of a SentencePiece normaliser: strings and what they become.

use crate::tokenizer::TokenizerError;

/// The longest string that a rule replaces: many times the longest of Unicode's normal forms. Without a bound, a table
/// with a loop in it would read all of a text at each place.
const MAX_RULE_BYTES: usize = 256;

/// The longest string that replaces another, likewise: a text grows no more than so many times.
const MAX_REPLACEMENT_BYTES: usize = 256;

/// Rules that replace the longest string they know at a place by another.
///
/// The stored form is the length of a double-array trie (as of `darts-clone`) in bytes, the trie in little-endian
/// 32-bit units, and the replacements, each ended by a zero byte, which the trie's values point into. A node's
/// children lie at its position, xor its offset, xor the byte that leads to them.
pub(in crate::tokenizer) struct Charsmap {
    units: Vec<u32>,
    replacements: String,
}

impl Charsmap {
    /// Reads the table and walks all of it, so that no look-up can leave it later.
    pub fn new(blob: &[u8]) -> Result<Self, TokenizerError> {
        let broken = |what| TokenizerError::Malformed(format!("its character map {what}"));
        let (size, rest) = blob
            .split_first_chunk::<4>()
            .ok_or_else(|| broken("is cut off"))?;
        let size = u32::from_le_bytes(*size) as usize;
        let (trie, replacements) = rest
            .split_at_checked(size)
            .filter(|(trie, _)| !trie.is_empty() && trie.len() % 4 == 0)
            .ok_or_else(|| broken("is cut off"))?;
        let (units, _) = trie.as_chunks::<4>();
        let map = Charsmap {
            units: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(),
            replacements: String::from_utf8(replacements.to_vec())
                .map_err(|_| broken("is not UTF-8"))?,
        };
        if !map.is_sound() {
            return Err(broken("points outside of itself or has a rule too long"));
        }
        Ok(map)
    }

    /// Whether every node that can be reached, and every value, lies inside.
    fn is_sound(&self) -> bool {
        let mut seen = vec![false; self.units.len()];
        let mut open = vec![offset(self.units[0]) as usize];
        while let Some(base) = open.pop() {
            // A node whose children were looked at already: tables share none, a loop would.
            match seen.get_mut(base) {
                Some(seen) if !*seen => *seen = true,
                Some(_) => continue,
                None => return false,
            }
            for byte in 1..=255u8 {
                let position = base ^ usize::from(byte);
                let Some(&unit) = self.units.get(position) else {
                    return false;
                };
                if label(unit) != u32::from(byte) {
                    continue;
                }
                let child = position ^ offset(unit) as usize;
                if has_value(unit) && self.value(child).is_none() {
                    return false;
                }
                open.push(child);
            }
        }
        true
    }

    /// What stands at the place in `replacements` that a node's value names; none where that is outside or too long.
    fn value(&self, node: usize) -> Option<&str> {
        let start = (*self.units.get(node)? & 0x7FFF_FFFF) as usize;
        let rest = self.replacements.get(start..)?;
        let mut near = rest.bytes().take(MAX_REPLACEMENT_BYTES + 1);
        let length = near.position(|byte| byte == 0);
        let is_short = rest.len() <= MAX_REPLACEMENT_BYTES;
        rest.get(..length.or(is_short.then_some(rest.len()))?)
    }

    /// What the longest known string at the start of `text` becomes, and its length in bytes.
    pub fn longest<'a>(&'a self, text: &str) -> Option<(&'a str, usize)> {
        let mut node = offset(self.units[0]) as usize;
        let mut found = None;
        for (at, &byte) in text.as_bytes().iter().take(MAX_RULE_BYTES).enumerate() {
            node ^= usize::from(byte);
            let unit = self.units[node];
            if byte == 0 || label(unit) != u32::from(byte) {
                break;
            }
            node ^= offset(unit) as usize;
            if has_value(unit) && text.is_char_boundary(at + 1) {
                found = Some((node, at + 1));
            }
        }
        let (node, length) = found?;
        Some((self.value(node)?, length))
    }
}

fn has_value(unit: u32) -> bool {
    unit >> 8 & 1 == 1
}

/// The byte that leads to a node; with the top bit set, and so none, for a value.
fn label(unit: u32) -> u32 {
    unit & (1 << 31 | 0xFF)
}

fn offset(unit: u32) -> u32 {
    (unit >> 10) << ((unit & (1 << 9)) >> 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of one rule, `a` to `bc`, laid out by hand.
    fn table() -> Vec<u8> {
        let mut units = vec![0u32; 512];
        units[0] = 256 << 10;
        let a = 256 ^ usize::from(b'a');
        // From `a`, its value lies at `a ^ 2`.
        units[a] = u32::from(b'a') | 1 << 8 | 2 << 10;
        units[a ^ 2] = 1 << 31;
        let mut blob = 2048u32.to_le_bytes().to_vec();
        blob.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        blob.extend(b"bc\0");
        blob
    }

    #[test]
    fn replaces_what_it_knows() {
        let map = Charsmap::new(&table()).unwrap();
        assert_eq!(map.longest("ab"), Some(("bc", 1)));
        assert_eq!(map.longest("ba"), None);
        assert_eq!(map.longest(""), None);
        assert_eq!(map.longest("\0"), None);
    }

    #[test]
    fn broken_tables_are_refused() {
        let good = table();
        assert!(Charsmap::new(&[]).is_err());
        assert!(Charsmap::new(&u32::MAX.to_le_bytes()).is_err());
        assert!(Charsmap::new(&good[..1000]).is_err());
        // The root's children outside, a value outside, a replacement that is not UTF-8.
        for (at, unit) in [(0, 1u32 << 20), (256 ^ 0x61 ^ 2, 1 << 31 | 99)] {
            let mut bad = good.clone();
            bad[4 + 4 * at..8 + 4 * at].copy_from_slice(&unit.to_le_bytes());
            assert!(Charsmap::new(&bad).is_err());
        }
        let mut bad = good.clone();
        bad.truncate(bad.len() - 1);
        assert!(Charsmap::new(&bad).is_ok(), "the last needs no end");
        bad.extend([b'x'; 1000]);
        assert!(Charsmap::new(&bad).is_err());
        let mut bad = good;
        *bad.last_mut().unwrap() = 0xFF;
        assert!(Charsmap::new(&bad).is_err());
    }

    #[test]
    fn a_loop_ends() {
        // A child whose offset leads back to the root's children.
        let mut blob = table();
        let a = 256 ^ usize::from(b'a');
        let unit = u32::from(b'a') | (u32::from(b'a')) << 10;
        blob[4 + 4 * a..8 + 4 * a].copy_from_slice(&unit.to_le_bytes());
        let map = Charsmap::new(&blob).unwrap();
        assert_eq!(map.longest(&"a".repeat(1000)), None);
    }
}
