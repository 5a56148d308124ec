//! Text normalised for look-up that remembers where its bytes came from.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, is_nfc_quick};

use crate::text::for_lookup;

/// [`for_lookup`] of a text, with the way back.
pub(super) struct Aligned<'t> {
    pub(super) text: Cow<'t, str>,
    /// Byte offsets (in `text`, in the original) at which both may be cut; empty where they are alike.
    cuts: Vec<(usize, usize)>,
}

impl<'t> Aligned<'t> {
    pub(super) fn new(original: &'t str) -> Self {
        let text = for_lookup(original);
        let mut cuts = Vec::new();
        if let Cow::Owned(_) = text {
            let (mut from, mut length) = (0, 0);
            cuts.push((0, 0));
            for (at, _) in original
                .char_indices()
                .skip(1)
                .filter(|(_, c)| stands_alone(*c))
            {
                length += for_lookup(&original[from..at]).len();
                cuts.push((length, at));
                from = at;
            }
            cuts.push((text.len(), original.len()));
        }
        Self { text, cuts }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lead_back_to_the_original() {
        let original = "ঢাকা বিশ্ববিদ্যাল\u{9af}\u{9bc} ও র\u{200d}্যাব e\u{301}";
        let aligned = Aligned::new(original);
        let back = |word: &str| {
            let start = aligned.text.find(word).unwrap();
            &original[aligned.original(start..start + word.len())]
        };
        assert_eq!(aligned.text, for_lookup(original));
        assert_eq!(back("ঢাকা"), "ঢাকা");
        assert_eq!(back("বিশ্ববিদ্যাল\u{9df}"), "বিশ্ববিদ্যাল\u{9af}\u{9bc}");
        assert_eq!(back("র্যাব"), "র\u{200d}্যাব");
        assert_eq!(back("é"), "e\u{301}");
    }
}
