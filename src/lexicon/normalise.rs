//! The one spelling under which a word is looked up: NFC, one code point for ড় ঢ় য়, no joiners.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The nukta: with ড, ঢ or য it spells a letter that also has a code point of its own,
/// and which NFC takes apart.
const NUKTA: char = '\u{9bc}';

/// `text` as it is looked up. Borrows where nothing changes, as in most newspaper text
/// that writes ড় ঢ় য় with one code point.
pub(super) fn normalise(text: &str) -> Cow<'_, str> {
    if is_normal(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    push_normal(text, &mut out);
    Cow::Owned(out)
}

/// Normalised text that remembers where its bytes came from.
pub(super) struct Aligned<'t> {
    pub(super) text: Cow<'t, str>,
    /// Byte offsets (in `text`, in the original) at which both may be cut; empty where they are alike.
    cuts: Vec<(usize, usize)>,
}

impl<'t> Aligned<'t> {
    pub(super) fn new(original: &'t str) -> Self {
        if is_normal(original) {
            return Self {
                text: Cow::Borrowed(original),
                cuts: Vec::new(),
            };
        }
        let mut text = String::with_capacity(original.len());
        let mut cuts = vec![(0, 0)];
        let mut from = 0;
        for (at, c) in original.char_indices().skip(1) {
            if stands_alone(c) {
                push_normal(&original[from..at], &mut text);
                cuts.push((text.len(), at));
                from = at;
            }
        }
        push_normal(&original[from..], &mut text);
        cuts.push((text.len(), original.len()));
        Self {
            text: Cow::Owned(text),
            cuts,
        }
    }

    /// The bytes of the original that became `span` of the text: what was dropped inside it
    /// belongs to it, what was dropped around it does not.
    pub(super) fn original(&self, span: Range<usize>) -> Range<usize> {
        if self.cuts.is_empty() {
            return span;
        }
        let after_start = self.cuts.partition_point(|cut| cut.0 <= span.start);
        let end = self.cuts.partition_point(|cut| cut.0 < span.end);
        self.cuts[after_start - 1].1..self.cuts[end].1
    }
}

/// Whether a character neither combines with what stands before it nor moves across it.
fn stands_alone(c: char) -> bool {
    canonical_combining_class(c) == 0 && is_nfc_quick(std::iter::once(c)) != IsNormalized::Maybe
}

fn is_normal(text: &str) -> bool {
    // The letters ড় ঢ় য় as one code point are our form, though NFC would take them apart.
    let ours = |c: &char| !matches!(c, '\u{9dc}' | '\u{9dd}' | '\u{9df}');
    !text.chars().any(|c| c == NUKTA || is_joiner(c))
        && is_nfc_quick(text.chars().filter(ours)) == IsNormalized::Yes
}

fn push_normal(text: &str, out: &mut String) {
    let mut before = None;
    for c in text.nfc() {
        let joined = match (before, c) {
            (Some('\u{9a1}'), NUKTA) => Some('\u{9dc}'),
            (Some('\u{9a2}'), NUKTA) => Some('\u{9dd}'),
            (Some('\u{9af}'), NUKTA) => Some('\u{9df}'),
            _ => None,
        };
        if let Some(letter) = joined {
            out.pop();
            out.push(letter);
        } else if !is_joiner(c) {
            out.push(c);
        }
        before = Some(c);
    }
}

/// Zero-width characters: in Bengali they choose a letter's shape, not the word.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_of_a_letter_are_one() {
        for (two, one) in [
            ("\u{9a1}\u{9bc}", "\u{9dc}"),
            ("\u{9a2}\u{9bc}", "\u{9dd}"),
            ("\u{9af}\u{9bc}", "\u{9df}"),
            ("\u{9c7}\u{9be}", "\u{9cb}"),
            ("\u{9c7}\u{9d7}", "\u{9cc}"),
        ] {
            assert_eq!(normalise(two), one);
            assert!(matches!(normalise(one), Cow::Borrowed(text) if text == one));
        }
    }

    #[test]
    fn joiners_are_dropped() {
        assert_eq!(normalise("র\u{200d}্যাব\u{200c}ের\u{feff}"), "র্যাবের");
        // A joiner inside keeps the two halves of a letter apart, as in the reference.
        assert_eq!(normalise("\u{9a1}\u{200d}\u{9bc}"), "\u{9a1}\u{9bc}");
    }

    #[test]
    fn spans_lead_back_to_the_original() {
        let original = "ঢাকা বিশ্ববিদ্যাল\u{9af}\u{9bc} ও র\u{200d}্যাব e\u{301}";
        let aligned = Aligned::new(original);
        let back = |word: &str| {
            let start = aligned.text.find(word).unwrap();
            &original[aligned.original(start..start + word.len())]
        };
        assert_eq!(aligned.text, normalise(original));
        assert_eq!(back("ঢাকা"), "ঢাকা");
        assert_eq!(back("বিশ্ববিদ্যাল\u{9df}"), "বিশ্ববিদ্যাল\u{9af}\u{9bc}");
        assert_eq!(back("র্যাব"), "র\u{200d}্যাব");
        assert_eq!(back("é"), "e\u{301}");
    }
}
