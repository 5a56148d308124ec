//! Shortlists with the miniatures: a part of the head gives the logits that the whole would.

use std::sync::Arc;

use anubad::decode::{Continuation, DecodeOptions, Request, generate_all};
use anubad::model::Model;
use anubad::shortlist::{Shortlist, Table, Vocabularies};

use crate::each;

/// Tokens that each source token brings.
const BEST: u32 = 7;

/// What may come after a source token; none of every fifth, which is not known.
fn list(source: u32, vocabulary: u32) -> Vec<u32> {
    let listed = |i| source.wrapping_mul(31).wrapping_add(i * 17) % vocabulary;
    match source % 5 {
        3 => Vec::new(),
        _ => (0..BEST).map(listed).collect(),
    }
}

fn shortlist(sources: u32, vocabulary: u32) -> Arc<Shortlist> {
    let vocabularies = Vocabularies {
        source: sources as usize,
        target: vocabulary as usize,
        always: vec![2],
        ..Vocabularies::default()
    };
    let table = Table::new(4, (0..sources).map(|source| list(source, vocabulary)));
    Arc::new(Shortlist::new(table, vocabularies).unwrap())
}

fn assert_same(found: &[Continuation], expected: &[Continuation], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(
            (&found.tokens, found.end),
            (&expected.tokens, expected.end),
            "{what}"
        );
        let off = (found.score - expected.score).abs();
        assert!(off < 1e-4, "{what}: score off by {off}");
    }
}

#[test]
fn sources_of_all_kinds_are_decoded_together_each_with_its_own_tokens() {
    each(|name, model, cases| {
        let vocabulary = model.vocabulary() as u32;
        let sources = cases.iter().flat_map(|case| {
            // Every source, without the tokens that are not known, and with one.
            let known = case.source.iter().copied().filter(|s| s % 5 != 3);
            let known: Vec<u32> = known.collect();
            [[&*known, &[1]].concat(), [&*known, &[3]].concat()]
        });
        let sources: Vec<Vec<u32>> = sources.filter(|s| s.len() < 40).collect();
        assert!(sources.len() >= 4, "{name}");
        let most = sources.iter().flatten().max().unwrap() + 1;
        let shortlist = shortlist(most, vocabulary);
        let requests = sources.iter().map(|source| Request {
            source: source.clone(),
            prompt: vec![2],
            max_new_tokens: 8,
        });
        let requests: Vec<Request> = requests.collect();
        for beam_size in [1, 3] {
            let options = DecodeOptions {
                beam_size,
                n_best: beam_size,
                end_tokens: vec![2],
                shortlist: Some(shortlist.clone()),
                ..DecodeOptions::default()
            };
            let together = generate_all(model, &options, &requests).unwrap();
            for (request, together) in requests.iter().zip(&together) {
                let what = format!("{name}, {beam_size} beams, {:?}", request.source);
                let alone = one(model, &options, request);
                assert_same(together, &alone, &what);
                let listed = shortlist.for_source(&request.source);
                let is_out = |token: &u32| listed.as_ref().is_some_and(|l| !l.contains(token));
                let suppressed = DecodeOptions {
                    suppressed: (0..vocabulary).filter(is_out).collect(),
                    renormalise: listed.is_some(),
                    shortlist: None,
                    ..options.clone()
                };
                assert_same(together, &one(model, &suppressed, request), &what);
            }
        }
    });
}

fn one(model: &dyn Model, options: &DecodeOptions, request: &Request) -> Vec<Continuation> {
    generate_all(model, options, std::slice::from_ref(request))
        .unwrap()
        .remove(0)
}
