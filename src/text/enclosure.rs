//! Short passages in brackets or quotation marks, which a sentence holds whole.

/// Longest bracket that is kept within its sentence, in bytes.
const MAX_BRACKET: usize = 400;

/// Longest quotation that is kept whole (about a dozen words), in bytes: a title, a slogan, an outcry.
const MAX_QUOTE: usize = 160;

/// How many marks may be open at once; more are noise and are forgotten.
const MAX_DEPTH: usize = 32;

/// A bracketed or quoted passage: byte offsets of its first mark and of its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Enclosure {
    pub open: usize,
    pub close: usize,
    pub quote: bool,
}

/// The short passages of a text that stand in paired marks, in order; those within another one are left out.
///
/// An apostrophe (`দু’জন`, `’৭১`) is no quotation mark. A mark without its partner encloses nothing.
pub(super) fn enclosures(text: &str) -> Vec<Enclosure> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut found: Vec<Enclosure> = Vec::new();
    let mut before = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map_or(' ', |&(_, c)| c);
        match role(c, before, after) {
            Role::Opens(closing) => {
                if open.len() == MAX_DEPTH {
                    open.clear();
                }
                open.push((at, closing));
            }
            Role::Closes => {
                // A close mark pairs with the innermost open one; if that is of another kind, one of them is a slip.
                if open.last().is_some_and(|&(_, closing)| closing == c) {
                    let (start, _) = open.pop().unwrap_or_default();
                    let quote = !matches!(c, ')' | ']' | '}');
                    if at - start <= if quote { MAX_QUOTE } else { MAX_BRACKET } {
                        while found.last().is_some_and(|inner| inner.open > start) {
                            found.pop();
                        }
                        found.push(Enclosure {
                            open: start,
                            close: at,
                            quote,
                        });
                    }
                } else if let Some(depth) = recent(&open, c) {
                    open.truncate(depth);
                }
            }
            Role::None => {}
        }
        before = c;
    }
    found
}

/// Where among the innermost few open marks stands one that `closing` would end.
fn recent(open: &[(usize, char)], closing: char) -> Option<usize> {
    let first = open.len().saturating_sub(4);
    open[first..]
        .iter()
        .rposition(|&(_, c)| c == closing)
        .map(|depth| first + depth)
}

enum Role {
    /// Opens a passage that ends with this mark.
    Opens(char),
    Closes,
    None,
}

fn role(c: char, before: char, after: char) -> Role {
    let word = |c: char| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
    match c {
        '(' => Role::Opens(')'),
        '[' => Role::Opens(']'),
        '{' => Role::Opens('}'),
        ')' | ']' | '}' => Role::Closes,
        '‘' => Role::Opens('’'),
        '“' => Role::Opens('”'),
        '”' => Role::Closes,
        '’' if word(after) && (word(before) || before.is_whitespace()) => Role::None,
        '’' => Role::Closes,
        '\'' if word(before) && word(after) => Role::None,
        '\'' | '"' if word(after) && !word(before) => Role::Opens(c),
        '\'' | '"' => Role::Closes,
        _ => Role::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        enclosures(text)
            .iter()
            .map(|e| &text[e.open..e.close])
            .collect()
    }

    #[test]
    fn outermost_pairs() {
        assert_eq!(found("ক (খ [গ] ঘ) ‘ঙ’ \"চ\""), ["(খ [গ] ঘ", "‘ঙ", "\"চ"]);
    }

    #[test]
    fn apostrophes_and_slips_enclose_nothing() {
        assert!(found("দু’জন, ’৭১ সালে, O'Brien").is_empty());
        assert_eq!(found("‘দু’জন এল’"), ["‘দু’জন এল"]);
        assert_eq!(found("১) ক ২) খ (গ)"), ["(গ"]);
    }

    #[test]
    fn long_passages_do_not_count() {
        assert!(found(&format!("‘{}’", "ক".repeat(100))).is_empty());
    }
}
