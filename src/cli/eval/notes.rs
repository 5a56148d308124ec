//! What a reader of scores ought to know of the texts behind them, on stderr.

use anubad::eval::report::Report;
use anubad::eval::{Grouping, System, TestSet};

use crate::cli::args::Console;
use crate::cli::print::note;
use crate::cli::terminal::count;

/// Lines that end in a period of their own from which outputs count as tokenized; sacreBLEU's number.
const TOKENIZED: usize = 100;

/// Tells of sentences that are not scored, and of outputs that seem to be tokenized.
pub fn tell(test_set: &TestSet, left_out: usize, systems: &[System], console: Console) {
    if left_out > 0 {
        note(
            console,
            &format!(
                "note: {}: {} left out, without a reference or in one language only",
                test_set.name,
                count(left_out, "sentence")
            ),
        );
    }
    for system in systems.iter().filter(|system| looks_tokenized(system)) {
        note(
            console,
            &format!(
                "note: {}: {TOKENIZED} or more outputs end in \" .\" and seem to be tokenized, which lowers scores; \
                 detokenize them",
                system.name
            ),
        );
    }
}

/// Tells of divisions that were asked for, and that the test set does not have.
pub fn tell_undivided(report: &Report, groupings: &[Grouping], console: Console) {
    let has = |by: &str| report.groups.iter().any(|group| group.by == by);
    let names = groupings.iter().map(|grouping| grouping.name());
    for name in names.filter(|name| !has(name)) {
        note(
            console,
            &format!(
                "note: {}: no sentence has a {name}; --docs FILE names documents and topics",
                report.test_set
            ),
        );
    }
}

fn looks_tokenized(system: &System) -> bool {
    let lines = system.hypotheses.iter();
    let ends = lines.filter(|line| line.trim_end().ends_with(" ."));
    ends.take(TOKENIZED).count() == TOKENIZED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(lines: usize) -> System {
        System {
            hypotheses: vec!["It rained today . ".to_owned(); lines],
            ..System::default()
        }
    }

    #[test]
    fn a_hundred_periods_of_their_own_make_outputs_look_tokenized() {
        assert!(!looks_tokenized(&system(99)));
        assert!(looks_tokenized(&system(100)));
        let plain = System {
            hypotheses: vec!["It rained today.".to_owned(); 200],
            ..System::default()
        };
        assert!(!looks_tokenized(&plain));
    }
}
