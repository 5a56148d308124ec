//! What a reader makes of a text: blocks of lines, each byte traced to the text it came from.

use std::ops::Range;

use super::{Paragraph, Part, Role};

/// What the markup says of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Lines between two blank lines of plain text: a paragraph each, or one paragraph wrapped.
    Lines,
    /// A paragraph of Markdown, in which a line break is a space.
    Prose,
    /// A heading of this level, 1 to 6.
    Heading(u8),
    /// A paragraph of a list item, or a cell of a table.
    Item,
    /// The alternative text of an image.
    Image,
    /// Code: comes through as it is.
    Code,
    /// A field of the front matter, whose name says what it is.
    Field(Role),
}

/// A run of lines that belong together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub kind: Kind,
    /// The block's words without markup, its line breaks kept.
    pub text: String,
    /// As [`Paragraph::offsets`], but never empty: where stretches of `text` come from.
    pub offsets: Vec<(usize, usize)>,
}

impl Block {
    pub fn new(kind: Kind) -> Self {
        Block {
            kind,
            text: String::new(),
            offsets: Vec::new(),
        }
    }

    /// A block that is a stretch of the source as it stands.
    pub fn verbatim(kind: Kind, source: &str, span: Range<usize>) -> Self {
        Block {
            kind,
            offsets: vec![(0, span.start)],
            text: source[span].to_owned(),
        }
    }

    /// Appends text that comes from byte `source` on.
    pub fn push(&mut self, text: &str, source: usize) {
        if !text.is_empty() {
            push_offset(&mut self.offsets, self.text.len(), source);
            self.text.push_str(text);
        }
    }

    /// The paragraph made of a range of the block's text, or `None` where the range is blank.
    pub fn paragraph(&self, role: Role, part: Part, range: Range<usize>) -> Option<Paragraph> {
        let range = trim(&self.text, range);
        if range.is_empty() {
            return None;
        }
        let mut text = String::with_capacity(range.len());
        let mut offsets = Vec::new();
        if role == Role::Verbatim {
            self.copy(range, &mut text, &mut offsets);
        } else {
            // A line break, with the blanks around it, becomes one space that stands for the
            // first byte of them.
            let mut end = range.start;
            for line in lines(&self.text[range.clone()]) {
                let line = trim(&self.text, range.start + line.start..range.start + line.end);
                if line.is_empty() {
                    continue;
                }
                if line.start > range.start {
                    push_offset(&mut offsets, text.len(), self.source(end));
                    text.push(' ');
                }
                end = line.end;
                self.copy(line, &mut text, &mut offsets);
            }
        }
        let start = offsets[0].1;
        let &(last, source) = offsets.last().expect("the range is not blank");
        let span = start..source + (text.len() - last);
        if offsets.len() == 1 {
            offsets.clear();
        }
        Some(Paragraph {
            role,
            part,
            span,
            text,
            offsets,
        })
    }

    /// Number of the stretch that a byte of the block's text is in.
    fn stretch(&self, at: usize) -> usize {
        self.offsets.partition_point(|&(start, _)| start <= at) - 1
    }

    /// Where a byte of the block's text comes from.
    fn source(&self, at: usize) -> usize {
        let (start, source) = self.offsets[self.stretch(at)];
        source + (at - start)
    }

    /// Appends a range of the block's text, and where it comes from.
    fn copy(&self, range: Range<usize>, text: &mut String, offsets: &mut Vec<(usize, usize)>) {
        let inside = self.offsets[self.stretch(range.start) + 1..].iter();
        let inside = inside.take_while(|&&(start, _)| start < range.end);
        push_offset(offsets, text.len(), self.source(range.start));
        for &(start, source) in inside {
            push_offset(offsets, text.len() + (start - range.start), source);
        }
        text.push_str(&self.text[range]);
    }
}

/// Adds an entry unless the one before it already says so.
fn push_offset(offsets: &mut Vec<(usize, usize)>, text: usize, source: usize) {
    if offsets
        .last()
        .is_none_or(|&(t, s)| source != s + (text - t))
    {
        offsets.push((text, source));
    }
}

/// Ranges of the lines of a text, without their breaks: LF, CR LF, CR, form feed and Unicode's
/// line and paragraph separators.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let rest = &text[from..];
        let Some((at, c)) = rest.char_indices().find(|&(_, c)| {
            matches!(
                c,
                '\n' | '\r' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
            )
        }) else {
            start = None;
            return Some(from..text.len());
        };
        let width = if rest[at..].starts_with("\r\n") {
            2
        } else {
            c.len_utf8()
        };
        start = Some(from + at + width);
        Some(from..from + at)
    })
}

/// Whether a character shows nothing at the edge of a line: white space, and the zero-width marks
/// that carry no meaning in Bengali (joiners do).
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// The range without blank characters at either end.
pub(super) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let slice = &text[range.clone()];
    let kept = slice.trim_start_matches(is_blank);
    let start = range.start + (slice.len() - kept.len());
    start..start + kept.trim_end_matches(is_blank).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_break_ends_a_line() {
        let text = "a\nb\r\nc\rd\u{2028}e\n\nf";
        let found: Vec<&str> = lines(text).map(|r| &text[r]).collect();
        assert_eq!(found, ["a", "b", "c", "d", "e", "", "f"]);
        assert_eq!(lines("").count(), 1);
    }

    #[test]
    fn trimming_drops_zero_width_junk_and_keeps_joiners() {
        let text = "\u{feff} \u{200b}ক্\u{200d}\u{a0}";
        assert_eq!(&text[trim(text, 0..text.len())], "ক্\u{200d}");
        assert!(trim(" \u{feff} ", 0..5).is_empty());
    }

    #[test]
    fn a_wrapped_paragraph_is_one_line_and_its_spans_are_right() {
        let source = "  এক দুই\r\n   তিন চার  ";
        let block = Block::verbatim(Kind::Lines, source, 0..source.len());
        let paragraph = block
            .paragraph(Role::Body, Part::Text, 0..source.len())
            .unwrap();
        assert_eq!(paragraph.text, "এক দুই তিন চার");
        assert_eq!(&source[paragraph.span.clone()], "এক দুই\r\n   তিন চার");
        for word in ["এক", "দুই", "তিন", "চার"] {
            let at = paragraph.text.find(word).unwrap();
            assert_eq!(&source[paragraph.source_span(at..at + word.len())], word);
        }
    }

    #[test]
    fn a_part_of_a_block_starts_in_the_middle_of_a_stretch() {
        let mut block = Block::new(Kind::Prose);
        block.push("abcdef", 10);
        block.push("ghi", 20);
        let paragraph = block.paragraph(Role::Body, Part::Text, 3..8).unwrap();
        assert_eq!(
            (paragraph.text.as_str(), paragraph.span.clone()),
            ("defgh", 13..22)
        );
        assert_eq!(paragraph.source_span(2..4), 15..21);
        assert_eq!(
            block
                .paragraph(Role::Body, Part::Text, 0..2)
                .unwrap()
                .offsets,
            []
        );
    }
}
