//! Whether the numbers of the source, and no others, are in the translation.

use super::english;
use super::{Finding, FindingKind, Severity};
use crate::lexicon::{GlossedWord, Reading};
use crate::text::{Number, Written, is_bengali_letter, numbers_bn, numbers_en};

/// Compares numbers by value: ৩৫ লাখ, 3.5 million and 3,500,000 are one.
///
/// Each number accounts for one of the other side. A number in digits has to come through. One in
/// words may become another word ("weekly"), so that its loss is a warning only, unless it has the
/// figures of another number in the translation: then it is wrong by tens.
pub(super) fn check(source: &str, glossed: &[GlossedWord], translation: &str) -> Vec<Finding> {
    let bengali = Numbers::new(source, numbers_bn(source));
    let english = Numbers::new(translation, numbers_en(translation));
    let (kept, known) = match_up(&bengali, &english);
    let words = english::words(translation);
    let mut findings = Vec::new();

    for (i, number) in bengali.asked_for() {
        let value = number.value.to_f64();
        if kept[i] || words.iter().any(|word| implies(word, value)) {
            continue;
        }
        let written = &source[number.span.clone()];
        let (severity, message) = if english.has_value(value) {
            // Two of one value may be one thing told twice.
            if number.written == Written::Words {
                continue;
            }
            let message =
                format!("“{written}” is in the source more often than in the translation");
            (Severity::Warning, message)
        } else if let Some(j) = english.wrong_by_tens(value, &known) {
            let other = &translation[english.numbers[j].span.clone()];
            let message = format!("“{written}” ({}) has become “{other}”", number.value);
            (Severity::Error, message)
        } else {
            let message = format!("“{written}” ({}) is not in the translation", number.value);
            (severity(number), message)
        };
        findings.push(Finding {
            kind: FindingKind::MissingNumber,
            severity,
            message,
        });
    }

    // Words that are no numbers in Bengali, but have one in English: শতবর্ষ "hundred years".
    let glosses: Vec<f64> = glossed
        .iter()
        .filter(|word| word.reading != Reading::Number)
        .flat_map(|word| numbers_en(&word.gloss))
        .map(|number| number.value.to_f64())
        .collect();
    for (j, number) in english.asked_for() {
        let value = number.value.to_f64();
        if value == 0.0
            || known[j]
            || bengali.has_value(value)
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

/// The numbers of a text, and what each may be beside its value.
struct Numbers {
    numbers: Vec<Number>,
    /// The values that it may have together with a neighbour.
    joint: Vec<Vec<f64>>,
    /// Whether it may be the last two digits of a year.
    short_year: Vec<bool>,
}

impl Numbers {
    fn new(text: &str, numbers: Vec<Number>) -> Self {
        let indices = 0..numbers.len();
        let joint = indices.clone().map(|i| joint_readings(text, &numbers, i));
        let short_year = indices.map(|i| is_short_year(text, &numbers, i));
        Self {
            joint: joint.collect(),
            short_year: short_year.collect(),
            numbers,
        }
    }

    fn value(&self, i: usize) -> f64 {
        self.numbers[i].value.to_f64()
    }

    fn has_value(&self, value: f64) -> bool {
        (0..self.numbers.len()).any(|i| equal(self.value(i), value))
    }

    /// Numbers that the other side has to have. Two and the halves, in words, are in too many
    /// other words ("both", "a year and a half") to ask for.
    fn asked_for(&self) -> impl Iterator<Item = (usize, &Number)> {
        self.numbers.iter().enumerate().filter(|(_, number)| {
            let small_word = number.written == Written::Words && number.value.to_f64() <= 2.5;
            !number.ambiguous && !small_word
        })
    }

    /// The number without a match that has the figures of `value` but another magnitude (দেড় কোটি,
    /// "one and a half million"). Below a hundred there is no word for a magnitude to mistake.
    fn wrong_by_tens(&self, value: f64, matched: &[bool]) -> Option<usize> {
        (0..self.numbers.len()).find(|&i| {
            let other = self.value(i);
            let tens = (other / value).log10();
            !matched[i]
                && value.max(other) >= 100.0
                && tens.is_finite()
                && (tens - tens.round()).abs() < 1e-9
        })
    }

    /// Whether number `i` is one of `theirs` together with its neighbour, or the reverse. The one
    /// as written must have no match of its own. Readings of both sides would meet by chance (1 and
    /// 12, 1 and 120 both make 1.12).
    fn is_part_or_sum(&self, i: usize, theirs: &Self, matched: &[bool]) -> bool {
        let own = self.value(i);
        let is_own = |reading: &f64| equal(own, *reading);
        theirs.joint.iter().flatten().any(is_own)
            || (0..theirs.numbers.len()).any(|j| {
                let is_theirs = |reading: &f64| equal(theirs.value(j), *reading);
                !matched[j] && self.joint[i].iter().any(is_theirs)
            })
    }
}

/// Which numbers of either text the other one has: first those of equal value, one to one, then the
/// parts and sums of others, then the short years that are left.
fn match_up(bengali: &Numbers, english: &Numbers) -> (Vec<bool>, Vec<bool>) {
    let mut kept = vec![false; bengali.numbers.len()];
    let mut known = vec![false; english.numbers.len()];
    // Words that need no match (এক "a") come last, so as not to take that of another.
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_by_key(|&i| bengali.numbers[i].ambiguous);
    let pair = |kept: &mut [bool], known: &mut [bool], alike: &dyn Fn(usize, usize) -> bool| {
        for &i in &order {
            let free = |&j: &usize| !kept[i] && !known[j] && alike(i, j);
            if let Some(j) = (0..known.len()).find(free) {
                (kept[i], known[j]) = (true, true);
            }
        }
    };

    // ৯৮ is the 98 of "In '98, 98 people".
    let equally_short = |i, j| bengali.short_year[i] == english.short_year[j];
    let same = |i, j| equal(bengali.value(i), english.value(j));
    pair(&mut kept, &mut known, &|i, j| {
        equally_short(i, j) && same(i, j)
    });
    pair(&mut kept, &mut known, &same);
    let (kept_whole, known_whole) = (kept.clone(), known.clone());
    for (i, kept) in kept.iter_mut().enumerate() {
        *kept |= bengali.is_part_or_sum(i, english, &known_whole);
    }
    for (j, known) in known.iter_mut().enumerate() {
        *known |= english.is_part_or_sum(j, bengali, &kept_whole);
    }
    pair(&mut kept, &mut known, &|i, j| {
        let (ours, theirs) = (bengali.value(i), english.value(j));
        (bengali.short_year[i] && is_year_of(ours, theirs))
            || (english.short_year[j] && is_year_of(theirs, ours))
    });
    (kept, known)
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

/// Years that are written by their last two digits: nobody needs to be told the century.
const YEARS: std::ops::Range<f64> = 1900.0..2100.0;

/// Whether the two-digit number is short for the year.
fn is_year_of(short: f64, year: f64) -> bool {
    short < 100.0 && YEARS.contains(&year) && equal(year % 100.0, short)
}

/// Whether number `i` is marked as a short year: ’৭১, ৭১ সালে, ২৪-এর, পঞ্চাশের, ২০২৪-২৫, '71, 90s.
fn is_short_year(text: &str, numbers: &[Number], i: usize) -> bool {
    let number = &numbers[i];
    let before = &text[..number.span.start];
    let after = text[number.span.end..].trim_start_matches([' ', '-', '–', '\'', '’']);
    let end = after.find(|c: char| !c.is_alphabetic() && !is_bengali_letter(c));
    let marked = match &after[..end.unwrap_or(after.len())] {
        "s" | "এ" | "এর" | "র" | "ের" => true,
        word => word.starts_with("সাল") || word.starts_with("দশক"),
    };
    let follows_year = i.checked_sub(1).is_some_and(|previous| {
        let previous = &numbers[previous];
        match between(text, previous, number) {
            "-" | "–" | "—" => YEARS.contains(&previous.value.to_f64()),
            separator => separator == "/",
        }
    });
    // Bengali names events by years in words: একাত্তরের যুদ্ধ.
    let bengali_word = number.written == Written::Words
        && text[number.span.clone()].starts_with(is_bengali_letter);
    marked || follows_year || bengali_word || before.ends_with(['\'', '’', '‘'])
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
            ("১-১ গোলে", "1-1"),
            ("১৯৯৮ সালে ৯৮ জন মারা যান", "98 people died in '98"),
            ("১৯৯৮ সালে ৯৮ জন মারা যান", "In '98, 98 people died"),
            ("২৪-এর গণ-অভ্যুত্থান", "the 2024 uprising"),
            ("একাত্তরের যুদ্ধ", "the war of 1971"),
            ("১৯৯০-এর দশক", "the 90s"),
            ("২০২৪-২৫ অর্থবছর", "fiscal 2024-2025"),
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

    #[test]
    fn a_number_accounts_for_one_other() {
        let missing = |severity| vec![(FindingKind::MissingNumber, severity)];
        let source = "২০২৪ সালে ২৪ জন ও ১৯৯৮ সালে ৯৮ জন";
        let lost = "24 people and 98 people in 2024, in 2024";
        assert_eq!(found(source, lost), missing(Severity::Error));
        let kept = "24 people in 2024 and 98 people in 1998";
        assert_eq!(found(source, kept), []);
        assert_eq!(found("১-১ গোলে", "by 1 goal"), missing(Severity::Warning));
    }

    #[test]
    fn two_digits_are_a_year_only_where_marked() {
        let changed = [
            (FindingKind::MissingNumber, Severity::Error),
            (FindingKind::AddedNumber, Severity::Error),
        ];
        assert_eq!(found("২০২৪ সালে", "24 years"), changed);
        assert_eq!(found("২৪ জন", "2024 people"), changed);
    }

    #[test]
    fn another_magnitude_is_an_error_in_words_too() {
        for (source, translation) in [
            ("দেড় কোটি মানুষ", "one and a half million people"),
            ("পাঁচ লাখ মানুষ", "fifty thousand people"),
            ("পাঁচ কোটি শিশু", "five children"),
            ("এক লাখ টাকা", "one taka"),
        ] {
            let findings = found(source, translation);
            let error = (FindingKind::MissingNumber, Severity::Error);
            assert!(findings.contains(&error), "{source}: {findings:?}");
        }
    }
}
