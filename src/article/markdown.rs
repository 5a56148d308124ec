//! Markdown: blocks are what CommonMark says, their words freed of markup.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

use super::Role;
use super::block::{Block, Kind, lines, trim};
use crate::text::is_bengali;

/// The blocks of a Markdown text: fields of the front matter, headings, paragraphs, list items,
/// table cells, code, and the alternative texts of images; and where the addresses stand that links
/// and images lead to, in order. Links keep their text, inline code its backquotes (that it may come
/// through unchanged); emphasis, tags and link targets inside the site (`/news/12`) are dropped.
pub(super) fn blocks(text: &str) -> (Vec<Block>, Vec<Range<usize>>) {
    let (mut blocks, start) = front_matter(text);
    let mut reader = Reader {
        source: text,
        blocks: &mut blocks,
        targets: Vec::new(),
        open: Block::new(Kind::Prose),
        items: 0,
        in_tag: false,
    };
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(&text[start..], options).into_offset_iter();
    for (_, definition) in events.reference_definitions().iter() {
        let span = definition.span.start + start..definition.span.end + start;
        reader.target(&definition.dest, span);
    }
    for (event, range) in events {
        reader.event(event, range.start + start..range.end + start);
    }
    reader.close();
    let mut targets = reader.targets;
    targets.sort_by_key(|range| range.start);
    (blocks, targets)
}

struct Reader<'a> {
    source: &'a str,
    blocks: &'a mut Vec<Block>,
    targets: Vec<Range<usize>>,
    /// The block that words go to.
    open: Block,
    /// Depth of list items.
    items: usize,
    /// Whether a tag of a block of HTML is open.
    in_tag: bool,
}

impl Reader<'_> {
    fn event(&mut self, event: Event, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.open.push(&text, range.start),
            Event::Code(_) => self.open.push(&self.source[range.clone()], range.start),
            Event::SoftBreak | Event::HardBreak => self.open.push("\n", range.start),
            Event::Html(_) => self.html(range),
            Event::InlineHtml(tag) if tag.starts_with("<br") => self.open.push("\n", range.start),
            Event::Rule => self.close(),
            // Tags, and what the options do not enable.
            _ => {}
        }
    }

    /// Notes where the address is that a link at `range` leads to, unless its words show the address.
    fn target(&mut self, address: &str, range: Range<usize>) {
        let full = address.contains("://") || address.starts_with("mailto:");
        let link = &self.source[range.clone()];
        let shown = address.strip_prefix("mailto:").unwrap_or(address);
        if !full || link[1..].starts_with(shown) {
            return;
        }
        // Where the source has it with escapes or entities, it is found by none but the reader.
        if let Some(at) = link.rfind(address) {
            let at = range.start + at;
            self.targets.push(at..at + address.len());
        } else if let Some(at) = link.rfind("](") {
            self.targets.push(range.start + at + 2..range.end - 1);
        }
    }

    fn start(&mut self, tag: Tag, range: Range<usize>) {
        match &tag {
            Tag::Link {
                link_type: LinkType::Inline,
                dest_url,
                ..
            }
            | Tag::Image {
                link_type: LinkType::Inline,
                dest_url,
                ..
            } => self.target(dest_url, range.clone()),
            _ => {}
        }
        match tag {
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } => {}
            Tag::Heading { level, .. } => self.open(Kind::Heading(depth(level))),
            Tag::Image { .. } => self.open(Kind::Image),
            Tag::TableCell => self.open(Kind::Item),
            Tag::CodeBlock(kind) => {
                // Pasted news is often indented, and then no code.
                let news = matches!(kind, CodeBlockKind::Indented)
                    && self.source[range].chars().any(is_bengali);
                self.open(if news { Kind::Lines } else { Kind::Code });
            }
            Tag::HtmlBlock => {
                let tag = self.source[range].trim_start();
                let code = ["<script", "<style"]
                    .iter()
                    .any(|code| starts_with_ignoring_case(tag, code));
                self.open(if code { Kind::Code } else { Kind::Lines });
            }
            Tag::Item => {
                self.items += 1;
                self.close();
            }
            _ => self.close(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link => {}
            TagEnd::Item => {
                self.close();
                self.items -= 1;
                self.open.kind = self.running();
            }
            TagEnd::HtmlBlock => {
                self.in_tag = false;
                self.close();
            }
            _ => self.close(),
        }
    }

    /// Ends the open block and begins one of running text.
    fn close(&mut self) {
        self.open(self.running());
    }

    fn open(&mut self, kind: Kind) {
        let block = std::mem::replace(&mut self.open, Block::new(kind));
        if !trim(&block.text, 0..block.text.len()).is_empty() {
            self.blocks.push(block);
        }
    }

    fn running(&self) -> Kind {
        if self.items > 0 {
            Kind::Item
        } else {
            Kind::Prose
        }
    }

    /// The words of a stretch of HTML between its tags.
    fn html(&mut self, range: Range<usize>) {
        let html = &self.source[range.clone()];
        if self.open.kind == Kind::Code {
            self.open.push(html, range.start);
            return;
        }
        let mut at = 0;
        while at < html.len() {
            let mark = if self.in_tag { '>' } else { '<' };
            let end = html[at..].find(mark).map_or(html.len(), |i| at + i);
            if !self.in_tag {
                self.open.push(&html[at..end], range.start + at);
            }
            if end < html.len() {
                self.in_tag = !self.in_tag;
            }
            at = end + 1;
        }
    }
}

fn depth(level: HeadingLevel) -> u8 {
    level as u8
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// The fields of the YAML front matter that an article has use for, and where the text begins.
/// Only `name: value` on one line is read, with or without quotation marks.
fn front_matter(text: &str) -> (Vec<Block>, usize) {
    const MOST_LINES: usize = 100;
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut fields = Vec::new();
    for (number, line) in lines(&text[start..]).take(MOST_LINES).enumerate() {
        let line = start + line.start..start + line.end;
        match (number, text[line.clone()].trim_end()) {
            (0, "---") => {}
            (0, _) => break,
            (_, "---" | "...") => return (fields, line.end),
            (_, field) => fields.extend(front_matter_field(text, line.start, field)),
        }
    }
    (Vec::new(), start)
}

fn front_matter_field(text: &str, start: usize, line: &str) -> Option<Block> {
    let (name, value) = line.split_once(':')?;
    let role = match name.trim_end().to_ascii_lowercase().as_str() {
        "title" => Role::Title,
        "date" => Role::Dateline,
        "author" | "byline" => Role::Byline,
        _ => return None,
    };
    let mut span = trim(text, start + line.len() - value.len()..start + line.len());
    let quoted = |quote| {
        text[span.clone()].len() > 1
            && text[span.clone()].starts_with(quote)
            && text[span.clone()].ends_with(quote)
    };
    if quoted('"') || quoted('\'') {
        span = span.start + 1..span.end - 1;
    }
    (!trim(text, span.clone()).is_empty()).then(|| Block::verbatim(Kind::Field(role), text, span))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Kind, String)> {
        let blocks = blocks(text).0;
        for block in &blocks {
            assert_eq!(block.offsets[0].0, 0);
        }
        blocks
            .into_iter()
            .map(|block| (block.kind, block.text))
            .collect()
    }

    #[test]
    fn blocks_are_freed_of_markup() {
        let found = read(
            "# শিরোনাম\n\nপ্রথম **গাঢ়** ও [লিংক](https://example.org) `code` শেষ।\nদ্বিতীয় লাইন।\n\n\
             - এক\n- দুই\n  - তিন\n\n> উক্তি\n\n```sh\nls -l\n```\n\n![নদীর ছবি](a.jpg)\n",
        );
        let expected = [
            (Kind::Heading(1), "শিরোনাম"),
            (Kind::Prose, "প্রথম গাঢ় ও লিংক `code` শেষ।\nদ্বিতীয় লাইন।"),
            (Kind::Item, "এক"),
            (Kind::Item, "দুই"),
            (Kind::Item, "তিন"),
            (Kind::Prose, "উক্তি"),
            (Kind::Code, "ls -l\n"),
            (Kind::Image, "নদীর ছবি"),
        ];
        assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn offsets_lead_back_to_the_source() {
        let text = "এক **দুই** [তিন](u) &amp; `চার` \\* পাঁচ";
        let block = &blocks(text).0[0];
        for word in ["এক", "দুই", "তিন", "`চার`", "পাঁচ"] {
            let at = block.text.find(word).unwrap();
            let paragraph = block
                .paragraph(Role::Body, super::super::Part::Text, 0..block.text.len())
                .unwrap();
            assert_eq!(&text[paragraph.source_span(at..at + word.len())], word);
        }
    }

    #[test]
    fn front_matter_gives_title_date_and_author() {
        let found = read(
            "\u{feff}---\ntitle: \"বন্যা: পানি বাড়ছে\"\ndate: ২০২৪-০৩-০৫\ntags: [a]\nauthor: সালমা\n---\n\nখবর।\n",
        );
        let expected = [
            (Kind::Field(Role::Title), "বন্যা: পানি বাড়ছে"),
            (Kind::Field(Role::Dateline), "২০২৪-০৩-০৫"),
            (Kind::Field(Role::Byline), "সালমা"),
            (Kind::Prose, "খবর।"),
        ];
        assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn a_rule_at_the_start_is_no_front_matter() {
        let found = read("---\n\nখবর এক।\n\nখবর দুই।\n");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn words_in_html_are_kept_and_tags_are_not() {
        let found = read(
            "<div class=\"a\">\n<p>খবর <b>আছে</b>।</p>\n</div>\n\nলাইন<br>দুই\n\n<script>\nalert(1)\n</script>\n",
        );
        assert_eq!(found[0].1.trim(), "খবর আছে।");
        assert_eq!(found[1].1, "লাইন\nদুই");
        assert_eq!(found[2].0, Kind::Code);
    }

    #[test]
    fn indented_news_is_no_code() {
        assert_eq!(
            read("    সরকার বলেছে, কাজ চলছে।\n"),
            [(Kind::Lines, "সরকার বলেছে, কাজ চলছে।\n".to_owned())]
        );
        assert_eq!(read("    let x = 1;\n")[0].0, Kind::Code);
    }

    #[test]
    fn cells_of_a_table_are_items() {
        let found = read("| দল | রান |\n|---|---|\n| ঢাকা | ২১০ |\n");
        assert_eq!(
            found
                .iter()
                .map(|(_, text)| text.as_str())
                .collect::<Vec<_>>(),
            ["দল", "রান", "ঢাকা", "২১০"]
        );
        assert!(found.iter().all(|(kind, _)| *kind == Kind::Item));
    }
}
