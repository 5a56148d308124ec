//! Evaluation through its public functions.

mod corpus;
