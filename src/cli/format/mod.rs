//! The forms that results are written in, one file each.

mod json;
mod markdown;
mod note;
#[cfg(test)]
mod sample;
mod text;

use std::collections::HashSet;
use std::path::Path;

use anubad::article::Role;
use anubad::summarize::{Brief, BriefSentence};
use anubad::translate::{Finding, TranslatedParagraph, TranslatedSegment, Translation};
use clap::ValueEnum;

use super::terminal::{self, Styles};

pub use json::stored_translations;
pub use note::severity_name;

/// A form that results are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For a terminal or an e-mail.
    #[default]
    Text,
    /// CommonMark with GitHub tables.
    Markdown,
    /// One JSON document: {"schema": 1, "articles": [...]}.
    Json,
    /// One article a line, written as soon as it is done.
    Jsonl,
}

/// What is to be said about one article.
#[derive(Debug)]
pub struct Report {
    /// The article in English.
    pub translation: Translation,
    /// Its brief, where one was asked for.
    pub brief: Option<Brief>,
    /// Whether text and Markdown hold the whole translation. JSON always does.
    pub in_full: bool,
}

/// How it is to be shown.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Bengali beside English. JSON always holds both.
    pub bilingual: bool,
    /// The gloss that the model was shown and its tokens, in JSON.
    pub explain: bool,
    /// The styles of text.
    pub styles: Styles,
    /// The width that text is wrapped to; `None` leaves a paragraph on one line.
    pub width: Option<usize>,
}

impl Report {
    /// The findings that concern what is shown, with the numbers of their sentences from 1: those of
    /// the whole translation, or of the sentences that the brief rests on.
    pub fn findings(&self) -> Vec<(usize, &Finding)> {
        let sentences = self.brief.iter().flat_map(|brief| &brief.sentences);
        let cited: HashSet<usize> = sentences
            .flat_map(|s| s.citations.iter().copied())
            .collect();
        let is_shown = |segment| self.in_full || cited.contains(&segment);
        let findings = self
            .translation
            .findings()
            .filter(|&(segment, _)| is_shown(segment));
        findings
            .map(|(segment, finding)| (segment + 1, finding))
            .collect()
    }
}

impl Format {
    /// What stands before the first article.
    pub fn opening(self) -> &'static str {
        match self {
            Format::Json => json::OPENING,
            Format::Text | Format::Markdown | Format::Jsonl => "",
        }
    }

    /// What stands between an article and the `next`.
    pub fn separator(self, next: &Report, view: &View) -> String {
        match self {
            Format::Text => text::separator(next, view),
            Format::Markdown => markdown::separator(next),
            Format::Json => json::SEPARATOR.to_owned(),
            Format::Jsonl => String::new(),
        }
    }

    /// The article.
    pub fn article(self, report: &Report, view: &View) -> String {
        match self {
            Format::Text => text::article(report, view),
            Format::Markdown => markdown::article(report, view),
            Format::Json => json::element(report, view),
            Format::Jsonl => json::line(report, view),
        }
    }

    /// What stands after the last article.
    pub fn closing(self) -> &'static str {
        match self {
            Format::Json => json::CLOSING,
            Format::Text | Format::Markdown | Format::Jsonl => "",
        }
    }

    /// The form that the extension of a file stands for.
    pub fn of_path(path: &Path) -> Option<Format> {
        let extension = path.extension()?.to_str()?;
        Format::value_variants()
            .iter()
            .copied()
            .find(|format| format.extension() == extension)
    }

    /// The extension of files of this form.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Text => "txt",
            Format::Markdown => "md",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
        }
    }
}

/// A block of a translation with the number of its first sentence. A reader counts from 1.
struct Block<'a> {
    paragraph: &'a TranslatedParagraph,
    first: usize,
}

/// The blocks of a translation in order.
fn blocks(translation: &Translation) -> impl Iterator<Item = Block<'_>> {
    let mut next = 1;
    translation.paragraphs.iter().map(move |paragraph| {
        let first = next;
        next += paragraph.segments.len();
        Block { paragraph, first }
    })
}

/// The headline, and the article under it in order, without what is set apart.
fn headline_and_body(translation: &Translation) -> (Option<Block<'_>>, Vec<Block<'_>>) {
    let (mut headline, mut body) = (None, Vec::new());
    for block in blocks(translation) {
        match block.paragraph.role {
            Role::Boilerplate(_) => {}
            Role::Title if headline.is_none() => headline = Some(block),
            _ => body.push(block),
        }
    }
    (headline, body)
}

/// The citations of a sentence as a reader sees them: `[1] [4]`.
fn citations(numbers: &[usize]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|n| format!("[{}]", n + 1)).collect();
    numbers.join(" ")
}

/// The segments that a sentence rests on, with their numbers from 1.
fn cited<'t>(
    sentence: &BriefSentence,
    segments: &[&'t TranslatedSegment],
) -> impl Iterator<Item = (usize, &'t TranslatedSegment)> {
    let numbers = sentence.citations.iter();
    numbers.filter_map(|&i| Some((i + 1, *segments.get(i)?)))
}

/// A translation on one line, safe to print. Where the model gave nothing, the source stands in its place.
fn shown(segment: &TranslatedSegment) -> String {
    match segment.hypothesis.text.trim() {
        "" => format!("⟨{}⟩", terminal::one_line(&segment.segment.text)),
        text => terminal::one_line(text),
    }
}
