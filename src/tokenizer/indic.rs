//! Bengali as IndicTrans2 reads it: punctuation evened out, set apart, digits ASCII, letters Devanagari.
//!
//! Follows `IndicProcessor` of IndicTransToolkit 1.1 with the Bengali normaliser and the tokenizer of the Indic NLP
//! library 0.92 (<https://github.com/anoopkunchukuttan/indic_nlp_library>). Three things are left out: placeholders
//! for numbers and addresses; the point that the toolkit writes for a no-break space between digits, which makes
//! another number; and the rules for other scripts' digits.

/// A Bengali source, ready for the model's SentencePiece.
pub(super) fn preprocess(text: &str) -> String {
    let text = punctuation(text);
    let text: String = text.chars().map(|c| ascii_digit(c).unwrap_or(c)).collect();
    let text = tokenise(&normalise(text.trim()));
    let text: String = text.chars().map(devanagari).collect();
    text.replace(" \u{94D} ", "\u{94D}").trim().to_owned()
}

/// Quotation marks, dashes and the spaces around punctuation.
fn punctuation(text: &str) -> String {
    const NBSP: char = '\u{A0}';
    let mut output = String::with_capacity(text.len());
    for c in text.chars().filter(|c| *c != '\r') {
        if c == ')' {
            output.truncate(output.trim_end().len());
        }
        if !(c.is_whitespace() && output.ends_with('(')) {
            output.push(c);
        }
    }
    for mark in [':', ';'] {
        output = close_up(&output, mark);
    }
    let output: String = output
        .chars()
        .map(|c| match c {
            '`' | '´' | '‘' | '‚' | '’' => '\'',
            '„' | '“' | '”' | '«' | '»' => '"',
            '–' | '—' => '-',
            c => c,
        })
        .collect();

    // Spaces before some marks, by what stands before and after.
    let mut closed = String::with_capacity(output.len());
    let mut chars = output.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        if c == ' ' && closed.ends_with(' ') {
            continue;
        }
        match (c, next) {
            (NBSP, Some('%' | '?' | '!' | ';')) => {}
            (NBSP, Some('º')) => closed.push(' '),
            (NBSP, _) if closed.ends_with([',', 'º']) => closed.push(' '),
            _ => closed.push(c),
        }
    }
    let mut output = String::with_capacity(closed.len());
    let mut chars = closed.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let closes = match next {
            Some('.' | '!' | ':' | '?' | ';' | ',') => output.ends_with(')'),
            Some('%') => output.ends_with(is_digit),
            _ => false,
        };
        if c == ' ' && closes {
            continue;
        }
        output.push(c);
    }
    quotes_last(&output).trim().to_owned()
}

/// Takes out one space before a mark and, where there was one, one after.
fn close_up(text: &str, mark: char) -> String {
    let mut output = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == mark && output.ends_with(char::is_whitespace) {
            output.pop();
            chars.next_if(|next| next.is_whitespace());
        }
        output.push(c);
    }
    output
}

/// Puts a quotation mark after the points and commas that follow it.
fn quotes_last(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '"' {
            while let Some(point) = chars.next_if(|next| matches!(next, '.' | ',')) {
                output.push(point);
            }
        }
        output.push(c);
    }
    output
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ascii_digit(c).is_some()
}

fn ascii_digit(c: char) -> Option<char> {
    match c {
        '০'..='৯' => char::from_u32(c as u32 - '০' as u32 + '0' as u32),
        '०'..='९' => char::from_u32(c as u32 - '०' as u32 + '0' as u32),
        _ => None,
    }
}

/// One form of each letter and mark.
fn normalise(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + 16);
    let mut before = None;
    for c in text.chars() {
        match c {
            '\u{FEFF}' | '\u{FFFE}' | '\u{2060}' | '\u{AD}' | '\u{200C}' | '\u{200D}' => continue,
            '\u{200B}' | '\u{A0}' => output.push(' '),
            '…' => output.push_str("..."),
            '\u{9DC}' => output.push_str("ড\u{9BC}"),
            '\u{9DD}' => output.push_str("ঢ\u{9BC}"),
            '\u{9DF}' => output.push_str("য\u{9BC}"),
            '\u{9E4}' | '|' | '\u{9F7}' => output.push('।'),
            '\u{9E5}' => output.push('॥'),
            // A colon is often typed for the sign of the visarga.
            ':' if before.is_some_and(|c| matches!(c, '\u{980}'..='\u{9FF}')) => output.push('ঃ'),
            '\u{9BE}' if output.ends_with('\u{9C7}') => {
                output.pop();
                output.push('\u{9CB}');
            }
            '\u{9D7}' if output.ends_with('\u{9C7}') => {
                output.pop();
                output.push('\u{9CC}');
            }
            c => output.push(c),
        }
        before = Some(c);
    }
    output.replace("''", "\"")
}

/// Sets punctuation apart, but for that inside numbers and dates.
fn tokenise(text: &str) -> String {
    let mut apart = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii_punctuation() || is_indic_punctuation(c) {
            apart.extend([' ', c, ' ']);
        } else {
            apart.push(if c == '\t' { ' ' } else { c });
        }
    }
    let tokens: Vec<&str> = apart.split(' ').filter(|token| !token.is_empty()).collect();
    let ends_in_digit = |token: &str| token.ends_with(|c: char| c.is_ascii_digit());
    let starts_with_digit = |token: &str| token.starts_with(|c: char| c.is_ascii_digit());
    let joins = |mark: usize| {
        let is_mark = matches!(tokens.get(mark), Some(&("," | "." | ":" | "/")));
        let before = mark
            .checked_sub(1)
            .is_some_and(|i| ends_in_digit(tokens[i]));
        let after = tokens
            .get(mark + 1)
            .is_some_and(|token| starts_with_digit(token));
        is_mark && before && after
    };
    let mut output = String::with_capacity(apart.len());
    for (i, token) in tokens.iter().enumerate() {
        if i > 0 && !joins(i) && !joins(i - 1) {
            output.push(' ');
        }
        output.push_str(token);
    }
    output
}

fn is_indic_punctuation(c: char) -> bool {
    matches!(
        c,
        '।' | '॥' | '\u{AAF0}' | '\u{AAF1}' | '\u{ABEB}'..='\u{ABEF}' | '\u{1C7E}' | '\u{1C7F}'
    )
}

/// The letter at the same place of the Devanagari block.
fn devanagari(c: char) -> char {
    match c {
        '\u{980}'..='\u{9EF}' => char::from_u32(c as u32 - 0x80).unwrap_or(c),
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected: IndicTransToolkit 1.1.1, with the normaliser of indic-nlp-library 0.92.
    #[test]
    fn bengali_becomes_devanagari() {
        for (bengali, devanagari) in [
            ("ঢাকায় ১২.৫ কোটি টাকা।", "ढाकाय़ 12.5 कोटि टाका ।"),
            ("ঢাকায় ( চট্টগ্রামে )", "ढाकाय़ ( चट्टग्रामे )"),
            ("“হ্যাঁ”, তিনি বলেন: না", "\" ह्याँ , \" तिनि बलेनः ना"),
            ("র‍্যাব ও Facebook-এর CEO", "र्याब ओ Facebook - एर CEO"),
            ("কো কৌ ৎ ৰ", "को कौ ॎ ৰ"),
            ("", ""),
        ] {
            assert_eq!(preprocess(bengali), devanagari);
        }
    }

    #[test]
    fn numbers_stay_whole() {
        for (bengali, devanagari) in [
            ("১,২৩,৪৫৬ টাকা", "1,23,456 टाका"),
            ("সময় ১০:৩০ , ২০২৪/০৫/০১", "समय़ 10:30,2024/05/01"),
            ("১২ % মানুষ (৭)।", "12 % मानुष ( 7 ) ।"),
            ("১\u{A0}০০০", "1 000"),
        ] {
            assert_eq!(preprocess(bengali), devanagari);
        }
    }
}
