//! What a reader must be told of a translation: numbers, names and negations that changed, text lost or looped.

mod english;
mod names;
mod negation;
mod numbers;
mod shape;

use crate::lexicon::GlossedWord;

/// Something a check saw in the translation of one segment.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// What was seen.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// One line for a reader, in English, with the words or numbers concerned.
    pub message: String,
}

/// What a check may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A number of the source is not in the translation.
    MissingNumber,
    /// A number of the translation is not in the source.
    AddedNumber,
    /// A name of the source is not in the translation.
    MissingName,
    /// The source denies, the translation does not.
    LostNegation,
    /// The translation denies, the source does not.
    AddedNegation,
    /// The translation repeats itself where the source does not.
    Loop,
    /// Letters of another script than Latin in the translation.
    Untranslated,
    /// Far shorter than its source.
    TooShort,
    /// Far longer than its source.
    TooLong,
    /// An address, tag or piece of code stands where the source has it not.
    Misplaced,
    /// Cut off: the decoder reached its length limit before the sentence ended.
    Truncated,
}

/// How much a finding matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Likely wrong.
    Error,
}

/// Checks the translation of one sentence, of which `glossed` are the words
/// ([`crate::lexicon::Lexicon::gloss_words`]). [`FindingKind::Truncated`] is for the decoder to say.
///
/// The checks go by words and values and know no syntax: they do not see that two numbers changed
/// places. They are set so that of good translations of news at most one in a hundred has an
/// [`Severity::Error`] and one in twenty a [`Severity::Warning`]. The time taken grows with the
/// product of both lengths.
pub fn check(source: &str, glossed: &[GlossedWord], translation: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(shape::length(source, translation));
    findings.extend(shape::repetition(source, translation));
    findings.extend(shape::script(translation));
    findings.extend(numbers::check(source, glossed, translation));
    findings.extend(negation::check(source, glossed, translation));
    findings.extend(names::check(source, glossed, translation));
    findings
}

/// What can be seen of a translation from any language: that there is no word in it, repetitions, and letters of another script
/// than Latin.
pub fn check_form(source: &str, translation: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let has_words = |text: &str| text.chars().any(char::is_alphanumeric);
    if has_words(source) && !has_words(translation) {
        findings.push(Finding {
            kind: FindingKind::TooShort,
            severity: Severity::Error,
            message: "the model wrote no word".to_owned(),
        });
    }
    findings.extend(shape::repetition(source, translation));
    findings.extend(shape::script(translation));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_without_a_word_is_an_error_from_any_language() {
        for translation in ["", "  ", "....", "«»"] {
            let findings = check_form("Il pleut.", translation);
            assert_eq!(findings.len(), 1, "{translation:?}");
            assert_eq!(findings[0].severity, Severity::Error);
        }
        assert!(check_form("Il pleut.", "It is raining.").is_empty());
        assert!(check_form("…", "…").is_empty());
    }
}
