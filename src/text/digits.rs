//! Bengali digits.

use std::borrow::Cow;

/// The value of a Bengali (`০`–`৯`) or ASCII digit.
pub fn digit_value(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(c as u32 - '0' as u32),
        '০'..='৯' => Some(c as u32 - '০' as u32),
        _ => None,
    }
}

/// The text with Bengali digits written as ASCII digits; borrowed where it has none.
pub fn to_ascii_digits(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| ('০'..='৯').contains(&c)) {
        return Cow::Borrowed(text);
    }
    let ascii = |c| {
        digit_value(c)
            .and_then(|value| char::from_digit(value, 10))
            .unwrap_or(c)
    };
    Cow::Owned(text.chars().map(ascii).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_become_ascii_and_the_rest_stays() {
        assert_eq!(to_ascii_digits("১,২৫,০০০ টাকা (2024)"), "1,25,000 টাকা (2024)");
        assert!(matches!(to_ascii_digits("টাকা 5"), Cow::Borrowed(_)));
        assert_eq!(digit_value('৯'), Some(9));
        assert_eq!(digit_value('९'), None);
    }
}
