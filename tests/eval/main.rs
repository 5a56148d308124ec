//! Evaluation, seen from outside.

mod history;
mod significance;
