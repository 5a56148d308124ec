//! BLEU as sacreBLEU has it, under every option, and the tokens of odd texts.

use std::collections::BTreeMap;
use std::path::Path;

use anubad::eval::tokenizer::{Flores, SentencePieceTokenizer, Tokenizer};
use serde::Deserialize;

/// Tokens of a text by the name of the tokenizer, joined by spaces (`scripts/make_eval_fixtures.py`).
#[derive(Deserialize)]
struct Case {
    text: String,
    tokens: BTreeMap<String, String>,
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
    let cases = std::fs::read_to_string("tests/data/eval/tokens.jsonl").unwrap();
    let mut seen = 0;
    for line in cases.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        for (name, expected) in case.tokens {
            let tokenizer = tokenizer(&name);
            assert_eq!(tokenizer.name(), name);
            let mut found = Vec::new();
            tokenizer.tokenize(&case.text, |token| found.push(token.to_owned()));
            assert_eq!(found.join(" "), expected, "{name} of {:?}", case.text);
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn scores_are_those_of_sacrebleu() {
    let seen = crate::scores::check("tests/data/eval/bleu.jsonl");
    assert!(seen > 90, "{seen}");
}
