//! Whether a difference is more than chance, as the command line asks for it.

use std::num::NonZeroUsize;

use anubad::eval::significance::{DEFAULT_RESAMPLES, DEFAULT_SEED, DEFAULT_TRIALS, PairedTest};
use anubad::eval::{Significance, System};
use anyhow::anyhow;
use clap::{Args, ValueEnum};

use crate::cli::exit::{Exit, Failure};

/// The test of significance.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Significance")]
pub struct TestArgs {
    /// Test each system against the baseline; of one system alone, bootstrap gives the interval [default: bootstrap
    /// where there are several systems, else none]
    #[arg(long, value_name = "TEST")]
    test: Option<TestArg>,
    /// Resamples or trials [default: 1000 of bootstrap, 10000 of randomization]
    #[arg(long, value_name = "N", value_parser = samples)]
    samples: Option<NonZeroUsize>,
    /// Seed of the random numbers, which are numpy's
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// The system that others are tested against [default: the first]
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TestArg {
    /// Paired bootstrap resampling
    Bootstrap,
    /// Paired approximate randomization
    Randomization,
    /// No test
    None,
}

impl TestArgs {
    /// The test, for so many systems.
    pub fn significance(&self, systems: usize) -> Option<Significance> {
        let usual = if systems > 1 {
            TestArg::Bootstrap
        } else {
            TestArg::None
        };
        let test = match self.test.unwrap_or(usual) {
            TestArg::Bootstrap => PairedTest::Bootstrap {
                resamples: self.samples.unwrap_or(DEFAULT_RESAMPLES),
            },
            TestArg::Randomization => PairedTest::Randomization {
                trials: self.samples.unwrap_or(DEFAULT_TRIALS),
                resamples: None,
            },
            TestArg::None => return None,
        };
        Some(Significance {
            test,
            seed: self.seed,
        })
    }

    /// Refuses a baseline that is none of the systems, and a test that one alone cannot have.
    pub fn check(&self, systems: &[&str]) -> Result<(), Failure> {
        match &self.baseline {
            _ if self.test == Some(TestArg::Randomization) && systems.len() < 2 => {
                let error = anyhow!(
                    "--test randomization needs two systems or more; bootstrap does with one"
                );
                Err(Failure::new(Exit::Usage, error))
            }
            Some(name) if !systems.contains(&name.as_str()) => {
                let error = anyhow!(
                    "--baseline {name}: no system is called so; there are {}",
                    systems.join(", ")
                );
                Err(Failure::new(Exit::Usage, error))
            }
            _ => Ok(()),
        }
    }

    /// The systems with the baseline in front.
    pub fn baseline_first(&self, mut systems: Vec<System>) -> Vec<System> {
        let is_baseline = |system: &System| Some(&system.name) == self.baseline.as_ref();
        if let Some(place) = systems.iter().position(is_baseline) {
            systems[..=place].rotate_right(1);
        }
        systems
    }
}

fn samples(text: &str) -> Result<NonZeroUsize, String> {
    match text.parse::<NonZeroUsize>() {
        Ok(samples) if samples.get() <= 1_000_000 => Ok(samples),
        _ => Err("a number from 1 to 1000000 is needed".to_owned()),
    }
}
