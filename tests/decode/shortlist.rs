//! Shortlists: each request is decoded with the tokens of its own source, as if there were no others.

use std::sync::Arc;

use anubad::decode::{DecodeError, DecodeOptions, Request, generate_all};
use anubad::shortlist::{Shortlist, Table, Vocabularies};

use crate::toy::{END, Toy, beam, request, run};

/// The list of a source token; the last is not known.
const LISTS: [&[u32]; 7] = [&[], &[1, 2, 5], &[2, 3], &[3, 6], &[1, 4], &[4, 5, 6], &[]];

fn shortlist(lists: impl IntoIterator<Item = Vec<u32>>) -> Option<Arc<Shortlist>> {
    let vocabularies = Vocabularies {
        source: LISTS.len(),
        target: 7,
        around: vec![END],
        always: vec![END],
        ..Vocabularies::default()
    };
    let table = Table::new(0, lists.into_iter());
    Some(Arc::new(Shortlist::new(table, vocabularies).unwrap()))
}

fn own_lists() -> Option<Arc<Shortlist>> {
    shortlist(LISTS.map(<[u32]>::to_vec))
}

fn requests() -> Vec<Request> {
    let sources: [&[u32]; 8] = [
        &[1, END],
        &[2, 3, END],
        &[4, END],
        &[1, 6, END],
        &[5, 5, END],
        &[3, END],
        &[2, 4, 1, END],
        &[2, END],
    ];
    let request = |source: &[u32]| Request {
        source: source.to_vec(),
        ..request(&[source[0]], 9)
    };
    sources.into_iter().map(request).collect()
}

#[test]
fn a_shortlist_of_all_tokens_changes_nothing() {
    let model = Toy::encoder_decoder(0.4);
    for beams in [1, 3] {
        let all = DecodeOptions {
            shortlist: shortlist(vec![(0..7).collect(); 7]),
            ..beam(beams)
        };
        let found = run(&model, &all, &requests());
        assert_eq!(found, run(&model, &beam(beams), &requests()));
    }
}

#[test]
fn what_is_not_listed_is_as_if_it_were_suppressed() {
    let model = Toy::encoder_decoder(0.4);
    let mut differ = 0;
    for beams in [1, 2, 4] {
        let options = DecodeOptions {
            coverage_penalty: 0.3,
            shortlist: own_lists(),
            ..beam(beams)
        };
        let found = run(&model, &options, &requests());
        for (request, found) in requests().iter().zip(found) {
            let one = std::slice::from_ref(request);
            let without = DecodeOptions {
                shortlist: None,
                ..options.clone()
            };
            let free = run(&model, &without, one).remove(0);
            if request.source.contains(&6) {
                assert_eq!(found, free, "a source token that is not known");
                continue;
            }
            let is_listed = |token: &u32| {
                let mut lists = request.source.iter().map(|s| LISTS[*s as usize]);
                *token == END || lists.any(|list| list.contains(token))
            };
            let suppressed = DecodeOptions {
                suppressed: (0..7).filter(|token| !is_listed(token)).collect(),
                renormalise: true,
                ..without
            };
            let expected = run(&model, &suppressed, one).remove(0);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!((&found.tokens, found.end), (&expected.tokens, expected.end));
                assert!((found.score - expected.score).abs() < 1e-5);
            }
            differ += usize::from(free[0].tokens != found[0].tokens);
        }
    }
    assert!(differ > 5, "the lists decide nothing");
}

#[test]
fn probabilities_are_of_what_is_listed() {
    let model = Toy::encoder_decoder(0.4);
    for beams in [1, 3] {
        let options = DecodeOptions {
            shortlist: own_lists(),
            ..beam(beams)
        };
        let source = vec![2, 3, END];
        let request = Request {
            source: source.clone(),
            ..request(&[2], 9)
        };
        let listed = [END, 2, 3, 6];
        for found in &run(&model, &options, &[request])[0] {
            let mut history = vec![2];
            let written = found.tokens.iter().chain(&found.end);
            for (&token, p) in written.zip(&found.token_log_probs) {
                let logits = model.logits(&source, &history);
                let sum: f32 = listed.iter().map(|&t| logits[t as usize].exp()).sum();
                assert!((p - (logits[token as usize] - sum.ln())).abs() < 1e-5);
                history.push(token);
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_what_is_decoded_together() {
    let model = Toy::encoder_decoder(0.4);
    for beams in [1, 3] {
        let options = |batch_tokens| DecodeOptions {
            shortlist: own_lists(),
            batch_tokens,
            ..beam(beams)
        };
        let alone: Vec<_> = requests()
            .iter()
            .flat_map(|request| run(&model, &options(1024), std::slice::from_ref(request)))
            .collect();
        for batch_tokens in [1, 40, 100, 1024] {
            assert_eq!(run(&model, &options(batch_tokens), &requests()), alone);
        }
    }
}

#[test]
fn a_shortlist_of_a_larger_vocabulary_is_refused() {
    let model = Toy {
        vocabulary: 6,
        ..Toy::encoder_decoder(0.0)
    };
    let options = DecodeOptions {
        shortlist: own_lists(),
        ..beam(1)
    };
    let error = generate_all(&model, &options, &requests()).unwrap_err();
    assert!(matches!(error, DecodeError::Options(_)), "{error}");
    assert!(error.to_string().contains("shortlist from 7"), "{error}");
}
