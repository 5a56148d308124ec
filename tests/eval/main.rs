//! Evaluation, seen from outside: scores beside those of the reference implementations, and what is kept and shown of
//! them.

mod bleu;
mod brief;
mod chrf;
mod corpus;
mod evaluation;
mod history;
mod report;
mod rouge;
mod scores;
mod significance;
mod suite;
mod ter;
mod testset;
