//! Tokens of which numbers are made, and the reading of digits, which Bengali and English share.

use std::ops::Range;

use super::super::digits::digit_value;
use super::value::{MAX_DIGITS, Value};

/// A piece of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Atom {
    /// Written in digits; `count` of them where it is a plain run.
    Digits { value: Value, count: u32 },
    /// A word for a whole number below a hundred.
    Word(u128),
    /// A word for a fraction that is a number by itself: দেড়, আড়াই, "half".
    Fixed(Value),
    /// A magnitude, which multiplies; `alone` where it may stand without a coefficient.
    Scale { value: u128, alone: bool },
    /// সাড়ে, সোয়া, পৌনে: more or less than the number that follows.
    Change { add: bool, by: Value },
    /// The denominator of a fraction in words: তৃতীয়াংশ, "quarters".
    Part(u128),
    /// দশমিক, "point"; `alone` where it may begin a number: দশমিক ৪ is 0.4.
    Point { alone: bool },
    /// "a", "an".
    Article,
    /// "and".
    And,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub span: Range<usize>,
    pub atom: Atom,
    /// Only a space or the like parts it from the token before.
    pub joined: bool,
    /// It has an ending or a unit written onto it, so nothing can follow in the same number.
    pub closed: bool,
    pub ordinal: bool,
    /// It may be the ones after a word for tens.
    pub ones: bool,
    /// It may be the denominator after a numerator.
    pub part: bool,
    /// It multiplies a magnitude before it: হাজার চারেক.
    pub multiplies: bool,
    /// It has the ending of a time of day (`টা`).
    pub clock: bool,
    /// The word, standing alone, may be no number.
    pub ambiguous: bool,
}

impl Token {
    pub fn new(span: Range<usize>, atom: Atom, joined: bool) -> Self {
        Self {
            span,
            atom,
            joined,
            closed: false,
            ordinal: false,
            ones: false,
            part: false,
            multiplies: false,
            clock: false,
            ambiguous: false,
        }
    }
}

/// Reads the digits at the start of `text[at..]`: grouped (`১,২৫,০০০`, `125,000`), with decimals, or a simple
/// fraction (`১/২`). Returns the value, the count of digits of a plain run, and the length in bytes.
///
/// Groups that make no number are parts: of `২০২৩,২০২৪`, of a date with dots, only the first is read.
pub(super) fn read_digits(text: &str, at: usize) -> (Value, u32, usize) {
    let rest = &text[at..];
    let groups = Groups::read(rest);
    let first = groups.ends[0];
    // A longer run is read in pieces: each is evidence still.
    let plain = || {
        (
            parse(&rest[..first], 0),
            rest[..first].chars().count() as u32,
            first,
        )
    };
    if let Some(value) = simple_fraction(text, at, first) {
        return value;
    }
    // A run of groups with dots between, or after another dot, is a date, a version, a telephone number.
    let dotted = text[..at].ends_with('.')
        && text[..at]
            .trim_end_matches('.')
            .ends_with(|c| digit_value(c).is_some());
    let (whole, decimals) = match groups.decimals() {
        Some(_) if dotted => return plain(),
        Some((whole, end)) => (whole, Some(end)),
        None => (groups.ends.len(), None),
    };
    if groups.dots > 1 || !groups.is_grouping(whole) {
        return plain();
    }
    let whole_end = groups.ends[whole - 1];
    let end = decimals.unwrap_or(whole_end);
    if rest[..end]
        .chars()
        .filter(|&c| digit_value(c).is_some())
        .count()
        > MAX_DIGITS
    {
        return plain();
    }
    let places = rest[whole_end..end]
        .chars()
        .filter(|&c| digit_value(c).is_some())
        .count();
    let count = if whole == 1 && decimals.is_none() {
        rest[..end].chars().count() as u32
    } else {
        0
    };
    (parse(&rest[..end], places), count, end)
}

fn parse(digits: &str, places: usize) -> Value {
    Value::from_digits(digits.chars().filter_map(digit_value), places).unwrap_or(Value::from(0))
}

/// `১/২`, `২/৩`, `3/4`; larger parts are more often a date, a house or a section of a law.
fn simple_fraction(text: &str, at: usize, first: usize) -> Option<(Value, u32, usize)> {
    let digit = |c: Option<char>| c.and_then(digit_value);
    let rest = &text[at..];
    let mut after = rest[first..].chars();
    let numerator =
        digit(rest.chars().next()).filter(|_| rest[..first].chars().nth(1).is_none())?;
    let slash = after.next().filter(|&c| c == '/')?;
    let bottom = after.next()?;
    let denominator = digit(Some(bottom))?;
    let apart = !text[..at].ends_with(['/', '.', '-'])
        && after
            .next()
            .is_none_or(|c| c != '/' && digit(Some(c)).is_none());
    let value = Value::ratio(numerator.into(), denominator.into())?;
    ((1..denominator).contains(&numerator) && denominator <= 4 && apart).then_some((
        value,
        0,
        first + slash.len_utf8() + bottom.len_utf8(),
    ))
}

/// A chain of digit groups with commas or dots between them, the first few of it.
struct Groups {
    ends: Vec<usize>,
    /// Digits in each group.
    lens: Vec<usize>,
    separators: Vec<char>,
    dots: usize,
}

impl Groups {
    fn read(text: &str) -> Self {
        /// More groups than a number of [`MAX_DIGITS`] digits has.
        const MAX_GROUPS: usize = 20;
        let mut groups = Self {
            ends: Vec::new(),
            lens: Vec::new(),
            separators: Vec::new(),
            dots: 0,
        };
        let mut at = 0;
        loop {
            let digits = text[at..]
                .chars()
                .take(MAX_DIGITS)
                .take_while(|&c| digit_value(c).is_some());
            let (len, bytes) =
                digits.fold((0, 0), |(len, bytes), c| (len + 1, bytes + c.len_utf8()));
            at += bytes;
            groups.ends.push(at);
            groups.lens.push(len);
            let mut rest = text[at..].chars();
            let Some(separator @ (',' | '.')) = rest.next() else {
                break;
            };
            if rest.next().and_then(digit_value).is_none() || groups.ends.len() == MAX_GROUPS {
                break;
            }
            groups.dots += usize::from(separator == '.');
            groups.separators.push(separator);
            at += 1;
        }
        groups
    }

    /// The number of groups before the decimal point, and where the decimals end.
    fn decimals(&self) -> Option<(usize, usize)> {
        let point = self.separators.iter().position(|&c| c == '.')?;
        Some((point + 1, self.ends[point + 1]))
    }

    /// Whether the first `whole` groups are thousands (125,000) or lakhs and crores (1,25,000); nothing but
    /// decimals may follow.
    fn is_grouping(&self, whole: usize) -> bool {
        let lens = &self.lens[..whole];
        let follows = self.separators.len() - (whole - 1);
        if follows > 1 {
            return false;
        }
        match lens {
            [_] => true,
            [first @ 1..=3, middle @ .., 3] => {
                middle.iter().all(|&len| len == 3)
                    || (*first <= 2 && middle.iter().all(|&len| len == 2))
            }
            _ => false,
        }
    }
}
