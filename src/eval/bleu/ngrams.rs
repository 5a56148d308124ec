//! N-grams of references, and how many of a hypothesis's are among them.

use rustc_hash::FxHashMap;

/// N-grams of the references of one sentence, of all orders up to a maximum, as a tree: the children of an n-gram are
/// those that go on with one more token.
#[derive(Debug)]
pub(super) struct Ngrams {
    order: usize,
    children: FxHashMap<(u32, u32), u32>,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// How often the n-gram stands in the reference that has it most often.
    most: u32,
    /// How often it was seen in the text being read.
    seen: u32,
}

/// The parent of the unigrams, which is no n-gram itself.
const ROOT: u32 = u32::MAX;

impl Ngrams {
    /// No n-grams, of orders 1 to `order`.
    pub fn new(order: usize) -> Self {
        Ngrams {
            order,
            children: FxHashMap::default(),
            nodes: Vec::new(),
        }
    }

    /// Forgets the references.
    pub fn clear(&mut self) {
        self.children.clear();
        self.nodes.clear();
    }

    /// Adds the n-grams of a reference.
    pub fn add(&mut self, tokens: &[u32]) {
        for start in 0..tokens.len() {
            let mut parent = ROOT;
            for &token in tokens[start..].iter().take(self.order) {
                let next = self.nodes.len() as u32;
                let child = *self.children.entry((parent, token)).or_insert(next);
                if child == next {
                    self.nodes.push(Node::default());
                }
                self.nodes[child as usize].seen += 1;
                parent = child;
            }
        }
        for node in &mut self.nodes {
            node.most = node.most.max(std::mem::take(&mut node.seen));
        }
    }

    /// Adds up, for each order, the n-grams of a hypothesis that a reference has, each at most as often as there.
    pub fn count_matches(&mut self, tokens: &[u32], matches: &mut [f64]) {
        for start in 0..tokens.len() {
            let mut parent = ROOT;
            for (&token, matches) in tokens[start..].iter().zip(&mut *matches) {
                // What goes on from an n-gram that is not there is not there either.
                let Some(&child) = self.children.get(&(parent, token)) else {
                    break;
                };
                let node = &mut self.nodes[child as usize];
                if node.seen < node.most {
                    node.seen += 1;
                    *matches += 1.0;
                }
                parent = child;
            }
        }
        for node in &mut self.nodes {
            node.seen = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_clipped_to_the_reference_that_has_most() {
        let mut ngrams = Ngrams::new(2);
        ngrams.add(&[1, 2, 1]);
        ngrams.add(&[1, 1, 3]);
        let mut matches = [0.0; 2];
        // 1 counts twice, 2 once; of the pairs, 1 2, 2 1 and 1 1 once each.
        ngrams.count_matches(&[1, 1, 1, 2, 2, 1], &mut matches);
        assert_eq!(matches, [3.0, 3.0]);
        ngrams.clear();
        let mut matches = [0.0; 2];
        ngrams.count_matches(&[1, 1], &mut matches);
        assert_eq!(matches, [0.0, 0.0]);
    }
}
