//! Files, Markdown and JSON lines in, [`Article`]s out: title, paragraphs, boilerplate set apart.
//!
//! A reader ([`plain`], [`markdown`], [`jsonl`]) cuts the text into blocks, [`layout`] cuts the
//! blocks into paragraphs and gives each its role by the phrase tables of [`boilerplate`] and
//! [`credits`]. Nothing is thrown away: every letter of the text is in exactly one paragraph.

mod block;
mod boilerplate;
mod credits;
mod error;
mod input;
mod jsonl;
mod language;
mod layout;
mod markdown;
mod phrases;
mod pieces;
mod plain;
mod types;

pub use error::InputError;
pub use input::{Format, MAX_ARTICLE_BYTES, ReadOptions, Source, articles, read, sources};
pub use types::{Article, Boilerplate, Paragraph, Part, Role};

impl Article {
    /// An article of plain text. A `title` that stands apart from the text is the headline;
    /// without one the first line of the text is, if it looks like a headline.
    pub fn from_plain(id: impl Into<String>, title: Option<String>, text: String) -> Self {
        let title = title.filter(|t| !t.trim().is_empty());
        let mut paragraphs: Vec<Paragraph> =
            title.iter().filter_map(|t| layout::title(t)).collect();
        paragraphs.extend(layout::paragraphs(
            &plain::blocks(&text),
            !paragraphs.is_empty(),
        ));
        Article {
            id: id.into(),
            title,
            text,
            paragraphs,
        }
    }

    /// An article of Markdown (CommonMark with tables and YAML front matter). The headline is
    /// the front matter's `title`, else the first heading of level 1, else as in plain text.
    pub fn from_markdown(id: impl Into<String>, text: String) -> Self {
        let paragraphs = layout::paragraphs(&markdown::blocks(&text), false);
        Article {
            id: id.into(),
            title: None,
            text,
            paragraphs,
        }
    }
}
