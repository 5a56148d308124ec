//! Plain text: wrapped and styled on a terminal, a paragraph a line elsewhere.

use anubad::article::Role;
use anubad::summarize::Brief;
use anubad::translate::{TranslatedSegment, Translation};
use textwrap::{WordSeparator, WordSplitter, WrapAlgorithm};

use super::{Block, Report, View, citations, cited, headline_and_body, note, shown};
use crate::cli::terminal::{self, Styles, paint};

/// From this width on, Bengali stands to the right of English, otherwise below it.
const TWO_COLUMNS: usize = 100;

/// Names the article that follows another.
pub fn separator(next: &Report, view: &View) -> String {
    let id = terminal::one_line(&next.translation.id);
    format!(
        "\n{}\n\n",
        paint(view.styles.dim, format_args!("──── {id} ────"))
    )
}

/// The article: headline, brief, translation, what was set apart.
pub fn article(report: &Report, view: &View) -> String {
    let mut segments = report.translation.segments();
    let numbered = report.brief.is_some()
        || view.bilingual
        || segments.any(|segment| !segment.alternatives.is_empty());
    let mut page = Page {
        view,
        numbered,
        out: String::new(),
    };
    let (headline, body) = headline_and_body(&report.translation);
    if let Some(block) = headline {
        page.block(&block);
    }
    if let Some(brief) = &report.brief {
        page.heading("Brief");
        page.brief(brief, &report.translation, !report.in_full);
    }
    if report.in_full {
        let set_apart = note::set_apart(&report.translation);
        if report.brief.is_some() && (!body.is_empty() || set_apart.is_some()) {
            page.heading("Full translation");
        }
        let mut after_item = false;
        for block in &body {
            let is_item = block.paragraph.role == Role::Item;
            if !(is_item && after_item) {
                page.gap();
            }
            page.block(block);
            after_item = is_item;
        }
        if let Some(counts) = set_apart {
            page.gap();
            let line = paint(view.styles.dim, format_args!("set apart: {counts}"));
            page.lines(&line, "", "");
        }
    }
    page.out
}

/// What is written so far.
struct Page<'a> {
    view: &'a View,
    /// Whether every sentence bears its number.
    numbered: bool,
    out: String,
}

impl Page<'_> {
    /// An empty line, but not at the top, and not a second.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// One line in the style of headings, with room around it.
    fn heading(&mut self, text: &str) {
        self.gap();
        self.out.push_str(&paint(self.view.styles.heading, text));
        self.out.push_str("\n\n");
    }

    /// The sentences of a brief with their citations, and below each what the checks saw in the
    /// sentences that it rests on; and with `sources` these, where Bengali is asked for.
    fn brief(&mut self, brief: &Brief, translation: &Translation, sources: bool) {
        let segments: Vec<&TranslatedSegment> = translation.segments().collect();
        for sentence in &brief.sentences {
            let cited = || cited(sentence, &segments);
            let numbers = paint(self.view.styles.dim, citations(&sentence.citations));
            self.lines(
                &format!("{} {numbers}", terminal::one_line(&sentence.text)),
                "- ",
                "  ",
            );
            if self.view.bilingual && sources {
                for (number, segment) in cited() {
                    let source = terminal::one_line(&segment.segment.text);
                    self.lines(&format!("[{number}] {source}"), "  ", "      ");
                }
            }
            self.notes(cited());
        }
    }

    /// A block in English, or in both languages, with its alternatives and findings below it.
    fn block(&mut self, block: &Block) {
        let paragraph = block.paragraph;
        if !paragraph.role.is_translated() {
            let source = terminal::safe(&paragraph.source);
            self.out.push_str(&source);
            self.out.push('\n');
            return;
        }
        let sentences = || (block.first..).zip(&paragraph.segments);
        let (bullet, indent) = if paragraph.role == Role::Item {
            ("- ", "  ")
        } else {
            ("", "")
        };
        if self.view.bilingual {
            for (number, sentence) in sentences() {
                self.pair(number, sentence);
            }
        } else {
            let is_heading = matches!(paragraph.role, Role::Title | Role::Heading);
            // A style within a style would end it.
            let styles = if is_heading {
                Styles::default()
            } else {
                self.view.styles
            };
            let texts: Vec<String> = sentences()
                .map(|(n, s)| self.sentence(n, s, &styles))
                .collect();
            let text = texts.join(" ");
            if is_heading {
                self.styled_lines(&text);
            } else {
                self.lines(&text, bullet, indent);
            }
        }
        self.alternatives(sentences());
        self.notes(sentences());
    }

    /// What else the model might have said of numbered sentences, a line each, best first.
    fn alternatives<'s>(
        &mut self,
        sentences: impl Iterator<Item = (usize, &'s TranslatedSegment)>,
    ) {
        for (number, sentence) in sentences {
            for alternative in &sentence.alternatives {
                let label = paint(self.view.styles.dim, format_args!("≈ [{number}]"));
                let text = terminal::one_line(&alternative.text);
                self.lines(&format!("{label} {text}"), "  ", "    ");
            }
        }
    }

    /// A sentence with its number before it, where all have one, and a mark where it has findings.
    fn sentence(&self, number: usize, sentence: &TranslatedSegment, styles: &Styles) -> String {
        let text = shown(sentence);
        let label = paint(styles.dim, format_args!("[{number}]"));
        let gravest = sentence
            .findings
            .iter()
            .map(|finding| finding.severity)
            .max();
        let mark = gravest.map(|severity| paint(styles.of(severity), note::MARK));
        match (self.numbered, mark) {
            (true, None) => format!("{label} {text}"),
            (true, Some(mark)) => format!("{label} {text} {mark}"),
            (false, None) => text,
            (false, Some(mark)) => format!("{text} {mark}{label}"),
        }
    }

    /// A sentence in both languages, side by side where there is room.
    fn pair(&mut self, number: usize, sentence: &TranslatedSegment) {
        let english = self.sentence(number, sentence, &self.view.styles);
        let bengali = terminal::one_line(&sentence.segment.text);
        let hang = " ".repeat(format!("[{number}] ").len());
        match self.view.width {
            Some(width) if width >= TWO_COLUMNS => {
                let column = (width - 3) / 2;
                let left = wrap(&english, Some(column), "", &hang);
                let right = wrap(&bengali, Some(column), "", "");
                for i in 0..left.len().max(right.len()) {
                    let left = left.get(i).map_or("", String::as_str);
                    let right = right.get(i).map_or("", String::as_str);
                    let pad =
                        " ".repeat(column.saturating_sub(textwrap::core::display_width(left)));
                    self.out
                        .push_str(format!("{left}{pad}   {right}").trim_end());
                    self.out.push('\n');
                }
            }
            _ => {
                self.lines(&english, "", &hang);
                self.lines(&bengali, &hang, &hang);
            }
        }
    }

    /// The findings about numbered sentences, a line each.
    fn notes<'s>(&mut self, sentences: impl Iterator<Item = (usize, &'s TranslatedSegment)>) {
        for note in note::notes(sentences) {
            let mark = paint(self.view.styles.of(note.severity), note::MARK);
            self.lines(
                &format!("{mark} {} {}", note.label(), note.message),
                "  ",
                "    ",
            );
        }
    }

    fn lines(&mut self, text: &str, first: &str, rest: &str) {
        for line in wrap(text, self.view.width, first, rest) {
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }

    fn styled_lines(&mut self, text: &str) {
        for line in wrap(text, self.view.width, "", "") {
            self.out.push_str(&paint(self.view.styles.heading, line));
            self.out.push('\n');
        }
    }
}

/// Lines no wider than `width`; only between words, so that a URL stays whole.
fn wrap(text: &str, width: Option<usize>, first: &str, rest: &str) -> Vec<String> {
    let Some(width) = width else {
        return vec![format!("{first}{text}")];
    };
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options)
        .into_iter()
        .map(|line| line.into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cli::terminal::Color;

    /// What follows the sentences of the sample.
    const REST: &str = "\n\
        https://example.org/a_b\n\
        \n\
        set apart: 2 advertisements, 1 related link\n";

    #[test]
    fn a_translation_bears_its_findings_and_tells_what_was_set_apart() {
        let text = article(&sample::translation(), &View::default());
        assert_eq!(
            text,
            format!(
                "Bridge opens\n\
                 \n\
                 The bridge has 53 spans. ⚠[2] It opened on Friday.\n  \
                   ⚠ [2] error: number 35 missing\n\
                 {REST}"
            )
        );
    }

    #[test]
    fn a_brief_cites_numbered_sentences_and_passes_their_findings_on() {
        let text = article(&sample::brief(), &View::default());
        assert_eq!(
            text,
            format!(
                "[1] Bridge opens\n\
                 \n\
                 Brief\n\
                 \n\
                 - The bridge has 53 spans. [2]\n  \
                   ⚠ [2] error: number 35 missing\n\
                 \n\
                 Full translation\n\
                 \n\
                 [2] The bridge has 53 spans. ⚠ [3] It opened on Friday.\n  \
                   ⚠ [2] error: number 35 missing\n\
                 {REST}"
            )
        );
    }

    #[test]
    fn alternatives_stand_below_the_numbered_sentences() {
        let text = article(&sample::alternatives(), &View::default());
        let expected = "[2] The bridge has 53 spans. ⚠ [3] It opened on Friday.\n  \
                        ≈ [3] It opened Friday.\n  \
                        ≈ [3] Friday it opened.\n  \
                        ⚠ [2] error";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn both_languages_stand_below_or_beside_each_other() {
        let text = article(&sample::translation(), &sample::bilingual());
        assert!(
            text.contains("[3] It opened on Friday.\n    শুক্রবার এটি খুলেছে।\n"),
            "{text}"
        );

        let wide = View {
            width: Some(120),
            ..sample::bilingual()
        };
        let text = article(&sample::translation(), &wide);
        assert!(text.contains("[3] It opened on Friday.     "), "{text}");
        assert!(
            text.lines()
                .any(|l| l.starts_with("[3]") && l.ends_with("শুক্রবার এটি খুলেছে।")),
            "{text}"
        );
    }

    #[test]
    fn lines_fit_the_terminal_and_urls_stay_whole() {
        let url = "https://example.org/a-very-long-path/that-does-not-fit";
        let lines = wrap(&format!("See {url} for more words"), Some(20), "", "  ");
        assert_eq!(lines, ["See", &format!("  {url}"), "  for more words"]);
    }

    #[test]
    fn the_article_cannot_command_the_terminal() {
        let mut report = sample::translation();
        for paragraph in &mut report.translation.paragraphs {
            paragraph.source.push_str("\u{1b}[2J");
            for segment in &mut paragraph.segments {
                segment
                    .hypothesis
                    .text
                    .push_str("\u{1b}]0;x\u{7}\n\u{202e}");
                segment
                    .findings
                    .iter_mut()
                    .for_each(|f| f.message.push('\u{9b}'));
            }
        }
        let styled = View {
            styles: Styles::for_stdout(Color::Always),
            ..View::default()
        };
        assert!(!article(&report, &View::default()).contains(terminal::is_control));
        assert!(article(&report, &styled).starts_with("\u{1b}[1mBridge opens]0;x \u{1b}[0m\n"));
    }

    #[test]
    fn a_sentence_without_a_translation_shows_its_source() {
        let mut report = sample::translation();
        report.translation.paragraphs[1].segments[1]
            .hypothesis
            .text
            .clear();
        assert!(article(&report, &View::default()).contains("⟨শুক্রবার এটি খুলেছে।⟩"));
    }

    #[test]
    fn a_headline_alone_has_no_empty_section() {
        let mut report = sample::brief();
        report.translation.paragraphs.truncate(1);
        assert!(!article(&report, &View::default()).contains("Full translation"));
    }
}
