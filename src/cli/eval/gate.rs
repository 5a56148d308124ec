//! Bars on the command line: whether scores are good enough, and JUnit XML of it.

use std::path::PathBuf;

use anubad::eval::report::{Case, Report, junit};
use anubad::eval::{Bar, Verdict, judge};
use anyhow::anyhow;
use clap::Args;

use super::show::write_file;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::interrupt::Interrupt;
use crate::cli::terminal;

/// What scores must reach.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Gate")]
pub struct GateArgs {
    /// Exit with 1 where a system's score is below: METRIC=SCORE,METRIC=SCORE (above, of TER); metrics that are not
    /// named with -m are computed too
    #[arg(long = "min", value_name = "BARS", value_delimiter = ',')]
    pub bars: Vec<Bar>,
    /// Write what became of the bars as JUnit XML, for CI
    #[arg(long, value_name = "FILE", requires = "bars")]
    junit: Option<PathBuf>,
}

impl GateArgs {
    /// Holds the systems against the bars, and tells on stderr what falls short.
    pub fn judge(
        &self,
        report: &Report,
        console: Console,
        interrupt: &Interrupt,
    ) -> Result<Exit, Failure> {
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
            if !console.quiet {
                terminal::complain(format_args!("{}", verdict.message()));
            }
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
