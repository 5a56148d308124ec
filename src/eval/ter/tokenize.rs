//! Tercom's normalisation of a text before it is cut into words.

use std::borrow::Cow;

use super::super::whitespace;
use super::Ter;

/// A reference, normalised as an output is, and then once more: sacreBLEU does so, and the second time sets apart what the
/// first left together, `it's` before a tab for instance.
pub(super) fn normalise_reference(text: &str, options: &Ter) -> String {
    let once = normalise(text, options);
    let words: Vec<&str> = whitespace::words(&once).collect();
    normalise(&words.join(" "), options).into_owned()
}

/// An output, normalised as the options say; its words are what stands between white space.
pub(super) fn normalise<'a>(text: &'a str, options: &Ter) -> Cow<'a, str> {
    let text = text.trim_end_matches(whitespace::is_space);
    let mut text = match options.case_sensitive {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.to_lowercase()),
    };
    if options.normalized {
        text = Cow::Owned(separate_western(&text));
        if options.asian_support {
            text = Cow::Owned(separate_asian(&text));
        }
    }
    if options.no_punct {
        let is_mark = |c| is_western_mark(c) || options.asian_support && is_asian_mark(c);
        text = Cow::Owned(text.replace(is_mark, ""));
    }
    text
}

/// Joins lines, resolves XML's escapes, and sets marks apart, in the order of Tercom's rules.
fn separate_western(text: &str) -> String {
    let text = text.replace("\n-", "").replace('\n', " ");
    // One escape after the other, so that `&amp;lt;` becomes `<`, and `&amp;quot;` only `&quot;`.
    let text = text
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    let text = spaced(&format!(" {text} "), is_separate).replace("'s ", " 's ");
    let is_point = |c| matches!(c, '.' | ',');
    let is_other = |c: char| !c.is_ascii_digit();
    let text = between(&text, is_other, is_point, ["", " ", " "]);
    let text = between(&text, is_point, is_other, [" ", " ", ""]);
    between(&text, |c| c.is_ascii_digit(), |c| c == '-', ["", " ", " "])
}

/// Makes a word of each CJK character. Kana stay together: Tercom's rules for them need a text that begins with kana,
/// and there is always a space before.
fn separate_asian(text: &str) -> String {
    spaced(text, |c| is_asian(c) || is_asian_mark(c))
}

/// The text with a space on both sides of some characters.
fn spaced(text: &str, is_apart: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for c in text.chars() {
        if is_apart(c) {
            out.extend([' ', c, ' ']);
        } else {
            out.push(c);
        }
    }
    out
}

/// The text with something put before, between and behind two characters that follow each other. Pairs do not overlap:
/// after one, the search goes on behind it.
fn between(
    text: &str,
    is_first: impl Fn(char) -> bool,
    is_second: impl Fn(char) -> bool,
    [before, middle, behind]: [&str; 3],
) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        let second = match is_first(first) {
            true => chars.next_if(|&second| is_second(second)),
            false => None,
        };
        match second {
            None => out.push(first),
            Some(second) => {
                out.push_str(before);
                out.push(first);
                out.push_str(middle);
                out.push(second);
                out.push_str(behind);
            }
        }
    }
    out
}

/// ASCII that is always a word of its own: all marks but apostrophe, comma, hyphen and full stop. (Spaces are in
/// Tercom's rule too, which changes no words.)
fn is_separate(c: char) -> bool {
    matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/')
}

fn is_western_mark(c: char) -> bool {
    matches!(c, '.' | ',' | '?' | ':' | ';' | '!' | '"' | '(' | ')')
}

/// Chinese characters, their strokes and radicals, enclosed and compatibility forms.
fn is_asian(c: char) -> bool {
    matches!(
        c,
        '\u{2e80}'..='\u{2eff}'
            | '\u{31c0}'..='\u{31ef}'
            | '\u{3200}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe4f}'
    )
}

/// CJK and full-width punctuation.
fn is_asian_mark(c: char) -> bool {
    matches!(
        c,
        '\u{3001}' | '\u{3002}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{30fb}' | '\u{ff61}'..='\u{ff65}'
            | '．' | '，' | '？' | '：' | '；' | '！' | '＂' | '（' | '）'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(text: &str, options: &Ter) -> String {
        let text = normalise(text, options);
        whitespace::words(&text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lower_case_alone_is_the_default() {
        let text = normalised(" The  Mayor's (old)\tOFFICE. ", &Ter::default());
        assert_eq!(text, "the mayor's (old) office.");
    }

    #[test]
    fn western_marks_are_set_apart_between_digits_not() {
        let options = Ter {
            normalized: true,
            case_sensitive: true,
            ..Ter::default()
        };
        for (text, words) in [
            (
                "It's 1,200.50 (about), he said.",
                "It 's 1,200.50 ( about ) , he said .",
            ),
            ("a..b", "a . . b"),
            ("2024-25 co-op", "2024 - 25 co-op"),
            ("&amp;lt;b&gt; &amp;quot;", "< b > & quot ;"),
            ("It's\u{2003}", "It 's"),
            ("flood-\n-ed\nland", "flood-ed land"),
            ("১,২০০", "১ , ২০০"),
        ] {
            assert_eq!(normalised(text, &options), words);
        }
    }

    #[test]
    fn references_are_normalised_twice() {
        let options = Ter {
            normalized: true,
            ..Ter::default()
        };
        for (text, once, twice) in [
            ("it's\tso", "it's so", "it 's so"),
            ("&amp;quot;", "& quot ;", "& quot ;"),
        ] {
            assert_eq!(normalised(text, &options), once);
            let reference = normalise_reference(text, &options);
            assert_eq!(
                whitespace::words(&reference).collect::<Vec<_>>().join(" "),
                twice
            );
        }
    }

    #[test]
    fn asian_characters_stand_alone_where_asked() {
        let options = Ter {
            normalized: true,
            asian_support: true,
            ..Ter::default()
        };
        assert_eq!(
            normalised("東京、ひらがな。abc", &options),
            "東 京 、 ひらがな 。 abc"
        );
        let options = Ter {
            no_punct: true,
            ..options
        };
        assert_eq!(normalised("東京、（ひ）。(a) b!", &options), "東 京 ひ a b");
        let options = Ter {
            asian_support: false,
            normalized: false,
            ..options
        };
        assert_eq!(normalised("東京、b!", &options), "東京、b");
    }
}
