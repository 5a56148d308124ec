//! The embedded model against its reference implementation (`transformers`, f32 arithmetic on the GGUF's
//! own weights): `tests/data/model/reference.jsonl` holds prompts, their ids and the greedy outputs.

use anubad::decode::{Continuation, DecodeOptions, Request, generate};
use anubad::model::{Compute, LanguageModel, Package};
use anubad::tokenizer::Tokenizer;
use candle_core::Device;
use serde::Deserialize;

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

fn load(compute: Compute) -> (Box<dyn LanguageModel>, Tokenizer) {
    Package::embedded()
        .unwrap()
        .load(compute, &Device::Cpu)
        .unwrap()
}

fn continue_all(
    model: &dyn LanguageModel,
    end: u32,
    options: DecodeOptions,
    prompts: &[&[u32]],
) -> Vec<Vec<Continuation>> {
    let mut results = vec![Vec::new(); prompts.len()];
    let mut requests = prompts.iter().enumerate().map(|(i, prompt)| {
        let request = Request {
            prompt: prompt.to_vec(),
            max_new_tokens: 200,
        };
        (i, request)
    });
    let done = |i: usize, hypotheses| {
        results[i] = hypotheses;
        Ok::<_, candle_core::Error>(())
    };
    generate(model, end, options, || requests.next(), done, || Ok(())).unwrap();
    results
}

#[test]
fn prompts_are_tokenized_as_by_the_reference() {
    let (_, tokenizer) = load(Compute::Auto);
    for r in references() {
        assert_eq!(
            tokenizer.encode(&r.prompt).unwrap(),
            r.prompt_ids,
            "{}",
            r.prompt
        );
        assert_eq!(tokenizer.decode(&r.output_ids).unwrap().trim(), r.output);
    }
}

#[test]
fn f32_outputs_are_the_reference_s_token_for_token() {
    let (model, tokenizer) = load(Compute::F32);
    let references = references();
    let prompts: Vec<&[u32]> = references.iter().map(|r| r.prompt_ids.as_slice()).collect();
    let t = std::time::Instant::now();
    let outputs = continue_all(&*model, tokenizer.end(), DecodeOptions::default(), &prompts);
    eprintln!("{:?}", t.elapsed());
    let mut same = 0;
    for (r, o) in references.iter().zip(&outputs) {
        if o[0].tokens == r.output_ids {
            same += 1;
        } else {
            let at = o[0]
                .tokens
                .iter()
                .zip(&r.output_ids)
                .take_while(|(a, b)| a == b)
                .count();
            println!(
                "differs from token {at} on: {} / {}",
                tokenizer.decode(&o[0].tokens).unwrap(),
                r.output
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
fn int8() {
    let (model, tokenizer) = load(Compute::Int8);
    let references = references();
    let prompts: Vec<&[u32]> = references.iter().map(|r| r.prompt_ids.as_slice()).collect();
    let t = std::time::Instant::now();
    let outputs = continue_all(&*model, tokenizer.end(), DecodeOptions::default(), &prompts);
    eprintln!("{:?}", t.elapsed());
    let mut same = 0;
    for (r, o) in references.iter().zip(&outputs) {
        if o[0].tokens == r.output_ids {
            same += 1;
        } else {
            let at = o[0]
                .tokens
                .iter()
                .zip(&r.output_ids)
                .take_while(|(a, b)| a == b)
                .count();
            println!(
                "differs from token {at} on: {} / {}",
                tokenizer.decode(&o[0].tokens).unwrap(),
                r.output
            );
        }
    }
    assert!(
        same >= 95,
        "{same} of {} outputs are the reference's",
        references.len()
    );
}
