//! Markdown: CommonMark, and GitHub's tables where both languages are shown.

use std::borrow::Cow;
use std::fmt::Write;

use anubad::article::Role;
use anubad::summarize::Brief;
use anubad::text::verbatim;
use anubad::translate::{Severity, TranslatedSegment, Translation};
use linkify::{LinkFinder, LinkKind};

use super::{Block, Report, View, citations, cited, headline_and_body, note, shown};
use crate::cli::terminal;

/// A rule, and the name of the article that follows another.
pub fn separator(next: &Report) -> String {
    format!(
        "\n---\n\n*{}*\n\n",
        escape(&terminal::one_line(&next.translation.id))
    )
}

/// The article: headline, brief, translation, what was set apart.
pub fn article(report: &Report, view: &View) -> String {
    let numbered = report.brief.is_some() || view.bilingual;
    let mut page = Page {
        numbered,
        out: String::new(),
    };
    let (headline, body) = headline_and_body(&report.translation);
    if let Some(block) = headline {
        let text: Vec<String> = block
            .paragraph
            .segments
            .iter()
            .map(|s| escape(&shown(s)))
            .collect();
        page.paragraph(&format!("# {}", text.join(" ")));
        if view.bilingual {
            page.paragraph(&escape(&terminal::one_line(&block.paragraph.source)));
        }
        page.notes((block.first..).zip(&block.paragraph.segments));
    }
    if let Some(brief) = &report.brief {
        page.paragraph("## Brief");
        page.brief(
            brief,
            &report.translation,
            view.bilingual && !report.in_full,
        );
    }
    if report.in_full {
        let set_apart = note::set_apart(&report.translation);
        if report.brief.is_some() && (!body.is_empty() || set_apart.is_some()) {
            page.paragraph("## Full translation");
        }
        if view.bilingual {
            page.tables(&body);
        } else {
            body.iter().for_each(|block| page.block(block));
        }
        if let Some(counts) = set_apart {
            page.paragraph(&format!("*Set apart: {counts}.*"));
        }
    }
    page.out
}

/// What is written so far.
struct Page {
    /// Whether every sentence bears its number.
    numbered: bool,
    out: String,
}

impl Page {
    /// A block with an empty line before it.
    fn paragraph(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// The sentences of a brief as a list, and below each what the checks saw in the sentences that
    /// it rests on; with `sources` these too.
    fn brief(&mut self, brief: &Brief, translation: &Translation, sources: bool) {
        let segments: Vec<&TranslatedSegment> = translation.segments().collect();
        let mut list = String::new();
        for sentence in &brief.sentences {
            let cited = || cited(sentence, &segments);
            let text = escape(&terminal::one_line(&sentence.text));
            let _ = writeln!(list, "- {text} {}", citations(&sentence.citations));
            if sources {
                for (number, segment) in cited() {
                    let source = escape(&terminal::one_line(&segment.segment.text));
                    let _ = writeln!(list, "  - [{number}] {source}");
                }
            }
            for note in note::notes(cited()) {
                let _ = writeln!(list, "  - {}", note_text(&note));
            }
        }
        self.paragraph(list.trim_end());
    }

    /// A block in English with its findings below it.
    fn block(&mut self, block: &Block) {
        let paragraph = block.paragraph;
        if !paragraph.role.is_translated() {
            return self.verbatim(&paragraph.source);
        }
        let sentences = || (block.first..).zip(&paragraph.segments);
        let texts: Vec<String> = sentences()
            .map(|(number, sentence)| {
                let text = escape(&shown(sentence));
                match (self.numbered, sentence.findings.is_empty()) {
                    (true, true) => format!("[{number}] {text}"),
                    (true, false) => format!("[{number}] {text} {}", note::MARK),
                    (false, true) => text,
                    (false, false) => format!("{text} {}[{number}]", note::MARK),
                }
            })
            .collect();
        let before = match paragraph.role {
            Role::Title | Role::Heading => "### ",
            Role::Item => "- ",
            _ => "",
        };
        self.paragraph(&format!("{before}{}", texts.join(" ")));
        self.notes(sentences());
    }

    /// Blocks in both languages, a sentence a row with its findings in it, an empty row between
    /// paragraphs. A block that comes through unchanged parts one table from the next.
    fn tables(&mut self, blocks: &[Block]) {
        let same = |a: &Block, b: &Block| {
            a.paragraph.role.is_translated() && b.paragraph.role.is_translated()
        };
        for run in blocks.chunk_by(same) {
            match run {
                [block] if !block.paragraph.role.is_translated() => {
                    self.verbatim(&block.paragraph.source);
                }
                _ => {
                    let paragraphs: Vec<String> = run.iter().map(rows).collect();
                    let rows = paragraphs.join("\n| | | |\n");
                    self.paragraph(&format!("| | English | বাংলা |\n|--:|---|---|\n{rows}"));
                }
            }
        }
    }

    /// The findings about numbered sentences, quoted.
    fn notes<'s>(&mut self, sentences: impl Iterator<Item = (usize, &'s TranslatedSegment)>) {
        let lines: Vec<String> = note::notes(sentences)
            .iter()
            .map(|note| format!("> {}", note_text(note)))
            .collect();
        if !lines.is_empty() {
            self.paragraph(&lines.join("  \n"));
        }
    }

    /// A block that comes through unchanged: a link as it is, anything else as code.
    fn verbatim(&mut self, source: &str) {
        let source = terminal::safe(source);
        if is_link(&source) {
            return self.paragraph(&source);
        }
        // Longer than any fence within, so that the block cannot end it.
        let longest = source.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.paragraph(&format!("{fence}\n{source}\n{fence}"));
    }
}

/// The rows of a block.
fn rows(block: &Block) -> String {
    let rows = (block.first..)
        .zip(&block.paragraph.segments)
        .map(|(number, sentence)| {
            let mut english = cell(&shown(sentence));
            for note in note::notes([(number, sentence)]) {
                let _ = write!(
                    english,
                    "<br>{} **{}** {}",
                    note::MARK,
                    note::severity_name(note.severity),
                    cell(&note.message)
                );
            }
            let bengali = cell(&terminal::one_line(&sentence.segment.text));
            format!("| [{number}] | {english} | {bengali} |")
        });
    rows.collect::<Vec<_>>().join("\n")
}

fn note_text(note: &note::Note) -> String {
    let (label, message) = (note.label(), escape(&note.message));
    match note.severity {
        Severity::Error => format!("{} **{label} {message}**", note::MARK),
        Severity::Warning => format!("{} {label} {message}", note::MARK),
    }
}

fn cell(text: &str) -> String {
    // Within a table GitHub reads `|` as the end of a cell even in a link.
    escape(text).replace('|', "\\|").replace("\\\\|", "\\|")
}

fn is_link(text: &str) -> bool {
    let mut spans = LinkFinder::new().spans(text);
    matches!((spans.next(), spans.next()), (Some(span), None) if span.kind() == Some(&LinkKind::Url))
}

/// Text that Markdown shows as it is. Links and inline code are left as they are, so that they stay links and code.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut end = 0;
    for range in verbatim(text) {
        let kept = &text[range.clone()];
        if kept.contains("://") || kept.starts_with('`') {
            escaped.push_str(&escape_words(&text[end..range.start]));
            escaped.push_str(kept);
            end = range.end;
        }
    }
    escaped.push_str(&escape_words(&text[end..]));
    // What begins a list, a heading or a quotation at the start of a line.
    let marker = escaped.starts_with(['-', '+', '=', '~']);
    if marker {
        format!("\\{escaped}")
    } else {
        escape_list_number(escaped)
    }
}

fn escape_words(text: &str) -> Cow<'_, str> {
    const SPECIAL: [char; 12] = ['\\', '`', '*', '_', '[', ']', '<', '>', '#', '|', '&', '~'];
    if !text.contains(SPECIAL) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if SPECIAL.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    Cow::Owned(escaped)
}

/// "1971. …" is a sentence, not the 1971st item of a list.
fn escape_list_number(text: String) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => format!("{}\\{}", &text[..digits], &text[digits..]),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_brief_with_its_translation() {
        let text = article(&sample::brief(), &View::default());
        assert_eq!(
            text,
            "# Bridge opens\n\
             \n\
             ## Brief\n\
             \n\
             - The bridge has 53 spans. [2]\n  \
               - ⚠ **[2] error: number 35 missing**\n\
             \n\
             ## Full translation\n\
             \n\
             [2] The bridge has 53 spans. ⚠ [3] It opened on Friday.\n\
             \n\
             > ⚠ **[2] error: number 35 missing**\n\
             \n\
             https://example.org/a_b\n\
             \n\
             *Set apart: 2 advertisements, 1 related link.*\n"
        );
    }

    #[test]
    fn both_languages_stand_in_a_table() {
        let text = article(&sample::translation(), &sample::bilingual());
        assert!(
            text.contains("| [2] | The bridge has 53 spans.<br>⚠ **error** number 35 missing | "),
            "{text}"
        );
        assert!(
            text.contains("\n| [3] | It opened on Friday. | শুক্রবার এটি খুলেছে। |\n"),
            "{text}"
        );
    }

    #[test]
    fn the_text_of_an_article_is_text() {
        assert_eq!(
            escape("<script> *a* [b](c) # d"),
            "\\<script\\> \\*a\\* \\[b\\](c) \\# d"
        );
        assert_eq!(escape("- item"), "\\- item");
        assert_eq!(escape("1971. A year"), "1971\\. A year");
        assert_eq!(escape("1971 was"), "1971 was");
        assert_eq!(
            escape("see https://example.org/a_b_c now_"),
            "see https://example.org/a_b_c now\\_"
        );
        assert_eq!(cell("a|b"), "a\\|b");
        assert_eq!(cell("https://example.org/a|b"), "https://example.org/a\\|b");
    }

    #[test]
    fn code_cannot_leave_its_fence() {
        let mut page = Page {
            numbered: false,
            out: String::new(),
        };
        page.verbatim("```\n# x");
        assert_eq!(page.out, "````\n```\n# x\n````\n");
    }

    #[test]
    fn the_article_cannot_command_the_terminal() {
        let mut report = sample::brief();
        report.translation.paragraphs[1].segments[0]
            .hypothesis
            .text
            .push_str("\u{1b}[2J\n\n# x");
        let text = article(&report, &View::default());
        assert!(
            !text.contains(terminal::is_control) && !text.contains("\n# x"),
            "{text}"
        );
    }

    #[test]
    fn inline_code_stays_code_and_links_stay_links() {
        assert_eq!(
            escape("Run `a_b*` at https://example.org/a_b, not a_b."),
            "Run `a_b*` at https://example.org/a_b, not a\\_b."
        );
        assert_eq!(cell("`a|b`"), "`a\\|b`");
    }

    #[test]
    fn a_headline_alone_has_no_empty_section() {
        let mut report = sample::brief();
        report.translation.paragraphs.truncate(1);
        assert!(!article(&report, &View::default()).contains("Full translation"));
    }
}
