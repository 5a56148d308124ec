//! Scores, their significance and their reports, as a program that uses the library sees them.

mod report;
