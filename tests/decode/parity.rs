//! What `generate` of `transformers` writes under many options (`scripts/make_decode_fixtures.py`).

use std::path::Path;
use std::sync::Mutex;

use anubad::decode::{Continuation, DecodeOptions, EarlyStopping, Request, generate_all};
use anubad::model::{Bytes, Compute, Gguf, Limits, Model, load_gguf};
use candle_core::Device;
use serde::Deserialize;

use crate::toy::Toy;

#[derive(Deserialize)]
struct Case {
    model: String,
    source: Vec<u32>,
    prompt: Vec<u32>,
    options: Options,
    hypotheses: Vec<Expected>,
}

impl Case {
    fn request(&self) -> Request {
        Request {
            source: self.source.clone(),
            prompt: self.prompt.clone(),
            max_new_tokens: self.options.max_new_tokens,
        }
    }
}

/// Options under the reference's names, and its defaults.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    max_new_tokens: usize,
    min_new_tokens: usize,
    min_length: usize,
    num_beams: usize,
    num_return_sequences: usize,
    early_stopping: Early,
    length_penalty: f32,
    no_repeat_ngram_size: usize,
    repetition_penalty: f32,
    eos_token_id: Vec<u32>,
    forced_bos_token_id: Option<u32>,
    forced_eos_token_id: Tokens,
    bad_words_ids: Vec<Vec<u32>>,
    suppress_tokens: Vec<u32>,
    begin_suppress_tokens: Vec<u32>,
    renormalize_logits: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Tokens {
    One(u32),
    Several(Vec<u32>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Early {
    Is(bool),
    Never(String),
}

impl Default for Options {
    fn default() -> Self {
        Options {
            max_new_tokens: 20,
            min_new_tokens: 0,
            min_length: 0,
            num_beams: 1,
            num_return_sequences: 1,
            early_stopping: Early::Is(false),
            length_penalty: 1.0,
            no_repeat_ngram_size: 0,
            repetition_penalty: 1.0,
            eos_token_id: Vec::new(),
            forced_bos_token_id: None,
            forced_eos_token_id: Tokens::Several(Vec::new()),
            bad_words_ids: Vec::new(),
            suppress_tokens: Vec::new(),
            begin_suppress_tokens: Vec::new(),
            renormalize_logits: false,
        }
    }
}

impl Options {
    /// The same for us, after a prompt of so many tokens.
    fn ours(&self, prompt: usize) -> DecodeOptions {
        DecodeOptions {
            beam_size: self.num_beams,
            n_best: self.num_return_sequences,
            length_penalty: self.length_penalty,
            early_stopping: match &self.early_stopping {
                Early::Is(false) => EarlyStopping::Heuristic,
                Early::Is(true) => EarlyStopping::AtOnce,
                Early::Never(word) => {
                    assert_eq!(word, "never");
                    EarlyStopping::Never
                }
            },
            min_new_tokens: self
                .min_new_tokens
                .max(self.min_length.saturating_sub(prompt)),
            no_repeat_ngram_size: self.no_repeat_ngram_size,
            repetition_penalty: self.repetition_penalty,
            end_tokens: self.eos_token_id.clone(),
            forced_first: self.forced_bos_token_id,
            forced_last: match &self.forced_eos_token_id {
                Tokens::One(token) => vec![*token],
                Tokens::Several(tokens) => tokens.clone(),
            },
            bad_words: self.bad_words_ids.clone(),
            suppressed: self.suppress_tokens.clone(),
            suppressed_first: self.begin_suppress_tokens.clone(),
            renormalise: self.renormalize_logits,
            stop_loops: false,
            ..DecodeOptions::default()
        }
    }
}

#[derive(Deserialize)]
struct Expected {
    /// With the end token.
    ids: Vec<u32>,
    log_probs: Vec<f32>,
    /// None in greedy search.
    score: Option<f32>,
}

fn model(name: &str) -> Box<dyn Model> {
    let toy = |source| Toy {
        vocabulary: 40,
        memory: 1,
        scale: 6.0,
        drift: 0.125,
        end_bias: 1.0,
        limits: Limits {
            source,
            target: usize::MAX,
        },
        calls: Mutex::default(),
    };
    match name {
        "toy-encoder-decoder" => Box::new(toy(100)),
        "toy-language-model" => Box::new(toy(0)),
        "gemma3-mini" => {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model");
            let bytes = Bytes::map(&folder.join("gemma3-mini.gguf")).unwrap();
            let gguf = Gguf::read(bytes).unwrap();
            load_gguf(gguf, Compute::F32, &Device::Cpu).unwrap()
        }
        _ => panic!("no model {name:?}"),
    }
}

/// What is different, if anything.
fn difference(found: &[Continuation], expected: &[Expected]) -> Option<String> {
    let ids = |h: &Continuation| h.tokens.iter().copied().chain(h.end).collect::<Vec<_>>();
    let found_ids: Vec<_> = found.iter().map(ids).collect();
    let expected_ids: Vec<_> = expected.iter().map(|h| h.ids.clone()).collect();
    if found_ids != expected_ids {
        return Some(format!("{found_ids:?}\n  for {expected_ids:?}"));
    }
    found.iter().zip(expected).find_map(|(found, expected)| {
        let far = |a: f32, b: f32| (a - b).abs() > 1e-4 * b.abs().max(1.0);
        if expected.score.is_some_and(|score| far(found.score, score)) {
            return Some(format!("score {} for {:?}", found.score, expected.score));
        }
        let is_long = found.token_log_probs.len() != expected.log_probs.len();
        let mut pairs = found.token_log_probs.iter().zip(&expected.log_probs);
        (is_long || pairs.any(|(a, b)| far(*a, *b))).then(|| {
            format!(
                "{:?}\n  for {:?}",
                found.token_log_probs, expected.log_probs
            )
        })
    })
}

#[test]
fn outputs_and_scores_are_the_reference_s() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../data/decode/cases.json")).unwrap();
    assert!(cases.len() > 200);
    let mut different = 0;
    for name in ["toy-encoder-decoder", "toy-language-model", "gemma3-mini"] {
        let model = model(name);
        let (mut all, mut equal) = (0, 0);
        let own: Vec<&Case> = cases.iter().filter(|case| case.model == name).collect();
        for (i, case) in own.iter().enumerate() {
            // Beside another, as it would be in a batch.
            let requests = [case.request(), own[(i + 7) % own.len()].request()];
            let options = case.options.ours(case.prompt.len());
            let found = generate_all(&*model, &options, &requests).unwrap();
            all += 1;
            match difference(&found[0], &case.hypotheses) {
                None => equal += 1,
                Some(what) => println!(
                    "{name}, {:?} {:?}, {:?}:\n  {what}",
                    case.source, case.prompt, case.options
                ),
            }
        }
        println!("{name}: {equal} of {all} cases are the reference's");
        different += all - equal;
    }
    assert_eq!(different, 0, "cases differ from the reference");
}
