//! Bars that scores must reach: `BLEU=20,chrF=50`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::report::{MetricReport, Report, SystemReport};

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
            _ if self.score.is_nan() => "does not reach",
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

/// The place of the one metric that goes by a name; see [`is_called`].
///
/// # Errors
/// What is wrong with the name, where no metric has it or several have.
pub(super) fn place_of(metrics: &[MetricReport], name: &str) -> Result<usize, String> {
    let mut called = (0..metrics.len()).filter(|&place| is_called(&metrics[place].name, name));
    match (called.next(), called.next()) {
        (Some(place), None) => Ok(place),
        (None, _) => {
            let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
            let names = names.join(", ");
            Err(format!("no metric is called {name:?}; there are {names}"))
        }
        (Some(_), Some(_)) => Err(format!(
            "several metrics are called {name:?}; leave one of them out"
        )),
    }
}

/// Holds every system against every bar. A system without a score, which only a report read from a file can have, fails.
///
/// # Errors
/// The name of a bar that none of the report's metrics has, or several have.
pub fn judge(report: &Report, bars: &[Bar]) -> Result<Vec<Verdict>, String> {
    let mut verdicts = Vec::new();
    for bar in bars {
        let place = place_of(&report.metrics, &bar.metric)?;
        let of_system = |system: &SystemReport| Verdict {
            system: system.name.clone(),
            metric: report.metrics[place].clone(),
            bar: bar.value,
            score: (system.scores.get(place)).map_or(f64::NAN, |score| score.value),
        };
        verdicts.extend(report.systems.iter().map(of_system));
    }
    Ok(verdicts)
}

#[cfg(test)]
mod tests {
    use super::super::report::sample;
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
        let message = verdict(f64::NAN, 20.0, false).message();
        assert_eq!(message, "mine: BLEU NaN does not reach the bar of 20.00");
        let message = verdict(19.9996, 20.0, true).message();
        assert_eq!(message, "mine: BLEU 19.9996 is below the bar of 20.0000");
    }

    fn bars(text: &str) -> Vec<Bar> {
        text.split(',').map(|bar| bar.parse().unwrap()).collect()
    }

    #[test]
    fn every_system_is_held_against_every_bar() {
        let report = sample::report();
        let verdicts = judge(&report, &bars("bleu=31,TER=55")).unwrap();
        let passed: Vec<(&str, &str, bool)> = verdicts
            .iter()
            .map(|v| (v.metric.name.as_str(), v.system.as_str(), v.is_passed()))
            .collect();
        assert_eq!(
            passed,
            [
                ("BLEU", "baseline", false),
                ("BLEU", "অনুবাদ", true),
                ("TER", "baseline", false),
                ("TER", "অনুবাদ", true),
            ]
        );
        assert!(judge(&report, &[]).unwrap().is_empty());
    }

    #[test]
    fn a_bar_has_one_metric() {
        let mut report = sample::report();
        let error = judge(&report, &bars("BLEU=1,chrF=1")).unwrap_err();
        assert_eq!(error, "no metric is called \"chrF\"; there are BLEU, TER");
        report.metrics.push(report.metrics[0].clone());
        let error = judge(&report, &bars("BLEU=1")).unwrap_err();
        assert!(error.starts_with("several metrics are called"), "{error}");
    }

    #[test]
    fn a_score_that_is_not_there_fails() {
        let mut report = sample::report();
        report.systems[1].scores.clear();
        let verdicts = judge(&report, &bars("BLEU=0")).unwrap();
        assert!(verdicts[0].is_passed() && !verdicts[1].is_passed());
    }
}
