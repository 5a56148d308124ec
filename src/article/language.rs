//! Whether an article is Bengali.

use unicode_script::{Script, UnicodeScript};

use super::{InputError, Paragraph};

/// Least share of an article's letters that are Bengali: names and product names in Latin letters
/// are common, articles that are mostly in them are not Bengali.
const LEAST_SHARE: f64 = 0.25;

/// Refuses paragraphs whose words to translate are mostly not Bengali.
pub(super) fn require_bengali(name: &str, paragraphs: &[Paragraph]) -> Result<(), InputError> {
    let mut counts: Vec<(Script, usize)> = Vec::new();
    let translated = paragraphs
        .iter()
        .filter(|paragraph| paragraph.role.is_translated());
    for c in translated
        .flat_map(|paragraph| paragraph.text.chars())
        .filter(|c| c.is_alphabetic())
    {
        let script = c.script();
        if matches!(script, Script::Common | Script::Inherited | Script::Unknown) {
            continue;
        }
        match counts.iter_mut().find(|(seen, _)| *seen == script) {
            Some((_, count)) => *count += 1,
            None => counts.push((script, 1)),
        }
    }
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    let bengali = counts
        .iter()
        .find(|(script, _)| *script == Script::Bengali)
        .map_or(0, |(_, count)| *count);
    match counts.iter().max_by_key(|(_, count)| *count) {
        None => Err(InputError::NoWords {
            name: name.to_owned(),
        }),
        Some(_) if bengali as f64 >= LEAST_SHARE * total as f64 => Ok(()),
        Some((script, _)) => Err(InputError::NotBengali {
            name: name.to_owned(),
            script: script.full_name().replace('_', " "),
            percent: (100.0 * bengali as f64 / total as f64).round() as u8,
        }),
    }
}
