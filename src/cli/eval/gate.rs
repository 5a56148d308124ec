//! Bars on the command line: whether scores are good enough, and JUnit XML of it.

use std::path::PathBuf;

use anubad::eval::report::{Case, Report, junit};
use anubad::eval::{Bar, Metric, Verdict, is_called, judge};
use anyhow::anyhow;
use clap::Args;

use super::show::{check_target, write_file};
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::interrupt::Interrupt;
use crate::cli::terminal;

/// What scores must reach.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Gate")]
pub struct GateArgs {
    /// Exit with 1 where a system's score is below: METRIC=SCORE,METRIC=SCORE (above, where less is better, as of TER)
    ///
    /// Metrics that are not named with -m are computed too. What falls short is told on stderr, with --quiet too.
    #[arg(long = "min", value_name = "BARS", value_delimiter = ',')]
    pub bars: Vec<Bar>,
    /// Write what became of the bars as JUnit XML, for CI
    #[arg(long, value_name = "FILE", requires = "bars")]
    junit: Option<PathBuf>,
}

impl GateArgs {
    /// Refuses bars that name none or several of the metrics, and a JUnit file that cannot be.
    pub fn check(&self, metrics: &[Box<dyn Metric>]) -> Result<(), Failure> {
        for Bar { metric: name, .. } in &self.bars {
            let called = metrics
                .iter()
                .filter(|m| is_called(&m.name(), name))
                .count();
            if called != 1 {
                let error = anyhow!(
                    "--min {name}: {called} metrics are called so; a bar needs one, so run each with bars of its own"
                );
                return Err(Failure::new(Exit::Usage, error));
            }
        }
        self.junit.as_deref().map_or(Ok(()), check_target)
    }

    /// Holds the systems against the bars, and tells on stderr what falls short.
    pub fn judge(&self, report: &Report, interrupt: &Interrupt) -> Result<Exit, Failure> {
        let verdicts =
            judge(report, &self.bars).map_err(|error| Failure::new(Exit::Usage, anyhow!(error)))?;
        if let Some(path) = &self.junit {
            let cases: Vec<Case> = verdicts
                .iter()
                .map(|verdict| case(report, verdict))
                .collect();
            write_file(
                path,
                &junit("anubad eval", &cases).or_exit(Exit::Output)?,
                interrupt,
            )?;
        }
        let missed: Vec<&Verdict> = verdicts
            .iter()
            .filter(|verdict| !verdict.is_passed())
            .collect();
        for verdict in &missed {
            terminal::complain(format_args!("{}", verdict.message()));
        }
        Ok(if missed.is_empty() {
            Exit::Done
        } else {
            Exit::NeedsLook
        })
    }
}

fn case(report: &Report, verdict: &Verdict) -> Case {
    let system = report
        .systems
        .iter()
        .find(|system| system.name == verdict.system);
    Case {
        suite: format!("{}: {}", report.test_set, verdict.system),
        name: match verdict.metric.higher_is_better {
            true => format!("{} of at least {}", verdict.metric.name, verdict.bar),
            false => format!("{} of at most {}", verdict.metric.name, verdict.bar),
        },
        seconds: system.and_then(|system| system.seconds),
        failure: (!verdict.is_passed()).then(|| verdict.message()),
    }
}
