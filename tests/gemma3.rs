//! Gemma 3 against `transformers`: a miniature checkpoint with random weights (`scripts/make_fixtures.py`), and
//! the embedded model on a hundred sentences (`tests/data/model/reference.jsonl`: prompts, their ids and the
//! greedy outputs of the reference implementation, in f32 arithmetic on the GGUF's own weights).

use std::path::Path;

use anubad::decode::{Continuation, DecodeOptions, Request, generate_all};
use anubad::model::{Bytes, Compute, Gguf, KvCache, Model, Package, Sequence, load_gguf};
use anubad::tokenizer::Tokenizer;
use candle_core::Device;
use serde::Deserialize;

#[derive(Deserialize)]
struct Miniature {
    prompt: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

fn miniature() -> (Box<dyn Model>, Miniature) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model");
    let gguf = Gguf::read(Bytes::map(&folder.join("gemma3-mini.gguf")).unwrap()).unwrap();
    let model = load_gguf(gguf, Compute::F32, &Device::Cpu).unwrap();
    let expected = std::fs::read(folder.join("gemma3-mini.json")).unwrap();
    (model, serde_json::from_slice(&expected).unwrap())
}

fn step(
    model: &dyn Model,
    cache: &mut KvCache,
    batch: &mut [(&mut Sequence, &[u32])],
) -> Vec<Vec<f32>> {
    model.step(cache, batch).unwrap().to_vec2().unwrap()
}

fn assert_close(got: &[f32], expected: &[f32], what: &str) {
    let off = got
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(
        got.len() == expected.len() && off < 2e-4,
        "{what}: off by {off}"
    );
}

#[test]
fn logits_are_the_reference_s_at_every_length() {
    let (model, expected) = miniature();
    for length in 1..=expected.prompt.len() {
        let mut cache = model.new_cache(64, 0).unwrap();
        let mut sequence = Sequence::default();
        let batch = &mut [(&mut sequence, &expected.prompt[..length])];
        let logits = step(&*model, &mut cache, batch);
        assert_close(
            &logits[0],
            &expected.logits[length - 1],
            &format!("{length} tokens"),
        );
    }
}

#[test]
fn a_cached_step_is_a_step_of_the_whole() {
    let (model, expected) = miniature();
    let mut cache = model.new_cache(64, 0).unwrap();
    let mut sequence = Sequence::default();
    for (i, token) in expected.prompt.iter().enumerate() {
        let logits = step(&*model, &mut cache, &mut [(&mut sequence, &[*token])]);
        assert_close(&logits[0], &expected.logits[i], &format!("token {i}"));
    }
}

#[test]
fn sequences_of_any_lengths_and_stages_go_together() {
    let (model, Miniature { prompt, logits }) = miniature();
    let mut cache = model.new_cache(64, 0).unwrap();
    let (mut a, mut b) = (Sequence::default(), Sequence::default());
    let first = step(
        &*model,
        &mut cache,
        &mut [(&mut a, &prompt[..11]), (&mut b, &prompt[..1])],
    );
    assert_close(&first[0], &logits[10], "a prompt");
    assert_close(
        &first[1],
        &logits[0],
        "a prompt of one token beside a longer one",
    );
    // A fork shares the past and goes its own way; a third sequence joins.
    let mut fork = cache.fork(&a);
    let mut c = Sequence::default();
    let batch = &mut [
        (&mut a, &prompt[11..12]),
        (&mut fork, &prompt[3..4]),
        (&mut b, &prompt[1..19]),
        (&mut c, &prompt[..5]),
    ];
    let second = step(&*model, &mut cache, batch);
    assert_close(&second[0], &logits[11], "one more token");
    assert_close(&second[2], &logits[18], "many more tokens");
    assert_close(&second[3], &logits[4], "a prompt that joins");
    let third = step(&*model, &mut cache, &mut [(&mut a, &prompt[12..])]);
    assert_close(
        &third[0],
        logits.last().unwrap(),
        "after its fork went another way",
    );
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (model, _) = miniature();
    let mut cache = model.new_cache(4, 0).unwrap();
    let mut fails = |tokens: &[u32]| {
        model
            .step(&mut cache, &mut [(&mut Sequence::default(), tokens)])
            .is_err()
    };
    assert!(fails(&[1, 2, 3, 4, 5]), "more tokens than slots");
    assert!(fails(&[]), "no token");
    assert!(fails(&[96]), "a token that is not in the vocabulary");
}

#[test]
fn a_damaged_header_is_an_error_or_harmless() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model/gemma3-mini.gguf");
    let whole = std::fs::read(path).unwrap();
    let header = whole
        .windows(17)
        .rposition(|w| w == b"post_ffw_norm.wei")
        .unwrap()
        + 60;
    let (mut refused, mut loaded) = (0, 0);
    for at in (4..header).step_by(5) {
        for value in [0, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            let model = Gguf::read(Bytes::from(bytes))
                .and_then(|gguf| load_gguf(gguf, Compute::F32, &Device::Cpu));
            let step = model.and_then(|model| {
                let mut cache = model.new_cache(8, 0)?;
                model.step(&mut cache, &mut [(&mut Sequence::default(), &[5, 6, 7])])
            });
            match step {
                Ok(_) => loaded += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(
        refused > 500 && loaded > 50,
        "{refused} refused, {loaded} loaded"
    );
}

#[derive(Deserialize)]
struct Reference {
    prompt: String,
    prompt_ids: Vec<u32>,
    output_ids: Vec<u32>,
    output: String,
}

fn references() -> Vec<Reference> {
    let lines = include_str!("data/model/reference.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn embedded(compute: Compute) -> (Box<dyn Model>, Tokenizer) {
    let package = Package::embedded().unwrap();
    let loaded = package.load(compute, &Device::Cpu).unwrap();
    (loaded.model, loaded.tokenizer)
}

/// The best continuation of each prompt.
fn greedy(
    model: &dyn Model,
    end: u32,
    batch_tokens: usize,
    prompts: &[&[u32]],
) -> Vec<Continuation> {
    let requests = prompts.iter().map(|prompt| Request {
        source: Vec::new(),
        prompt: prompt.to_vec(),
        max_new_tokens: 200,
    });
    let options = DecodeOptions {
        batch_tokens,
        end_tokens: vec![end],
        ..DecodeOptions::default()
    };
    let results = generate_all(model, &options, &requests.collect::<Vec<_>>()).unwrap();
    results.into_iter().map(|mut r| r.remove(0)).collect()
}

#[test]
fn outputs_in_f32_are_the_reference_s_token_for_token() {
    let (model, tokenizer) = embedded(Compute::F32);
    let references = references();
    let prompts: Vec<&[u32]> = references.iter().map(|r| r.prompt_ids.as_slice()).collect();
    let outputs = greedy(&*model, tokenizer.end(), 30_000, &prompts);
    let mut same = 0;
    for (reference, output) in references.iter().zip(&outputs) {
        if output.tokens == reference.output_ids {
            same += 1;
        } else {
            println!(
                "{}\n  for {}",
                tokenizer.decode(&output.tokens).unwrap(),
                reference.output
            );
        }
    }
    assert!(
        same >= 95,
        "{same} of {} outputs are the reference's",
        references.len()
    );
}

#[test]
fn prompts_are_tokenized_as_by_the_reference() {
    let (_, tokenizer) = embedded(Compute::Auto);
    for r in references() {
        assert_eq!(
            tokenizer.encode(&r.prompt).unwrap(),
            r.prompt_ids,
            "{}",
            r.prompt
        );
        assert_eq!(tokenizer.decode(&r.output_ids).unwrap().trim(), r.output);
    }
    assert!(
        !tokenizer
            .encode("<eos>")
            .unwrap()
            .contains(&tokenizer.end()),
        "text is not a special token"
    );
}

#[test]
fn int8_outputs_do_not_depend_on_the_batch() {
    let (model, tokenizer) = embedded(Compute::Int8);
    let references = references();
    let prompts: Vec<&[u32]> = references[..6]
        .iter()
        .map(|r| r.prompt_ids.as_slice())
        .collect();
    let together = greedy(&*model, tokenizer.end(), 10_000, &prompts);
    let one_by_one = greedy(&*model, tokenizer.end(), 1, &prompts);
    assert_eq!(together, one_by_one);
}

#[test]
fn int8_logits_stay_close_to_the_f32_ones() {
    let f32 = first_logits(Compute::F32);
    let int8 = first_logits(Compute::Int8);
    for (a, b) in f32.iter().zip(&int8) {
        let dot =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        assert!(cosine > 0.99, "cosine {cosine}");
    }
}

fn first_logits(compute: Compute) -> Vec<Vec<f32>> {
    let (model, _) = embedded(compute);
    let references = references();
    let mut cache = model.new_cache(4096, 0).unwrap();
    let mut sequences: Vec<Sequence> = (0..20).map(|_| Sequence::default()).collect();
    let prompts = references.iter().map(|r| r.prompt_ids.as_slice());
    let mut batch: Vec<_> = sequences.iter_mut().zip(prompts).collect();
    step(&*model, &mut cache, &mut batch)
}
