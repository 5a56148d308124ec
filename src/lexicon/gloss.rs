//! The gloss of a sentence: its words in English one by one, between their marks.

use std::ops::Range;

use serde::Serialize;

use super::aligned::Aligned;
use super::romanise::romanise;
use super::token::{Kind, Tokens};
use super::{Analysis, Lexicon, Reading};
use crate::text::for_lookup;

/// A word of a sentence with its English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GlossedWord {
    /// The word, normalised for look-up.
    pub form: String,
    /// Its bytes in the sentence as it was given.
    pub span: Range<usize>,
    /// Its English, as it stands in the gloss.
    pub gloss: String,
    /// How it came by it.
    #[serde(flatten)]
    pub reading: Reading,
}

impl Lexicon {
    /// The gloss of one sentence: words separated by ` | `, marks by spaces, unknown words spelt
    /// in Latin letters behind `~`, numbers in ASCII digits.
    ///
    /// ```
    /// let lexicon = anubad::lexicon::Lexicon::embedded();
    /// assert_eq!(lexicon.gloss("মাঠে ৫টি মৌসুম চলছে।"), "in field / on ground | 5 | season | is going on / is running .");
    /// ```
    pub fn gloss(&self, sentence: &str) -> String {
        let text = for_lookup(sentence);
        let mut out = String::with_capacity(text.len());
        let mut after_word = false;
        for (span, piece) in Pieces::new(self, &text) {
            match piece {
                Piece::Ordinal(ending) => out.push_str(ending),
                Piece::AfterNumber("") => {}
                Piece::AfterNumber(english) => {
                    out.push_str(" | ");
                    out.push_str(english);
                }
                _ => {
                    let is_word = !matches!(piece, Piece::Mark);
                    if after_word && is_word {
                        out.push_str(" | ");
                    } else if !out.is_empty() {
                        out.push(' ');
                    }
                    piece.push_english(&text[span], &mut out);
                    after_word = is_word;
                }
            }
        }
        out
    }

    /// The words of a gloss one by one, without the marks between them.
    pub fn gloss_words(&self, sentence: &str) -> Vec<GlossedWord> {
        let aligned = Aligned::new(sentence);
        let mut words: Vec<GlossedWord> = Vec::new();
        for (span, piece) in Pieces::new(self, &aligned.text) {
            let form = &aligned.text[span.clone()];
            let original = aligned.original(span);
            let reading = match &piece {
                Piece::Mark => continue,
                Piece::Ordinal(ending) => {
                    if let Some(number) = words.last_mut() {
                        number.form.push_str(form);
                        number.gloss.push_str(ending);
                        number.span.end = original.end;
                    }
                    continue;
                }
                Piece::Number => Reading::Number,
                Piece::AfterNumber(_) => Reading::AfterNumber,
                Piece::Latin => Reading::Latin,
                Piece::Listed(analysis) => analysis.reading(form),
                Piece::Unknown => Reading::Spelt,
            };
            let mut gloss = String::new();
            piece.push_english(form, &mut gloss);
            words.push(GlossedWord {
                form: form.to_owned(),
                span: original,
                gloss,
                reading,
            });
        }
        words
    }
}

/// What a token is in its sentence.
enum Piece<'l> {
    Number,
    /// Makes an ordinal of the number that it is written to.
    Ordinal(&'static str),
    /// English of what may follow a number.
    AfterNumber(&'static str),
    Listed(Analysis<'l>),
    Unknown,
    Latin,
    Mark,
}

impl Piece<'_> {
    fn push_english(&self, token: &str, out: &mut String) {
        match self {
            Self::Number => out.extend(token.chars().map(ascii_digit)),
            Self::Ordinal(english) | Self::AfterNumber(english) => out.push_str(english),
            Self::Listed(analysis) => analysis.push_english(out),
            Self::Unknown => {
                out.push('~');
                out.push_str(&romanise(token));
            }
            Self::Latin => out.push_str(token),
            Self::Mark => out.push_str(ascii_mark(token)),
        }
    }
}

/// Tokens of a normalised text with what they are.
struct Pieces<'l, 't> {
    lexicon: &'l Lexicon,
    text: &'t str,
    tokens: Tokens<'t>,
    last_number: Option<Range<usize>>,
}

impl<'l, 't> Pieces<'l, 't> {
    fn new(lexicon: &'l Lexicon, text: &'t str) -> Self {
        Self {
            lexicon,
            text,
            tokens: Tokens::new(text),
            last_number: None,
        }
    }

    fn word(&self, span: &Range<usize>) -> Piece<'l> {
        let word = &self.text[span.clone()];
        let touches = match &self.last_number {
            Some(number) if number.end == span.start => {
                if is_ordinal_ending(word) {
                    return Piece::Ordinal(ordinal_ending(&self.text[number.clone()]));
                }
                true
            }
            // One character between: a space or a hyphen.
            Some(number) => self.text[number.end..]
                .chars()
                .next()
                .is_some_and(|between| {
                    number.end + between.len_utf8() == span.start
                        && self.lexicon.entry(word).is_none()
                }),
            // The model was trained on glosses that take such a word at the very start for one
            // that follows a number.
            None => span.start == 0 && self.lexicon.entry(word).is_none(),
        };
        if touches && let Some(english) = after_number(word) {
            return Piece::AfterNumber(english);
        }
        self.lexicon
            .analyse(word)
            .map_or(Piece::Unknown, Piece::Listed)
    }
}

impl<'l> Iterator for Pieces<'l, '_> {
    type Item = (Range<usize>, Piece<'l>);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, span) = self.tokens.next()?;
        let piece = match kind {
            Kind::Number => {
                self.last_number = Some(span.clone());
                Piece::Number
            }
            Kind::Word => self.word(&span),
            Kind::Latin => Piece::Latin,
            Kind::Mark => Piece::Mark,
        };
        Some((span, piece))
    }
}

/// English of a classifier, a case or a unit that may follow a number.
fn after_number(word: &str) -> Option<&'static str> {
    Some(match word {
        "টি" | "টা" | "খানা" => "",
        "টির" | "র" | "এর" | "ের" => "of",
        "টিতে" | "তে" | "ে" | "এ" => "in",
        "টিকে" | "কে" => "to",
        "টিও" | "ও" => "also",
        "জন" => "people",
        "জনের" => "of people",
        "জনকে" => "people / to people",
        "টায়" => "o'clock",
        "টার" => "of o'clock",
        "গুণ" => "times",
        "বার" => "times",
        "দিন" => "days",
        _ => return None,
    })
}

fn is_ordinal_ending(word: &str) -> bool {
    matches!(
        word,
        "তম" | "ম" | "য়" | "র্থ" | "ষ্ঠ" | "ই" | "লা" | "রা" | "ঠা" | "শে"
    )
}

fn ordinal_ending(number: &str) -> &'static str {
    let mut digits = number.chars().rev().map(ascii_digit);
    match (digits.next(), digits.next()) {
        (_, Some('1')) => "th",
        (Some('1'), _) => "st",
        (Some('2'), _) => "nd",
        (Some('3'), _) => "rd",
        _ => "th",
    }
}

fn ascii_digit(c: char) -> char {
    match c {
        '০'..='৯' => char::from(b'0' + (u32::from(c) - u32::from('০')) as u8),
        _ => c,
    }
}

fn ascii_mark(mark: &str) -> &str {
    match mark {
        "।" | "॥" => ".",
        "“" | "”" => "\"",
        "‘" | "’" => "'",
        "–" | "—" => "-",
        "…" => "...",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_ordinals_and_classifiers() {
        let lexicon = Lexicon::embedded();
        for (bengali, english) in [
            ("১ম", "1st"),
            ("২য়", "2nd"),
            ("১১তম", "11th"),
            ("১২৩তম", "123rd"),
            ("২১শে", "21st"),
            ("৫টি", "5"),
            ("৫টির", "5 | of"),
            ("৩,৫০০ জনকে", "3,500 | people / to people"),
            ("১০-টি", "10 -"),
            ("টির ধান", "of | paddy"),
        ] {
            assert_eq!(
                lexicon.gloss(bengali).trim_end(),
                english.trim_end(),
                "{bengali}"
            );
        }
    }

    #[test]
    fn a_glossed_word_knows_its_place_in_the_sentence() {
        let lexicon = Lexicon::embedded();
        // The second word is written with two code points for its last letter.
        let sentence = "৩য় বিশ্ববিদ্যাল\u{9af}\u{9bc}, BBC ঘঘঘঘ";
        let words = lexicon.gloss_words(sentence);
        let parts: Vec<_> = words.iter().map(|w| &sentence[w.span.clone()]).collect();
        assert_eq!(parts, ["৩য়", "বিশ্ববিদ্যাল\u{9af}\u{9bc}", "BBC", "ঘঘঘঘ"]);
        assert_eq!(words[0].gloss, "3rd");
        assert_eq!(words[1].form, "বিশ্ববিদ্যাল\u{9df}");
        assert_eq!(words[2].reading, Reading::Latin);
        assert_eq!(words[3].reading, Reading::Spelt);
        assert_eq!(words[3].gloss, "~ghaghaghagh");
    }
}
