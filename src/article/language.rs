//! Whether an article is Bengali.

use super::{InputError, Paragraph, Role};
use crate::text::Scripts;

/// Least share of an article's letters that are Bengali: names and product names in Latin letters
/// are common, articles that are mostly in them are not Bengali.
const LEAST_SHARE: f64 = 0.25;

/// Refuses paragraphs whose words to translate are mostly not Bengali, and Assamese.
pub(super) fn require_bengali(name: &str, paragraphs: &[Paragraph]) -> Result<(), InputError> {
    let scripts = |of: fn(Role) -> bool| -> Scripts {
        paragraphs
            .iter()
            .filter(|paragraph| of(paragraph.role))
            .flat_map(|paragraph| paragraph.text.chars())
            .collect()
    };
    let translated = scripts(Role::is_translated);
    // A lone word of another script may pass for boilerplate: "X" is also a network.
    let (scripts, nothing_left) = match translated.letters() {
        0 => (scripts(|role| matches!(role, Role::Boilerplate(_))), true),
        _ => (translated, false),
    };
    let name = name.to_owned();
    match scripts.name() {
        None => Err(InputError::NoWords { name }),
        Some(_) if scripts.is_assamese() => Err(InputError::Assamese { name }),
        Some(_) if scripts.bengali() >= LEAST_SHARE => match nothing_left {
            true => Err(InputError::NoWords { name }),
            false => Ok(()),
        },
        Some(script) => Err(InputError::NotBengali {
            name,
            script,
            percent: (100.0 * scripts.bengali()).round() as u8,
        }),
    }
}
