//! Words of opposite meaning, so that a river that rose does not fall in the brief.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::words::stem;

/// Which of two opposites a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pole {
    pair: usize,
    is_second: bool,
}

impl Pole {
    /// Which opposite a word says, by its stem, if any.
    pub fn of(key: &str) -> Option<Pole> {
        POLES.get(key).copied()
    }

    /// What contradicts it.
    pub fn opposite(self) -> Pole {
        Pole {
            is_second: !self.is_second,
            ..self
        }
    }
}

/// What news turns on, each with the other words for the same.
const PAIRS: [(&[&str], &[&str]); 8] = [
    (
        &[
            "rise", "rose", "risen", "increase", "grow", "grew", "grown", "climb", "gain", "jump",
            "soar", "swell", "swollen", "surge", "higher", "up",
        ],
        &[
            "fall", "fell", "fallen", "drop", "decrease", "decline", "shrink", "shrank", "slump",
            "plunge", "recede", "ease", "subside", "lower", "down",
        ],
    ),
    (
        &["above", "over", "exceed", "cross", "surpass"],
        &["below", "beneath"],
    ),
    (
        &[
            "win",
            "won",
            "beat",
            "victory",
            "victorious",
            "champion",
            "defeat",
        ],
        &["lose", "lost", "loss"],
    ),
    (
        &[
            "accept",
            "admit",
            "confirm",
            "acknowledge",
            "agree",
            "approve",
        ],
        &[
            "deny", "denied", "denial", "reject", "refute", "refuse", "dismiss",
        ],
    ),
    (&["open", "reopen", "resume"], &["close", "shut", "suspend"]),
    (
        &[
            "kill", "die", "died", "dead", "death", "murder", "fatal", "drown", "perish", "body",
            "live", "slain",
        ],
        &["injure", "injury", "wound", "hurt", "survive", "survivor"],
    ),
    (&["import"], &["export"]),
    (&["buy", "bought", "purchase"], &["sell", "sold", "sale"]),
];

static POLES: LazyLock<FxHashMap<String, Pole>> = LazyLock::new(|| {
    let mut poles = FxHashMap::default();
    for (pair, (first, second)) in PAIRS.iter().enumerate() {
        for (words, is_second) in [(first, false), (second, true)] {
            let pole = Pole { pair, is_second };
            poles.extend(words.iter().map(|word| (stem(word), pole)));
        }
    }
    poles
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_its_own_opposite() {
        let words: usize = PAIRS.iter().map(|(a, b)| a.len() + b.len()).sum();
        assert!(POLES.len() > words / 2);
        for (first, second) in PAIRS {
            for word in first {
                let pole = Pole::of(&stem(word)).unwrap();
                assert!(
                    second
                        .iter()
                        .all(|s| Pole::of(&stem(s)) == Some(pole.opposite()))
                );
            }
        }
    }

    #[test]
    fn forms_of_a_word_say_the_same() {
        assert_eq!(Pole::of(&stem("increasing")), Pole::of(&stem("rose")));
        assert_eq!(
            Pole::of(&stem("closed")).map(Pole::opposite),
            Pole::of(&stem("reopened"))
        );
        assert_eq!(Pole::of(&stem("village")), None);
    }
}
