//! What is not language (addresses, tags, code) hidden from the model and put back byte for byte.

use crate::text::verbatim;

/// A text whose verbatim pieces were replaced by marks that a model copies.
pub struct Masked {
    /// The text with marks.
    pub text: String,
    pieces: Vec<String>,
}

impl Masked {
    /// Hides the verbatim pieces of a text.
    pub fn new(source: &str) -> Self {
        let (mut text, mut pieces, mut end) = (String::new(), Vec::new(), 0);
        for range in verbatim(source) {
            text.push_str(&source[end..range.start]);
            text.push_str(&mark(pieces.len()));
            pieces.push(source[range.clone()].to_owned());
            end = range.end;
        }
        text.push_str(&source[end..]);
        Masked { text, pieces }
    }

    /// Puts the pieces back in the places of their marks. A piece whose mark the model lost follows at the
    /// end; a mark that it repeated is filled each time.
    pub fn restore(&self, translation: &str) -> String {
        let mut text = translation.to_owned();
        // From the last, so that the mark of piece 1 is not found in that of piece 10.
        for (i, piece) in self.pieces.iter().enumerate().rev() {
            let mark = mark(i);
            if text.contains(&mark) {
                text = text.replace(&mark, piece);
            }
        }
        for (i, piece) in self.pieces.iter().enumerate() {
            if !translation.contains(&mark(i)) {
                text.push(' ');
                text.push_str(piece);
            }
        }
        text.trim_start().to_owned()
    }
}

/// The mark of a piece: Latin, so that the gloss copies it; capitals and a digit, so that no word is like it.
fn mark(piece: usize) -> String {
    format!("X{piece}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_in_their_places() {
        let source = "বিস্তারিত https://example.org/খবর?a=1&b=2 দেখুন, লিখুন desk@example.org ঠিকানায়।";
        let masked = Masked::new(source);
        assert!(!masked.text.contains("example"), "{}", masked.text);
        assert_eq!(
            masked.restore("See X0Z for more, write to X1Z."),
            "See https://example.org/খবর?a=1&b=2 for more, write to desk@example.org."
        );
    }

    #[test]
    fn lost_pieces_follow_at_the_end() {
        let masked = Masked::new("#কোটাসংস্কার নিয়ে মিছিল।");
        assert_eq!(masked.restore("A march."), "A march. #কোটাসংস্কার");
        assert_eq!(masked.restore(""), "#কোটাসংস্কার");
    }

    #[test]
    fn text_without_pieces_stays_as_it_is() {
        let masked = Masked::new("সাধারণ বাক্য।");
        assert_eq!(masked.text, "সাধারণ বাক্য।");
        assert_eq!(masked.restore("A plain sentence."), "A plain sentence.");
    }
}
