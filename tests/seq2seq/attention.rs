//! Cross-attention step by step, and the search that it guides.

use anubad::decode::{Continuation, DecodeOptions, Request, generate_all};
use anubad::model::Model;

use crate::{assert_close, each, encode, load};

#[test]
fn a_step_looks_where_the_alignment_says() {
    each(|name, model, cases| {
        let [one, some, most] = cases else { panic!() };
        let mut cache = model.new_cache(80, 60).unwrap();
        let sources: [&[u32]; 3] = [&most.source, &one.source, &some.source];
        let mut sequences = encode(model, &mut cache, &sources);
        // Of each a prefix of its own length, then a token more.
        let mut read = [9, 1, 3];
        let cases = [most, one, some];
        for step in 0..2 {
            let batch = sequences.iter_mut().zip(cases).zip(&mut read);
            let mut batch: Vec<_> = batch
                .map(|((sequence, case), read)| {
                    let from = sequence.len();
                    *read += step;
                    (sequence, &case.target[from..*read])
                })
                .collect();
            let (logits, looks) = model.step_with_attention(&mut cache, &mut batch).unwrap();
            let logits = logits.to_vec2::<f32>().unwrap();
            for (i, case) in cases.into_iter().enumerate() {
                let what = format!("{name}, source of {}, step {step}", case.source.len());
                let aligned = model.align(&case.source, &case.target[..read[i]]).unwrap();
                let aligned = aligned.to_vec2::<f32>().unwrap();
                assert_close(&looks[i], aligned.last().unwrap(), &what);
                assert_close(&looks[i], &case.attention[read[i] - 1], &what);
                assert_close(&logits[i], &case.logits[read[i] - 1], &what);
            }
        }
    });
}

/// β Σ ln(1 / min(c, 1)) of a whole hypothesis: its last token is not read any more, an end token never.
fn coverage_penalty(model: &dyn Model, request: &Request, found: &Continuation, beta: f32) -> f32 {
    let mut target = [request.prompt.as_slice(), &found.tokens].concat();
    if !found.ended() {
        target.pop();
    }
    let rows = model.align(&request.source, &target).unwrap();
    let looks = rows.sum(0).unwrap().to_vec1::<f32>().unwrap();
    beta * looks.iter().map(|c| -c.min(1.0).ln()).sum::<f32>()
}

#[test]
fn the_coverage_penalty_is_that_of_the_whole_alignment() {
    for name in ["marian", "t5", "bart"] {
        let (model, cases) = load(name);
        let request = |case: &crate::Case| Request {
            source: case.source.clone(),
            prompt: case.target[..1].to_vec(),
            max_new_tokens: 12,
        };
        let requests: Vec<Request> = cases.iter().map(request).collect();
        let options = |coverage_penalty| DecodeOptions {
            beam_size: 4,
            n_best: 4,
            length_penalty: 0.6,
            coverage_penalty,
            // An end that comes often enough, and one that does not.
            end_tokens: vec![0, 20, 55],
            stop_loops: false,
            ..DecodeOptions::default()
        };
        let plain = generate_all(&*model, &options(0.0), &requests).unwrap();
        let mut differs = false;
        for beta in [0.2, 5.0] {
            let found = generate_all(&*model, &options(beta), &requests).unwrap();
            differs |= found.iter().zip(&plain).any(|(found, plain)| {
                let tokens = |all: &[Continuation]| all.iter().map(|h| h.tokens.clone()).collect();
                let (found, plain): (Vec<_>, Vec<_>) = (tokens(found), tokens(plain));
                found != plain
            });
            for (request, found) in requests.iter().zip(&found) {
                assert_eq!(found.len(), 4, "{name}");
                assert!(found.is_sorted_by(|a, b| a.score >= b.score), "{name}");
                for found in found {
                    let length = found.token_log_probs.len() as f32;
                    let penalty = coverage_penalty(&*model, request, found, beta);
                    let expected = found.log_prob / length.powf(0.6) - penalty;
                    let off = (found.score - expected).abs();
                    assert!(off < 1e-4 * expected.abs().max(1.0), "{name}: {off}");
                }
            }
        }
        assert!(differs, "{name}: the penalty changes nothing");
    }
}
