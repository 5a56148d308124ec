//! Greedy and beam search over toy models: against all continuations there are (`search`), against the reference
//! implementation under many options (`parity`), and many requests at once (`scheduling`).

mod parity;
mod scheduling;
mod search;
mod toy;
