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
        let mut counts: Vec<(Script, usize)> = Vec::new();
        let mut assamese = 0;
        for c in text.chars().filter(|c| !c.is_numeric()) {
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

    /// What to call the dominant script in a message: `Latin`, `Devanagari`, … and `Assamese` for Bengali script
    /// with the letters ৰ or ৱ, which Bengali does not have.
    pub fn name(&self) -> Option<&'static str> {
        let script = self.dominant()?;
        // ৰ is the commonest consonant of Assamese; quoted names alone stay far below one letter in a hundred.
        let assamese = script == Script::Bengali && self.assamese * 100 >= self.letters();
        Some(if assamese {
            "Assamese"
        } else {
            script.full_name()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_script() {
        let name = |text| Scripts::of(text).name();
        assert_eq!(name("ঢাকায় আজ বৃষ্টি, বলেছে BMD।"), Some("Bengali"));
        assert_eq!(name("Rain in Dhaka (ঢাকা)"), Some("Latin"));
        assert_eq!(name("दिल्ली में बारिश"), Some("Devanagari"));
        assert_eq!(name("مطر في دكا"), Some("Arabic"));
        assert_eq!(name("গুৱাহাটীত আজি বৰষুণ"), Some("Assamese"));
        assert_eq!(name("২০২৪ – 42!"), None);
    }

    #[test]
    fn share_counts_letters_only() {
        let scripts = Scripts::of("কখ ab ১২৩৪ …");
        assert_eq!((scripts.letters(), scripts.bengali()), (4, 0.5));
        assert_eq!(Scripts::of("").bengali(), 0.0);
    }
}
