//! From counts of n-grams to BLEU.

use super::Smoothing;
use crate::eval::Precision;

/// The logarithm of no precision at all: finite, as in sacreBLEU, so that no score is undefined.
const LOG_ZERO: f64 = -9_999_999_999.0;

/// BLEU with what it is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Score {
    /// From 0 to 100; a little more where smoothing adds to the counts.
    pub bleu: f64,
    /// Per cent, for each order.
    pub precisions: Vec<f64>,
    /// From 0 to 1.
    pub brevity_penalty: f64,
}

impl Score {
    /// The score of a row of statistics: lengths of hypothesis and reference, then correct n-grams and all n-grams of
    /// the hypothesis, both by order.
    ///
    /// Counts and precisions are of this `precision`; logarithms are taken in double precision.
    ///
    /// Papineni et al., BLEU (ACL 2002), <https://aclanthology.org/P02-1040>.
    pub fn new(
        statistics: &[f64],
        smoothing: Smoothing,
        effective_order: bool,
        precision: Precision,
    ) -> Score {
        let round = |value: f64| precision.round(value);
        let (lengths, counts) = statistics.split_at(2);
        let (correct, total) = counts.split_at(counts.len() / 2);
        let mut score = Score {
            bleu: 0.0,
            precisions: vec![0.0; correct.len()],
            brevity_penalty: brevity_penalty(lengths[0], lengths[1]),
        };
        if correct.iter().all(|&count| count == 0.0) {
            return score;
        }
        let mut order = correct.len();
        let mut doubled = 1.0;
        for (n, precision) in score.precisions.iter_mut().enumerate() {
            let added = match smoothing {
                Smoothing::AddK(k) if n > 0 => k,
                _ => 0.0,
            };
            let (correct, total) = (round(correct[n] + added), round(total[n] + added));
            if total == 0.0 {
                break;
            }
            if effective_order {
                order = n + 1;
            }
            *precision = match smoothing {
                _ if correct > 0.0 => round(round(100.0 * correct) / total),
                Smoothing::Exp => {
                    doubled *= 2.0;
                    round(100.0 / round(doubled * total))
                }
                Smoothing::Floor(value) => round(round(100.0 * value) / total),
                Smoothing::None | Smoothing::AddK(_) => 0.0,
            };
        }
        let logs = score.precisions[..order].iter().map(|&p| match p {
            0.0 => LOG_ZERO,
            p => p.ln(),
        });
        score.bleu = score.brevity_penalty * (logs.sum::<f64>() / order as f64).exp();
        score
    }
}

fn brevity_penalty(hypothesis: f64, reference: f64) -> f64 {
    if hypothesis >= reference {
        1.0
    } else if hypothesis > 0.0 {
        (1.0 - reference / hypothesis).exp()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_fills_orders_without_matches() {
        // Six tokens against seven; no four-gram in common.
        let row = [6.0, 7.0, 5.0, 3.0, 1.0, 0.0, 6.0, 5.0, 4.0, 3.0];
        let penalty = (1.0f64 - 7.0 / 6.0).exp();
        let last = |smoothing| Score::new(&row, smoothing, false, Precision::Double).precisions[3];
        assert_eq!(last(Smoothing::None), 0.0);
        assert_eq!(last(Smoothing::Floor(0.1)), 10.0 / 3.0);
        assert_eq!(last(Smoothing::AddK(1.0)), 25.0);
        assert_eq!(last(Smoothing::Exp), 50.0 / 3.0);
        assert_eq!(
            Score::new(&row, Smoothing::None, false, Precision::Double).bleu,
            0.0
        );
        let score = Score::new(&row, Smoothing::Exp, false, Precision::Double);
        let mean = (500.0f64 / 6.0 * 60.0 * 25.0 * (50.0 / 3.0)).powf(0.25);
        assert!((score.bleu - penalty * mean).abs() < 1e-9);
    }

    #[test]
    fn the_effective_order_is_that_of_the_longest_ngram() {
        let row = [2.0, 2.0, 2.0, 1.0, 0.0, 0.0, 2.0, 1.0, 0.0, 0.0];
        assert_eq!(
            Score::new(&row, Smoothing::Exp, false, Precision::Double).bleu,
            0.0
        );
        let score = Score::new(&row, Smoothing::Exp, true, Precision::Double).bleu;
        assert!((score - 100.0).abs() < 1e-9, "{score}");
    }

    #[test]
    fn nothing_has_no_score() {
        for row in [[0.0; 4], [0.0, 3.0, 0.0, 0.0], [3.0, 0.0, 0.0, 3.0]] {
            assert_eq!(
                Score::new(&row, Smoothing::Exp, true, Precision::Double).bleu,
                0.0
            );
        }
    }
}
