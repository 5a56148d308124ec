//! English put together again from words and punctuation that stand apart.

/// Takes out the spaces before punctuation and contractions, as transformers' `clean_up_tokenization` does.
pub(super) fn clean_up(text: &str) -> String {
    [
        (" .", "."),
        (" ?", "?"),
        (" !", "!"),
        (" ,", ","),
        (" ' ", "'"),
        (" n't", "n't"),
        (" 'm", "'m"),
        (" 's", "'s"),
        (" 've", "'ve"),
        (" 're", "'re"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (apart, together)| {
        text.replace(apart, together)
    })
}

/// The English rules of the Moses detokenizer (`scripts/tokenizer/detokenizer.perl` of
/// <https://github.com/moses-smt/mosesdecoder>), without those for Chinese, Japanese and Korean.
pub(super) fn moses(text: &str) -> String {
    let text = unescape(&format!(" {text} ").replace(" @-@ ", "-"));
    let mut output = String::with_capacity(text.len());
    let mut space = false;
    // Which quotation marks are open.
    let mut open: Vec<&str> = Vec::new();
    let mut before = "";
    for token in text.split_whitespace() {
        let (mut space_before, mut space_after) = (space, true);
        if token.chars().all(is_opening) {
            space_after = false;
        } else if token.chars().all(is_closing) || !before.is_empty() && is_contraction(token) {
            space_before = false;
        } else if token.chars().all(is_quote) {
            let mark = if token.chars().all(|c| matches!(c, '„' | '“')) {
                "\""
            } else {
                token
            };
            if let Some(at) = open.iter().position(|known| *known == mark) {
                open.swap_remove(at);
                space_before = false;
            } else if token == "'" && before.ends_with('s') {
                space_before = false;
            } else {
                open.push(mark);
                space_after = false;
            }
        }
        if space_before {
            output.push(' ');
        }
        output.push_str(token);
        space = space_after;
        before = token;
    }
    output
}

/// What comes before the next word without a space.
fn is_opening(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '¿' | '¡') || is_currency(c)
}

/// What comes after a word without a space.
fn is_closing(c: char) -> bool {
    matches!(
        c,
        ',' | '.' | '?' | '!' | ':' | ';' | '\\' | '%' | '}' | ']' | ')'
    )
}

fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '„' | '“' | '`')
}

/// `'s`, `'ll`.
fn is_contraction(token: &str) -> bool {
    let rest = token.strip_prefix('\'');
    rest.is_some_and(|rest| rest.starts_with(char::is_alphabetic))
}

/// The characters of Unicode's category Sc in the Basic Multilingual Plane.
fn is_currency(c: char) -> bool {
    matches!(c,
        '$' | '\u{A2}'..='\u{A5}' | '\u{58F}' | '\u{60B}' | '\u{7FE}' | '\u{7FF}' | '\u{9F2}' | '\u{9F3}'
        | '\u{9FB}' | '\u{AF1}' | '\u{BF9}' | '\u{E3F}' | '\u{17DB}' | '\u{20A0}'..='\u{20C0}' | '\u{A838}'
        | '\u{FDFC}' | '\u{FE69}' | '\u{FF04}' | '\u{FFE0}' | '\u{FFE1}' | '\u{FFE5}' | '\u{FFE6}')
}

fn unescape(text: &str) -> String {
    [
        ("&bar;", "|"),
        ("&#124;", "|"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&bra;", "["),
        ("&ket;", "]"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#91;", "["),
        ("&#93;", "]"),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (name, c)| text.replace(name, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_punctuation_come_together() {
        // Expected: sacremoses 0.2.0.
        for (apart, together) in [
            ("He said , \" It 's over . \"", "He said, \"It's over.\""),
            (
                "The ministers ' house ( in Dhaka ) .",
                "The ministers' house (in Dhaka).",
            ),
            ("$ 5 million , 12 % more", "$5 million, 12% more"),
            (
                "a well @-@ known &quot; A &amp; B &quot;",
                "a well-known \"A & B\"",
            ),
            ("' Yes , ' she said : no", "'Yes,' she said: no"),
            ("  two   spaces  ", "two spaces"),
            ("", ""),
        ] {
            assert_eq!(moses(apart), together);
        }
    }

    #[test]
    fn clean_up_takes_spaces_out() {
        assert_eq!(clean_up("It 's , I do n't know ."), "It's, I don't know.");
    }
}
