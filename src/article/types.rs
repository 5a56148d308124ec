//! What an article is made of: its text, and for each block of it what it is and where it stands.

use std::ops::Range;

/// A news article as it was read: its text untouched, and what each part of it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// Name that identifies the article in output: the file's path, the `id` of a JSON line
    /// (its line number where it has none), or `-` for stdin.
    pub id: String,
    /// The title where the input carries one apart from the text (JSON lines); otherwise the title,
    /// if any, is the paragraph of `text` with [`Role::Title`].
    pub title: Option<String>,
    /// The text exactly as it was read. Spans with [`Part::Text`] are byte offsets into it.
    pub text: String,
    /// Every part of the title and text that holds words, in reading order.
    pub paragraphs: Vec<Paragraph>,
}

/// Which string of the input a byte span points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// `Article::title`.
    Title,
    /// `Article::text`.
    Text,
}

/// One block of an article: its role, and its words without markup.
#[derive(Debug, Clone, PartialEq)]
pub struct Paragraph {
    /// What the block is.
    pub role: Role,
    /// Which string the span points into.
    pub part: Part,
    /// Bytes of the block in `part`, surrounding white space and markup (list bullets too) excluded.
    /// Spans ascend and are apart, but for the address behind a link, whose span may be inside that of
    /// the paragraph with the link.
    pub span: Range<usize>,
    /// The block's words on one line, with inline markup (Markdown emphasis, link targets) removed.
    /// A [`Role::Verbatim`] block keeps its lines.
    pub text: String,
    /// Where stretches of `text` come from: (offset in `text`, offset in `part`), ascending;
    /// between two entries both advance byte for byte. Empty: `text` is the span itself.
    pub(crate) offsets: Vec<(usize, usize)>,
}

/// What a block of an article is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(tag = "role", content = "kind", rename_all = "snake_case")]
pub enum Role {
    /// The headline.
    Title,
    /// A heading inside the article.
    Heading,
    /// A paragraph of the body.
    Body,
    /// An item of a list.
    Item,
    /// Place and date before or in the first lines ("ঢাকা, ৫ মার্চ").
    Dateline,
    /// Who wrote it ("নিজস্ব প্রতিবেদক").
    Byline,
    /// Words under a picture.
    Caption,
    /// Comes through unchanged: a code block, a line that is only a URL.
    Verbatim,
    /// Set apart and reported, not translated as news.
    Boilerplate(Boilerplate),
}

/// Kinds of text that stand in an article and are no part of its news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boilerplate {
    /// `[বিজ্ঞাপন]`, `[বিজ্ঞাপন_২]`.
    Advertisement,
    /// "আরও পড়ুন" and the headline it leads to.
    Related,
    /// "মন্তব্য (0)".
    Comments,
    /// "ছবি: সংগৃহীত".
    PhotoCredit,
    /// "শেয়ার করুন", names of networks.
    Share,
    /// "সূত্র: https://…".
    Source,
}

impl Role {
    /// Whether blocks of this role are translated.
    pub fn is_translated(self) -> bool {
        !matches!(self, Role::Verbatim | Role::Boilerplate(_))
    }

    /// Whether blocks of this role tell the news, so that a brief may rest on them.
    pub fn is_news(self) -> bool {
        matches!(self, Role::Body | Role::Item)
    }
}

impl Paragraph {
    /// Bytes of `self.part` that a byte range of `self.text` comes from.
    pub fn source_span(&self, range: Range<usize>) -> Range<usize> {
        if self.offsets.is_empty() {
            return self.span.start + range.start..self.span.start + range.end;
        }
        let at = |offset: usize| {
            let i = self
                .offsets
                .partition_point(|&(text, _)| text <= offset)
                .max(1)
                - 1;
            let (text, source) = self.offsets[i];
            source + (offset - text)
        };
        // The end is mapped through its last byte: a mark that begins right after the range is
        // not part of it.
        let end = if range.end > range.start {
            at(range.end - 1) + 1
        } else {
            at(range.start)
        };
        at(range.start)..end
    }
}
