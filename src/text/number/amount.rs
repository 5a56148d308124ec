//! Amounts that are told in two numbers: ranges with one magnitude (`১০ থেকে ১৫ লাখ`), and money with its
//! small unit (`১১ টাকা ৮৭ পয়সা`).

use super::super::normalise::for_lookup;
use super::{Composed, Kind, Number, Value};

/// The words of a language that stand between and after the two numbers.
pub(super) struct Words {
    /// Between the ends of a range.
    range: &'static [&'static str],
    /// Units of money, and their hundredths.
    money: &'static [&'static str],
    small: &'static [&'static str],
}

pub(super) const BENGALI: Words = Words {
    range: &["-", "–", "—", "থেকে", "হতে", "বা", "কিংবা"],
    money: &["টাকা", "রুপি", "ডলার", "ইউরো", "পাউন্ড"],
    small: &["পয়সা", "সেন্ট", "পেনি", "পেন্স"],
};

pub(super) const ENGLISH: Words = Words {
    range: &["-", "–", "—", "to", "or", "and"],
    money: &[
        "taka", "rupee", "rupees", "dollar", "dollars", "euro", "euros", "pounds",
    ],
    small: &["paisa", "paise", "poisha", "cent", "pence"],
};

/// Gives the first end of a range the magnitude of the second, and makes one number of an amount of money.
pub(super) fn join(text: &str, composed: Vec<Composed>, words: &Words) -> Vec<Number> {
    let mut numbers: Vec<Number> = Vec::with_capacity(composed.len());
    // Whether the last number has no magnitude of its own.
    let mut plain = false;
    for Composed { number, magnitude } in composed {
        if let Some(last) = numbers
            .last_mut()
            .filter(|last| last.kind == Kind::Cardinal && last.span.end <= number.span.start)
        {
            let between = &text[last.span.end..number.span.start];
            if let Some(sum) = money(
                last.value,
                number.value,
                between,
                &text[number.span.end..],
                words,
            ) {
                last.value = sum;
                last.span.end = number.span.end;
                plain = false;
                continue;
            }
            if let Some(scale) = magnitude.filter(|_| plain && is_range(between, words)) {
                // ৫০০ থেকে ১ হাজার shares no magnitude.
                let shared = last.value.times(Value::from(scale));
                last.value = shared
                    .filter(|shared| shared.to_f64() < number.value.to_f64())
                    .unwrap_or(last.value);
            }
        }
        plain = magnitude.is_none();
        numbers.push(number);
    }
    numbers
}

fn is_range(between: &str, words: &Words) -> bool {
    // Both ends may name the currency: $10 to $15 million.
    let currency = |word: &&str| {
        !matches!(
            *word,
            "Tk" | "Rs" | "Tk." | "Rs." | "$" | "৳" | "₹" | "€" | "£"
        )
    };
    // দু’-তিন: the apostrophe belongs to the first.
    let between = between
        .trim_start_matches(['’', '\''])
        .trim_end_matches(['$', '৳', '₹', '€', '£']);
    let mut found = between.split_whitespace().filter(currency);
    found.next().is_some_and(|word| words.range.contains(&word)) && found.next().is_none()
}

/// The sum of money, if the two numbers are units and hundredths.
fn money(
    units: Value,
    hundredths: Value,
    between: &str,
    after: &str,
    words: &Words,
) -> Option<Value> {
    /// Longer than any name of a small unit with its endings.
    const MAX_WORD: usize = 16;
    let mut unit = between.split_whitespace();
    let is_unit = unit.next().is_some_and(|word| words.money.contains(&word));
    let adjacent = matches!(unit.next(), None | Some("and" | "ও")) && unit.next().is_none();
    let whole = units.integer().is_some() && hundredths.integer().is_some_and(|value| value < 100);
    if !(is_unit && adjacent && whole) {
        return None;
    }
    let small: String = after.trim_start().chars().take(MAX_WORD).collect();
    if !words
        .small
        .iter()
        .any(|word| for_lookup(&small).starts_with(for_lookup(word).as_ref()))
    {
        return None;
    }
    units.plus(hundredths.times(Value::ratio(1, 100)?)?)
}
