//! Bars that scores must reach: `BLEU=20,chrF=50`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::report::{MetricReport, Report};

/// What a metric's score must reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// The metric's name, as in reports or shorter: see [`is_called`].
    pub metric: String,
    /// The least score that is good enough; of a metric of which less is better, the greatest.
    pub value: f64,
}

/// How a system did at a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The system.
    pub system: String,
    /// The metric.
    pub metric: MetricReport,
    /// The bar.
    pub bar: f64,
    /// The score.
    pub score: f64,
}

impl FromStr for Bar {
    type Err = String;

    /// `BLEU=20`
    fn from_str(text: &str) -> Result<Bar, String> {
        let (metric, value) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is no METRIC=SCORE, such as BLEU=20"))?;
        let value: f64 = value
            .trim()
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .ok_or_else(|| format!("{value:?} is no score"))?;
        Ok(Bar {
            metric: metric.trim().to_owned(),
            value,
        })
    }
}

impl Verdict {
    /// Whether the score reaches the bar.
    pub fn is_passed(&self) -> bool {
        match self.metric.higher_is_better {
            true => self.score >= self.bar,
            false => self.score <= self.bar,
        }
    }

    /// "opus-mt: BLEU 19.50 is below the bar of 20.00"
    pub fn message(&self) -> String {
        let shown = |value: f64, decimals: usize| format!("{value:.decimals$}");
        // As many digits as tell a score from the bar that it misses.
        let usual = self.metric.decimals;
        let decimals = (usual..usual + 12)
            .find(|&decimals| {
                self.is_passed() || shown(self.score, decimals) != shown(self.bar, decimals)
            })
            .unwrap_or(usual);
        let relation = match (self.is_passed(), self.metric.higher_is_better) {
            (true, _) => "reaches",
            (false, true) => "is below",
            (false, false) => "is above",
        };
        format!(
            "{}: {} {} {relation} the bar of {}",
            self.system,
            self.metric.name,
            shown(self.score, decimals),
            shown(self.bar, decimals)
        )
    }
}

/// Whether a metric goes by a name: in any case, and chrF without the number of its beta, `chrF` for `chrF2` and
/// `chrF++` for `chrF2++`.
pub fn is_called(metric: &str, name: &str) -> bool {
    let plain = |text: &str| {
        let text = text.to_lowercase();
        match text.strip_prefix("chrf") {
            Some(rest) => format!("chrf{}", rest.strip_prefix('2').unwrap_or(rest)),
            None => text,
        }
    };
    plain(metric) == plain(name)
}

/// Holds every system against every bar.
///
/// # Errors
/// The name of a bar that none of the report's metrics has, or several have.
pub fn judge(report: &Report, bars: &[Bar]) -> Result<Vec<Verdict>, String> {
    let mut verdicts = Vec::new();
    for bar in bars {
        let metrics = report.metrics.iter().enumerate();
        let mut called = metrics.filter(|(_, metric)| is_called(&metric.name, &bar.metric));
        let (place, metric) = match (called.next(), called.next()) {
            (Some(metric), None) => metric,
            (None, _) => {
                let names: Vec<&str> = report.metrics.iter().map(|m| m.name.as_str()).collect();
                return Err(format!(
                    "no metric is called {:?}; there are {}",
                    bar.metric,
                    names.join(", ")
                ));
            }
            (Some(_), Some(_)) => {
                return Err(format!("several metrics are called {:?}", bar.metric));
            }
        };
        let of_system = |system: &super::report::SystemReport| Verdict {
            system: system.name.clone(),
            metric: metric.clone(),
            bar: bar.value,
            score: system.scores[place].value,
        };
        verdicts.extend(report.systems.iter().map(of_system));
    }
    Ok(verdicts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(score: f64, bar: f64, higher_is_better: bool) -> Verdict {
        Verdict {
            system: "mine".to_owned(),
            metric: MetricReport {
                name: "BLEU".to_owned(),
                signature: String::new(),
                signature_short: String::new(),
                higher_is_better,
                decimals: 2,
            },
            bar,
            score,
        }
    }

    #[test]
    fn bars_are_read() {
        let bar: Bar = " chrF = 50.5".parse().unwrap();
        assert_eq!((bar.metric.as_str(), bar.value), ("chrF", 50.5));
        for wrong in ["BLEU", "BLEU=much", "BLEU=nan", "BLEU=inf"] {
            assert!(wrong.parse::<Bar>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn metrics_are_known_by_their_short_names() {
        assert!(is_called("chrF2++", "chrf++") && is_called("BLEU", "bleu"));
        assert!(is_called("chrF2", "chrF") && !is_called("chrF2++", "chrF"));
        assert!(is_called("chrF3", "chrF3") && !is_called("chrF3", "chrF"));
        assert!(!is_called("ROUGE-1", "ROUGE-2"));
    }

    #[test]
    fn a_score_at_the_bar_is_good_enough_and_an_error_rate_must_stay_below() {
        assert!(verdict(20.0, 20.0, true).is_passed());
        assert!(!verdict(19.99, 20.0, true).is_passed());
        assert!(verdict(60.0, 60.0, false).is_passed());
        assert!(!verdict(60.01, 60.0, false).is_passed());
        assert!(!verdict(f64::NAN, 0.0, true).is_passed());
        let message = verdict(19.5, 20.0, true).message();
        assert_eq!(message, "mine: BLEU 19.50 is below the bar of 20.00");
        let message = verdict(19.9996, 20.0, true).message();
        assert_eq!(message, "mine: BLEU 19.9996 is below the bar of 20.0000");
    }
}
