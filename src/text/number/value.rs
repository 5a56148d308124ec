//! Exact values of numbers in text.

use std::fmt;

/// Most digits a value may have; all sums and products of the magnitudes that newspapers print stay below.
pub(super) const MAX_DIGITS: usize = 30;

/// An exact non-negative number in lowest terms: 1.1 lakh is 110000 and not nearly that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    numerator: u128,
    denominator: u128,
}

impl Value {
    /// The fraction `numerator / denominator`; nothing if the denominator is 0.
    pub fn ratio(numerator: u128, denominator: u128) -> Option<Self> {
        let divisor = gcd(numerator, denominator);
        (denominator > 0).then(|| Self {
            numerator: numerator / divisor,
            denominator: denominator / divisor,
        })
    }

    /// The whole number, where the value is one.
    pub fn integer(self) -> Option<u128> {
        (self.denominator == 1).then_some(self.numerator)
    }

    /// The nearest floating-point number.
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// A value from digits (0 to 9), the last `decimals` of which stand after the point; nothing if there are
    /// more than [`MAX_DIGITS`].
    pub(super) fn from_digits(digits: impl Iterator<Item = u32>, decimals: usize) -> Option<Self> {
        let mut value = 0u128;
        for (count, digit) in digits.enumerate() {
            if count == MAX_DIGITS {
                return None;
            }
            value = value * 10 + u128::from(digit);
        }
        Self::ratio(value, 10u128.checked_pow(u32::try_from(decimals).ok()?)?)
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        self.combine(other, u128::checked_add)
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.combine(other, u128::checked_sub)
    }

    /// Applies an operation to the numerators over a common denominator.
    fn combine(self, other: Self, operation: fn(u128, u128) -> Option<u128>) -> Option<Self> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::ratio(
            operation(left, right)?,
            self.denominator.checked_mul(other.denominator)?,
        )
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        Self::ratio(
            self.numerator.checked_mul(other.numerator)?,
            self.denominator.checked_mul(other.denominator)?,
        )
    }

    pub(super) fn is_below(self, limit: u128) -> bool {
        self.numerator / self.denominator < limit
    }
}

impl From<u128> for Value {
    fn from(integer: u128) -> Self {
        Self {
            numerator: integer,
            denominator: 1,
        }
    }
}

/// An integer, a decimal where it is short, or a fraction: `125000`, `3.5`, `1/3`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.numerator / self.denominator;
        let rest = self.numerator % self.denominator;
        if rest == 0 {
            return write!(f, "{whole}");
        }
        for places in 1..=9u32 {
            let scale = 10u128.pow(places);
            if scale % self.denominator == 0 {
                let decimals = rest * (scale / self.denominator);
                return write!(f, "{whole}.{decimals:0width$}", width = places as usize);
            }
        }
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_exact() {
        let tenth = Value::ratio(11, 10).unwrap();
        assert_eq!(
            tenth.times(Value::from(100_000)),
            Some(Value::from(110_000))
        );
        assert_eq!(
            Value::from(2)
                .minus(Value::ratio(1, 4).unwrap())
                .unwrap()
                .to_string(),
            "1.75"
        );
        assert_eq!(Value::ratio(2, 6).unwrap().to_string(), "1/3");
        assert_eq!(Value::ratio(1205, 100).unwrap().to_string(), "12.05");
        assert_eq!(Value::from(u128::MAX).times(Value::from(2)), None);
        assert_eq!(Value::ratio(1, 0), None);
    }
}
