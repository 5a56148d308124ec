//! What is seen of a translation without reading it: its length, its repetitions, its script.

use unicode_script::UnicodeScript;

use super::english;
use super::{Finding, FindingKind, Severity};
use crate::text::{Script, is_bengali_letter};

/// Compares the length of the translation with that of its source.
///
/// For good pairs the natural logarithm of characters out by characters in is near normal; its
/// mean and spread by length of the source were fitted on 15,000 sentences of news translated by hand.
pub(super) fn length(source: &str, translation: &str) -> Option<Finding> {
    /// Standard deviations that a warning and an error are away from the mean.
    const WARNING: f64 = 3.5;
    const ERROR: f64 = 5.0;

    let source = characters(source);
    let translated = characters(translation);
    if source == 0 {
        return None;
    }
    let size = source as f64;
    let mean = 0.12 + 3.0 / size;
    let deviation = (1.25 / size.sqrt()).max(0.11);
    let off = ((translated.max(1) as f64 / size).ln() - mean) / deviation;
    if off.abs() < WARNING {
        return None;
    }
    let (kind, how) = match off < 0.0 {
        true => (FindingKind::TooShort, "short"),
        false => (FindingKind::TooLong, "long"),
    };
    Some(Finding {
        kind,
        severity: if off.abs() < ERROR {
            Severity::Warning
        } else {
            Severity::Error
        },
        message: format!("{translated} characters are {how} for a source of {source}"),
    })
}

/// Characters as a reader counts them: ড় ঢ় য় are one in either encoding, joiners none.
fn characters(text: &str) -> usize {
    let counts = |c: &char| !matches!(c, '\u{9bc}' | '\u{200b}'..='\u{200d}' | '\u{feff}');
    text.trim().chars().filter(counts).count()
}

/// Looks for words that come round again at once, oftener than anything does in the source.
pub(super) fn repetition(source: &str, translation: &str) -> Option<Finding> {
    let tokens = english::tokens(translation);
    let repeat = worst_repeat(&tokens)?;
    let in_source = worst_repeat(&english::tokens(source)).map_or(1, |repeat| repeat.times);
    if repeat.times <= in_source {
        return None;
    }
    let phrase = tokens[repeat.start..repeat.start + repeat.period].join(" ");
    Some(Finding {
        kind: FindingKind::Loop,
        severity: Severity::Error,
        message: format!("“{phrase}” comes {} times over", repeat.times),
    })
}

/// Looks for letters or digits of another script than Latin in the translation: Bengali that was
/// left, Devanagari, Arabic, Han … that the model made. A Greek letter by itself is a symbol.
pub(super) fn script(translation: &str) -> Option<Finding> {
    let mut worst: Option<(Severity, Script, &str)> = None;
    for (script, run) in foreign_runs(translation) {
        let is_single = run.chars().nth(1).is_none();
        let severity = match script {
            Script::Greek if is_single => continue,
            Script::Bengali => Severity::Error,
            _ if is_single => Severity::Warning,
            _ => Severity::Error,
        };
        if worst.is_none_or(|(known, ..)| severity > known) {
            worst = Some((severity, script, run));
        }
    }
    let (severity, script, run) = worst?;
    Some(Finding {
        kind: FindingKind::Untranslated,
        severity,
        message: format!(
            "“{run}” is left in {}",
            script.full_name().replace('_', " ")
        ),
    })
}

/// Stretches of one script other than Latin, each with a letter or digit at its beginning.
fn foreign_runs(text: &str) -> impl Iterator<Item = (Script, &str)> {
    let shared = |c: char| {
        matches!(
            c.script(),
            Script::Common | Script::Inherited | Script::Unknown
        )
    };
    let foreign = move |c: char| {
        (c.is_alphanumeric() || is_bengali_letter(c)) && c.script() != Script::Latin && !shared(c)
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        let from = &rest[rest.find(foreign)?..];
        let script = from.chars().next()?.script();
        let inside = |c: char| c.script() == script && c != '৳' || c.script() == Script::Inherited;
        let (run, after) = from.split_at(from.find(|c| !inside(c)).unwrap_or(from.len()));
        rest = after;
        Some((script, run))
    })
}

/// A stretch of tokens that is the same `period` tokens over and over.
struct Repeat {
    start: usize,
    period: usize,
    times: usize,
}

/// The immediate repetition with the most rounds, of those that good prose does not have: up to
/// two tokens three times ("one by one by"), more of them twice, marks alone (dots, a ruled line)
/// more often than anyone sets them. Marks are tokens, so that "the question, the question is" is
/// none.
fn worst_repeat(tokens: &[String]) -> Option<Repeat> {
    /// The longest phrase that is looked for, which bounds the work.
    const LONGEST: usize = 24;
    let mut worst: Option<Repeat> = None;
    for period in 1..=LONGEST.min(tokens.len() / 2) {
        let mut same = 0;
        for i in period..tokens.len() {
            same = if tokens[i] == tokens[i - period] {
                same + 1
            } else {
                0
            };
            let times = same / period + 1;
            if times < 2 {
                continue;
            }
            let has_word = tokens[i + 1 - period..=i]
                .iter()
                .any(|token| is_word(token));
            let least = match (has_word, period) {
                (false, _) => 16,
                (true, 1 | 2) => 3,
                (true, _) => 2,
            };
            if times >= least && worst.as_ref().is_none_or(|worst| times > worst.times) {
                worst = Some(Repeat {
                    start: i + 1 - period * times,
                    period,
                    times,
                });
            }
        }
    }
    worst
}

fn is_word(token: &str) -> bool {
    token.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sentence of 100 characters.
    fn source() -> String {
        "ধান কাটা ".repeat(11) + "।"
    }

    fn kind(finding: Option<Finding>) -> Option<(FindingKind, Severity)> {
        finding.map(|finding| (finding.kind, finding.severity))
    }

    #[test]
    fn length_is_judged_against_the_source() {
        use FindingKind::{TooLong, TooShort};
        use Severity::{Error, Warning};
        let judged = |characters: usize| kind(length(&source(), &"a".repeat(characters)));
        assert_eq!(judged(115), None);
        assert_eq!(judged(80), None);
        assert_eq!(judged(65), Some((TooShort, Warning)));
        assert_eq!(judged(30), Some((TooShort, Error)));
        assert_eq!(judged(200), Some((TooLong, Warning)));
        assert_eq!(judged(400), Some((TooLong, Error)));
        assert_eq!(kind(length(&source(), "")), Some((TooShort, Error)));
        assert_eq!(length("", "anything"), None);
    }

    #[test]
    fn the_encoding_of_a_letter_is_no_length() {
        assert_eq!(
            characters("ঢাকা\u{9df}"),
            characters("ঢাকা\u{9af}\u{9bc}\u{200c}")
        );
    }

    #[test]
    fn a_phrase_that_comes_round_again_is_a_loop() {
        let found = |text: &str| repetition("ধান।", text).map(|finding| finding.message);
        assert_eq!(
            found("He said that the rice, the rice, the rice is cut."),
            Some("“the rice ,” comes 2 times over".to_owned())
        );
        assert_eq!(
            found("no no no no"),
            Some("“no” comes 4 times over".to_owned())
        );
        assert!(found("of the city of the city of the city").is_some());
        for good in [
            "",
            "one by one by one.",
            "The question, the question is why...",
            "Bye-bye!!!",
        ] {
            assert_eq!(found(good), None, "{good}");
        }
    }

    #[test]
    fn a_repetition_of_the_source_may_be_kept() {
        assert_eq!(repetition("না, না, না, না।", "No, no, no, no."), None);
        assert!(repetition("না, না।", "No, no, no, no, no, no.").is_some());
    }

    #[test]
    fn bengali_is_found_but_the_taka_sign_is_none() {
        assert_eq!(script("It costs ৳500."), None);
        let finding = script("The ধানের price").unwrap();
        assert_eq!(finding.message, "“ধানের” is left in Bengali");
        assert!(script("৫ people").is_some());
    }

    #[test]
    fn other_scripts_are_named() {
        use Severity::{Error, Warning};
        let found = |text| script(text).map(|finding| (finding.severity, finding.message));
        for (translation, severity, message) in [
            (
                "Rain in दिल्ली today.",
                Error,
                "“दिल्ली” is left in Devanagari",
            ),
            ("مطر في دكا", Error, "“مطر” is left in Arabic"),
            ("The мост is open.", Error, "“мост” is left in Cyrillic"),
            ("Talks in 東京.", Error, "“東京” is left in Han"),
            ("The brіdge is open.", Warning, "“і” is left in Cyrillic"),
            (
                "The brіdge in ঢাকা is open.",
                Error,
                "“ঢাকা” is left in Bengali",
            ),
            ("५०० people", Error, "“५००” is left in Devanagari"),
            ("The λόγος.", Error, "“λόγος” is left in Greek"),
        ] {
            assert_eq!(found(translation), Some((severity, message.to_owned())));
        }
        for good in [
            "Café Müller in Đà Nẵng, São Paulo and Kırşehir",
            "5 µm, 3 µg, 10 Ω, the Δ variant, α-particles, 30 °C, 1º, n², ½",
            "“It’s 10–20” — £5, €6, ₹7, ৳8…",
        ] {
            assert_eq!(found(good), None, "{good}");
        }
    }
}
