//! The fidelity checks on sentences of a newspaper: good translations, and translations with faults put in.

use anubad::lexicon::Lexicon;
use anubad::translate::{Severity, check};

/// Source, translation, and what the checks are to see in it.
const CASES: &str = include_str!("data/checks.tsv");

fn cases() -> impl Iterator<Item = [&'static str; 3]> {
    let lines = CASES.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let fields: Vec<_> = line.split('\t').collect();
        fields
            .try_into()
            .unwrap_or_else(|_| panic!("three fields: {line}"))
    })
}

/// Kinds and severities, each once, in order.
fn seen(lexicon: &Lexicon, source: &str, translation: &str) -> String {
    let mut seen = Vec::new();
    for finding in check(source, &lexicon.gloss_words(source), translation) {
        let name = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let kind = name(serde_json::to_value(finding.kind).unwrap());
        let severity = name(serde_json::to_value(finding.severity).unwrap());
        seen.push(format!("{kind} {severity}"));
    }
    seen.dedup();
    if seen.is_empty() {
        "-".to_owned()
    } else {
        seen.join(",")
    }
}

#[test]
fn faults_are_found_and_good_translations_pass() {
    let lexicon = Lexicon::embedded();
    let mut wrong = Vec::new();
    for [source, translation, expected] in cases() {
        let sort = |list: &str| {
            let mut list: Vec<_> = list.split(',').map(str::to_owned).collect();
            list.sort();
            list
        };
        let found = seen(&lexicon, source, translation);
        if sort(&found) != sort(expected) {
            wrong.push(format!(
                "{source}\n{translation}\n  expected {expected}\n  found    {found}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases().count() >= 60);
}

#[test]
fn a_changed_digit_is_an_error_wherever_it_stands() {
    let lexicon = Lexicon::embedded();
    let good = cases().filter(|[.., expected]| *expected == "-");
    for [source, translation, _] in good {
        for (at, digit) in translation.match_indices(|c: char| c.is_ascii_digit()) {
            let changed = if digit == "7" { "8" } else { "7" };
            let mut faulty = translation.to_owned();
            faulty.replace_range(at..at + 1, changed);
            let findings = check(source, &lexicon.gloss_words(source), &faulty);
            assert!(
                findings.iter().any(|f| f.severity == Severity::Error),
                "{source}\n{faulty}"
            );
        }
    }
}

#[test]
fn anything_may_come_out_of_a_model() {
    let lexicon = Lexicon::embedded();
    let source = "রাত ১২টায় ঢাকায় ৩৫ লাখ মানুষ ছিল না।";
    let glossed = lexicon.gloss_words(source);
    for unit in [
        "",
        "a",
        "a ",
        "1 ",
        "9",
        "না ",
        "\u{301}",
        "’",
        "-",
        "one million ",
        "A B ",
    ] {
        for source in [source, ""] {
            let glossed = if source.is_empty() {
                &[]
            } else {
                glossed.as_slice()
            };
            check(source, glossed, &unit.repeat(2000));
        }
    }
}
