//! Scores beside those of the reference implementations.

mod chrf;
mod scores;
mod ter;
