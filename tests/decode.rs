//! Greedy and beam search over a toy model whose best continuations can be found by trying them all.

use std::sync::Mutex;

use anubad::decode::{Continuation, DecodeOptions, Request, generate};
use anubad::model::{KvCache, Limits, Model, Sequence};
use candle_core::{Device, Error, Result, Tensor};

const VOCABULARY: usize = 7;
const END: u32 = 0;

/// A model whose logits are a hash of the last four tokens it was given, which it keeps in the cache: a slot that is
/// shared wrongly, lost or given to another sequence changes its answers.
struct Toy {
    /// Added to the logit of the end.
    end_bias: f32,
    steps: Mutex<Vec<usize>>,
}

impl Toy {
    fn new(end_bias: f32) -> Self {
        Toy {
            end_bias,
            steps: Mutex::default(),
        }
    }

    fn log_probs(&self, history: &[u32]) -> Vec<f32> {
        let hash = history.iter().rev().take(4).fold(17u64, |h, &t| {
            (h ^ u64::from(t + 1))
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(23)
        });
        let mut logits: Vec<f32> = (0..VOCABULARY as u64)
            .map(|i| (hash.wrapping_mul(2 * i + 3) >> 40) as f32 / (1 << 24) as f32 * 4.0)
            .collect();
        logits[END as usize] += self.end_bias;
        let sum = logits.iter().map(|x| x.exp()).sum::<f32>().ln();
        logits.into_iter().map(|x| x - sum).collect()
    }
}

impl Model for Toy {
    fn vocabulary(&self) -> usize {
        VOCABULARY
    }

    fn device(&self) -> &Device {
        &Device::Cpu
    }

    fn limits(&self) -> Limits {
        Limits {
            source: 0,
            target: usize::MAX,
        }
    }

    fn new_cache(&self, slots: usize, _: usize) -> Result<KvCache> {
        KvCache::new(1, slots, 1, &Device::Cpu)
    }

    fn step(&self, cache: &mut KvCache, batch: &mut [(&mut Sequence, &[u32])]) -> Result<Tensor> {
        self.steps
            .lock()
            .unwrap()
            .push(batch.iter().map(|(_, tokens)| tokens.len()).sum());
        let mut rows = Vec::new();
        for (sequence, tokens) in batch.iter_mut() {
            let past = sequence.len();
            cache.extend(sequence, tokens.len())?;
            let values: Vec<f32> = tokens.iter().map(|&t| t as f32).collect();
            let values = Tensor::from_vec(values, (tokens.len(), 1), &Device::Cpu)?;
            cache.write(0, &values, &values, &sequence.slots()[past..])?;
            let stored = cache.layer(0).0.flatten_all()?.to_vec1::<f32>()?;
            let history: Vec<u32> = sequence
                .slots()
                .iter()
                .map(|&s| stored[s as usize] as u32)
                .collect();
            rows.extend(self.log_probs(&history));
        }
        Tensor::from_vec(rows, (batch.len(), VOCABULARY), &Device::Cpu)
    }
}

fn run(model: &Toy, options: DecodeOptions, requests: &[Request]) -> Vec<Vec<Continuation>> {
    let mut results = vec![Vec::new(); requests.len()];
    let mut next = requests.iter().cloned().enumerate();
    let done = |i: usize, hypotheses| {
        results[i] = hypotheses;
        Ok::<_, Error>(())
    };
    generate(model, END, options, || next.next(), done, || Ok(())).unwrap();
    results
}

/// Every continuation of up to `left` tokens.
fn all(
    model: &Toy,
    prompt: &[u32],
    tokens: &[u32],
    log_prob: f32,
    left: usize,
    out: &mut Vec<Continuation>,
) {
    let history = [prompt, tokens].concat();
    for (token, p) in model.log_probs(&history).into_iter().enumerate() {
        let log_prob = log_prob + p;
        if token as u32 == END {
            out.push(Continuation {
                tokens: tokens.to_vec(),
                log_prob,
                ended: true,
            });
        } else if left > 1 {
            let tokens = [tokens, &[token as u32]].concat();
            all(model, prompt, &tokens, log_prob, left - 1, out);
        }
    }
}

fn request(prompt: &[u32], max_new_tokens: usize) -> Request {
    Request {
        prompt: prompt.to_vec(),
        max_new_tokens,
    }
}

fn beam(beam_size: usize) -> DecodeOptions {
    DecodeOptions {
        beam_size,
        ..DecodeOptions::default()
    }
}

#[test]
fn greedy_takes_the_likeliest_token_until_the_end() {
    let model = Toy::new(0.3);
    for first in 1..VOCABULARY as u32 {
        let result = &run(&model, beam(1), &[request(&[first, 2], 40)])[0];
        assert_eq!(result.len(), 1);
        let (mut history, mut sum) = (vec![first, 2], 0.0);
        for &token in result[0]
            .tokens
            .iter()
            .chain(result[0].ended.then_some(&END))
        {
            let row = model.log_probs(&history);
            let best = (0..VOCABULARY)
                .max_by(|&a, &b| row[a].total_cmp(&row[b]))
                .unwrap();
            assert_eq!(token as usize, best);
            history.push(token);
            sum += row[best];
        }
        assert!((result[0].log_prob - sum).abs() < 1e-4);
        assert!(result[0].ended || result[0].tokens.len() == 40);
    }
}

#[test]
fn a_beam_wide_enough_finds_the_best_of_all() {
    let model = Toy::new(0.5);
    let length = 4;
    for first in 1..VOCABULARY as u32 {
        let mut everything = Vec::new();
        all(&model, &[first], &[], 0.0, length, &mut everything);
        let best = everything
            .iter()
            .max_by(|a, b| a.mean_log_prob().total_cmp(&b.mean_log_prob()))
            .unwrap();
        let found = &run(&model, beam(400), &[request(&[first], length)])[0][0];
        assert_eq!(found.tokens, best.tokens);
        assert!(found.ended && (found.log_prob - best.log_prob).abs() < 1e-4);
    }
}

#[test]
fn hypotheses_come_best_first_and_differ() {
    let model = Toy::new(0.5);
    let hypotheses = &run(&model, beam(4), &[request(&[3, 1], 12)])[0];
    assert_eq!(hypotheses.len(), 4);
    for pair in hypotheses.windows(2) {
        assert!(pair[0].mean_log_prob() >= pair[1].mean_log_prob());
        assert_ne!(pair[0].tokens, pair[1].tokens);
    }
}

#[test]
fn length_penalty_decides_between_short_and_long() {
    let model = Toy::new(0.0);
    let length = |length_penalty| {
        let options = DecodeOptions {
            beam_size: 6,
            length_penalty,
            ..DecodeOptions::default()
        };
        let requests: Vec<Request> = (1..7).map(|t| request(&[t], 12)).collect();
        let best = run(&model, options, &requests)
            .into_iter()
            .map(|h| h[0].tokens.len());
        best.sum::<usize>()
    };
    assert!(
        length(0.0) < length(2.0),
        "{} and {}",
        length(0.0),
        length(2.0)
    );
}

#[test]
fn what_does_not_end_is_cut_and_says_so() {
    let model = Toy::new(-50.0);
    for beam_size in [1, 3] {
        let result = &run(&model, beam(beam_size), &[request(&[2], 9)])[0];
        assert_eq!(result.len(), beam_size);
        assert!(result.iter().all(|h| !h.ended && h.tokens.len() == 9));
    }
}

#[test]
fn results_do_not_depend_on_what_is_batched_with_what() {
    let model = Toy::new(0.2);
    let requests: Vec<Request> = (0..40u32)
        .map(|i| {
            // Two of them longer than what goes into a step.
            let length = if i % 20 == 7 { 300 + i } else { 1 + i % 9 };
            let prompt: Vec<u32> = (0..length).map(|j| 1 + (i * 5 + j * 3) % 6).collect();
            request(&prompt, 1 + (i as usize * 7) % 25)
        })
        .collect();
    for beam_size in [1, 4] {
        let alone: Vec<_> = requests
            .iter()
            .map(|r| run(&model, beam(beam_size), std::slice::from_ref(r)).remove(0))
            .collect();
        // From no room but for one request to room for all.
        for batch_tokens in [1, 90, 300, 100_000] {
            let options = DecodeOptions {
                batch_tokens,
                ..beam(beam_size)
            };
            assert_eq!(
                run(&model, options, &requests),
                alone,
                "beam {beam_size}, {batch_tokens} tokens"
            );
        }
    }
}

#[test]
fn long_prompts_go_in_pieces_with_the_same_result() {
    let long: Vec<u32> = (0..1000).map(|i| 1 + i * i % 6).collect();
    let model = Toy::new(0.2);
    let whole = &run(&model, beam(1), &[request(&long, 10)])[0];
    assert!(
        model
            .steps
            .lock()
            .unwrap()
            .iter()
            .all(|&tokens| tokens <= 128),
        "{:?}",
        model.steps
    );
    // The toy sees four tokens only, so the end of the prompt alone says the same.
    assert_eq!(
        whole,
        &run(&model, beam(1), &[request(&long[900..], 10)])[0]
    );
}

#[test]
fn errors_stop_the_work() {
    let model = Toy::new(0.0);
    let requests = [request(&[1], 5), request(&[2], 5)];
    let mut next = requests.iter().cloned().enumerate();
    let done = |_, _| Err(Error::msg("full"));
    let result = generate(&model, END, beam(1), || next.next(), done, || Ok(()));
    assert!(result.unwrap_err().to_string().contains("full"));
    let mut next = requests.iter().cloned().enumerate();
    let result = generate(
        &model,
        END,
        beam(1),
        || next.next(),
        |_, _| Ok(()),
        || Err(Error::msg("stop")),
    );
    assert!(result.unwrap_err().to_string().contains("stop"));
    assert!(run(&model, beam(1), &[]).is_empty());
}
