//! Bengali text: normalisation, digits and numbers, sentence splitting, script detection; and the
//! numbers and denials of English text.

mod abbreviation;
mod clause;
mod digits;
mod enclosure;
mod english;
mod normalise;
mod number;
mod reporting;
mod script;
mod sentence;
mod verbatim;

pub use clause::clauses;
pub use digits::{digit_value, to_ascii_digits};
pub(crate) use english::is_denial;
pub use normalise::{for_lookup, for_model};
pub use number::{Kind, Number, Value, Written, numbers_bn, numbers_en};
pub use script::Scripts;
pub(crate) use script::{is_bengali, is_bengali_letter};
pub use sentence::sentences;
pub use unicode_script::Script;
pub use verbatim::verbatim;
