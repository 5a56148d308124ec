//! Two normal forms of Bengali text: one for models, one for dictionary look-up.
//!
//! Bengali can be typed in several ways that look the same. Unicode's NFC joins `ে` + `া` into `ো`,
//! but takes `ড়`, `ঢ়` and `য়` apart (they are composition exclusions, UAX #15); joiners are sometimes
//! spelling and sometimes dirt. Models are fed NFC, as they were trained; dictionaries are keyed by
//! [`for_lookup`], where a letter is one code point and joiners are gone.

use std::borrow::Cow;

use rustc_hash::FxHashSet;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::script::is_bengali;

const NUKTA: char = '\u{9BC}';
const CANDRABINDU: char = '\u{981}';
const SIGN_AA: char = '\u{9BE}';
const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';

/// The combining class that Unicode gives the viramas of all Indic scripts.
const VIRAMA_CLASS: u8 = 9;

/// Text as a model should see it: NFC, and free of what a reader does not see.
///
/// - Letters typed in parts become the letter: `ে` + `া` → `ো`, `অ` + `া` → `আ`, `ব` + nukta → `র`,
///   the old `ত্` + ZWJ → `ৎ`; a candrabindu typed before its vowel sign changes places with it.
/// - `৷` (a currency sign often typed for a danda) becomes `।`; quotation marks, ligatures and
///   full-width letters made for typesetting become the plain ones. `“ ” ‘ ’` stay.
/// - Zero-width characters, soft hyphens, bidirectional controls and tag characters go. A joiner stays
///   beside a hasanta, where it decides the conjunct (`র‍্যাব`), and between letters of other scripts.
/// - Any white space but tab and line feed becomes a space, any line end a line feed. Control characters
///   and terminal escape sequences go.
pub fn for_model(text: &str) -> String {
    compose_by_sight(&without_junk(text)).nfc().collect()
}

/// Drops what cannot be seen and replaces what was made for typesetting.
fn without_junk(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1B}' => {
                // A control sequence (ECMA-48): ESC [ parameters final-byte.
                if chars.next_if_eq(&'[').is_some() {
                    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                    chars.next_if(|c| matches!(c, '@'..='~'));
                }
            }
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{B}' | '\u{C}' => out.push('\n'),
            '\t' | '\n' => out.push(c),
            ZWJ if out.ends_with("ত\u{9CD}") => {
                out.pop();
                out.pop();
                out.push('ৎ');
            }
            ZWNJ | ZWJ => {
                if joiner_matters(out.chars().next_back(), chars.peek().copied()) {
                    out.push(c);
                }
            }
            _ if is_invisible(c) => {}
            _ if c.is_whitespace() => out.push(' '),
            _ => push_plain(&mut out, c),
        }
    }
    out
}

/// The words of a list that white space parts, as [`for_lookup`] gives them.
pub(super) fn word_set(list: &str) -> FxHashSet<String> {
    list.split_whitespace()
        .map(|word| for_lookup(word).into_owned())
        .collect()
}

/// Whether a joiner between these two characters changes what is read.
fn joiner_matters(before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let virama = |c| canonical_combining_class(c) == VIRAMA_CLASS;
    // Persian, other Indic scripts and emoji sequences use joiners in their own ways.
    let foreign = |c: char| {
        !c.is_ascii()
            && !is_bengali(c)
            && !c.is_whitespace()
            && !matches!(c, '।' | '॥' | '\u{2000}'..='\u{206F}')
    };
    (virama(before) && is_bengali_or_foreign_letter(after))
        || virama(after)
        || (foreign(before) && foreign(after))
}

fn is_bengali_or_foreign_letter(c: char) -> bool {
    c.is_alphabetic() && !c.is_ascii()
}

/// Characters without a mark on paper: format controls, and controls of terminals.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Pushes the everyday form of a typesetter's character.
fn push_plain(out: &mut String, c: char) {
    match c {
        '\u{9F7}' => out.push('।'),
        '„' | '‟' | '«' | '»' | '❝' | '❞' | '〝' | '〞' | '＂' => out.push('"'),
        '‚' | '‛' | '‹' | '›' | '❛' | '❜' | '＇' => out.push('\''),
        // Ligatures, and the full-width forms of ASCII.
        '\u{FB00}'..='\u{FB06}' | '\u{FF01}'..='\u{FF5E}' => out.extend(c.nfkc()),
        _ => out.push(c),
    }
}

/// Joins letters that look composed but that Unicode keeps apart.
fn compose_by_sight(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('অ', Some(&SIGN_AA)) => {
                chars.next();
                out.push('আ');
            }
            ('ব', Some(&NUKTA)) => {
                chars.next();
                out.push('র');
            }
            (CANDRABINDU, Some(_)) => {
                while let Some(sign) =
                    chars.next_if(|c| matches!(c, '\u{9BE}'..='\u{9C4}' | '\u{9C7}'..='\u{9CC}'))
                {
                    out.push(sign);
                }
                out.push(CANDRABINDU);
            }
            _ => out.push(c),
        }
    }
    out
}

/// Text as dictionary keys are written: NFC, then `ড়`, `ঢ়` and `য়` as one code point each, then without
/// U+200B, U+200C, U+200D and U+FEFF. Nothing else changes.
///
/// Fast for Bengali and Latin text, which needs no general normalisation; text that is in this form already
/// comes back borrowed.
pub fn for_lookup(text: &str) -> Cow<'_, str> {
    match lookup_form(text) {
        Fast::Same => Cow::Borrowed(text),
        Fast::Changed(out) => Cow::Owned(out),
        Fast::Unsure => {
            let mut out = String::with_capacity(text.len());
            let mut before = '\0';
            for c in text.nfc() {
                push_after(&mut out, before, c);
                before = c;
            }
            Cow::Owned(out)
        }
    }
}

enum Fast {
    Same,
    Changed(String),
    /// Something that only the full algorithm can judge.
    Unsure,
}

/// [`for_lookup`] in one pass for the characters whose NFC is plain.
fn lookup_form(text: &str) -> Fast {
    let mut out: Option<String> = None;
    let mut before = '\0';
    for (at, c) in text.char_indices() {
        let keeps = match c {
            '\0'..='\u{2FF}' | '।' | '॥' | '\u{2010}'..='\u{2027}' => true,
            '\u{200B}'..='\u{200D}' | '\u{FEFF}' => false,
            NUKTA if matches!(before, 'ড' | 'ঢ' | 'য') => false,
            SIGN_AA | '\u{9D7}' if before == '\u{9C7}' => return Fast::Unsure,
            NUKTA | '\u{9FE}' => return Fast::Unsure,
            '\u{980}'..='\u{9FF}' => true,
            _ => return Fast::Unsure,
        };
        match &mut out {
            Some(out) => push_after(out, before, c),
            None if keeps => {}
            None => {
                let mut changed = String::with_capacity(text.len());
                changed.push_str(&text[..at]);
                push_after(&mut changed, before, c);
                out = Some(changed);
            }
        }
        before = c;
    }
    out.map_or(Fast::Same, Fast::Changed)
}

/// Pushes a character of NFC text that follows `before` there, unless look-up ignores it; a nukta joins its letter.
fn push_after(out: &mut String, before: char, c: char) {
    let letter = match (before, c) {
        ('ড', NUKTA) => '\u{9DC}',
        ('ঢ', NUKTA) => '\u{9DD}',
        ('য', NUKTA) => '\u{9DF}',
        (_, '\u{200B}'..='\u{200D}' | '\u{FEFF}') => return,
        _ => return out.push(c),
    };
    out.pop();
    out.push(letter);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [`for_lookup`] as its definition has it.
    fn reference(text: &str) -> String {
        text.nfc()
            .collect::<String>()
            .replace("ড\u{9BC}", "\u{9DC}")
            .replace("ঢ\u{9BC}", "\u{9DD}")
            .replace("য\u{9BC}", "\u{9DF}")
            .replace(['\u{200C}', '\u{200D}', '\u{200B}', '\u{FEFF}'], "")
    }

    #[test]
    fn lookup_form_is_its_definition() {
        let letters = [
            'ড', 'ঢ', 'য', 'ব', 'ক', 'া', 'ে', '\u{9D7}', '\u{9BC}', '\u{9CD}', '\u{9DC}',
            '\u{9DF}', '\u{200C}', '\u{200D}', '\u{200B}', '\u{FEFF}', 'e', '\u{301}', 'é', '।',
            '’', 'क', '\u{9FE}',
        ];
        let mut seed = 1u32;
        for _ in 0..50_000 {
            let text: String = (0..6)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    letters[(seed >> 16) as usize % letters.len()]
                })
                .collect();
            assert_eq!(
                for_lookup(&text),
                reference(&text),
                "{}",
                text.escape_unicode()
            );
        }
    }

    #[test]
    fn lookup_borrows_what_needs_no_work() {
        assert!(matches!(for_lookup("আমরা ঢাকায\u{9BC}"), Cow::Owned(_)));
        assert!(matches!(for_lookup("বা\u{9DC}ি, ঢাকা।"), Cow::Borrowed(_)));
    }
}
