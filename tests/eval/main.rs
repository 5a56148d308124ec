//! Evaluation through its public functions.

mod corpus;
mod testset;
