//! Characters that do not show, made to show: a report prints what systems wrote, and they may write anything.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whether a character leaves no mark of its own, commands a terminal, or turns the direction of what follows it:
/// controls, format characters, separators of lines. The joiners U+200C and U+200D are not, as Bengali is spelt with
/// them.
pub fn is_hidden(c: char) -> bool {
    !matches!(c, ' '..='~' | '\u{200C}' | '\u{200D}')
        && matches!(
            c.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

/// The text with marks in place of hidden characters: the pictures of Unicode for the controls of ASCII (`␊` for a
/// line feed), code points for the rest (`⟨U+202E⟩`).
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\0'..='\u{1F}' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7F}' => shown.push('␡'),
            _ if is_hidden(c) => shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(c))),
            _ => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_is_named_and_bengali_stays() {
        let bengali = "র\u{200D}্যাব ক\u{9CD}\u{200C}ষ, ১২% 🇧🇩";
        assert!(matches!(visible(bengali), Cow::Borrowed(text) if text == bengali));
        assert_eq!(visible("a\n\u{1b}[2J\u{7f}"), "a␊␛[2J␡");
        assert_eq!(
            visible("\u{202e}\u{85}\u{2028}\u{200b}"),
            "⟨U+202E⟩⟨U+0085⟩⟨U+2028⟩⟨U+200B⟩"
        );
    }
}
