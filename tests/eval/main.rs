//! Scores beside those of the reference implementations.

mod bleu;
