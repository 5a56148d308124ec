//! Which script a text is written in.

use unicode_script::{Script, UnicodeScript};

/// How many letters of each script a text has. Digits, punctuation and marks shared by scripts do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scripts {
    /// Most frequent first.
    counts: Vec<(Script, usize)>,
    assamese: usize,
}

impl Scripts {
    /// Counts the letters of a text.
    pub fn of(text: &str) -> Self {
        text.chars().collect()
    }

    /// The number of letters of all scripts.
    pub fn letters(&self) -> usize {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// The share of Bengali letters among all letters, 0 to 1; 0 for a text without letters.
    pub fn bengali(&self) -> f64 {
        let bengali = self
            .counts
            .iter()
            .find(|(script, _)| *script == Script::Bengali);
        bengali.map_or(0.0, |&(_, count)| count as f64 / self.letters() as f64)
    }

    /// The script with most letters.
    pub fn dominant(&self) -> Option<Script> {
        self.counts.first().map(|&(script, _)| script)
    }

    /// Whether the text is in Bengali script, and in Assamese: with the letters ৰ or ৱ, which Bengali does not have.
    pub fn is_assamese(&self) -> bool {
        // They are one letter in twenty of Assamese; quoted names alone stay below one in two hundred.
        self.dominant() == Some(Script::Bengali)
            && self.assamese >= 2
            && self.assamese * 200 > self.letters()
    }

    /// What to call the dominant script in a message: `Latin`, `Devanagari`, … and `Assamese` for Bengali script
    /// with the letters ৰ or ৱ, which Bengali does not have.
    pub fn name(&self) -> Option<String> {
        let script = self.dominant()?;
        Some(if self.is_assamese() {
            "Assamese".to_owned()
        } else {
            script.full_name().replace('_', " ")
        })
    }
}

impl FromIterator<char> for Scripts {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> Self {
        let mut counts: Vec<(Script, usize)> = Vec::new();
        let mut assamese = 0;
        for c in chars.into_iter().filter(|c| c.is_alphabetic()) {
            let script = c.script();
            if matches!(script, Script::Common | Script::Inherited | Script::Unknown) {
                continue;
            }
            assamese += usize::from(matches!(c, 'ৰ' | 'ৱ'));
            match counts.iter_mut().find(|(known, _)| *known == script) {
                Some((_, count)) => *count += 1,
                None => counts.push((script, 1)),
            }
        }
        counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        Self { counts, assamese }
    }
}

/// Whether a character is of the Bengali block, as letters, signs, digits and the sign of the taka are.
pub(crate) fn is_bengali(c: char) -> bool {
    matches!(c, '\u{980}'..='\u{9FF}')
}

/// Whether a character stands in Bengali words: letters, vowel signs, hasanta, nukta.
pub(crate) fn is_bengali_letter(c: char) -> bool {
    matches!(c, '\u{980}'..='\u{9E5}' | '\u{9F0}' | '\u{9F1}' | '\u{9FC}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_script() {
        let name = |text| Scripts::of(text).name().unwrap_or_default();
        assert_eq!(name("ঢাকায় আজ বৃষ্টি, বলেছে BMD।"), "Bengali");
        assert_eq!(name("Rain in Dhaka (ঢাকা)"), "Latin");
        assert_eq!(name("दिल्ली में बारिश"), "Devanagari");
        assert_eq!(name("مطر في دكا"), "Arabic");
        assert_eq!(name("গুৱাহাটীত আজি বৰষুণ"), "Assamese");
        assert_eq!(name("২০২৪ – 42!"), "");
        assert_eq!(name("বৰ ছবি"), "Bengali");
    }

    #[test]
    fn share_counts_letters_only() {
        let scripts = Scripts::of("কখ ab ১২৩৪ …");
        assert_eq!((scripts.letters(), scripts.bengali()), (4, 0.5));
        assert_eq!(Scripts::of("").bengali(), 0.0);
        assert_eq!(Scripts::of("৳ 500").letters(), 0);
    }
}
