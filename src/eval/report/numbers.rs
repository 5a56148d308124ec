//! Numbers as every form of a report writes them.

/// Digits after the point above which `f64` has none to show.
const MOST_DECIMALS: usize = 15;

/// "1 sentence", "997 sentences".
pub fn sentences(count: usize) -> String {
    format!("{count} sentence{}", if count == 1 { "" } else { "s" })
}

/// Sentences per second; none where the time is not known, or is none at all.
pub fn speed(sentences: usize, seconds: Option<f64>) -> Option<f64> {
    let speed = sentences as f64 / seconds?;
    (speed.is_finite() && speed > 0.0).then_some(speed)
}

/// A speed with as many digits as mean something.
pub fn shown_speed(speed: f64) -> String {
    let decimals = match speed {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    number(speed, decimals)
}

/// A number with so many digits after the point. Rounds as C does, which is what sacreBLEU shows.
pub fn number(value: f64, decimals: usize) -> String {
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "∞".to_owned(),
        f64::NEG_INFINITY => "−∞".to_owned(),
        _ => format!("{value:.*}", decimals.min(MOST_DECIMALS)),
    }
}

/// A probability, with what it is.
pub fn probability(p: f64) -> String {
    match p {
        0.0..0.0001 => "p < 0.0001".to_owned(),
        _ => format!("p = {}", number(p, 4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_far_as_they_mean_something() {
        assert_eq!(number(30.25, 1), "30.2");
        assert_eq!(number(-0.125, usize::MAX), "-0.125000000000000");
        assert_eq!(number(f64::NAN, 2), "NaN");
        assert_eq!(probability(0.000_999), "p = 0.0010");
        assert_eq!(probability(0.000_02), "p < 0.0001");
        assert_eq!(shown_speed(321.6), "322");
        assert_eq!(shown_speed(4.661), "4.66");
        assert_eq!(speed(10, Some(0.0)), None);
        assert_eq!(speed(10, Some(4.0)), Some(2.5));
    }
}
