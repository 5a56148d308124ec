//! Evaluation, seen from outside.

mod history;
mod report;
mod significance;
//! Scores beside those of the reference implementations.

mod brief;
mod rouge;
