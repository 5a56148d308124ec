//! Bengali text: normalisation, digits and numbers, sentence splitting, script detection.

mod digits;
mod normalise;
mod script;
mod verbatim;

pub use digits::{digit_value, to_ascii_digits};
pub use normalise::{for_lookup, for_model};
pub use script::Scripts;
pub use verbatim::verbatim;
