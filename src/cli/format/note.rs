//! What a reader is told beside the text: findings of the checks, and what was set apart.

use anubad::article::{Boilerplate, Role};
use anubad::translate::{Severity, TranslatedSegment, Translation};

use crate::cli::terminal;

/// Stands after a sentence that has a finding, and before the finding.
pub const MARK: &str = "⚠";

/// A finding about a numbered sentence.
pub struct Note {
    /// How much it matters.
    pub severity: Severity,
    /// What was seen, on one line, safe to print.
    pub message: String,
    /// The sentence, counted from 1.
    number: usize,
}

impl Note {
    /// `[7] error:`
    pub fn label(&self) -> String {
        format!("[{}] {}:", self.number, severity_name(self.severity))
    }
}

/// `error` or `warning`.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The findings about sentences with their numbers as a reader counts them, from 1.
pub fn notes<'a>(sentences: impl IntoIterator<Item = (usize, &'a TranslatedSegment)>) -> Vec<Note> {
    let notes = sentences.into_iter().flat_map(|(number, sentence)| {
        sentence.findings.iter().map(move |finding| Note {
            severity: finding.severity,
            message: terminal::one_line(&finding.message),
            number,
        })
    });
    notes.collect()
}

/// "2 advertisements, 1 related link"; `None` where nothing was set apart.
pub fn set_apart(translation: &Translation) -> Option<String> {
    const KINDS: [(Boilerplate, &str); 6] = [
        (Boilerplate::Advertisement, "advertisement"),
        (Boilerplate::Related, "related link"),
        (Boilerplate::Comments, "comment count"),
        (Boilerplate::PhotoCredit, "photo credit"),
        (Boilerplate::Share, "share button"),
        (Boilerplate::Source, "source line"),
    ];
    let number = |kind| {
        let is_kind = |role| role == Role::Boilerplate(kind);
        translation
            .paragraphs
            .iter()
            .filter(|p| is_kind(p.role))
            .count()
    };
    let counts: Vec<String> = KINDS
        .into_iter()
        .map(|(kind, noun)| (number(kind), noun))
        .filter(|&(number, _)| number > 0)
        .map(|(number, noun)| terminal::count(number, noun))
        .collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}
