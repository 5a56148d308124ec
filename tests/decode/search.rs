//! One request: what is found is what trying everything finds.

use anubad::decode::{DecodeError, DecodeOptions, Request, generate_all};

use crate::toy::{END, Toy, beam, request, run};

/// A continuation found by hand.
struct Found {
    tokens: Vec<u32>,
    log_probs: Vec<f32>,
    ended: bool,
    /// Cross-attention that each source token got.
    coverage: Vec<f32>,
}

impl Found {
    fn mean(&self) -> f32 {
        self.log_probs.iter().sum::<f32>() / self.log_probs.len() as f32
    }
}

/// Every continuation of up to `left` more tokens.
fn all(model: &Toy, request: &Request, before: &Found, left: usize, out: &mut Vec<Found>) {
    let history = [&*request.prompt, &before.tokens].concat();
    let looks = model.attention(&request.source, &history);
    for (token, p) in (0..).zip(model.log_probs(&request.source, &history)) {
        let ended = token == END;
        let more = if ended { vec![] } else { vec![token] };
        let found = Found {
            tokens: [&*before.tokens, &more].concat(),
            log_probs: [&*before.log_probs, &[p]].concat(),
            ended,
            coverage: before
                .coverage
                .iter()
                .zip(&looks)
                .map(|(a, b)| a + b)
                .collect(),
        };
        if ended || left == 1 {
            out.push(found);
        } else {
            all(model, request, &found, left - 1, out);
        }
    }
}

fn everything(model: &Toy, request: &Request) -> Vec<Found> {
    let mut out = Vec::new();
    let nothing = Found {
        tokens: Vec::new(),
        log_probs: Vec::new(),
        ended: false,
        coverage: vec![0.0; request.source.len()],
    };
    all(model, request, &nothing, request.max_new_tokens, &mut out);
    out
}

#[test]
fn greedy_takes_the_likeliest_token_until_the_end() {
    let model = Toy::new(0.3);
    for first in 1..7 {
        let result = &run(&model, &beam(1), &[request(&[first, 2], 40)])[0];
        assert_eq!(result.len(), 1);
        let result = &result[0];
        let (mut history, mut sum) = (vec![first, 2], 0.0);
        let written = result.tokens.iter().chain(&result.end);
        for (&token, p) in written.zip(&result.token_log_probs) {
            let row = model.log_probs(&[], &history);
            let best = (0..7).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
            assert_eq!(token as usize, best);
            assert!((p - row[best]).abs() < 1e-5);
            history.push(token);
            sum += row[best];
        }
        assert_eq!(history.len(), 2 + result.token_log_probs.len());
        assert!((result.log_prob - sum).abs() < 1e-4);
        assert!(result.ended() || result.tokens.len() == 40);
    }
}

#[test]
fn a_beam_wide_enough_finds_the_best_of_all() {
    let model = Toy::new(0.5);
    for first in 1..7 {
        let request = request(&[first], 4);
        let everything = everything(&model, &request);
        let best = everything
            .iter()
            .max_by(|a, b| a.mean().total_cmp(&b.mean()))
            .unwrap();
        let found = &run(&model, &beam(400), &[request])[0][0];
        assert_eq!((&found.tokens, found.ended()), (&best.tokens, best.ended));
        assert!((found.score - best.mean()).abs() < 1e-4);
    }
}

#[test]
fn coverage_prefers_what_looked_everywhere() {
    let model = Toy::encoder_decoder(0.5);
    let score = |found: &Found, penalty: f32| {
        let covered = found.coverage.iter().map(|c| c.min(1.0).ln()).sum::<f32>();
        found.mean() + penalty * covered
    };
    let mut changed = 0;
    for first in 1..7 {
        let request = Request {
            source: vec![first, 2, 5],
            ..request(&[first], 4)
        };
        let everything = everything(&model, &request);
        let found = [0.0, 0.7].map(|coverage_penalty| {
            let options = DecodeOptions {
                coverage_penalty,
                ..beam(400)
            };
            let best = everything.iter().max_by(|a, b| {
                let (a, b) = (score(a, coverage_penalty), score(b, coverage_penalty));
                a.total_cmp(&b)
            });
            let best = best.unwrap();
            let found = run(&model, &options, std::slice::from_ref(&request)).remove(0);
            assert_eq!(found[0].tokens, best.tokens);
            assert!((found[0].score - score(best, coverage_penalty)).abs() < 1e-4);
            found[0].tokens.clone()
        });
        changed += usize::from(found[0] != found[1]);
    }
    assert!(changed > 0, "the penalty decides nothing");
}

#[test]
fn hypotheses_come_best_first_and_differ() {
    let model = Toy::new(0.5);
    let hypotheses = &run(&model, &beam(4), &[request(&[3, 1], 12)])[0];
    assert_eq!(hypotheses.len(), 4);
    for pair in hypotheses.windows(2) {
        assert!(pair[0].score >= pair[1].score);
        assert_ne!(
            (&pair[0].tokens, pair[0].end),
            (&pair[1].tokens, pair[1].end)
        );
    }
    for h in hypotheses {
        assert!((h.mean_log_prob() - h.score).abs() < 1e-5);
        assert!((h.token_log_probs.iter().sum::<f32>() - h.log_prob).abs() < 1e-5);
    }
    let two = DecodeOptions {
        n_best: 2,
        ..beam(4)
    };
    assert_eq!(
        run(&model, &two, &[request(&[3, 1], 12)])[0],
        hypotheses[..2]
    );
}

#[test]
fn length_penalty_decides_between_short_and_long() {
    let model = Toy::new(0.0);
    let length = |length_penalty| {
        let options = DecodeOptions {
            length_penalty,
            ..beam(6)
        };
        let requests: Vec<Request> = (1..7).map(|t| request(&[t], 12)).collect();
        let best = run(&model, &options, &requests).into_iter();
        best.map(|h| h[0].tokens.len()).sum::<usize>()
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
        let result = &run(&model, &beam(beam_size), &[request(&[2], 9)])[0];
        assert_eq!(result.len(), beam_size);
        assert!(result.iter().all(|h| !h.ended() && h.tokens.len() == 9));
    }
}

#[test]
fn a_loop_is_cut_where_that_is_asked_for() {
    let model = Toy {
        memory: 1,
        ..Toy::new(-50.0)
    };
    for beam_size in [1, 3] {
        let cut = &run(&model, &beam(beam_size), &[request(&[2], 200)])[0];
        let whole = DecodeOptions {
            stop_loops: false,
            ..beam(beam_size)
        };
        let whole = &run(&model, &whole, &[request(&[2], 200)])[0];
        assert_eq!(whole[0].tokens.len(), 200);
        assert!((48..60).contains(&cut[0].tokens.len()) && !cut[0].ended());
        assert_eq!(cut.len(), beam_size);
        if beam_size == 1 {
            assert!(whole[0].tokens.starts_with(&cut[0].tokens));
        }
    }
}

#[test]
fn of_equals_the_lower_token_comes_first() {
    // All logits are the same but the end's.
    let model = Toy {
        scale: 0.0,
        ..Toy::new(-9.0)
    };
    assert_eq!(
        run(&model, &beam(1), &[request(&[4], 3)])[0][0].tokens,
        [1, 1, 1]
    );
    let found = &run(&model, &beam(3), &[request(&[4], 2)])[0];
    let tokens: Vec<_> = found.iter().map(|h| h.tokens.as_slice()).collect();
    assert_eq!(tokens, [[1, 1], [1, 2], [1, 3]]);
}

#[test]
fn options_that_make_no_sense_are_named() {
    let model = Toy::new(0.0);
    let options = beam(2);
    let refused: [(DecodeOptions, &str); 9] = [
        (
            DecodeOptions {
                beam_size: 0,
                n_best: 0,
                ..options.clone()
            },
            "at least one",
        ),
        (
            DecodeOptions {
                n_best: 3,
                ..options.clone()
            },
            "3 hypotheses",
        ),
        (
            DecodeOptions {
                n_best: 0,
                ..options.clone()
            },
            "0 hypotheses",
        ),
        (
            DecodeOptions {
                length_penalty: f32::NAN,
                ..options.clone()
            },
            "length penalty",
        ),
        (
            DecodeOptions {
                repetition_penalty: 0.0,
                ..options.clone()
            },
            "repetition penalty",
        ),
        (
            DecodeOptions {
                coverage_penalty: -1.0,
                ..options.clone()
            },
            "coverage penalty",
        ),
        (
            DecodeOptions {
                end_tokens: vec![0, 7],
                ..options.clone()
            },
            "token 7",
        ),
        (
            DecodeOptions {
                forced_first: Some(99),
                ..options.clone()
            },
            "token 99",
        ),
        (
            DecodeOptions {
                forced_last: vec![3],
                suppressed: vec![3],
                ..options.clone()
            },
            "both",
        ),
    ];
    for (options, what) in refused {
        let error = generate_all(&model, &options, &[request(&[1], 3)]).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    let nothing_left = DecodeOptions {
        suppressed: (0..7).collect(),
        ..options
    };
    for beam_size in [1, 2] {
        let options = DecodeOptions {
            beam_size,
            n_best: 1,
            ..nothing_left.clone()
        };
        let error = generate_all(&model, &options, &[request(&[1], 3)]).unwrap_err();
        assert!(matches!(error, DecodeError::NoChoice), "{error}");
    }
    let broken = Toy {
        scale: f32::NAN,
        ..Toy::new(0.0)
    };
    for beam_size in [1, 2] {
        let error = generate_all(&broken, &beam(beam_size), &[request(&[1], 3)]).unwrap_err();
        assert!(matches!(error, DecodeError::NotANumber), "{error}");
    }
}
