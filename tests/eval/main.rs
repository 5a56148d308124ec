//! Scores beside those of the reference implementations.

mod brief;
mod rouge;
