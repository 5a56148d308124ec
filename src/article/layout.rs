//! From blocks to paragraphs: the pieces of their lines are put in context, joined where a
//! paragraph was wrapped, and given their roles.
//!
//! A dateline or byline that stands before the first sentence of a paragraph ("ঢাকা, ৫ মার্চ:
//! সরকার …") becomes a paragraph of its own: the sentence is then translated as a sentence, and
//! place and date as what they are. Where it is doubtful what a line is, it is news: a line of
//! boilerplate that is translated costs a reader a second, a sentence left out may cost the story.

use std::ops::Range;

use super::block::{Block, Kind};
use super::phrases::{ends_sentence, is_headline, words};
use super::pieces::{Mark, Piece, cut};
use super::{Boilerplate, Paragraph, Part, Role, credits};

/// The paragraph of a title that is given apart from the text.
pub(super) fn title(title: &str) -> Option<Paragraph> {
    Block::verbatim(Kind::Lines, title, 0..title.len()).paragraph(
        Role::Title,
        Part::Title,
        0..title.len(),
    )
}

/// The paragraphs of a text. `titled`: its title is given apart from it.
pub(super) fn paragraphs(blocks: &[Block], titled: bool) -> Vec<Paragraph> {
    let mut pieces = cut(blocks);
    drop_repeated_title(&mut pieces);
    follow_labels(&mut pieces);
    let mut pieces = join_wrapped(pieces, blocks, titled);
    find_head(&mut pieces, titled);
    find_headings(&mut pieces);
    pieces
        .into_iter()
        .filter_map(|piece| {
            let role = piece.role();
            blocks[piece.block].paragraph(role, Part::Text, piece.range)
        })
        .collect()
}

/// Whether two texts are the same but for punctuation, white space and the encoding of letters.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    words(a) == words(b)
}

/// Puts the addresses at `targets`, in order, each after the paragraph that it belongs to, unless that is
/// boilerplate.
pub(super) fn with_targets(
    paragraphs: Vec<Paragraph>,
    text: &str,
    targets: Vec<Range<usize>>,
) -> Vec<Paragraph> {
    let mut all = Vec::with_capacity(paragraphs.len() + targets.len());
    let mut targets = targets.into_iter().peekable();
    let mut paragraphs = paragraphs.into_iter().peekable();
    loop {
        let next = paragraphs.peek().map_or(usize::MAX, |p| p.span.start);
        let news = all
            .last()
            .is_none_or(|p: &Paragraph| !matches!(p.role, Role::Boilerplate(_)));
        while let Some(span) = targets.next_if(|target| target.start < next) {
            let target = Block::verbatim(Kind::Code, text, span.clone());
            if news {
                all.extend(target.paragraph(Role::Verbatim, Part::Text, 0..span.len()));
            }
        }
        match paragraphs.next() {
            Some(paragraph) => all.push(paragraph),
            None => return all,
        }
    }
}

/// Leaves out a title in the front matter that a heading of the text repeats.
fn drop_repeated_title(pieces: &mut Vec<Piece>) {
    let is_field = |piece: &Piece| piece.kind == Kind::Field(Role::Title);
    let Some(title) = pieces.iter().find(|piece| is_field(piece)).map(|p| p.text) else {
        return;
    };
    let heading = pieces
        .iter()
        .find(|piece| piece.kind == Kind::Heading(1) && piece.mark.is_none());
    if heading.is_some_and(|heading| is_same(heading.text, title)) {
        pieces.retain(|piece| !is_field(piece));
    }
}

/// Gives the lines after a label that stands alone what they are: headlines of other articles,
/// the caption of a picture.
fn follow_labels(pieces: &mut [Piece]) {
    const MOST_HEADLINES: usize = 8;
    for i in 0..pieces.len() {
        match pieces[i].mark {
            Some(Mark::RelatedLabel) => {
                // One headline, and those that follow it line by line or in its list. What comes
                // after a blank line may be a heading of the article itself.
                for j in i + 1..pieces.len().min(i + 1 + MOST_HEADLINES) {
                    let piece = &pieces[j];
                    let listed = piece.kind == Kind::Item && pieces[j - 1].kind == Kind::Item;
                    let near = j == i + 1 || !piece.first || listed;
                    let open =
                        piece.is_open_text() || piece.mark.is_none() && piece.kind == Kind::Item;
                    if !near || !open || !piece.starts_line() || !is_headline(piece.text) {
                        break;
                    }
                    pieces[j].mark = Some(Mark::Is(Role::Boilerplate(Boilerplate::Related)));
                }
            }
            Some(label @ (Mark::CaptionLabel | Mark::Image)) => {
                if let Some(next) = pieces.get_mut(i + 1)
                    && next.is_open_text()
                    && (!next.first || label == Mark::CaptionLabel)
                    && credits::is_short(next.text)
                {
                    next.mark = Some(Mark::Is(Role::Caption));
                }
            }
            // A line and its credit, with blank lines around the two.
            Some(Mark::Is(Role::Boilerplate(Boilerplate::PhotoCredit)))
                if i > 0
                    && pieces[i - 1].is_open_text()
                    && pieces[i - 1].first
                    && pieces[i - 1].block > 0
                    && pieces[i].block == pieces[i - 1].block
                    && pieces.get(i + 1).is_none_or(|next| next.first)
                    && credits::is_short(pieces[i - 1].text) =>
            {
                pieces[i - 1].mark = Some(Mark::Is(Role::Caption));
            }
            _ => {}
        }
    }
}

/// Joins the lines of a paragraph: in Markdown all that follow one another, in plain text those
/// that were wrapped. `titled`: the text does not begin with its title.
fn join_wrapped<'a>(pieces: Vec<Piece<'a>>, blocks: &'a [Block], titled: bool) -> Vec<Piece<'a>> {
    let mut joined = Vec::with_capacity(pieces.len());
    let mut rest = pieces.as_slice();
    let mut opening = !titled;
    while let Some(first) = rest.first() {
        let length = 1 + rest
            .windows(2)
            .take_while(|pair| goes_on(&pair[0], &pair[1], blocks))
            .count();
        let (run, after) = rest.split_at(length);
        rest = after;
        let opens = opening && first.is_open_text();
        opening &= !opens;
        // The first line of a text may be its title, with the body right below.
        let untitled = length > 2 && is_wrapped(run) && is_wrapped(&run[1..]);
        let lone = usize::from(opens && may_be_title(first) && !untitled);
        joined.extend(run[..lone].iter().cloned());
        let run = &run[lone..];
        match run {
            [first, .., last] if first.kind != Kind::Lines || is_wrapped(run) => {
                let range = first.range.start..last.range.end;
                joined.push(Piece {
                    text: &blocks[first.block].text[range.clone()],
                    range,
                    ..first.clone()
                });
            }
            _ => joined.extend(run.iter().cloned()),
        }
    }
    joined
}

/// Whether a piece may be the next line of the same paragraph.
fn goes_on(piece: &Piece, next: &Piece, blocks: &[Block]) -> bool {
    let block = &blocks[next.block];
    let same = piece.block == next.block && piece.mark.is_none() && next.mark.is_none();
    if !same || !next.starts_line() {
        return false;
    }
    match (block.kind, piece.kind, next.kind) {
        (Kind::Lines, Kind::Lines, Kind::Lines) => true,
        // The next line of an item in plain text is indented.
        (Kind::Lines, Kind::Item, Kind::Lines) => {
            block.text[..next.range.start].ends_with([' ', '\t'])
        }
        (Kind::Lines, ..) => false,
        _ => true,
    }
}

/// Whether lines of plain text are one paragraph that was wrapped: every line but the last is so
/// long that the first word of the next would not have fitted, and one of them breaks off in the
/// middle of a sentence.
fn is_wrapped(run: &[Piece]) -> bool {
    let widths: Vec<usize> = run.iter().map(|piece| piece.text.chars().count()).collect();
    let widest = widths.iter().copied().max().unwrap_or(0);
    let full = |(i, pair): (usize, &[Piece])| {
        let word = pair[1]
            .text
            .split_whitespace()
            .next()
            .map_or(0, |word| word.chars().count());
        // Columns are not characters: vowel signs take no room of their own.
        (widths[i] + 1 + word) * 100 >= widest * 85
    };
    run.len() > 1
        && (30..=120).contains(&widest)
        && run[..run.len() - 1]
            .iter()
            .any(|piece| !ends_sentence(piece.text))
        && run.windows(2).enumerate().all(full)
}

/// Finds the headline, and what stands between it and the first paragraph.
fn find_head(pieces: &mut [Piece], titled: bool) {
    let title = |piece: &Piece| piece.kind == Kind::Field(Role::Title);
    if !titled && !pieces.iter().any(title) {
        let heading = pieces
            .iter()
            .position(|piece| piece.kind == Kind::Heading(1) && piece.mark.is_none());
        let first = || {
            let i = pieces.iter().position(|piece| {
                piece.mark.is_none() && !matches!(piece.kind, Kind::Image | Kind::Field(_))
            })?;
            let piece = &pieces[i];
            let heading = matches!(piece.kind, Kind::Heading(_));
            (heading || may_be_title(piece) && !credits::is_place(piece.text)).then_some(i)
        };
        if let Some(i) = heading.or_else(first) {
            pieces[i].mark = Some(Mark::Is(Role::Title));
        }
    }
    let head = pieces
        .iter()
        .take_while(|piece| !piece.is_open_text() || may_be_title(piece))
        .count();
    for piece in pieces[..head]
        .iter_mut()
        .filter(|piece| piece.is_open_text())
    {
        let before_place = piece
            .text
            .rsplit_once(',')
            .filter(|(_, place)| credits::is_place(place));
        if credits::is_place(piece.text) {
            piece.mark = Some(Mark::Is(Role::Dateline));
        } else if before_place.is_some_and(|(name, _)| words(name).len() <= 4) {
            piece.mark = Some(Mark::Is(Role::Byline));
        }
    }
}

/// Whether a piece is one line of running text that reads like a headline.
fn may_be_title(piece: &Piece) -> bool {
    piece.is_open_text() && piece.range.end <= piece.line.end && is_headline(piece.text)
}

/// Finds the headings in plain text: short lines between blank lines, with a paragraph below.
fn find_headings(pieces: &mut [Piece]) {
    const LONGEST: usize = 80;
    for i in 1..pieces.len() {
        let (piece, next) = (&pieces[i - 1], &pieces[i]);
        let below = next.first
            && (next.is_open_text() && ends_sentence(next.text) || next.kind == Kind::Item);
        if piece.first
            && below
            && may_be_title(piece)
            && !ends_sentence(piece.text)
            && piece.text.chars().count() <= LONGEST
        {
            pieces[i - 1].mark = Some(Mark::Is(Role::Heading));
        }
    }
}
