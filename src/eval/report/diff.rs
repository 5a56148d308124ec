//! What an output has otherwise than its reference, word by word.

use std::ops::Range;

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;

use super::visible;

/// Words of one side above which texts are not compared but shown one behind the other. Comparing takes more than
/// linear time, and a sentence has some thirty words.
const MOST_WORDS: usize = 5_000;

/// Which of two texts has some words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Both.
    Both,
    /// The reference alone.
    Reference,
    /// The hypothesis alone.
    Hypothesis,
}

/// Neighbouring words that stand on the same side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Run<'a> {
    /// Where they stand.
    pub side: Side,
    /// The words with what is between them, as the hypothesis has it where both sides do.
    pub text: &'a str,
    /// Whether white space stands before them.
    pub gap: bool,
}

/// Compares two texts word by word, words and punctuation marks being those of Unicode's annex 29. White space alone
/// makes no difference. The comparison is Myers's (An O(ND) difference algorithm, Algorithmica 1986); of hard cases
/// longer than a sentence it may find more differences than the fewest, and of texts above 5,000 words all words
/// are taken to differ.
pub fn runs<'a>(reference: &'a str, hypothesis: &'a str) -> Vec<Run<'a>> {
    let (old, new) = (Words::of(reference), Words::of(hypothesis));
    let is_long = old.words.len().max(new.words.len()) > MOST_WORDS;
    let operations = match is_long && reference != hypothesis {
        true => vec![DiffOp::Replace {
            old_index: 0,
            old_len: old.words.len(),
            new_index: 0,
            new_len: new.words.len(),
        }],
        false => capture_diff_slices(Algorithm::Myers, &old.words, &new.words),
    };
    let mut runs: Vec<Run> = Vec::with_capacity(operations.len() + 4);
    for operation in operations {
        let (old_range, new_range) = (operation.old_range(), operation.new_range());
        let (gap_old, gap_new) = (old.gap(old_range.start), new.gap(new_range.start));
        let mut push = |side, text: &'a str, gap| {
            if !text.is_empty() {
                let gap = gap && !runs.is_empty();
                runs.push(Run { side, text, gap });
            }
        };
        if let DiffOp::Equal { .. } = operation {
            push(Side::Both, new.slice(new_range), gap_old || gap_new);
            continue;
        }
        // What stands in for other words follows them closely, as `git diff --word-diff` has it.
        let gap_new = gap_new && old_range.is_empty();
        push(Side::Reference, old.slice(old_range), gap_old || gap_new);
        push(Side::Hypothesis, new.slice(new_range), gap_new);
    }
    runs
}

/// The number, from 0, of the reference that shares most words in order with the hypothesis, and the comparison with
/// it; of equals the first. None where there are no references.
pub fn nearest<'a>(
    references: impl IntoIterator<Item = &'a str>,
    hypothesis: &'a str,
) -> Option<(usize, Vec<Run<'a>>)> {
    let foreign = |runs: &[Run]| -> usize {
        let differing = runs.iter().filter(|run| run.side != Side::Both);
        differing.map(|run| run.text.len()).sum()
    };
    let compared = references
        .into_iter()
        .map(|reference| runs(reference, hypothesis));
    compared.enumerate().min_by_key(|(_, runs)| foreign(runs))
}

/// The comparison as one line for a terminal. Plain, words of the reference alone stand in `[-…-]` and those of the
/// hypothesis alone in `{+…+}`, as `git diff --word-diff` marks them; `styled`, they are red and struck through, and
/// green and underlined. Characters that would command the terminal are made visible.
pub fn line(reference: &str, hypothesis: &str, styled: bool) -> String {
    let mut line = String::with_capacity(reference.len() + hypothesis.len());
    for run in runs(reference, hypothesis) {
        let (open, close) = match (run.side, styled) {
            (Side::Both, _) => ("", ""),
            (Side::Reference, false) => ("[-", "-]"),
            (Side::Hypothesis, false) => ("{+", "+}"),
            (Side::Reference, true) => ("\u{1b}[31;9m", "\u{1b}[0m"),
            (Side::Hypothesis, true) => ("\u{1b}[32;4m", "\u{1b}[0m"),
        };
        if run.gap {
            line.push(' ');
        }
        line.push_str(open);
        line.push_str(&visible(run.text));
        line.push_str(close);
    }
    line
}

/// A text and its words.
struct Words<'a> {
    text: &'a str,
    words: Vec<&'a str>,
    starts: Vec<usize>,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Words<'a> {
        let is_word = |(_, word): &(usize, &str)| !word.trim().is_empty();
        let (starts, words) = text.split_word_bound_indices().filter(is_word).unzip();
        Words {
            text,
            words,
            starts,
        }
    }

    /// Whether white space stands before the word of this number.
    fn gap(&self, word: usize) -> bool {
        let start = self.starts.get(word).copied().unwrap_or(self.text.len());
        self.text[..start].ends_with(char::is_whitespace)
    }

    /// The text from the first of the words to the last.
    fn slice(&self, words: Range<usize>) -> &'a str {
        if words.is_empty() {
            return "";
        }
        let last = words.end - 1;
        &self.text[self.starts[words.start]..self.starts[last] + self.words[last].len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_either_side_are_marked() {
        let plain = |reference, hypothesis| line(reference, hypothesis, false);
        assert_eq!(
            plain(
                "The river rose on Monday.",
                "The river did not rise on Monday."
            ),
            "The river [-rose-]{+did not rise+} on Monday."
        );
        assert_eq!(plain("the cat", "cat"), "[-the-] cat");
        assert_eq!(plain("a.", "a b."), "a {+b+}.");
        assert_eq!(plain("a  b", "a b"), "a b");
        assert_eq!(plain("", "new"), "{+new+}");
        assert_eq!(plain("old", ""), "[-old-]");
        assert_eq!(plain("", ""), "");
    }

    #[test]
    fn bengali_words_are_whole() {
        assert_eq!(
            line("মন্ত্রী ঢাকায় এসেছেন।", "মন্ত্রী ঢাকায় আসেননি।", false),
            "মন্ত্রী ঢাকায় [-এসেছেন-]{+আসেননি+}।"
        );
    }

    #[test]
    fn a_styled_line_has_no_escapes_but_its_own() {
        let line = line("a\u{1b}[2J b", "a c\u{202e}", true);
        assert_eq!(
            line.matches('\u{1b}').count(),
            2 * line.matches("\u{1b}[0m").count()
        );
        assert!(line.contains("␛") && line.contains("⟨U+202E⟩"), "{line:?}");
    }

    #[test]
    fn the_nearest_reference_is_the_one_that_shares_most() {
        let references = ["Five people died.", "Five were killed."];
        let (nearest, runs) = nearest(references, "Five men were killed.").unwrap();
        assert_eq!(nearest, 1);
        assert_eq!(runs.iter().filter(|run| run.side != Side::Both).count(), 1);
        assert!(super::nearest([], "x").is_none());
    }

    #[test]
    fn runs_put_together_are_the_texts() {
        let (reference, hypothesis) = (
            "Out of 1,200 seats, they won 300 in 2019.",
            "They won 300 of 1,200 in 2019!",
        );
        for (side, text) in [(Side::Reference, reference), (Side::Hypothesis, hypothesis)] {
            let of_side: String = runs(reference, hypothesis)
                .iter()
                .filter(|run| run.side == side || run.side == Side::Both)
                .map(|run| run.text)
                .collect();
            let blank = |text: &str| text.replace(' ', "");
            assert_eq!(blank(&of_side), blank(text));
        }
    }

    #[test]
    fn texts_without_end_are_not_compared() {
        let (long, other) = ("a b ".repeat(MOST_WORDS), "b a c ".repeat(MOST_WORDS));
        assert_eq!(runs(&long, &other).len(), 2);
        assert_eq!(runs(&long, &long).len(), 1);
    }
}
