//! Whether the numbers of the source, and no others, are in the translation.

use super::english;
use super::{Finding, FindingKind, Severity};
use crate::lexicon::{GlossedWord, Reading};
use crate::text::{Number, Written, numbers_bn, numbers_en};

/// Compares numbers by value: ৩৫ লাখ, 3.5 million and 3,500,000 are one.
///
/// A number in digits has to come through. One in words may become another word ("weekly"), so
/// that its loss is a warning only.
pub(super) fn check(source: &str, glossed: &[GlossedWord], translation: &str) -> Vec<Finding> {
    let bengali = Numbers::new(source, numbers_bn(source));
    let english = Numbers::new(translation, numbers_en(translation));
    let words = english::words(translation);
    let mut findings = Vec::new();

    for (i, number) in bengali.asked_for() {
        let value = number.value.to_f64();
        if bengali.has_like(i, &english) || words.iter().any(|word| implies(word, value)) {
            continue;
        }
        let written = &source[number.span.clone()];
        findings.push(Finding {
            kind: FindingKind::MissingNumber,
            severity: severity(number),
            message: format!("“{written}” ({}) is not in the translation", number.value),
        });
    }

    // Words that are no numbers in Bengali, but have one in English: শতবর্ষ "hundred years".
    let glosses: Vec<f64> = glossed
        .iter()
        .filter(|word| word.reading != Reading::Number)
        .flat_map(|word| numbers_en(&word.gloss))
        .map(|number| number.value.to_f64())
        .collect();
    for (i, number) in english.asked_for() {
        let value = number.value.to_f64();
        if value == 0.0
            || english.has_like(i, &bengali)
            || glosses.iter().any(|gloss| equal(*gloss, value))
        {
            continue;
        }
        let written = &translation[number.span.clone()];
        findings.push(Finding {
            kind: FindingKind::AddedNumber,
            severity: severity(number),
            message: format!("“{written}” is not in the source"),
        });
    }
    findings.dedup();
    findings
}

fn severity(number: &Number) -> Severity {
    match number.written {
        Written::Digits => Severity::Error,
        Written::Words => Severity::Warning,
    }
}

/// The numbers of a text, and for each the values that it may have together with a neighbour.
struct Numbers {
    numbers: Vec<Number>,
    joint: Vec<Vec<f64>>,
}

impl Numbers {
    fn new(text: &str, numbers: Vec<Number>) -> Self {
        let joint = (0..numbers.len())
            .map(|i| joint_readings(text, &numbers, i))
            .collect();
        Self { numbers, joint }
    }

    /// Numbers that the other side has to have. Two and the halves, in words, are in too many
    /// other words ("both", "a year and a half") to ask for.
    fn asked_for(&self) -> impl Iterator<Item = (usize, &Number)> {
        self.numbers.iter().enumerate().filter(|(_, number)| {
            let small_word = number.written == Written::Words && number.value.to_f64() <= 2.5;
            !number.ambiguous && !small_word
        })
    }

    /// Whether a number of `theirs` may be number `i` of these. One of the two has to be as written:
    /// readings of both sides would meet by chance (1 and 12, 1 and 120 both make 1.12).
    fn has_like(&self, i: usize, theirs: &Self) -> bool {
        let alike = |a: f64, b: f64| equal(a, b) || is_year_of(a, b) || is_year_of(b, a);
        let own = self.numbers[i].value.to_f64();
        let as_written = |other: &Number| {
            let other = other.value.to_f64();
            alike(own, other) || self.joint[i].iter().any(|own| alike(*own, other))
        };
        theirs.numbers.iter().any(as_written)
            || theirs
                .joint
                .iter()
                .flatten()
                .any(|other| alike(own, *other))
    }
}

/// What number `i` of a text may stand for together with the number before or behind it
/// (৬০ ডলার ৪৭ সেন্ট, চার ভাগের তিন ভাগ).
fn joint_readings(text: &str, numbers: &[Number], i: usize) -> Vec<f64> {
    let neighbours = &numbers[i.saturating_sub(1)..numbers.len().min(i + 2)];
    let joint = |pair: &[Number]| {
        let (first, second) = (pair[0].value.to_f64(), pair[1].value.to_f64());
        together(first, second, between(text, &pair[0], &pair[1]))
    };
    neighbours.windows(2).flat_map(joint).collect()
}

fn between<'t>(text: &'t str, number: &Number, next: &Number) -> &'t str {
    // Hour and minute of সাড়ে আটটা share a span.
    text.get(number.span.end..next.span.start).unwrap_or("")
}

/// What two neighbouring numbers may make together: a part of a whole (চার ভাগের তিন ভাগ), a time
/// of day without its colon (০১:১০, 0110), a unit with its tenths (of an over, six balls at that),
/// hundredths or thousandths.
fn together(first: f64, second: f64, between: &str) -> Vec<f64> {
    /// The longest word for a unit that stands between two parts of one quantity, in bytes.
    const UNIT: usize = 32;
    if between.contains("ভাগ") {
        if first > 0.0 {
            vec![second / first]
        } else {
            Vec::new()
        }
    } else if between == ":" {
        vec![first * 100.0 + second]
    } else if between.len() <= UNIT && !is_range(between) {
        let sizes = [10.0, 100.0, 1000.0]
            .into_iter()
            .filter(|size| second < *size);
        sizes.map(|size| first + second / size).collect()
    } else {
        Vec::new()
    }
}

fn is_range(between: &str) -> bool {
    let between = between.trim().trim_start_matches(['$', '€', '£', '৳']);
    let word = between.split_whitespace().next().unwrap_or("");
    matches!(
        word,
        "থেকে"
            | "হইতে"
            | "হতে"
            | "বা"
            | "কি"
            | "কিংবা"
            | "to"
            | "or"
            | "and"
            | "-"
            | "–"
            | "—"
    )
}

/// Whether a two-digit number stands for a year: the fifties for 1950, '71 for 1971.
fn is_year_of(short: f64, year: f64) -> bool {
    short < 100.0 && (1000.0..2100.0).contains(&year) && equal(year % 100.0, short)
}

/// English words that render a number without being one.
fn implies(word: &str, value: f64) -> bool {
    match word {
        "midnight" | "noon" | "midday" => value == 12.0 || value == 0.0,
        "dozen" | "dozens" => value == 12.0,
        "half" | "halves" | "halved" => equal(value.fract(), 0.5) || value == 30.0,
        // Quarter to nine is 8 and 45.
        "quarter" | "quarters" => value <= 12.0 || value == 15.0 || value == 45.0,
        "third" | "thirds" => value < 3.0 && value.fract() != 0.0,
        "nil" | "none" | "no" => value == 0.0,
        "round" => value == 24.0, // the clock
        "week" | "weekly" => value == 7.0,
        "fortnight" => value == 14.0 || value == 15.0,
        "century" | "centuries" | "centenary" => value == 100.0,
        "triple" | "thrice" | "trio" | "hat" => value == 3.0,
        _ => false,
    }
}

fn equal(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::Lexicon;

    fn found(source: &str, translation: &str) -> Vec<(FindingKind, Severity)> {
        let glossed = Lexicon::embedded().gloss_words(source);
        let findings = check(source, &glossed, translation);
        findings
            .into_iter()
            .map(|finding| (finding.kind, finding.severity))
            .collect()
    }

    #[test]
    fn one_value_may_be_written_in_many_ways() {
        for (source, translation) in [
            ("৩৫ লাখ মানুষ", "3.5 million people"),
            ("৩৫ লাখ মানুষ", "35 lakh people"),
            ("৩৫ লাখ মানুষ", "3,500,000 people"),
            ("পাঁচ কোটি শিশু", "50 million children"),
            ("১০ থেকে ২০ হাজার টাকা", "10,000 to 20,000 taka"),
            ("১২২ টাকা ৩০ পয়সা", "122.30 taka"),
            ("চার ভাগের তিন ভাগ এলাকা", "three-quarters of the area"),
            ("রাত ১২টায়", "at midnight"),
            ("০১:১০ ইউটিসি", "0110 UTC"),
            ("পঞ্চাশের দশকে", "in the 1950s"),
            ("১৪ ওভার ২ বলে", "in 14.2 overs"),
            ("৩-০ গোলে", "Three-nil"),
        ] {
            assert_eq!(found(source, translation), [], "{source}: {translation}");
        }
    }

    #[test]
    fn a_changed_number_is_missing_and_added() {
        use FindingKind::{AddedNumber, MissingNumber};
        use Severity::{Error, Warning};
        let changed = [(MissingNumber, Error), (AddedNumber, Error)];
        assert_eq!(found("৩৫ লাখ মানুষ", "35 million people"), changed);
        assert_eq!(found("২০২৩ সালে", "in 2024"), changed);
        assert_eq!(found("২–১ গোলে", "by 3-1"), changed);
        assert_eq!(
            found("একটি ড্রোন ১২ তলায়", "one drone hit floor 120"),
            changed
        );
        assert_eq!(
            found("২ মিটার ৩০ সেন্টিমিটার", "2 meters 3 centimeters"),
            changed
        );
        assert_eq!(found("পাঁচজন", "people"), [(MissingNumber, Warning)]);
        assert_eq!(found("ধান কাটা", "12 paddies cut"), [(AddedNumber, Error)]);
    }
}
