//! A translated sentence that a brief may take, and what in it bears on that choice.

use super::vector::{Vector, Vocabulary};
use super::words::{Kind, words};
use crate::translate::{Finding, FindingKind, Severity, Translation};

/// A news sentence of a translation.
#[derive(Debug)]
pub(super) struct Sentence<'a> {
    /// Its number among the translation's segments.
    pub segment: usize,
    /// The English, trimmed.
    pub text: &'a str,
    /// Words as a reader counts them: what white space parts.
    pub length: usize,
    /// Words that carry meaning.
    pub vector: Vector,
    /// Numbers in it.
    pub numbers: usize,
    /// Words that begin with a capital inside the sentence.
    pub names: usize,
    /// Begins with a quotation mark: who speaks comes late, or in another sentence.
    pub is_quote: bool,
    /// Ends with a question mark.
    pub is_question: bool,
    /// Very short, begins in lower case, or lacks the mark that ends a sentence.
    pub is_fragment: bool,
    /// Begins with a word that points to the sentence before ("He", "However").
    pub leans: bool,
    /// A check found it likely wrong.
    pub is_wrong: bool,
    /// It is no English sentence: cut off, looping, or left in another script.
    pub is_broken: bool,
}

/// Sentences of fewer words are fragments.
const SHORTEST: usize = 5;

/// The sentences of a translation that tell news and hold words, in order.
pub(super) fn news<'a>(
    translation: &'a Translation,
    vocabulary: &mut Vocabulary,
) -> Vec<Sentence<'a>> {
    let segments = translation
        .paragraphs
        .iter()
        .flat_map(|p| p.segments.iter().map(move |s| (p.role, s)));
    let news = segments.enumerate().filter(|(_, (role, _))| role.is_news());
    news.filter_map(|(number, (_, translated))| {
        let text = translated.hypothesis.text.trim();
        Sentence::new(number, text, &translated.findings, vocabulary)
    })
    .collect()
}

impl<'a> Sentence<'a> {
    /// `None` for a text without words.
    fn new(
        segment: usize,
        text: &'a str,
        findings: &[Finding],
        vocabulary: &mut Vocabulary,
    ) -> Option<Self> {
        let words = words(text);
        let first = words.first()?;
        let count = |kind| words.iter().filter(|w| w.kind == kind).count();
        let end = text.trim_end_matches(['"', '”', '\'', '’', ')']);
        Some(Sentence {
            segment,
            text,
            length: text.split_whitespace().count(),
            vector: vocabulary.vector(&words),
            numbers: count(Kind::Number),
            names: count(Kind::Name),
            is_quote: text.starts_with(['"', '“', '\'', '‘']),
            is_question: end.ends_with('?'),
            is_fragment: words.len() < SHORTEST
                || first.text.starts_with(char::is_lowercase)
                || !end.ends_with(['.', '?', '!', '…']),
            leans: LEANING
                .iter()
                .any(|word| word.eq_ignore_ascii_case(first.text)),
            is_wrong: findings.iter().any(|f| f.severity == Severity::Error),
            is_broken: is_broken(findings),
        })
    }
}

/// Whether findings say that a text is no English sentence, however little else there is to take.
pub(super) fn is_broken(findings: &[Finding]) -> bool {
    use FindingKind::{Loop, Truncated, Untranslated};
    findings.iter().any(|finding| {
        finding.severity == Severity::Error
            && matches!(finding.kind, Loop | Truncated | Untranslated)
    })
}

/// Pronouns and connectives that mean little without the sentence before.
#[rustfmt::skip]
const LEANING: &[&str] = &[
    "he", "she", "it", "they", "we", "i", "you", "him", "his", "her", "its", "their", "them",
    "this", "that", "these", "those", "such", "there",
    "also", "and", "besides", "but", "earlier", "even", "however", "instead", "later", "meanwhile", "moreover",
    "nevertheless", "or", "otherwise", "so", "still", "then", "therefore", "though", "thus", "yet",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str) -> Sentence<'_> {
        Sentence::new(0, text, &[], &mut Vocabulary::default()).unwrap()
    }

    #[test]
    fn leaning_questions_quotes_and_fragments_are_seen() {
        assert!(sentence("However, the bridge stayed closed all day.").leans);
        assert!(!sentence("The bridge stayed closed all day.").leans);
        assert!(sentence("\"We are afraid,\" said a farmer of the village.").is_quote);
        assert!(sentence("Who will pay for the new bridge?").is_question);
        assert!(sentence("“Who will pay for the new bridge?”").is_question);
        for fragment in [
            "Two killed.",
            "and the bridge stayed closed all day.",
            "The bridge stayed closed all day,",
        ] {
            assert!(sentence(fragment).is_fragment, "{fragment}");
        }
        assert!(!sentence("A farmer said, \"The bridge stayed closed.\"").is_fragment);
    }

    #[test]
    fn numbers_and_names_are_counted() {
        let s = sentence(
            "Police in Sylhet arrested two men with 2.5 million taka, Inspector Rahman said.",
        );
        assert_eq!((s.numbers, s.names), (2, 3));
    }
}
