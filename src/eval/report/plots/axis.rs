//! Axes with ticks at numbers that people would choose.

use serde::Serialize;

use super::px;

/// Numbers above this one are drawn as it, as the distance of two greater ones may not be a number.
pub const MOST: f64 = 1e300;

/// A tick.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tick {
    /// Where it is.
    pub at: f64,
    /// Its number.
    pub label: String,
}

/// Puts values on pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    is_logarithmic: bool,
}

impl Axis {
    /// An axis on which `low` is at the pixel `from` and `high` at the pixel `to`. Where the two are the same, or so
    /// near that no tick fits between them, it is widened around them.
    pub fn linear(low: f64, high: f64, from: f64, to: f64) -> Axis {
        let (low, high) = (low.clamp(-MOST, MOST), high.clamp(-MOST, MOST));
        let least = 1e-9 * low.abs().max(high.abs()).max(1e-3);
        let (low, high) = match high - low > least {
            true => (low, high),
            false => (
                low - 0.5 * low.abs().max(1.0),
                low + 0.5 * low.abs().max(1.0),
            ),
        };
        Axis {
            low,
            high,
            from,
            to,
            is_logarithmic: false,
        }
    }

    /// An axis of numbers above zero on which each power of ten is as wide as the next.
    pub fn logarithmic(low: f64, high: f64, from: f64, to: f64) -> Axis {
        let exponent = |value: f64| value.clamp(1.0 / MOST, MOST).log10();
        Axis {
            is_logarithmic: true,
            ..Axis::linear(exponent(low), exponent(high), from, to)
        }
    }

    /// The pixel of a value; of one beyond the ends, that of the end.
    pub fn at(&self, value: f64) -> f64 {
        let value = match self.is_logarithmic {
            true => value.log10(),
            false => value,
        };
        let share = (value - self.low) / (self.high - self.low);
        px(self.from + share.clamp(0.0, 1.0) * (self.to - self.from))
    }

    /// Some `count` ticks.
    pub fn ticks(&self, count: usize) -> Vec<Tick> {
        if !self.is_logarithmic {
            let step = nice_step(self.high - self.low, count);
            let decimals = decimals(step);
            let ticks = multiples(self.low, self.high, step).into_iter();
            return ticks.map(|value| self.tick(value, decimals)).collect();
        }
        let step = nice_step(self.high - self.low, count).max(1.0);
        let powers = multiples(self.low.floor(), self.high, step);
        let of = |digits: &[f64]| -> Vec<f64> {
            let powers = powers.iter().map(|power| 10f64.powf(*power));
            let values = powers.flat_map(|power| digits.iter().map(move |digit| digit * power));
            let in_range = |value: &f64| (self.low..=self.high).contains(&value.log10());
            values.filter(in_range).collect()
        };
        let dense = [of(&[1.0, 2.0, 5.0]), of(&[1.0, 3.0])];
        let fits = |values: &Vec<f64>| values.len() <= count + 2;
        let values = dense.into_iter().find(fits).unwrap_or_else(|| of(&[1.0]));
        let ticks = values.into_iter();
        ticks
            .map(|value| self.tick(value, decimals(value)))
            .collect()
    }

    fn tick(&self, value: f64, decimals: usize) -> Tick {
        Tick {
            at: self.at(value),
            label: label(value, decimals),
        }
    }
}

/// The step of 1, 2 or 5 times a power of ten that divides a range into about so many (Heckbert, Nice numbers for
/// graph labels, Graphics Gems 1990).
pub fn nice_step(range: f64, count: usize) -> f64 {
    let rough = (range / count.max(1) as f64).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let digit = match rough / power {
        ..1.5 => 1.0,
        ..3.5 => 2.0,
        ..7.5 => 5.0,
        _ => 10.0,
    };
    digit * power
}

/// Multiples of a step between two numbers.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let count = (last - first).clamp(0.0, 1_000.0) as usize;
    // Adding zero turns −0 into 0.
    (0..=count)
        .map(|i| (first + i as f64) * step + 0.0)
        .collect()
}

/// Digits after the point that a number of this size, and multiples of a step of it, need.
pub fn decimals(step: f64) -> usize {
    (-(step.abs().log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize
}

fn label(value: f64, decimals: usize) -> String {
    match value.abs() < 1e7 {
        true => format!("{value:.decimals$}"),
        false => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis, count: usize) -> Vec<String> {
        let ticks = axis.ticks(count);
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        let linear = |low, high| labels(Axis::linear(low, high, 0.0, 100.0), 5);
        assert_eq!(linear(0.0, 100.0), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(linear(-0.12, 0.31), ["-0.1", "0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(linear(31.0, 33.0), ["31.0", "31.5", "32.0", "32.5", "33.0"]);
        assert_eq!(linear(7.0, 7.0).len(), 7);
        assert_eq!(
            linear(0.0, 0.004),
            ["0.000", "0.001", "0.002", "0.003", "0.004"]
        );
    }

    #[test]
    fn powers_of_ten_are_as_wide_as_each_other() {
        let axis = Axis::logarithmic(1.0, 1000.0, 0.0, 300.0);
        assert_eq!(axis.ticks(3)[1].at, 100.0);
        assert_eq!(labels(axis, 3), ["1", "10", "100", "1000"]);
        assert_eq!(
            labels(Axis::logarithmic(0.5, 20.0, 0.0, 1.0), 5),
            ["0.5", "1", "2", "5", "10", "20"]
        );
        assert_eq!(
            labels(Axis::logarithmic(0.2, 500.0, 0.0, 1.0), 5),
            ["0.3", "1", "3", "10", "30", "100", "300"]
        );
        let wide = labels(Axis::logarithmic(1e-320, f64::INFINITY, 0.0, 1.0), 5);
        assert!((4..8).contains(&wide.len()), "{wide:?}");
    }

    #[test]
    fn numbers_beyond_reason_have_few_ticks() {
        for (low, high) in [
            (1e300, 1.1e300),
            (-1e-300, 1e-300),
            (1e15, 1e15 + 1.0),
            (-1e308, 1e308),
        ] {
            let axis = Axis::linear(low, high, 0.0, 100.0);
            let ticks = axis.ticks(5);
            assert!(ticks.len() <= 12, "{low}: {}", ticks.len());
            assert!(ticks.iter().all(|tick| (0.0..=100.0).contains(&tick.at)));
            assert!(ticks.iter().all(|tick| tick.label.len() < 20), "{ticks:?}");
        }
    }
}
