//! What a reader must be told of a translation: numbers, names and negations that changed, text lost or looped.

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
    /// Bengali letters in the translation.
    Untranslated,
    /// Far shorter than its source.
    TooShort,
    /// Far longer than its source.
    TooLong,
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
