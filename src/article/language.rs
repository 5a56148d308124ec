//! Whether an article is Bengali.

use super::{InputError, Paragraph};
use crate::text::Scripts;

/// Least share of an article's letters that are Bengali: names and product names in Latin letters
/// are common, articles that are mostly in them are not Bengali.
const LEAST_SHARE: f64 = 0.25;

/// Refuses paragraphs whose words to translate are mostly not Bengali.
pub(super) fn require_bengali(name: &str, paragraphs: &[Paragraph]) -> Result<(), InputError> {
    let translated = paragraphs
        .iter()
        .filter(|paragraph| paragraph.role.is_translated());
    let scripts: Scripts = translated
        .flat_map(|paragraph| paragraph.text.chars())
        .collect();
    match scripts.name() {
        None => Err(InputError::NoWords {
            name: name.to_owned(),
        }),
        Some(_) if scripts.bengali() >= LEAST_SHARE => Ok(()),
        Some(script) => Err(InputError::NotBengali {
            name: name.to_owned(),
            script,
            percent: (100.0 * scripts.bengali()).round() as u8,
        }),
    }
}
