//! Where sentences end.
//!
//! A rule-based splitter in the manner of Mikheev, "Periods, Capitalized Words, etc." (Computational
//! Linguistics 28:3, 2002), without the help of capitals, which Bengali does not have. A mark that may
//! end a sentence is judged by what stands before it (an abbreviation, a list number), around it (a
//! bracket, a short quotation, an address) and after it (closing marks, a reporting clause).
//! In doubt the text stays together: a long sentence is cut again before translation, while half a
//! sentence is translated wrongly.

use std::ops::Range;

use super::abbreviation::is_abbreviation;
use super::digits::digit_value;
use super::enclosure::{Enclosure, enclosures};
use super::reporting::reports;
use super::verbatim::verbatim;

/// Byte ranges of the sentences of a paragraph, in order and without white space at their ends.
///
/// Every character but the white space between sentences belongs to exactly one of them. Line ends are
/// soft, but for an empty line and before a list item.
pub fn sentences(paragraph: &str) -> Vec<Range<usize>> {
    let mut splitter = Splitter::new(paragraph);
    splitter.run();
    let mut found = splitter.found;
    join_wordless(paragraph, &mut found);
    found
}

/// How surely a run of marks ends a sentence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Danda,
    /// `?` and `!`, which also stand within titles and asides.
    Query,
    /// A single dot.
    Dot,
    /// `…`, and two or three dots.
    Ellipsis,
}

struct Splitter<'t> {
    text: &'t str,
    /// Addresses and the like ahead of the scan.
    verbatim: std::iter::Peekable<std::vec::IntoIter<Range<usize>>>,
    /// Brackets and short quotations not yet passed.
    enclosures: std::iter::Peekable<std::vec::IntoIter<Enclosure>>,
    /// Where the sentence being read begins.
    start: usize,
    /// The last list number seen: `১.`
    item: Option<u32>,
    found: Vec<Range<usize>>,
}

impl<'t> Splitter<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            verbatim: verbatim(text).into_iter().peekable(),
            enclosures: enclosures(text).into_iter().peekable(),
            start: text.len() - text.trim_start().len(),
            item: None,
            found: Vec::new(),
        }
    }

    fn run(&mut self) {
        let mut at = self.start;
        while let Some(c) = self.text[at..].chars().next() {
            if let Some(range) = self.verbatim.next_if(|range| range.start <= at) {
                at = at.max(range.end);
                continue;
            }
            match c {
                '\n' if self.is_break(at) => {
                    self.cut(at);
                    at = self.start;
                }
                '•' | '●' | '▪' | '◦' | '‣' | '■'
                    if self.before(at).is_none_or(char::is_whitespace) =>
                {
                    self.cut(at);
                    at += c.len_utf8();
                }
                _ if is_mark(c) => at = self.judge(at),
                _ => at += c.len_utf8(),
            }
        }
        self.cut(self.text.len());
    }

    /// Ends the sentence at this offset and begins the next one after it.
    fn cut(&mut self, end: usize) {
        let sentence = self.text[self.start..end].trim_end();
        if !sentence.is_empty() {
            self.found.push(self.start..self.start + sentence.len());
        }
        self.start = end + leading_space(&self.text[end..]);
    }

    fn before(&self, at: usize) -> Option<char> {
        self.text[..at].chars().next_back()
    }

    /// Whether a line end separates: an empty line, or a list item on the next line.
    fn is_break(&self, at: usize) -> bool {
        let rest = &self.text[at + 1..];
        let line = rest.trim_start_matches([' ', '\t', '\r']);
        line.starts_with('\n')
            || line.starts_with("- ")
            || line.starts_with("* ")
            || is_list_number(line)
    }

    /// Reads the run of marks at `at`, ends the sentence if they do, and says where to read on.
    fn judge(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        let run = &rest[..rest.find(|c| !is_mark(c)).unwrap_or(rest.len())];
        let after_run = at + run.len();
        let Some(mark) = self.mark(at, run) else {
            return after_run;
        };
        let (end, quoted, stopped) = self.closing_marks(after_run);
        if stopped {
            self.cut(end);
        }
        if stopped || end == self.text.len() {
            return end.max(self.start);
        }
        match mark {
            Mark::Ellipsis if end > after_run || !self.is_after_verb(at, after_run) => return end,
            Mark::Dot | Mark::Danda if self.is_list_marker(at, after_run) => return after_run,
            Mark::Dot if !self.is_full_stop(at, after_run) => return after_run,
            _ => {}
        }
        if !self.is_enclosed(at, after_run, mark) && !self.continues(end, mark, quoted) {
            self.cut(end);
        }
        end.max(self.start)
    }

    /// What a run of marks is; nothing where `|` separates rather than ends.
    fn mark(&self, at: usize, run: &str) -> Option<Mark> {
        if run.contains(['।', '॥', '৷']) {
            return Some(Mark::Danda);
        }
        if run.contains(['?', '!', '？', '！']) {
            return Some(Mark::Query);
        }
        if run.contains('|') {
            // Typed for a danda, a bar stands close to the word before it and apart from the next.
            let attached = self
                .before(at)
                .is_some_and(|c| !c.is_whitespace() && !c.is_ascii());
            let apart = self.text[at + run.len()..]
                .chars()
                .next()
                .is_none_or(|c| !is_word(c));
            return (attached && apart).then_some(Mark::Danda);
        }
        match run {
            "." => Some(Mark::Dot),
            // An ellipsis and a full stop.
            _ if run.len() == 4 && run.bytes().all(|b| b == b'.') => Some(Mark::Danda),
            _ => Some(Mark::Ellipsis),
        }
    }

    /// The end of the brackets, quotation marks and emoji that follow a run of marks, whether a quotation closes
    /// there, and whether a stop stands behind it: `‘…!’।`
    fn closing_marks(&self, after_run: usize) -> (usize, bool, bool) {
        let mut end = after_run;
        let mut quoted = false;
        loop {
            let rest = &self.text[end..];
            // Some typists put a space before the closing mark.
            let gap = rest.len() - rest.trim_start_matches([' ', '\u{A0}']).len();
            let mut chars = rest[gap..].chars();
            let Some(c) = chars.next() else {
                return (end, quoted, false);
            };
            let next = chars.next();
            let closes = match c {
                ')' | ']' | '}' | '\u{1F300}'..='\u{1FAFF}' | '\u{FE0F}' | '❤' => true,
                '’' | '”' | '»' => gap == 0 || !next.is_some_and(is_word),
                '"' | '\'' | '‘' | '“' | '´' => gap == 0 && !next.is_some_and(is_word),
                _ => false,
            };
            if !closes {
                let stops = rest.len() - rest.trim_start_matches(['।', '॥', '৷']).len();
                let stopped = stops > 0 && end > after_run;
                return (if stopped { end + stops } else { end }, quoted, stopped);
            }
            quoted |= is_closing_quote(c);
            end += gap + c.len_utf8();
        }
    }

    /// Whether the mark belongs to the number of a list item, as in `১. …`, `২। …` or `ক. …`; where such a number
    /// continues a list without stops, the sentence is cut before it.
    fn is_list_marker(&mut self, at: usize, after_run: usize) -> bool {
        if !self.text[after_run..].starts_with(|c: char| c.is_whitespace() || is_word(c)) {
            return false;
        }
        let label_start = at
            - self.text[..at]
                .chars()
                .rev()
                .take(5)
                .take_while(|&c| is_word(c))
                .map(char::len_utf8)
                .sum::<usize>();
        let label = &self.text[label_start..at];
        let number = small_number(label);
        if label_start == self.start {
            self.item = number.or(self.item);
            return number.is_some() || label.chars().count() == 1;
        }
        let Some(number) = number.filter(|_| self.text[at..].starts_with('.')) else {
            return false;
        };
        if !self.text[after_run..].starts_with(char::is_whitespace) {
            return false;
        }
        let before = self.text[self.start..label_start].trim_end();
        let follows = number > 1 && self.item == Some(number - 1);
        if before.ends_with([',', ':', ';', '(', '—', '–', '-']) || number == 1 || follows {
            if follows && !before.ends_with([',', ':', ';', '(', '—', '–', '-']) {
                self.cut(label_start);
            }
            self.item = Some(number);
            return true;
        }
        false
    }

    /// Whether a single dot at `at` ends a sentence, from what stands right before and after it.
    fn is_full_stop(&self, at: usize, after: usize) -> bool {
        if self.text[after..]
            .chars()
            .next()
            .is_some_and(|c| is_word(c) || matches!(c, ',' | ';' | ':' | '-' | '/' | '@'))
        {
            return false;
        }
        let len = self.text[..at]
            .chars()
            .rev()
            .take(12)
            .take_while(|&c| is_word(c))
            .map(char::len_utf8)
            .sum::<usize>();
        let word = &self.text[at - len..at];
        // "No." is an abbreviation only before its number.
        if word.eq_ignore_ascii_case("no") {
            return !self.text[after..]
                .trim_start()
                .starts_with(|c| digit_value(c).is_some());
        }
        // A dotted word (`কি.মি`, `এম.এ`) is an abbreviation if its last part is.
        !is_abbreviation(word)
    }

    /// Whether an ellipsis follows a word that can only be a finite verb (`চলছে… আদালত`), and space follows it. Of
    /// the endings only those of the present and perfect tenses tell a verb; `কাছে`, `মিছিল`, `ইচ্ছে`, `বেছে` are none.
    fn is_after_verb(&self, at: usize, after_run: usize) -> bool {
        if !self.text[after_run..].starts_with(char::is_whitespace) {
            return false;
        }
        let mut reversed = self.text[..at].chars().rev().take(24);
        let mut word: Vec<char> = reversed.by_ref().take_while(|&c| is_word(c)).collect();
        word.reverse();
        let word: String = word.into_iter().collect();
        let endings = ["ছিলেন", "ছেন", "ছিল", "ছে"];
        let Some(stem) = endings.iter().find_map(|end| word.strip_suffix(end)) else {
            return false;
        };
        match stem.chars().next_back() {
            Some('ে') => stem.chars().count() > 2,
            Some('\u{9CD}') => word != "ইচ্ছে",
            Some(c) => matches!(c, 'ক'..='হ'),
            None => false,
        }
    }

    /// Whether a mark stands within a bracket or a short quotation that goes on, or that its sentence holds.
    fn is_enclosed(&mut self, at: usize, after_run: usize, mark: Mark) -> bool {
        while self.enclosures.next_if(|e| e.close < at).is_some() {}
        let Some(&Enclosure { open, close, quote }) = self.enclosures.peek() else {
            return false;
        };
        if open > at {
            return false;
        }
        let inner = open > self.start;
        if !quote {
            return inner;
        }
        if !self.text[after_run..close]
            .trim_end_matches(|c| c == ' ' || is_closing_quote(c))
            .is_empty()
        {
            return true;
        }
        // A title, a slogan: speech is introduced by a comma or the like.
        let introduced = self.text[self.start..open.max(self.start)]
            .trim_end()
            .ends_with([',', ':', '-', '–', '—', ';']);
        mark == Mark::Query && inner && !introduced
    }

    /// Whether what follows the mark and its closing marks belongs to the same sentence.
    fn continues(&self, end: usize, mark: Mark, quoted: bool) -> bool {
        let rest = &self.text[end..];
        let gap = leading_space(rest);
        let rest = &rest[gap..];
        let Some(next) = rest.chars().next() else {
            return false;
        };
        let dash = matches!(next, '-' | '–' | '—');
        if matches!(next, ',' | ';') || (dash && (quoted || gap == 0)) {
            return true;
        }
        if gap == 0
            && (quoted && is_word(next) || mark == Mark::Query && next.is_ascii_alphanumeric())
        {
            return true;
        }
        if next.is_lowercase() && next.is_ascii() && mark != Mark::Danda {
            return true;
        }
        quoted && reports(rest, mark == Mark::Query)
    }
}

/// Whether a line begins with the number or letter of a list item: `১.`, `২)`, `(ক)`, `৩।`
fn is_list_number(line: &str) -> bool {
    let bracketed = line.strip_prefix('(');
    let line = bracketed.unwrap_or(line);
    let label = &line[..line.find(|c| !is_word(c)).unwrap_or(line.len())];
    let numbered =
        small_number(label).is_some() || (label.chars().count() == 1 && !label.is_empty());
    let after = &line[label.len()..];
    numbered
        && if bracketed.is_some() {
            after.starts_with(')')
        } else {
            after.starts_with(['.', ')', '।'])
        }
}

/// The value of a number of one or two digits, or of the words that number the points of a speech: `এক. … দুই. …`
fn small_number(label: &str) -> Option<u32> {
    const WORDS: [&str; 5] = ["এক", "দুই", "তিন", "চার", "পাঁচ"];
    if let Some(index) = WORDS.iter().position(|&word| word == label) {
        return Some(index as u32 + 1);
    }
    let digits = label.chars().count();
    if !(1..=2).contains(&digits) {
        return None;
    }
    label
        .chars()
        .try_fold(0, |value, c| Some(value * 10 + digit_value(c)?))
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '।' | '॥' | '৷' | '?' | '!' | '？' | '！' | '|' | '.' | '…'
    )
}

/// Letters, digits, and the signs and joiners written on or between them.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() && c != '৷'
        || matches!(c, '\u{200C}' | '\u{200D}')
        || unicode_normalization::char::is_combining_mark(c)
}

fn is_closing_quote(c: char) -> bool {
    matches!(c, '’' | '”' | '»' | '"' | '\'' | '‘' | '“' | '´')
}

fn leading_space(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Joins pieces without a letter or digit (stray marks, emoji) to the sentence before them, or to the next.
fn join_wordless(text: &str, found: &mut Vec<Range<usize>>) {
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(found.len());
    let mut last_has_word = false;
    for range in found.drain(..) {
        let has_word = text[range.clone()].contains(char::is_alphanumeric);
        match joined.last_mut() {
            Some(last) if !has_word || !last_has_word => {
                last.end = range.end;
                last_has_word |= has_word;
            }
            _ => {
                joined.push(range);
                last_has_word = has_word;
            }
        }
    }
    *found = joined;
}
