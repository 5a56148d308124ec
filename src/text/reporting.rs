//! Clauses that belong to the quotation before them: `‘…।’ বললেন তিনি।`

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::normalise::{for_lookup, word_set};
use super::sentence::is_word;

/// Verbs and postpositions after a quotation that make it part of their own sentence: `‘…।’ বললেন তিনি।`
const REPORTING: &str = "বলেন বললেন বলেছেন বলেছে বলেছিলেন বলছিলেন বলছেন বলে বলল বললো বলতে বলেই জানান জানালেন জানিয়েছেন \
    জানিয়েছে জানায় জানাল জানাচ্ছেন লেখেন লিখেছেন লিখেছে লিখলেন শীর্ষক নামে নামের নামক কথাটি বলার বলাটা বলায় স্লোগান স্লোগানে \
    জিজ্ঞেস জিজ্ঞাসা ভাষ্য যোগ উল্লেখ শিরোনামে শিরোনামের গেয়ে গাইলেন চিৎকার দিয়ে লেখা";

/// Nouns that report only with a verb or a possessor after them: `‘…?’ প্রশ্ন তাঁর।`, but `প্রশ্ন উঠেছে …`
const REPORTING_NOUNS: &str = "মন্তব্য প্রশ্ন দাবি অভিযোগ ঘোষণা আহ্বান স্বীকার ব্যাখ্যা জবাব উত্তর আক্ষেপ আশা স্মরণ হুঁশিয়ারি এমন এমনটাই এভাবেই এমনটি";
const AFTER_REPORTING_NOUN: &str = "করেন করলেন করেছেন করেছে করে করল করেছিলেন তাঁর তার তাঁদের তাদের রাখেন রাখলেন তোলেন তুলেছেন তুললেন ছুড়ে দেন দিলেন \
    দিয়েছেন মন্তব্য কথা প্রশ্ন দাবি অভিযোগ ভাষ্য বলেন বললেন বলেছেন জানান মন্ত্রীর";

/// What a quoted title is, in front of its sentence: `‘কে তুমি?’ ছবিটি …`
const TITLED: [&str; 14] = [
    "ছবি",
    "সিনেমা",
    "চলচ্চিত্র",
    "নাটক",
    "বই",
    "গান",
    "উপন্যাস",
    "অনুষ্ঠান",
    "ধারাবাহিক",
    "স্লোগান",
    "শিরোনাম",
    "শব্দ",
    "অ্যালবাম",
    "গ্রন্থ",
];

/// Verbs of saying that end the clause after a quotation.
const SAYING: &str = "বলেন বললেন বলেছেন বলেছিলেন বললো বলল বলে জানান জানালেন জিজ্ঞেস প্রশ্ন লিখেছেন লেখেন";

static SAYING_SET: LazyLock<FxHashSet<String>> = LazyLock::new(|| word_set(SAYING));
static REPORTING_SET: LazyLock<FxHashSet<String>> = LazyLock::new(|| word_set(REPORTING));
static REPORTING_NOUN_SET: LazyLock<FxHashSet<String>> =
    LazyLock::new(|| word_set(REPORTING_NOUNS));
static AFTER_NOUN_SET: LazyLock<FxHashSet<String>> =
    LazyLock::new(|| word_set(AFTER_REPORTING_NOUN));

/// Whether a clause begins with words that report the quotation before it, or, where that may be a `title`, with what
/// it is the title of.
pub(super) fn reports(clause: &str, title: bool) -> bool {
    let mut words = clause
        .split(|c: char| !is_word(c))
        .filter(|word| !word.is_empty())
        .map(|word| {
            // Long strings are no words of the lists.
            for_lookup(if word.len() < 64 { word } else { "" })
        });
    let first = words.next().unwrap_or_default();
    if REPORTING_SET.contains(first.as_ref()) || ends_reporting(clause) {
        return true;
    }
    if title && TITLED.iter().any(|noun| first.starts_with(noun)) {
        return true;
    }
    REPORTING_NOUN_SET.contains(first.as_ref())
        && words
            .next()
            .is_some_and(|word| AFTER_NOUN_SET.contains(word.as_ref()))
}

/// Whether a short clause, up to its stop, has its verb of saying at the end: `‘…!’ রহিম হেসে বললেন।`
fn ends_reporting(clause: &str) -> bool {
    /// A dozen words.
    const MAX_BYTES: usize = 200;
    let head = &clause.as_bytes()[..clause.len().min(MAX_BYTES)];
    let Some(stop) = head
        .windows('।'.len_utf8())
        .position(|bytes| bytes == "।".as_bytes())
    else {
        return false;
    };
    let clause = &clause[..stop];
    let last = clause
        .rsplit(|c: char| !is_word(c))
        .next()
        .unwrap_or_default();
    !clause.contains(['‘', '“', '"', ':', '?', '!'])
        && SAYING_SET.contains(for_lookup(last).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_of_a_quotation() {
        for clause in [
            "বললেন তিনি।",
            "প্রশ্ন তাঁর।",
            "রাশেদা হেসে বললেন।",
            "শীর্ষক সেমিনার",
        ] {
            assert!(reports(clause, false), "{clause}");
        }
        for clause in [
            "তিনি আরও বলেন, ‘না’।",
            "প্রশ্ন উঠেছে এলাকায়।",
            "নাম প্রকাশ না করে",
            "ছবিটি ভালো",
        ] {
            assert!(!reports(clause, false), "{clause}");
        }
        assert!(reports("ছবিটি ভালো", true));
    }
}
