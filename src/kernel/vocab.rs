//! Over the vocabulary: log-probabilities and the likeliest tokens.

use multiversion::multiversion;

use super::activation::exp;

/// The `k` likeliest tokens of a row of logits and their natural-log probabilities (log-softmax over the
/// whole row), likeliest first; of equals the lower token comes first. Empty where a logit is not a number, or none
/// is above negative infinity.
pub fn log_probs(logits: &[f32], k: usize) -> Vec<(u32, f32)> {
    let log_sum = log_sum_exp(logits);
    if log_sum.is_nan() {
        return Vec::new();
    }
    let best = top_k(logits, k).into_iter();
    best.map(|(token, x)| (token, x - log_sum)).collect()
}

/// ln Σ e^x, which makes log-probabilities of logits; not a number where a logit is none, or none is above negative
/// infinity.
pub fn log_sum_exp(logits: &[f32]) -> f32 {
    let largest = largest(logits);
    largest + exp_sum(logits, largest).ln()
}

#[multiversion(targets = "simd")]
fn largest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    rest.iter()
        .chain(&lanes)
        .fold(f32::NEG_INFINITY, |a, &b| a.max(b))
}

/// Σ e^(x - less)
#[multiversion(targets = "simd")]
fn exp_sum(values: &[f32], less: f32) -> f32 {
    let mut lanes = [0f32; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += exp(x - less);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|&x| exp(x - less)).sum::<f32>()
}

/// The `k` largest values with their places, in falling order, of equals the first first; numbers all.
pub fn top_k(values: &[f32], k: usize) -> Vec<(u32, f32)> {
    if k == 1 {
        let largest = largest(values);
        let at = values.iter().position(|&x| x == largest);
        return at.map(|i| (i as u32, largest)).into_iter().collect();
    }
    // Few values pass the smallest kept so far, so a sorted list of k does.
    let mut best: Vec<(u32, f32)> = Vec::with_capacity(k + 1);
    let mut bar = f32::NEG_INFINITY;
    for (i, &x) in values.iter().enumerate() {
        if x > bar || best.len() < k {
            let at = best.partition_point(|&(_, y)| y >= x);
            best.insert(at, (i as u32, x));
            best.truncate(k);
            if best.len() == k {
                bar = best[k - 1].1;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_probabilities_are_a_log_softmax() {
        let logits: Vec<f32> = (0..1003).map(|i| (i as f32 * 1.3).sin() * 9.0).collect();
        let log_sum = logits.iter().map(|&x| f64::from(x).exp()).sum::<f64>().ln();
        let mut expected: Vec<(u32, f64)> = (0..)
            .zip(logits.iter().map(|&x| f64::from(x) - log_sum))
            .collect();
        expected.sort_by(|a, b| b.1.total_cmp(&a.1));
        for k in [1, 2, 8] {
            let got = log_probs(&logits, k);
            assert_eq!(got.len(), k);
            for ((token, p), (expected_token, q)) in got.iter().zip(&expected) {
                assert_eq!(token, expected_token);
                assert!((f64::from(*p) - q).abs() < 1e-5, "{p} for {q}");
            }
        }
    }

    #[test]
    fn of_equals_the_first_wins_and_a_short_row_gives_all() {
        assert_eq!(log_probs(&[1.0, 3.0, 3.0], 1)[0].0, 1);
        let best = log_probs(&[1.0, 3.0, 3.0], 5);
        assert_eq!(best.iter().map(|b| b.0).collect::<Vec<_>>(), [1, 2, 0]);
        assert!(log_probs(&[1.0, f32::NAN], 2).is_empty());
    }

    #[test]
    fn what_is_impossible_has_no_probability() {
        let no = f32::NEG_INFINITY;
        let best = log_probs(&[no, 2.0, no, 2.0], 3);
        assert_eq!(best[0].0, 1);
        assert!((best[1].1 - 0.5f32.ln()).abs() < 1e-6);
        assert_eq!(best[2], (0, no));
        assert!(log_probs(&[no, no], 1).is_empty());
        assert!(log_sum_exp(&[1.0, f32::NAN]).is_nan() && log_sum_exp(&[f32::INFINITY]).is_nan());
    }
}
