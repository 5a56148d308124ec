//! The numbers of a text with their values, for checks that a translation kept them.
//!
//! A text is read into tokens (digits, number words, magnitudes), by one reader a language: [`bengali`]
//! and [`english`]. The composer of this file, which is the same for both, makes numbers of them:
//! `৩৫ লাখ ২০ হাজার` and `3.52 million` have one value. Dates, times, scores, ranges and telephone
//! numbers come as their parts: `২–১` is 2 and 1. Signs are not read.

mod amount;
mod bengali;
mod english;
mod reader;
mod value;

use std::ops::Range;

use reader::{Atom, Token};
pub use value::Value;

/// A number found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Where it stands, in bytes; endings and units written onto digits (`৫টি`, `10am`) are outside.
    pub span: Range<usize>,
    /// Its exact value, magnitudes multiplied out.
    pub value: Value,
    /// Digits are hard evidence; words are softer (`দেড় বছর` may rightly become "18 months").
    pub written: Written,
    /// What it does.
    pub kind: Kind,
    /// The word has other uses (`এক` "a", `প্রথম` "at first", `নয়` "is not", "second", "hundreds of"):
    /// it allows a number in the translation, but does not ask for one.
    pub ambiguous: bool,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// With digits, perhaps beside a magnitude: `৩.৫`, `৩৫ লাখ`.
    Digits,
    /// In words only.
    Words,
}

/// What a number does in its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It counts or measures.
    Cardinal,
    /// It gives a place in an order: `৫ম`, "third".
    Ordinal,
    /// It counts hundredths: `৫ শতাংশ`, "5%".
    Percent,
}

/// The numbers of a Bengali text, in order.
pub fn numbers_bn(text: &str) -> Vec<Number> {
    amount::join(
        text,
        compose(text, &bengali::tokens(text), bengali::is_percent),
        &amount::BENGALI,
    )
}

/// The numbers of an English text, in order; Bengali digits count, too.
pub fn numbers_en(text: &str) -> Vec<Number> {
    amount::join(
        text,
        compose(text, &english::tokens(text), english::is_percent),
        &amount::ENGLISH,
    )
}

/// A number, and the magnitude that its coefficient was multiplied with, where it has a single one.
struct Composed {
    number: Number,
    magnitude: Option<u128>,
}

fn compose(text: &str, tokens: &[Token], is_percent: fn(&str) -> bool) -> Vec<Composed> {
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let mut sum = Sum::default();
        let used = sum.read(&tokens[at..]);
        let taken = &tokens[at..at + used];
        at += used.max(1);
        let (Some(value), Some(first), Some(last)) = (sum.value(), taken.first(), taken.last())
        else {
            continue;
        };
        let span = first.span.start..last.span.end;
        let digits = taken
            .iter()
            .any(|token| matches!(token.atom, Atom::Digits { .. }));
        let kind = if last.ordinal && value.integer().is_some() {
            Kind::Ordinal
        } else if is_percent(text[span.end..].trim_start_matches([' ', '-', '\u{A0}'])) {
            Kind::Percent
        } else {
            Kind::Cardinal
        };
        let number = Number {
            span,
            value,
            written: if digits {
                Written::Digits
            } else {
                Written::Words
            },
            kind,
            ambiguous: taken.len() == 1 && first.ambiguous,
        };
        match sum.clock().filter(|_| last.clock) {
            Some((hour, minute)) => {
                // The minute is always in words, and the hour is not the one written in "quarter to nine".
                let words = Number {
                    written: Written::Words,
                    ..number.clone()
                };
                let hour = if sum.is_less() {
                    Number {
                        value: hour,
                        ..words.clone()
                    }
                } else {
                    Number {
                        value: hour,
                        ..number
                    }
                };
                numbers.push(Composed {
                    number: hour,
                    magnitude: None,
                });
                numbers.push(Composed {
                    number: Number {
                        value: minute,
                        ..words
                    },
                    magnitude: None,
                });
            }
            None => numbers.push(Composed {
                number,
                magnitude: sum.factor,
            }),
        }
    }
    numbers
}

/// A number being put together: what magnitudes have closed, and the coefficient of the next one.
#[derive(Default)]
struct Sum {
    closed: Option<Value>,
    /// The magnitude last applied.
    scale: Option<u128>,
    /// What a single coefficient was multiplied with: a thousand crore, but not a lakh and a thousand.
    factor: Option<u128>,
    current: Option<Value>,
    /// Whether the coefficient is a word.
    spelt: bool,
    /// A quarter or half to add to the coefficient (`সাড়ে`, `সোয়া`) or take from it (`পৌনে`).
    change: Option<(bool, Value)>,
}

impl Sum {
    /// Takes the tokens that make one number and returns how many they are.
    fn read(&mut self, tokens: &[Token]) -> usize {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if at > 0 && !token.joined {
                break;
            }
            let next = tokens
                .get(at + 1)
                .filter(|next| next.joined && !token.closed);
            let used = match token.atom {
                Atom::Digits { value, .. } => usize::from(self.coefficient(value, token, next)),
                Atom::Word(value) => usize::from(self.coefficient(Value::from(value), token, next)),
                Atom::Fixed(value) => usize::from(self.coefficient(value, token, next)),
                Atom::Scale { value, alone } => {
                    // শ দুয়েক: about two hundred.
                    let alone = alone || next.is_some_and(|next| next.multiplies);
                    usize::from(self.magnitude(value, alone))
                }
                Atom::Change { add, by } => usize::from(self.modifier(add, by, next)),
                Atom::Part(denominator) => usize::from(self.part(denominator)),
                Atom::Point { alone } if !token.closed => self.decimals(alone, &tokens[at + 1..]),
                Atom::Point { .. } => 0,
                Atom::Article => usize::from(self.article(next)),
                Atom::And => self.and(&tokens[at + 1..]),
            };
            if used == 0 {
                break;
            }
            at += used;
            if tokens[at - 1].closed {
                break;
            }
        }
        at
    }

    fn value(&self) -> Option<Value> {
        let current = self.coefficient_value();
        match (self.closed, current) {
            (Some(closed), Some(current)) => closed.plus(current),
            (closed, current) => closed.or(current),
        }
    }

    /// The coefficient with the change that was announced before it.
    fn coefficient_value(&self) -> Option<Value> {
        match (self.current, self.change) {
            (Some(current), Some((true, by))) => current.plus(by),
            (Some(current), Some((false, by))) => current.minus(by),
            (current, _) => current,
        }
    }

    /// Hour and minute of a time of day given by a fraction: `সাড়ে আটটা` is 8 and 30.
    fn clock(&self) -> Option<(Value, Value)> {
        let time = self
            .coefficient_value()
            .filter(|time| self.closed.is_none() && time.integer().is_none())?;
        let hour = Value::from(time.to_f64() as u128);
        if hour == Value::from(0) {
            return None;
        }
        let minute = time.minus(hour)?.times(Value::from(60))?;
        Some((hour, minute))
    }

    /// Whether the number falls short of the one written: `পৌনে নয়`.
    fn is_less(&self) -> bool {
        matches!(self.change, Some((false, _)))
    }

    fn coefficient(&mut self, value: Value, token: &Token, next: Option<&Token>) -> bool {
        if let Some(current) = self.current {
            // Tens and ones (English), and fractions: "twenty-one", "two-thirds".
            let (Some(current), Some(value)) = (current.integer(), value.integer()) else {
                return false;
            };
            self.current = match (current, value) {
                (20..=90, 1..=9) if token.ones && self.spelt && current % 10 == 0 => {
                    Some(Value::from(current + value))
                }
                (1..=9, 3..=10) if token.part && current < value => Value::ratio(current, value),
                _ => return false,
            };
            return true;
        }
        if let Some(scale) = self.scale {
            // After লাখ a remainder names হাজার; digits without it are the next number: `২০ লাখ ২০২৪ সালে`.
            let named = next.is_some_and(|next| matches!(next.atom, Atom::Scale { .. }));
            if !value.is_below(if named { u128::MAX } else { scale.min(1000) }) {
                return false;
            }
        }
        if token.multiplies {
            // হাজার চারেক: about four thousand.
            let bare = self
                .closed
                .zip(self.scale)
                .is_some_and(|(closed, scale)| closed == Value::from(scale));
            let product = self
                .closed
                .filter(|_| bare)
                .and_then(|closed| closed.times(value));
            if product.is_some() {
                self.closed = product;
                return true;
            }
        }
        self.current = Some(value);
        self.spelt = matches!(token.atom, Atom::Word(_));
        self.factor = None;
        true
    }

    fn magnitude(&mut self, scale: u128, alone: bool) -> bool {
        let mut coefficient = self.coefficient_value();
        if coefficient.is_none() {
            coefficient = match (self.closed, self.change) {
                // সোয়া লাখ: a quarter more than one.
                (None, Some((true, by))) => Value::from(1).plus(by),
                (None, Some((false, by))) => Value::from(1).minus(by),
                (None, None) if alone => Some(Value::from(1)),
                (Some(_), _) => None,
                _ => return false,
            };
        }
        let value = match (self.closed, self.scale) {
            (Some(closed), Some(last)) if scale < last => coefficient
                .and_then(|coefficient| coefficient.times(Value::from(scale)))
                .and_then(|term| closed.plus(term)),
            (Some(_), Some(last)) if scale == last => None,
            // হাজার কোটি: the larger magnitude multiplies all before it.
            (Some(closed), _) => coefficient
                .map_or(Some(closed), |coefficient| closed.plus(coefficient))
                .and_then(|sum| sum.times(Value::from(scale))),
            (None, _) => coefficient.and_then(|coefficient| coefficient.times(Value::from(scale))),
        };
        let Some(value) = value else { return false };
        let factor = match self.closed {
            None => Some(scale),
            Some(_) if coefficient.is_none() => {
                self.factor.and_then(|factor| factor.checked_mul(scale))
            }
            Some(_) => None,
        };
        *self = Self {
            closed: Some(value),
            scale: Some(scale),
            factor,
            ..Self::default()
        };

        true
    }

    fn modifier(&mut self, add: bool, by: Value, next: Option<&Token>) -> bool {
        let applies = next.is_some_and(|next| {
            matches!(
                next.atom,
                Atom::Digits { .. } | Atom::Word(_) | Atom::Scale { .. }
            )
        });
        if self.current.is_some() || !applies {
            return false;
        }
        self.change = Some((add, by));
        true
    }

    fn part(&mut self, denominator: u128) -> bool {
        let Some(numerator) = self.current.and_then(Value::integer) else {
            return false;
        };
        self.current = Value::ratio(numerator, denominator);
        self.current.is_some()
    }

    /// Digits after a spoken decimal point; returns how many tokens they take with the point.
    fn decimals(&mut self, alone: bool, tokens: &[Token]) -> usize {
        let whole = match self.current {
            Some(whole) => whole,
            None if alone && self.closed.is_none() => Value::from(0),
            None => return 0,
        };
        let mut digits = 0u128;
        let mut places = 0u32;
        let mut used = 0;
        for token in tokens.iter().take_while(|token| token.joined) {
            let (value, count) = match token.atom {
                Atom::Digits { value, count } if used == 0 => (value.integer().unwrap_or(0), count),
                Atom::Word(value) if used == 0 || value < 10 => {
                    (value, if value < 10 { 1 } else { 2 })
                }
                _ => break,
            };
            if places + count > 18 {
                break;
            }
            digits = digits * 10u128.pow(count) + value;
            places += count;
            used += 1;
            if token.closed || matches!(token.atom, Atom::Digits { .. }) || value > 9 {
                break;
            }
        }
        let Some(sum) =
            Value::ratio(digits, 10u128.pow(places)).and_then(|decimals| whole.plus(decimals))
        else {
            return 0;
        };
        if used == 0 {
            return 0;
        }
        self.current = Some(sum);
        used + 1
    }

    /// "a" before a magnitude or a part: "a million", "half a million", "a quarter".
    fn article(&mut self, next: Option<&Token>) -> bool {
        let names =
            next.is_some_and(|next| matches!(next.atom, Atom::Scale { .. } | Atom::Part(_)));
        if names && self.current.is_none() {
            self.current = Some(Value::from(1));
        }
        names
    }

    /// "and" within a number: "two hundred and five", "one and a half"; returns how many tokens it takes.
    fn and(&mut self, tokens: &[Token]) -> usize {
        let joined = tokens.iter().take_while(|token| token.joined).take(2);
        let atoms: Vec<Atom> = joined.map(|token| token.atom).collect();
        let half = match atoms[..] {
            [Atom::Article, Atom::Fixed(half)] => Some((half, 3)),
            [Atom::Fixed(half), ..] => Some((half, 2)),
            _ => None,
        };
        if let (Some(current), Some((half, used))) = (self.current, half) {
            self.current = current.plus(half);
            return used;
        }
        let continues = self.scale.is_some()
            && self.current.is_none()
            && matches!(atoms.first(), Some(Atom::Word(_)));
        usize::from(continues)
    }
}
