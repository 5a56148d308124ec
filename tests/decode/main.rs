//! Greedy and beam search over toy models: against all continuations there are (`search`), against the reference
//! implementation under many options (`parity`), many requests at once (`scheduling`), with shortlists (`shortlist`),
//! and texts (`generator`).

mod generator;
mod parity;
mod scheduling;
mod search;
mod shortlist;
mod toy;
