//! Whether source and translation both deny.

use super::english;
use super::{Finding, FindingKind, Severity};
use crate::lexicon::{GlossedWord, Reading};
use crate::text::is_denial;

/// How surely a word denies something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Denial {
    No,
    /// May stand for a denial, or is one that the other language often puts without.
    Perhaps,
    /// Denies inside a clause (না করে "without doing"), for which English has many ways.
    Inside,
    /// Denies a whole clause.
    Clause,
}

/// Compares denials of the source with those of the translation.
///
/// One denial on either side answers for any number on the other: which clause it belongs to
/// cannot be told from words alone.
pub(super) fn check(source: &str, glossed: &[GlossedWord], translation: &str) -> Option<Finding> {
    let mut bengali = Denial::No;
    let mut denying = "";
    for i in 0..glossed.len() {
        let denial = denial_of_bengali(source, glossed, i);
        if denial > bengali {
            bengali = denial;
            denying = &source[glossed[i].span.clone()];
        }
    }
    let words: Vec<&str> = english::words_as_written(translation).collect();
    let denials: Vec<Denial> = (0..words.len())
        .map(|i| denial_of_english(&words, i))
        .collect();
    let english = denials.iter().max().copied().unwrap_or(Denial::No);

    if bengali >= Denial::Inside && english == Denial::No {
        return Some(Finding {
            kind: FindingKind::LostNegation,
            severity: match bengali {
                Denial::Clause => Severity::Error,
                _ => Severity::Warning,
            },
            message: format!("“{denying}” denies, nothing in the translation does"),
        });
    }
    if bengali == Denial::No && english == Denial::Clause {
        let at = denials.iter().position(|denial| *denial == english)?;
        return Some(Finding {
            kind: FindingKind::AddedNegation,
            severity: Severity::Warning,
            message: format!("“{}” denies, nothing in the source does", words[at]),
        });
    }
    None
}

/// English words that good translations have for না, নেই, -নি instead of a denial.
const NEAR_WORDS: [&str; 17] = [
    "without",
    "unable",
    "unless",
    "until",
    "hardly",
    "barely",
    "scarcely",
    "rarely",
    "seldom",
    "except",
    "miss",
    "missed",
    "misses",
    "missing",
    "otherwise",
    "silent",
    "vain",
];

/// Pairs of such words: "prices have gone up" and "not here yet" stand in for no denial.
const NEAR_PAIRS: [(&str, &str); 7] = [
    ("rather", "than"),
    ("instead", "of"),
    ("yet", "to"),
    ("is", "gone"),
    ("are", "gone"),
    ("was", "gone"),
    ("were", "gone"),
];

/// Beginnings of such words.
const NEAR_STEMS: [&str; 34] = [
    "fail",
    "refus",
    "deny",
    "deni",
    "lack",
    "absen",
    "avoid",
    "prevent",
    "forb",
    "prohibit",
    "reject",
    "declin",
    "anonym",
    "defy",
    "defian",
    "defie",
    "non",
    "imposs",
    "imperfect",
    "inabil",
    "incomplet",
    "inadequa",
    "ineffect",
    "insuffic",
    "incorrect",
    "inaccess",
    "incapab",
    "invalid",
    "disagree",
    "disappear",
    "disallow",
    "disapprov",
    "irregular",
    "illegal",
];

/// Beginnings of words in un- and non- that deny nothing; "unidentified" and "uninjured" do.
const NOT_PREFIXED: [&str; 20] = [
    "under",
    "unio",
    "unit",
    "univ",
    "uniq",
    "unif",
    "unic",
    "unis",
    "unil",
    "uncle",
    "unless",
    "until",
    "unesco",
    "unanim",
    "unveil",
    "unfold",
    "unload",
    "unleash",
    "unrest",
    "nonetheless",
];

/// Words in -less that deny nothing.
const NOT_LESS: [&str; 6] = [
    "nevertheless",
    "nonetheless",
    "regardless",
    "unless",
    "bless",
    "wireless",
];

/// How surely word `i` of a translation, as written, denies something.
fn denial_of_english(words: &[&str], i: usize) -> Denial {
    let word = english::lower(words[i]);
    let next = words
        .get(i + 1)
        .map_or(String::new(), |next| english::lower(next));
    if word == "no" && next.starts_with(|c: char| c.is_ascii_digit()) {
        Denial::No // No. 7
    } else if is_denial(&word) {
        Denial::Clause
    } else if is_near_denial(&word)
        || is_negated(&word, words[i])
        || NEAR_PAIRS.contains(&(&word, &next))
    {
        Denial::Perhaps
    } else {
        Denial::No
    }
}

/// Whether a word has the prefix un- or the ending -less; the UN and UNESCO have neither.
fn is_negated(word: &str, written: &str) -> bool {
    let un = word.len() > 4 && word.starts_with("un") && !is_prefix_apparent(word);
    let less = word.len() > 4 && word.ends_with("less") && !NOT_LESS.contains(&word);
    let is_acronym = written.chars().all(|c| !c.is_lowercase());
    (un || less) && !is_acronym
}

/// Whether a word only seems to have the prefix un- or non-.
fn is_prefix_apparent(word: &str) -> bool {
    NOT_PREFIXED.iter().any(|stem| word.starts_with(stem))
}

fn is_near_denial(word: &str) -> bool {
    NEAR_WORDS.contains(&word)
        || NEAR_STEMS.iter().any(|stem| word.starts_with(stem)) && !is_prefix_apparent(word)
}

fn denial_of_bengali(source: &str, glossed: &[GlossedWord], i: usize) -> Denial {
    let word = &glossed[i];
    let ends_clause = ends_clause(source, glossed, i);
    match (word.form.as_str(), &word.reading) {
        ("না", _) if is_idiom(source, glossed, i) => Denial::Perhaps,
        ("না", _) if !ends_clause => Denial::Inside,
        ("নয়", _) if ends_clause => Denial::Clause,
        // The number nine, with its noun behind it, and the "non-" of নন-এসি.
        ("নয়" | "নন", _) if !ends_clause || between(source, glossed, i).starts_with('-') => {
            Denial::Perhaps
        }
        (
            _,
            Reading::Listed {
                endings, senses, ..
            },
        ) if endings.is_empty() => {
            if senses.iter().all(|sense| denies(sense)) {
                Denial::Clause
            } else {
                may_deny(senses)
            }
        }
        (_, Reading::Listed { senses, .. }) => may_deny(senses),
        // Verbs that the lexicon does not list: চলেনি, খোলেননি, জন্মায়নি.
        (form, Reading::Spelt) if VERB_ENDINGS.iter().any(|ending| form.ends_with(ending)) => {
            if ends_clause {
                Denial::Inside
            } else {
                Denial::Perhaps
            }
        }
        _ => Denial::No,
    }
}

/// Ends of verbs in the negative past; names such as আন্তোনি have them too.
const VERB_ENDINGS: [&str; 4] = ["েনি", "ননি", "য়নি", "িনি"];

/// Uses of না that do not deny: কেন না "because", কি না "whether", যত না "more than",
/// কেউ না কেউ "someone", লাভ না ক্ষতি? "gain or loss?".
fn is_idiom(source: &str, glossed: &[GlossedWord], i: usize) -> bool {
    let before = i.checked_sub(1).map_or("", |i| &glossed[i].form);
    let after = glossed.get(i + 1).map_or("", |next| &next.form);
    let chosen = || {
        let stands_behind_mark = i > 0 && !between(source, glossed, i - 1).trim().is_empty();
        stands_behind_mark || source.contains('?')
    };
    matches!(before, "কেন" | "কি" | "যত" | "যতটা" | "যতক্ষণ" | "যতদিন")
        || matches!(after, "কেন" | "কি" | "হলে" | "হয়")
        || before == after
        || !ends_clause(source, glossed, i) && chosen()
}

/// Whether a sense is a denial, as of a verb: "did not do", "not", "there is no".
fn denies(sense: &str) -> bool {
    matches!(sense, "not" | "no")
        || sense.contains(" not ")
        || sense.ends_with(" not")
        || sense.ends_with(" no")
}

/// What senses that are not all denials say of a word; one in un- or -less is no licence for
/// another "not".
fn may_deny(senses: &[String]) -> Denial {
    let may = |word: &String| is_near_denial(word) || is_denial(word);
    match senses
        .iter()
        .flat_map(|sense| english::words(sense))
        .any(|word| may(&word))
    {
        true => Denial::Perhaps,
        false => Denial::No,
    }
}

/// Whether a mark or the end of the sentence follows word `i`.
fn ends_clause(source: &str, glossed: &[GlossedWord], i: usize) -> bool {
    i + 1 == glossed.len() || !between(source, glossed, i).trim().is_empty()
}

/// What stands between word `i` and the next, or the end.
fn between<'s>(source: &'s str, glossed: &[GlossedWord], i: usize) -> &'s str {
    let end = glossed
        .get(i + 1)
        .map_or(source.len(), |next| next.span.start);
    &source[glossed[i].span.end..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::Lexicon;

    fn found(source: &str, translation: &str) -> Option<(FindingKind, Severity)> {
        let glossed = Lexicon::embedded().gloss_words(source);
        check(source, &glossed, translation).map(|finding| (finding.kind, finding.severity))
    }

    #[test]
    fn a_lost_denial_is_found() {
        use Severity::{Error, Warning};
        for (source, translation, severity) in [
            ("কাজটি সহজ নয়।", "The task is easy.", Error),
            ("ট্রেনটি থামবে না।", "The train will stop.", Error),
            ("কোনো ক্ষতি হয়নি।", "There was damage.", Error),
            ("তাঁর কোনো বাড়ি নেই।", "He has a house.", Error),
            ("পথটি সহজ নহে।", "The road is easy.", Error),
            (
                "টাকা না দিলে গাড়ি চলে।",
                "If money is paid, the car goes.",
                Warning,
            ),
        ] {
            assert_eq!(
                found(source, translation),
                Some((FindingKind::LostNegation, severity)),
                "{source}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_a_denial_hides_no_lost_one() {
        for (source, translation) in [
            ("৭ নম্বর গেট খোলা হয়নি।", "Gate No. 7 was opened."),
            ("গেট খোলা হয়নি।", "The UN opened the gate."),
            ("গেট খোলা হয়নি।", "UNESCO said the gate was opened."),
            ("গেট খোলা হয়নি।", "Nevertheless, the gate was opened."),
            ("গেট খোলা হয়নি।", "The gate was opened by the mission."),
            (
                "গেট খোলা হয়নি।",
                "The gate was definitely opened, regardless.",
            ),
            ("গেট এখনও খোলা হয়নি।", "The gate has been opened yet."),
            ("গেট খোলা হয়নি।", "Police had gone and opened the gate."),
        ] {
            assert_eq!(
                found(source, translation),
                Some((FindingKind::LostNegation, Severity::Error)),
                "{translation}"
            );
        }
    }

    #[test]
    fn an_added_denial_is_found() {
        let added = Some((FindingKind::AddedNegation, Severity::Warning));
        assert_eq!(found("কাজটি সহজ।", "The task is not easy."), added);
        assert_eq!(found("ট্রেনটি থামবে।", "The train won’t stop."), added);
        assert_eq!(found("৭ নম্বর গেট খোলা।", "Gate No. 7 is not open."), added);
    }

    #[test]
    fn words_that_only_look_like_denials_are_passed_over() {
        for (source, translation) in [
            ("কাজটি সহজ নয়।", "The task isn't easy."),
            ("তিনি রাজি নন।", "He is unwilling."),
            ("নয় মাস পরে ধান কাটা হয়।", "The paddy is cut after nine months."),
            ("কেউ না কেউ মাঠে ছিল।", "Someone was in the field."),
            ("লাভ না ক্ষতি?", "Gain or loss?"),
            (
                "নন-এসি বাসের ভাড়া বেড়েছে।",
                "Fares of non-AC buses have gone up.",
            ),
            ("আমদানি ও রপ্তানি বেড়েছে।", "Imports and exports have grown."),
            (
                "৭ নম্বর সংকেত দেখাতে বলা হয়েছে।",
                "Signal No. 7 is to be shown.",
            ),
        ] {
            assert_eq!(found(source, translation), None, "{source}");
        }
    }
}
