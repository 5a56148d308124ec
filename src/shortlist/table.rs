//! The file: for each source token the target tokens that it may bring about, as Marian and bergamot store it.
//!
//! All numbers are little-endian: six of 64 bits (a magic number, a checksum, how many tokens of the lowest ids every
//! sentence may have, how many each source token may bring at most, offsets, and tokens in all), offsets of 64 bits,
//! one more than source tokens, and target tokens of 32 bits, those of source token `s` from offset `s` up to
//! offset `s` + 1, rising. The checksum is of all that follows it, in words of 64 bits; what is left over of the last is
//! not in it. See `BinaryShortlistGenerator` of Marian (Junczys-Dowmunt et al. 2018).

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::ShortlistError;

const MAGIC: u64 = 0xF11A_48D5_0134_17F5;
/// Words of the header, and those of them that the checksum does not cover.
const HEADER: usize = 6;
const UNCHECKED: usize = 2;
/// Bytes that a file may have: ten times those of a million tokens with fifty each.
const MOST_BYTES: u64 = 1 << 31;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Every sentence may have the target tokens with ids below this.
    pub(super) first: u64,
    /// How many target tokens a source token may bring at most.
    best: u64,
    /// Where the tokens of each source token begin, and, last, where they end.
    offsets: Vec<usize>,
    tokens: Vec<u32>,
}

impl Table {
    /// A table of a list for each source token, which are put in order. Every sentence may have the target tokens below
    /// `first` too.
    pub fn new(first: u32, lists: impl Iterator<Item = Vec<u32>>) -> Self {
        let (mut offsets, mut tokens) = (vec![0], Vec::new());
        let mut longest = 0;
        for mut list in lists {
            list.sort_unstable();
            list.dedup();
            longest = longest.max(list.len());
            tokens.extend(list);
            offsets.push(tokens.len());
        }
        Table {
            first: u64::from(first),
            best: longest as u64,
            offsets,
            tokens,
        }
    }

    /// How many source tokens it is about.
    pub fn sources(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Target tokens in all lists.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether it lists nothing.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The target tokens that a source token may bring about, rising; none of one that the table does not know.
    pub fn list(&self, source: u32) -> &[u32] {
        let source = source as usize;
        match self.offsets.get(source..source + 2) {
            Some(&[start, end]) => &self.tokens[start..end],
            _ => &[],
        }
    }

    /// One more than the largest target token.
    pub(super) fn targets(&self) -> usize {
        self.tokens.iter().max().map_or(0, |max| *max as usize + 1)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or is not such a file, whole and undamaged.
    pub fn read(path: &Path) -> Result<Self, ShortlistError> {
        let reading = |source| ShortlistError::Read {
            path: path.to_owned(),
            source,
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(reading)?;
        let mut limited = file.take(MOST_BYTES + 1);
        limited.read_to_end(&mut bytes).map_err(reading)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(ShortlistError::malformed(path, "it is larger than 2 GiB"));
        }
        Self::from_bytes(&bytes).map_err(|what| ShortlistError::malformed(path, what))
    }

    /// The table that a file of these bytes holds, or what is wrong with it.
    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let Some((header, body)) = bytes.split_at_checked(8 * HEADER) else {
            return Err("it is too short to be a shortlist");
        };
        let [magic, checksum, first, best, offset_count, token_count] = words(header)[..] else {
            return Err("it is too short to be a shortlist");
        };
        if magic != MAGIC {
            return Err("it is not a binary shortlist (lex.*.bin)");
        }
        let size = |n: u64, width: u64| n.checked_mul(width);
        let sizes = size(offset_count, 8).zip(size(token_count, 4));
        if sizes.and_then(|(a, b)| a.checked_add(b)) != Some(body.len() as u64) {
            return Err("its size is not what its header says; fetch it again");
        }
        if checksum != hash(&bytes[8 * UNCHECKED..]) {
            return Err("it is damaged: its checksum does not fit; fetch it again");
        }
        let (offsets, tokens) = body.split_at(8 * offset_count as usize);
        let offsets: Vec<u64> = words(offsets);
        let is_rising = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        if offsets.first() != Some(&0) || !is_rising || offsets.last() != Some(&token_count) {
            return Err("its offsets do not fit its lists");
        }
        let (tokens, _) = tokens.as_chunks::<4>();
        let table = Table {
            first,
            best,
            offsets: offsets.into_iter().map(|offset| offset as usize).collect(),
            tokens: tokens.iter().map(|&b| u32::from_le_bytes(b)).collect(),
        };
        let lists = table.offsets.windows(2);
        let mut lists = lists.map(|pair| &table.tokens[pair[0]..pair[1]]);
        if !lists.all(|list| list.is_sorted_by(|a, b| a < b)) {
            return Err("a list of tokens does not rise");
        }
        Ok(table)
    }

    /// The bytes of a file with it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 * (HEADER + self.offsets.len()) + 4 * self.len());
        let counts = [self.offsets.len() as u64, self.len() as u64];
        for word in [MAGIC, 0, self.first, self.best].into_iter().chain(counts) {
            bytes.extend(word.to_le_bytes());
        }
        for &offset in &self.offsets {
            bytes.extend((offset as u64).to_le_bytes());
        }
        for token in &self.tokens {
            bytes.extend(token.to_le_bytes());
        }
        let checksum = hash(&bytes[8 * UNCHECKED..]);
        bytes[8..16].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }
}

fn words(bytes: &[u8]) -> Vec<u64> {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|&word| u64::from_le_bytes(word)).collect()
}

/// Marian's checksum: words combined as Boost's `hash_combine` does.
fn hash(bytes: &[u8]) -> u64 {
    words(bytes).into_iter().fold(0, |hash, word| {
        let mixed = word
            .wrapping_add(0x9E37_79B9)
            .wrapping_add(hash << 6)
            .wrapping_add(hash >> 2);
        hash ^ mixed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let lists = [vec![3, 9, 5, 3], vec![], vec![2], vec![0, 1, 2, 3]];
        Table::new(2, lists.into_iter())
    }

    #[test]
    fn what_is_written_is_read() {
        let table = table();
        let bytes = table.to_bytes();
        assert_eq!(bytes.len(), 48 + 5 * 8 + 8 * 4);
        assert_eq!(Table::from_bytes(&bytes), Ok(table.clone()));
        assert_eq!((table.sources(), table.len(), table.targets()), (4, 8, 10));
        assert_eq!(table.list(0), [3, 5, 9]);
        assert_eq!(table.list(3), [0, 1, 2, 3]);
        assert!(table.list(1).is_empty() && table.list(4).is_empty());
        assert!(table.list(u32::MAX).is_empty());
        let empty = Table::new(0, std::iter::empty());
        assert_eq!(Table::from_bytes(&empty.to_bytes()), Ok(empty));
    }

    #[test]
    fn the_checksum_is_marian_s() {
        // Computed apart, with the definition of Boost.
        let words: Vec<u8> = [1u64, 2, u64::MAX].map(u64::to_le_bytes).concat();
        let mut expected = 0u64;
        for word in [1u64, 2, u64::MAX] {
            let sum = u128::from(word) + 0x9E37_79B9 + u128::from(expected << 6);
            expected ^= ((sum + u128::from(expected >> 2)) & u128::from(u64::MAX)) as u64;
        }
        assert_eq!(hash(&words), expected);
        // Bytes that fill no word do not count.
        assert_eq!(hash(&[&*words, &[7; 5]].concat()), expected);
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let whole = table().to_bytes();
        for end in 0..whole.len() {
            assert!(Table::from_bytes(&whole[..end]).is_err(), "{end} bytes");
        }
        assert!(Table::from_bytes(&[&*whole, &[0]].concat()).is_err());
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            // The checksum covers whole words, as in Marian: here all of them.
            assert!(Table::from_bytes(&damaged).is_err(), "byte {place}");
        }
    }

    #[test]
    fn a_file_that_lies_is_refused() {
        let with = |place: usize, value: u64| {
            let mut bytes = table().to_bytes();
            bytes[8 * place..8 * place + 8].copy_from_slice(&value.to_le_bytes());
            let checksum = hash(&bytes[16..]);
            bytes[8..16].copy_from_slice(&checksum.to_le_bytes());
            Table::from_bytes(&bytes)
        };
        // Counts that are huge or overflow; offsets that fall, go beyond, or begin late.
        for (place, value) in [
            (4, u64::MAX),
            (4, 1 << 61),
            (4, 0),
            (5, u64::MAX / 4 + 2),
            (6, 1),
            (7, 9),
            (8, 2),
            (10, 7),
            (10, 9),
        ] {
            assert!(with(place, value).is_err(), "word {place} of {value}");
        }
        assert!(
            with(2, 77).is_ok(),
            "any number of first tokens is possible"
        );
        // A list that does not rise.
        let falling = Table {
            offsets: vec![0, 2],
            tokens: vec![3, 3],
            ..table()
        };
        assert!(Table::from_bytes(&falling.to_bytes()).is_err());
    }
}
