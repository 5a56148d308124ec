//! Lines cut where one role ends and another begins, by their words alone.

use std::ops::Range;

use super::block::{Block, Kind, lines, trim};
use super::phrases::words;
use super::{Boilerplate, Role, boilerplate, credits};

/// Longest line, in bytes, that is compared with the tables of phrases.
const LONGEST_LABEL: usize = 1000;

/// What the words of a piece say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Is(Role),
    /// Headlines of other articles may follow.
    RelatedLabel,
    /// A caption may follow.
    CaptionLabel,
}

/// A stretch of a block that has one role.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    /// Number of the block.
    pub block: usize,
    pub kind: Kind,
    /// Bytes of the block's text, and the words there.
    pub range: Range<usize>,
    pub text: &'a str,
    /// Bytes of the line, without its bullet, that the piece was cut from.
    pub line: Range<usize>,
    pub mark: Option<Mark>,
    /// Whether it begins its block.
    pub first: bool,
}

impl Piece<'_> {
    /// What it is, as far as is known.
    pub fn role(&self) -> Role {
        match (self.mark, self.kind) {
            (Some(Mark::Is(role)), _) => role,
            (Some(Mark::RelatedLabel), _) => Role::Boilerplate(Boilerplate::Related),
            (Some(Mark::CaptionLabel), _) => Role::Boilerplate(Boilerplate::PhotoCredit),
            (None, Kind::Lines | Kind::Prose) => Role::Body,
            (None, Kind::Heading(_)) => Role::Heading,
            (None, Kind::Item) => Role::Item,
            (None, Kind::Image) => Role::Caption,
            (None, Kind::Code) => Role::Verbatim,
            (None, Kind::Field(role)) => role,
        }
    }

    /// Whether nothing stands before it on its line.
    pub fn starts_line(&self) -> bool {
        self.range.start == self.line.start
    }

    /// A line of running text that no table knows.
    pub fn is_open_text(&self) -> bool {
        self.mark.is_none() && matches!(self.kind, Kind::Lines | Kind::Prose)
    }
}

/// Cuts the lines of all blocks where one role ends and another begins.
pub(super) fn cut(blocks: &[Block]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        let mut first = true;
        let mut add = |kind, range: Range<usize>, mark, line: &Range<usize>| {
            let range = trim(&block.text, range);
            if !range.is_empty() {
                pieces.push(Piece {
                    block: number,
                    kind,
                    text: &block.text[range.clone()],
                    mark,
                    first: std::mem::take(&mut first),
                    line: line.clone(),
                    range,
                });
            }
        };
        if matches!(block.kind, Kind::Code | Kind::Field(_)) {
            add(
                block.kind,
                0..block.text.len(),
                None,
                &(0..block.text.len()),
            );
            continue;
        }
        for line in lines(&block.text) {
            let line = trim(&block.text, line);
            let bullet = if block.kind == Kind::Lines {
                bullet(&block.text[line.clone()])
            } else {
                0
            };
            let kind = if bullet > 0 { Kind::Item } else { block.kind };
            let start = line.start + bullet;
            for (range, mark) in cut_line(kind, &block.text[start..line.end]) {
                add(
                    kind,
                    start + range.start..start + range.end,
                    mark,
                    &(start..line.end),
                );
            }
        }
    }
    pieces
}

/// Bytes of the bullet, with the space after it, that a line of plain text begins with.
fn bullet(line: &str) -> usize {
    let Some(rest) = line.strip_prefix(['•', '●', '▪', '■', '◦', '‣', '*', '-']) else {
        return 0;
    };
    let text = rest.trim_start();
    if text.len() < rest.len() && text.starts_with(char::is_alphanumeric) {
        line.len() - text.len()
    } else {
        0
    }
}

/// The pieces of one line, as ranges that leave nothing out, each with its mark.
fn cut_line(kind: Kind, line: &str) -> Vec<(Range<usize>, Option<Mark>)> {
    let whole = mark(line);
    if whole.is_some() || !matches!(kind, Kind::Lines | Kind::Prose | Kind::Item) {
        return vec![(0..line.len(), whole)];
    }
    let mut cuts = Vec::new();
    let mut start = 0;
    if let Some((end, role)) = credits::leading(line) {
        cuts.push((0..end, Some(Mark::Is(role))));
        start = end;
    } else if let Some(end) = boilerplate::related_label(line) {
        cuts.push((
            0..end,
            Some(Mark::Is(Role::Boilerplate(Boilerplate::Related))),
        ));
        start = end;
    }
    for (range, mark) in bracketed(line) {
        if range.start >= start {
            cuts.push((start..range.start, None));
            start = range.end;
            cuts.push((range, Some(mark)));
        }
    }
    match trailing(&line[start..]) {
        Some((at, mark)) => cuts.extend([
            (start..start + at, None),
            (start + at..line.len(), Some(mark)),
        ]),
        None => cuts.push((start..line.len(), None)),
    }
    cuts.retain(|(range, _)| !trim(line, range.clone()).is_empty());
    // "নৌকায় ত্রাণ যাচ্ছে। ছবি: রয়টার্স" is a caption with its credit.
    if let [
        (caption, head @ None),
        (_, Some(Mark::Is(Role::Boilerplate(Boilerplate::PhotoCredit)))),
    ] = cuts.as_mut_slice()
        && credits::is_short(&line[caption.clone()])
    {
        *head = Some(Mark::Is(Role::Caption));
    }
    cuts
}

/// What a whole line is by its words.
fn mark(line: &str) -> Option<Mark> {
    if is_verbatim(line) {
        return Some(Mark::Is(Role::Verbatim));
    }
    if line.len() > LONGEST_LABEL {
        return None;
    }
    let words = words(line);
    // A picture's mark ("[ছবি]") and a credit's label are the same word.
    match credits::line(line, &words) {
        Some(credits::Found::Line(role)) => return Some(Mark::Is(role)),
        Some(credits::Found::CaptionLabel) => return Some(Mark::CaptionLabel),
        None => {}
    }
    boilerplate::line(line, &words).map(|found| match found {
        boilerplate::Found::Line(kind) => Mark::Is(Role::Boilerplate(kind)),
        boilerplate::Found::RelatedLabel => Mark::RelatedLabel,
        boilerplate::Found::Caption => Mark::Is(Role::Caption),
    })
}

/// Whether a line has nothing to translate: no letter or digit, or only addresses, hashtags and
/// handles.
fn is_verbatim(line: &str) -> bool {
    line.split_whitespace().all(|token| {
        let token = token.trim_matches(['<', '>', '(', ')', ',', '|', '।']);
        let address = token.contains("://")
            || token.starts_with("www.")
            || token.starts_with(['#', '@'])
            || token.contains('@') && token.is_ascii();
        address || !token.chars().any(char::is_alphanumeric)
    })
}

/// Boilerplate in brackets inside a line: "… [বিজ্ঞাপন_২] …", "… (আরও পড়ুন: …) …".
fn bracketed(line: &str) -> Vec<(Range<usize>, Mark)> {
    const OPENING: [char; 6] = ['[', '(', '{', '【', '［', '（'];
    const CLOSING: [char; 6] = [']', ')', '}', '】', '］', '）'];
    let mut found = Vec::new();
    let mut open = None;
    for (at, c) in line.char_indices() {
        if OPENING.contains(&c) {
            open = Some((at, at + c.len_utf8()));
        } else if CLOSING.contains(&c)
            && let Some((start, inside)) = open.take()
            && at - inside <= LONGEST_LABEL
            && let Some(mark) = mark(&line[inside..at])
        {
            let end = at + c.len_utf8();
            use Boilerplate::*;
            let stands_here = match mark {
                Mark::RelatedLabel | Mark::Is(Role::Boilerplate(Advertisement | Related)) => true,
                // "(ফাইল ছবি)" ends a caption; inside a sentence it is part of it.
                Mark::Is(Role::Boilerplate(PhotoCredit | Source)) => {
                    trim(line, end..line.len()).is_empty()
                }
                _ => false,
            };
            if stands_here {
                found.push((start..end, mark));
            }
        }
    }
    found
}

/// Boilerplate after the last sentence of a line ("… বলেছেন তিনি। সূত্র: বিবিসি"), and where it begins.
fn trailing(line: &str) -> Option<(usize, Mark)> {
    const LONGEST_TRAIL: usize = 600;
    let from =
        (line.len().saturating_sub(LONGEST_TRAIL)..).find(|&at| line.is_char_boundary(at))?;
    line[from..]
        .match_indices(['।', '॥', '?', '!', '|'])
        .rev()
        .take(4)
        .find_map(|(at, end)| {
            let at = from + at + end.len();
            let tail = line[at..].trim_start_matches(|c: char| {
                c.is_whitespace() || matches!(c, '”' | '’' | '"' | '\'')
            });
            let at = line.len() - tail.len();
            use Boilerplate::*;
            match mark(tail) {
                Some(
                    mark @ Mark::Is(Role::Boilerplate(
                        Related | PhotoCredit | Source | Advertisement,
                    )),
                ) => Some((at, mark)),
                _ => None,
            }
        })
}
