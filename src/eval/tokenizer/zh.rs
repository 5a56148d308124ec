//! `zh`: Chinese characters stand alone, and the rest is tokenized as `13a` does.

use super::mteval::{self, Class, Edges};
use super::v13a;
use crate::eval::whitespace::is_space;

/// Calls `token` with each token of a line. Nothing is unescaped, and nothing stands around the line, unlike in `13a`.
pub(super) fn tokenize(line: &str, token: impl FnMut(&str)) {
    mteval::tokenize(line.trim_matches(is_space), Edges::Bare, class, token);
}

fn class(c: char) -> Class {
    match v13a::class(c) {
        Class::Word if is_chinese(c) => Class::Symbol,
        class => class,
    }
}

/// Whether sacreBLEU takes a character for Chinese.
///
/// Two of its ranges are meant to lie in the supplementary planes, from U+20000 and U+2F800, but are written with
/// escapes of four digits. They cover U+2001 to U+2A6D and U+2F81 to U+2FA1 instead: dashes, quotation marks, arrows,
/// even the zero-width joiner, while rare ideographs stay together. Scores are only comparable with that kept.
fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{2001}'..='\u{2A6D}'
        // Radicals and the description of characters.
        | '\u{2E80}'..='\u{2FDF}'
        | '\u{2FF0}'..='\u{2FFF}'
        // Punctuation.
        | '\u{3000}'..='\u{303F}'
        // Phonetic symbols and strokes.
        | '\u{3100}'..='\u{312F}'
        | '\u{31A0}'..='\u{31BF}'
        | '\u{31C0}'..='\u{31EF}'
        // Enclosed and square forms.
        | '\u{3200}'..='\u{33FF}'
        // Ideographs as they were in Unicode 4.1.
        | '\u{3400}'..='\u{4DB5}'
        | '\u{4E00}'..='\u{9FBB}'
        | '\u{F900}'..='\u{FA2D}'
        | '\u{FA30}'..='\u{FA6A}'
        | '\u{FA70}'..='\u{FAD9}'
        // Vertical and compatibility forms, full and half width.
        | '\u{FE10}'..='\u{FE1F}'
        | '\u{FE30}'..='\u{FE4F}'
        | '\u{FF00}'..='\u{FFEF}'
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Tokenizer, tokens};

    fn zh(line: &str) -> String {
        tokens(&Tokenizer::Zh, line).join(" ")
    }

    #[test]
    fn chinese_stands_alone_and_latin_does_not() {
        assert_eq!(
            zh("他在2010年买了3.5kg米。"),
            "他 在 2010 年 买 了 3.5kg 米 。"
        );
        assert_eq!(zh(" in 2010. "), "in 2010.");
        assert_eq!(zh("a &amp; b"), "a & amp ; b");
    }

    #[test]
    fn the_ranges_are_those_of_sacrebleu_mistakes_included() {
        assert_eq!(zh("ক্\u{200D}ষ “a”"), "ক্ \u{200D} ষ “ a ”");
        assert_eq!(zh("\u{20000}\u{20001}"), "\u{20000}\u{20001}");
    }
}
