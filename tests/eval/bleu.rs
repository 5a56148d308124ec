//! BLEU as sacreBLEU has it: tokens of odd texts, scores of corpora and sentences under every option.
//!
//! The values are made by `scripts/make_eval_fixtures.py`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use anubad::eval::tokenizer::{Flores, SentencePieceTokenizer, Tokenizer};
use anubad::eval::{Metric, ReferenceCount, Segment, parse_metrics, statistics};
use serde::Deserialize;

/// A line of the file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Case {
    Tokens {
        text: String,
        tokens: BTreeMap<String, String>,
    },
    Corpus(Corpus),
    Scores(Scores),
}

#[derive(Deserialize)]
struct Corpus {
    corpus: String,
    hypotheses: Vec<String>,
    references: Vec<Vec<Option<String>>>,
}

#[derive(Deserialize)]
struct Scores {
    metric: String,
    of: String,
    score: f64,
    details: String,
    sentences: Vec<f64>,
    signature: (String, String),
}

fn cases() -> Vec<Case> {
    let lines = std::fs::read_to_string("tests/data/eval/bleu.jsonl").unwrap();
    let read = |line: &str| serde_json::from_str(line).unwrap();
    lines.lines().map(read).collect()
}

fn tokenizer(name: &str) -> Tokenizer {
    let model = Path::new("tests/data/tokenizer/t5/spiece.model");
    match name {
        "13a" => Tokenizer::V13a,
        "intl" => Tokenizer::Intl,
        "char" => Tokenizer::Char,
        "none" => Tokenizer::None,
        "zh" => Tokenizer::Zh,
        _ => Tokenizer::SentencePiece(
            SentencePieceTokenizer::open(Flores::Flores101, model).unwrap(),
        ),
    }
}

#[test]
fn tokens_are_those_of_sacrebleu() {
    let mut seen = 0;
    for case in cases() {
        let Case::Tokens { text, tokens } = case else {
            continue;
        };
        for (name, expected) in tokens {
            let tokenizer = tokenizer(&name);
            assert_eq!(tokenizer.name(), name);
            let mut found = Vec::new();
            tokenizer.tokenize(&text, |token| found.push(token.to_owned()));
            assert_eq!(found.join(" "), expected, "{name} of {text:?}");
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn scores_are_those_of_sacrebleu() {
    let mut corpora = BTreeMap::new();
    let mut seen = 0;
    for case in cases() {
        match case {
            Case::Tokens { .. } => {}
            Case::Corpus(corpus) => {
                corpora.insert(corpus.corpus.clone(), corpus);
            }
            Case::Scores(scores) => {
                check(&corpora[&scores.of], &scores);
                seen += 1;
            }
        }
    }
    assert!(seen > 90, "{seen}");
}

fn check(corpus: &Corpus, expected: &Scores) {
    let at = |what: &str| format!("{what} of {} on {}", expected.metric, expected.of);
    let metric: Box<dyn Metric> = parse_metrics(&expected.metric).unwrap().remove(0);
    let segments: Vec<Segment> = corpus.references.iter().map(|row| segment(row)).collect();
    let counts = segments.iter().map(|segment| segment.references().len());
    let signature = metric.signature(ReferenceCount::of(counts));
    assert_eq!(
        signature.long(),
        expected.signature.0,
        "{}",
        at("signature")
    );
    assert_eq!(
        signature.short(),
        expected.signature.1,
        "{}",
        at("signature")
    );

    let go_on = || ControlFlow::Continue(());
    let systems = [corpus.hypotheses.as_slice()];
    let rows = statistics(&*metric, &segments, &systems, &go_on).unwrap();
    let sums = rows[0].sums();
    assert_close(metric.score(&sums), expected.score, &at("score"));
    assert_eq!(metric.details(&sums), expected.details, "{}", at("details"));
    assert_eq!(rows[0].len(), expected.sentences.len());
    for (i, (row, &score)) in rows[0].rows().zip(&expected.sentences).enumerate() {
        assert_close(
            metric.sentence_score(row),
            score,
            &at(&format!("sentence {i}")),
        );
    }
}

fn segment(references: &[Option<String>]) -> Segment {
    Segment {
        references: references.to_vec(),
        ..Segment::default()
    }
}

fn assert_close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() < 1e-9,
        "{what}: {found}, not {expected}"
    );
}
