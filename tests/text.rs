//! The text layer on cases that newspapers print (tests/data), and on junk that they do not.

use std::fmt::Write as _;

use anubad::text::{
    Kind, Number, Written, clauses, for_lookup, for_model, numbers_bn, numbers_en, sentences,
    verbatim,
};

/// Lines of a data file without comments.
fn lines(data: &str) -> impl Iterator<Item = &str> {
    data.lines().filter(|line| !line.starts_with("# "))
}

/// Fails with the messages, all of them, if there are any.
fn report(failures: &[String], cases: usize, at_least: usize) {
    assert!(
        failures.is_empty(),
        "{} of {cases} cases failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(cases >= at_least, "only {cases} cases were read");
}

#[test]
fn sentences_of_newspapers() {
    let data = lines(include_str!("data/sentences.txt"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut failures = Vec::new();
    let mut cases = 0;
    for block in data.split("\n\n") {
        let mut block = block.lines().filter(|line| !line.is_empty());
        let Some(paragraph) = block.next() else {
            continue;
        };
        let paragraph = paragraph
            .strip_prefix("> ")
            .expect("a case begins with '> '")
            .replace('⏎', "\n");
        let expected: Vec<String> = block.map(|line| line.replace('⏎', "\n")).collect();
        let got: Vec<&str> = sentences(&paragraph)
            .into_iter()
            .map(|range| &paragraph[range])
            .collect();
        cases += 1;
        if got != expected {
            failures.push(format!(
                "input:    {paragraph}\nexpected: {}\ngot:      {}\n",
                expected.join(" ⏐ "),
                got.join(" ⏐ ")
            ));
        }
    }
    report(&failures, cases, 90);
}

#[test]
fn normal_forms() {
    let mut failures = Vec::new();
    let mut cases = 0;
    for line in lines(include_str!("data/normalise.tsv")) {
        let [form, text, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three fields: {line}")
        };
        let (text, expected) = (unescape(text), unescape(expected));
        let got = match form {
            "model" => for_model(&text),
            "lookup" => for_lookup(&text).into_owned(),
            _ => panic!("no such form: {form}"),
        };
        cases += 1;
        if got != expected {
            let [text, expected, got] = [&text, &expected, &got].map(|text| text.escape_unicode());
            failures.push(format!(
                "{line}\n{form}: {text}\nexpected: {expected}\ngot:      {got}\n"
            ));
        }
        let again = if form == "model" {
            for_model(&got)
        } else {
            for_lookup(&got).into_owned()
        };
        assert_eq!(again, got, "a normal form is final: {line}");
    }
    report(&failures, cases, 35);
}

/// Replaces `\u{…}` by the code point.
fn unescape(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (code, rest) = part.split_once('}').expect("a closing brace");
        out.push(
            u32::from_str_radix(code, 16)
                .ok()
                .and_then(char::from_u32)
                .expect("a code point"),
        );
        out.push_str(rest);
    }
    out
}

#[test]
fn numbers_of_newspapers() {
    let mut failures = Vec::new();
    let mut cases = 0;
    for line in lines(include_str!("data/numbers.tsv")) {
        let [language, text, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three fields: {line}")
        };
        let numbers = match language {
            "bn" => numbers_bn(text),
            "en" => numbers_en(text),
            _ => panic!("no such language: {language}"),
        };
        let got = numbers.iter().map(describe).collect::<Vec<_>>().join(" ");
        cases += 1;
        if got != expected {
            failures.push(format!(
                "input:    {text}\nexpected: {expected}\ngot:      {got}\n"
            ));
        }
    }
    report(&failures, cases, 75);
}

fn describe(number: &Number) -> String {
    let mut text = number.value.to_string();
    text += match number.kind {
        Kind::Cardinal => "",
        Kind::Ordinal => "th",
        Kind::Percent => "%",
    };
    text += if number.written == Written::Words {
        "w"
    } else {
        ""
    };
    text += if number.ambiguous { "?" } else { "" };
    text
}

/// A stream of pseudo-random numbers (Numerical Recipes' linear congruential generator), the same on every run.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % limit
    }

    /// Text of the pieces that decide about sentences, numbers and addresses, in senseless order.
    fn junk(&mut self) -> String {
        const PIECES: [&str; 72] = [
            " ",
            " ",
            " ",
            " ",
            "\n",
            "\n\n",
            "\t",
            "।",
            "।",
            "॥",
            "?",
            "!",
            ".",
            ".",
            "…",
            "|",
            "৷",
            ",",
            ";",
            ":",
            "-",
            "–",
            "—",
            "‘",
            "’",
            "“",
            "”",
            "\"",
            "'",
            "(",
            ")",
            "[",
            "]",
            "`",
            "#",
            "@",
            "/",
            "%",
            "•",
            "ঢাকা",
            "বলেন",
            "তিনি",
            "ড",
            "মো",
            "কি",
            "ক",
            "য়",
            "\u{9BC}",
            "\u{9CD}",
            "\u{9BE}",
            "\u{200D}",
            "\u{200C}",
            "\u{FEFF}",
            "১",
            "২৫",
            "০",
            "3.5",
            "১,২৫,০০০",
            "লাখ",
            "হাজার",
            "কোটি",
            "সাড়ে",
            "দশমিক",
            "পাঁচশ",
            "half",
            "million",
            "and",
            "a",
            "twenty",
            "https://a.bc/d",
            "x@y.com",
            "😀",
        ];
        let mut text = String::new();
        for _ in 0..self.below(30) {
            text += PIECES[self.below(PIECES.len())];
        }
        text
    }
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn nothing_is_lost_of_any_text() {
    let mut random = Random(7);
    for _ in 0..20_000 {
        let text = random.junk();
        let joined = |ranges: &[std::ops::Range<usize>]| {
            assert!(
                ranges.windows(2).all(|pair| pair[0].end <= pair[1].start),
                "{text:?}: {ranges:?}"
            );
            ranges.iter().fold(String::new(), |mut all, range| {
                let piece = &text[range.clone()];
                assert!(
                    !piece.is_empty() && piece.trim() == piece,
                    "{text:?}: {piece:?}"
                );
                let _ = write!(all, "{piece}");
                all
            })
        };
        assert_eq!(
            without_space(&joined(&sentences(&text))),
            without_space(&text),
            "{text:?}"
        );
        let max = 1 + random.below(12);
        let length = |text: &str| text.chars().count();
        assert_eq!(
            without_space(&joined(&clauses(&text, max, length))),
            without_space(&text),
            "{text:?}"
        );
        for_model(&text);
        for number in numbers_bn(&text).iter().chain(&numbers_en(&text)) {
            assert!(!text[number.span.clone()].is_empty());
        }
        for range in verbatim(&text) {
            assert!(!text[range].is_empty());
        }
    }
}

#[test]
fn clauses_are_as_short_as_asked() {
    let sentence = "নদীর পানি বাড়ছে, কিন্তু বাঁধ মেরামত হয়নি ".repeat(300);
    let words = |text: &str| text.split_whitespace().count();
    let pieces = clauses(&sentence, 20, words);
    assert!(
        pieces
            .iter()
            .all(|range| (7..=20).contains(&words(&sentence[range.clone()])))
    );
}

/// Work on hostile text grows with its length; were it to grow with its square, this would take hours.
#[test]
fn long_hostile_text_is_read_in_linear_time() {
    let units = [
        "।",
        "‘",
        "’",
        "\"",
        "(",
        ")",
        ".",
        "…",
        "? ",
        "1.",
        "১,",
        "১",
        "\n",
        " ",
        "ক",
        "ক ",
        "\u{9CD}",
        "এ.",
        "‘ক।",
        "a@",
        "http://",
        "a.b",
        "#",
        "`",
        "x`",
        "লাখ ",
        "সাড়ে ",
        "twenty ",
        "and ",
        "দশমিক ",
        "১. ",
        "।\u{9BC}",
        "‘ক?’ বলেন ",
        "www.a.com/(",
        "www.ক.খখ(",
        "a.com/ক",
        "a@ক.খখ",
        "` `` ``` ",
        "@a.",
        "১ টাকা",
        "১-",
        "half past ",
    ];
    for unit in units {
        let text = unit.repeat(100_000 / unit.len());
        assert!(text.is_empty() || !for_model(&text).is_empty() || unit == "\n");
        let found = sentences(&text);
        assert_eq!(found.is_empty(), text.trim().is_empty(), "{unit:?}");
        numbers_bn(&text);
        numbers_en(&text);
        clauses(&text, 100, |piece| piece.len() / 4);
        verbatim(&text);
    }
    let text = "।".repeat(5_000_000 / 3);
    assert_eq!(sentences(&text).len(), 1);
}
