//! Characters joined pair by pair, the pair with the highest score first.
//!
//! Sennrich et al., Neural Machine Translation of Rare Words with Subword Units (ACL 2016),
//! <https://arxiv.org/abs/1508.07909>.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::proto::Kind;
use super::trie::Trie;
use super::{Encoded, Vocabulary};

pub(super) struct Bpe {
    pieces: FxHashMap<Box<str>, Entry>,
    unknown: u32,
}

#[derive(Clone, Copy)]
struct Entry {
    id: u32,
    score: f32,
    unused: bool,
}

/// A run of characters in a list of runs. An empty one has been joined to that before it.
struct Symbol {
    range: Range<usize>,
    previous: Option<usize>,
    next: Option<usize>,
    /// A user-defined piece is joined to nothing.
    frozen: bool,
}

/// Two neighbours that make a piece.
struct Pair {
    left: usize,
    right: usize,
    score: f32,
    length: usize,
}

impl Bpe {
    pub fn new(vocabulary: &Vocabulary) -> Self {
        let mut pieces = FxHashMap::default();
        for (id, piece) in vocabulary.pieces.iter().enumerate() {
            if matches!(piece.kind, Kind::Normal | Kind::UserDefined | Kind::Unused) {
                let entry = Entry {
                    id: id as u32,
                    score: piece.score,
                    unused: piece.kind == Kind::Unused,
                };
                pieces.insert(piece.text.as_str().into(), entry);
            }
        }
        Bpe {
            pieces,
            unknown: vocabulary.unknown,
        }
    }

    /// The pieces of a normalised text, in which what `whole` knows is never cut.
    pub fn encode(&self, text: &str, whole: &Trie) -> Vec<Encoded> {
        let mut symbols = symbols(text, whole);
        let mut agenda = BinaryHeap::new();
        // How a piece that is not used was made, to take it apart again.
        let mut halves: FxHashMap<&str, usize> = FxHashMap::default();
        let mut propose = |symbols: &[Symbol], left: Option<usize>, right: Option<usize>| {
            let (left, right) = (left?, right?);
            let (a, b) = (&symbols[left], &symbols[right]);
            if a.frozen || b.frozen {
                return None;
            }
            let joined = &text[a.range.start..b.range.end];
            let entry = self.pieces.get(joined)?;
            if entry.unused {
                halves.insert(joined, a.range.len());
            }
            Some(Pair {
                left,
                right,
                score: entry.score,
                length: joined.len(),
            })
        };
        for right in 1..symbols.len() {
            agenda.extend(propose(&symbols, Some(right - 1), Some(right)));
        }
        while let Some(pair) = agenda.pop() {
            let (left, right) = (&symbols[pair.left].range, &symbols[pair.right].range);
            if left.is_empty() || right.is_empty() || left.len() + right.len() != pair.length {
                continue;
            }
            let end = right.end;
            symbols[pair.left].range.end = end;
            symbols[pair.right].range = end..end;
            let (previous, next) = (symbols[pair.left].previous, symbols[pair.right].next);
            symbols[pair.left].next = next;
            if let Some(next) = next {
                symbols[next].previous = Some(pair.left);
            }
            agenda.extend(propose(&symbols, previous, Some(pair.left)));
            agenda.extend(propose(&symbols, Some(pair.left), next));
        }
        let mut output = Vec::new();
        for symbol in symbols.iter().filter(|symbol| !symbol.range.is_empty()) {
            self.emit(text, symbol.range.clone(), &halves, &mut output);
        }
        output
    }

    /// Writes a run as a piece, or as the used pieces that it was made of.
    fn emit(
        &self,
        text: &str,
        range: Range<usize>,
        halves: &FxHashMap<&str, usize>,
        output: &mut Vec<Encoded>,
    ) {
        // Taken apart by hand: a chain of unused pieces may be as long as the text.
        let mut open = vec![range];
        while let Some(range) = open.pop() {
            let run = &text[range.clone()];
            let entry = self.pieces.get(run);
            let half = entry
                .filter(|entry| entry.unused)
                .and_then(|_| halves.get(run));
            if let Some(half) = half {
                open.push(range.start + half..range.end);
                open.push(range.start..range.start + half);
            } else {
                output.push(Encoded {
                    id: entry.map_or(self.unknown, |entry| entry.id),
                    range,
                });
            }
        }
    }
}

fn symbols(text: &str, whole: &Trie) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = Vec::with_capacity(text.len());
    let mut start = 0;
    while let Some(c) = text[start..].chars().next() {
        let user_defined = whole.prefixes(&text[start..]).last();
        let length = user_defined.map_or(c.len_utf8(), |(_, length)| length);
        let index = symbols.len();
        if let Some(last) = symbols.last_mut() {
            last.next = Some(index);
        }
        symbols.push(Symbol {
            range: start..start + length,
            previous: index.checked_sub(1),
            next: None,
            frozen: user_defined.is_some(),
        });
        start += length;
    }
    symbols
}

/// The higher score first, and of equals the one further left.
impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| other.left.cmp(&self.left))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pair {}
