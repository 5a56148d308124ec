//! Files, Markdown and JSON lines in, [`Article`]s out: title, paragraphs, boilerplate set apart.
//!
//! A reader (`plain`, `markdown`, `jsonl`) makes blocks of lines; `pieces` cuts their lines where one
//! role ends and another begins, by the phrase tables of `boilerplate` and `credits`; `layout` puts
//! the pieces in context and makes paragraphs of them. Markup and white space aside, every byte of
//! the text is in exactly one paragraph.

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
    /// without one the first line of the text is, if it looks like a headline. Where the text
    /// begins with the title in the same words, that line is the headline, and the title has no
    /// paragraph of its own: nothing is translated twice.
    pub fn from_plain(id: impl Into<String>, title: Option<String>, text: String) -> Self {
        let title = title.filter(|t| !t.trim().is_empty());
        let apart = title.as_deref().and_then(layout::title);
        let mut paragraphs = layout::paragraphs(&plain::blocks(&text), apart.is_some());
        if let Some(apart) = apart {
            match paragraphs.first_mut() {
                Some(first) if layout::is_same(&first.text, &apart.text) => {
                    first.role = Role::Title
                }
                _ => paragraphs.insert(0, apart),
            }
        }
        Article {
            id: id.into(),
            title,
            text,
            paragraphs,
        }
    }

    /// An article of Markdown (CommonMark with tables and YAML front matter). The headline is
    /// the front matter's `title` (unless a heading of level 1 repeats it, which then is the
    /// headline), else the first heading of level 1, else as in plain text. The addresses that
    /// links and images lead to follow their paragraph, each as a [`Role::Verbatim`] paragraph;
    /// those of boilerplate are set apart with it.
    pub fn from_markdown(id: impl Into<String>, text: String) -> Self {
        let (blocks, targets) = markdown::blocks(&text);
        let paragraphs = layout::with_targets(layout::paragraphs(&blocks, false), &text, targets);
        Article {
            id: id.into(),
            title: None,
            text,
            paragraphs,
        }
    }
}
