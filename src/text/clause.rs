//! Cutting a sentence that is too long for a model.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use super::normalise::{for_lookup, word_set};
use super::number::numbers_bn;
use super::verbatim::verbatim;

/// Conjunctions that begin a clause.
const CONJUNCTIONS: &str = "এবং কিন্তু তবে যদিও কারণ কেননা ফলে অন্যদিকে অথচ বরং তাই অথবা কিংবা নাকি যেখানে যখন যাতে যার যাদের যা যিনি \
    যারা তাছাড়া এছাড়া পাশাপাশি অর্থাৎ নতুবা নইলে সুতরাং অতএব আর যে";

/// Words that end a clause without a comma: participles, conditionals, and postpositions of time and reason.
const CLAUSE_ENDS: &str = "করে হয়ে গিয়ে দিয়ে নিয়ে এসে বলে হলে করলে গেলে দিলে হওয়ায় করায় দেওয়ায় করতে হতে জন্য পর পরে সময় আগে কারণে ফলে \
    পাশাপাশি সত্ত্বেও থাকায় জানিয়ে রেখে উঠে পড়ে থেকে";

static CONJUNCTION_SET: LazyLock<FxHashSet<String>> = LazyLock::new(|| word_set(CONJUNCTIONS));
static CLAUSE_END_SET: LazyLock<FxHashSet<String>> = LazyLock::new(|| word_set(CLAUSE_ENDS));

/// Cuts a sentence into pieces that are at most `max` long by `length` (tokens, say), at the best boundaries:
/// semicolons, commas and dashes, before conjunctions, after participles, then any space.
///
/// Numbers, addresses, tags and letter clusters are cut only where a single one is too long; a piece of one
/// cluster may then still exceed `max`. The byte ranges are in order, without white space at their ends, and
/// hold every other character. `length` is called on pieces that shrink by a fixed share, so the
/// total text it sees is near the sentence's length times the logarithm of the number of pieces.
pub fn clauses(sentence: &str, max: usize, length: impl Fn(&str) -> usize) -> Vec<Range<usize>> {
    let whole = trimmed(sentence, 0..sentence.len());
    let len = length(&sentence[whole.clone()]);
    if whole.is_empty() || len <= max {
        return if whole.is_empty() {
            Vec::new()
        } else {
            vec![whole]
        };
    }
    let cuts = boundaries(sentence);
    let mut pieces = Vec::new();
    // Pieces still to be looked at, with their lengths; the leftmost is last.
    let mut pending = vec![(whole, len)];
    while let Some((piece, len)) = pending.pop() {
        let cut = if len <= max {
            None
        } else {
            best_cut(sentence, &piece, &cuts, len.div_ceil(max.max(1)))
        };
        let Some(cut) = cut else {
            pieces.push(piece);
            continue;
        };
        let left = trimmed(sentence, piece.start..cut);
        let right = trimmed(sentence, cut..piece.end);
        for part in [right, left] {
            if !part.is_empty() {
                let len = length(&sentence[part.clone()]);
                pending.push((part, len));
            }
        }
    }
    pieces
}

/// A place to cut, and how good it is.
struct Boundary {
    at: usize,
    strength: f64,
}

/// All boundaries between words. A cut is before the white space, or after the dash.
fn boundaries(sentence: &str) -> Vec<Boundary> {
    let mut kept: Vec<Range<usize>> = verbatim(sentence);
    kept.extend(numbers_bn(sentence).into_iter().map(|number| number.span));
    kept.sort_by_key(|range| range.start);
    let mut kept = kept.into_iter().peekable();
    let mut found = Vec::new();
    let mut word_start = 0;
    let mut chars = sentence.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        while kept.next_if(|range| range.end <= at).is_some() {}
        let here = kept.peek().cloned().unwrap_or_default();
        let inside = |at| here.start < at && at < here.end;
        let dash = matches!(c, '—' | '–') && !sentence[..at].ends_with(|c: char| c.is_numeric());
        let end = if dash { at + c.len_utf8() } else { at };
        if dash && chars.peek().is_some_and(|(_, next)| !next.is_whitespace()) && !inside(end) {
            found.push(Boundary {
                at: end,
                strength: 3.0,
            });
            word_start = end;
        } else if c.is_whitespace() {
            if word_start < at && !inside(at) {
                let strength = strength(&sentence[word_start..at], next_word(sentence, at));
                found.push(Boundary { at, strength });
            }
            word_start = at + c.len_utf8();
        }
    }
    found
}

/// How good it is to cut between two words, the first with its punctuation.
fn strength(before: &str, after: &str) -> f64 {
    let closing = |c: char| matches!(c, '’' | '”' | '"' | '\'' | ')' | ']');
    let conjunction = CONJUNCTION_SET.contains(for_lookup(after).as_ref());
    match before.trim_end_matches(closing).chars().next_back() {
        Some('।' | '॥' | '?' | '!' | ';') => 6.0,
        Some('—' | '–' | ':') => 4.0,
        Some(',') if conjunction => 5.0,
        Some(',') => 4.0,
        // After an abbreviation, or between a number and what it counts, a cut tears a name or an amount.
        Some('.') => 0.2,
        Some(c) if c.is_numeric() => 0.2,
        _ if conjunction => 3.0,
        _ if before.len() <= 64 && CLAUSE_END_SET.contains(for_lookup(before).as_ref()) => 2.0,
        _ => 1.0,
    }
}

fn next_word(sentence: &str, at: usize) -> &str {
    let rest = sentence[at..].trim_start();
    // Longer strings are no conjunction.
    let end = rest
        .char_indices()
        .take(24)
        .find(|(_, c)| c.is_whitespace() || c.is_ascii_punctuation());
    &rest[..end.map_or(0, |(end, _)| end)]
}

/// The best place to cut a piece that needs to become `parts` pieces.
fn best_cut(
    sentence: &str,
    piece: &Range<usize>,
    cuts: &[Boundary],
    parts: usize,
) -> Option<usize> {
    let size = piece.end - piece.start;
    // Half of the parts to each side, at the share of the text that they hold.
    let target = piece.start + (size as u128 * (parts / 2) as u128 / parts as u128) as usize;
    let reach = (size / 4).max(1);
    let first = cuts.partition_point(|cut| cut.at <= piece.start);
    let last = cuts.partition_point(|cut| cut.at < piece.end);
    let cuts = &cuts[first..last];
    let near = cuts.partition_point(|cut| cut.at + reach < target)
        ..cuts.partition_point(|cut| cut.at <= target + reach);
    // A boundary at the edge of reach has to be four grades better than one at the target.
    let score = |cut: &Boundary| cut.strength - 4.0 * cut.at.abs_diff(target) as f64 / reach as f64;
    let best = cuts[near]
        .iter()
        .max_by(|a, b| score(a).total_cmp(&score(b)));
    let nearest = || {
        let after = cuts.partition_point(|cut| cut.at < target);
        let around = [after.checked_sub(1), Some(after)]
            .into_iter()
            .flatten()
            .filter_map(|index| cuts.get(index));
        around.min_by_key(|cut| cut.at.abs_diff(target))
    };
    best.or_else(nearest)
        .map(|cut| cut.at)
        .or_else(|| cluster_boundary(sentence, piece, target))
}

/// The boundary between letter clusters nearest to `target` within a piece; nothing if it is a single cluster.
fn cluster_boundary(sentence: &str, piece: &Range<usize>, target: usize) -> Option<usize> {
    /// Marks on one letter beyond which a run of them is no writing and is cut anywhere.
    const MAX_MARKS: usize = 32;
    let text = &sentence[piece.clone()];
    let mut target = target - piece.start;
    while !text.is_char_boundary(target) {
        target -= 1;
    }
    let ahead = text[target..]
        .char_indices()
        .map(|(at, _)| target + at)
        .take(MAX_MARKS);
    let back = text[..target]
        .char_indices()
        .rev()
        .map(|(at, _)| at)
        .take(MAX_MARKS);
    let is_inner = |at: &usize| *at > 0;
    let starts_cluster = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[*at..].chars().next();
        let joins = |c: char| matches!(c, '\u{200C}' | '\u{200D}');
        // A virama binds the next consonant.
        !after.is_some_and(|c| is_combining_mark(c) || joins(c))
            && !before.is_some_and(|c| canonical_combining_class(c) == 9 || joins(c))
    };
    let short = text.chars().nth(MAX_MARKS).is_none();
    let cut = ahead
        .clone()
        .filter(is_inner)
        .find(starts_cluster)
        .or_else(|| back.filter(is_inner).find(starts_cluster));
    let anywhere = || ahead.clone().find(is_inner).filter(|_| !short);
    cut.or_else(anywhere).map(|at| piece.start + at)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = &text[range.clone()];
    let start = range.start + piece.len() - piece.trim_start().len();
    start..start + piece.trim().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(sentence: &str, max: usize) -> Vec<&str> {
        let words = |text: &str| text.split_whitespace().count();
        clauses(sentence, max, words)
            .into_iter()
            .map(|range| &sentence[range])
            .collect()
    }

    #[test]
    fn short_sentences_stay_whole() {
        assert_eq!(cut(" ঢাকায় আজ বৃষ্টি। ", 5), ["ঢাকায় আজ বৃষ্টি।"]);
        assert!(cut(" \n", 5).is_empty());
    }

    #[test]
    fn cuts_are_at_clauses() {
        assert_eq!(
            cut(
                "সকালে আকাশ ছিল পরিষ্কার, কিন্তু দুপুরের পর ঝড় শুরু হয়; রাতে বিদ্যুৎ চলে যায়।",
                8
            ),
            [
                "সকালে আকাশ ছিল পরিষ্কার,",
                "কিন্তু দুপুরের পর ঝড় শুরু হয়;",
                "রাতে বিদ্যুৎ চলে যায়।"
            ]
        );
    }

    #[test]
    fn numbers_and_addresses_stay_whole() {
        let pieces = cut("সরকার এ বছর ৩৫ লাখ ২০ হাজার ৫০০ টন চাল কিনবে", 6);
        assert!(
            pieces
                .iter()
                .any(|piece| piece.contains("৩৫ লাখ ২০ হাজার ৫০০")),
            "{pieces:?}"
        );
        let url = "https://example.com/a,b,c/১২৩";
        let pieces: Vec<_> = clauses(url, 10, |text| text.chars().count() / 3);
        assert_eq!(pieces, vec![0..url.len()]);
    }
}
