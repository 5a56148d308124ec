//! What is not language (addresses, tags, code) hidden from the model and put back byte for byte.

use std::ops::Range;

use crate::text::verbatim;

/// A text whose verbatim pieces were replaced by marks that a model copies.
pub struct Masked {
    /// The text with marks.
    pub text: String,
    pieces: Vec<String>,
    /// Number of the first piece's mark: above those that the source itself happens to hold.
    first: usize,
}

/// A translation with its verbatim pieces back in their places.
pub struct Restored {
    /// The text.
    pub text: String,
    /// Pieces whose marks the model lost; they stand at the end of the text.
    pub lost: Vec<String>,
    /// Pieces whose marks the model repeated; they stand in each of the places.
    pub repeated: Vec<String>,
}

impl Masked {
    /// Hides the verbatim pieces of a text.
    pub fn new(source: &str) -> Self {
        let first = marks(source)
            .map(|(_, number)| number.saturating_add(1))
            .max()
            .unwrap_or(0);
        let (mut text, mut pieces, mut end) = (String::new(), Vec::new(), 0);
        for range in verbatim(source) {
            text.push_str(&source[end..range.start]);
            text.push_str(&mark(first.saturating_add(pieces.len())));
            pieces.push(source[range.clone()].to_owned());
            end = range.end;
        }
        text.push_str(&source[end..]);
        Masked {
            text,
            pieces,
            first,
        }
    }

    /// Puts the pieces back in the places of their marks.
    pub fn restore(&self, translation: &str) -> Restored {
        let (mut text, mut end) = (String::new(), 0);
        let mut times = vec![0; self.pieces.len()];
        for (range, number) in marks(translation) {
            let Some(piece) = number
                .checked_sub(self.first)
                .filter(|&i| i < self.pieces.len())
            else {
                continue;
            };
            text.push_str(&translation[end..range.start]);
            text.push_str(&self.pieces[piece]);
            times[piece] += 1;
            end = range.end;
        }
        text.push_str(&translation[end..]);
        let of = |wanted: fn(u32) -> bool| {
            let pieces = self.pieces.iter().zip(&times).filter(|&(_, &n)| wanted(n));
            pieces.map(|(piece, _)| piece.clone()).collect::<Vec<_>>()
        };
        let (lost, repeated) = (of(|n| n == 0), of(|n| n > 1));
        for piece in &lost {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(piece);
        }
        Restored {
            text,
            lost,
            repeated,
        }
    }
}

/// The mark of a piece: Latin, so that the gloss copies it; capitals and a digit, so that no word is like it.
fn mark(number: usize) -> String {
    format!("X{number}Z")
}

/// Marks in a text with their numbers, from left to right.
fn marks(text: &str) -> impl Iterator<Item = (Range<usize>, usize)> {
    text.match_indices('X').filter_map(|(start, _)| {
        let digits = text[start + 1..]
            .bytes()
            .take_while(u8::is_ascii_digit)
            .take(9)
            .count();
        let end = start + 1 + digits;
        let number = text[start + 1..end].parse().ok()?;
        text[end..]
            .starts_with('Z')
            .then_some((start..end + 1, number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_in_their_places() {
        let source = "বিস্তারিত https://example.org/খবর?a=1&b=2 দেখুন, লিখুন desk@example.org ঠিকানায়।";
        let masked = Masked::new(source);
        assert!(!masked.text.contains("example"), "{}", masked.text);
        let restored = masked.restore("See X0Z for more, write to X1Z.");
        let expected = "See https://example.org/খবর?a=1&b=2 for more, write to desk@example.org.";
        assert_eq!(restored.text, expected);
        assert!(restored.lost.is_empty() && restored.repeated.is_empty());
    }

    #[test]
    fn lost_and_repeated_pieces_are_told() {
        let masked = Masked::new("#কোটাসংস্কার নিয়ে মিছিল।");
        let restored = masked.restore("A march.");
        assert_eq!(
            (restored.text.as_str(), restored.lost.len()),
            ("A march. #কোটাসংস্কার", 1)
        );
        assert_eq!(masked.restore("").text, "#কোটাসংস্কার");
        let restored = masked.restore("X0Z and X0Z.");
        assert_eq!(restored.text, "#কোটাসংস্কার and #কোটাসংস্কার.");
        assert_eq!(restored.repeated, ["#কোটাসংস্কার"]);
    }

    #[test]
    fn marks_of_the_source_and_of_pieces_are_left_alone() {
        let masked = Masked::new("X0Z নামে সংস্থা https://a.example/?r=X7Z ঠিকানায়।");
        assert!(
            masked.text.starts_with("X0Z ") && masked.text.contains("X8Z"),
            "{}",
            masked.text
        );
        let restored = masked.restore("A firm named X0Z at X8Z, X9Z.");
        assert_eq!(
            restored.text,
            "A firm named X0Z at https://a.example/?r=X7Z, X9Z."
        );
    }

    #[test]
    fn text_without_pieces_stays_as_it_is() {
        let masked = Masked::new("সাধারণ বাক্য।");
        assert_eq!(masked.text, "সাধারণ বাক্য।");
        assert_eq!(
            masked.restore("A plain sentence.").text,
            "A plain sentence."
        );
    }
}
