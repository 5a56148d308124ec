//! Texts: encoded, decoded, in any order and by several threads.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;

use anubad::decode::{DecodeError, DecodeOptions, RequestError};
use anubad::generate::{GenerateError, Generated, Generator, GeneratorOptions, Prompt, Search};
use anubad::model::Limits;
use anubad::tokenizer::{Part, Tokenizer};

use crate::toy::{Toy, beam, run};

/// Seven words, of which the first is the end.
fn tokenizer() -> Tokenizer {
    let vocabulary = serde_json::json!({
        "<eos>": 0, "river": 1, "rain": 2, "dam": 3, "town": 4, "road": 5, "night": 6,
    });
    let json = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
        "added_tokens": [{
            "id": 0, "content": "<eos>", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true,
        }],
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<eos>"},
    });
    Tokenizer::from_json(json.to_string().as_bytes()).unwrap()
}

fn generator(model: Toy, threads: usize) -> Generator {
    let options = GeneratorOptions {
        decoder_start: vec![6],
        threads,
        decode: DecodeOptions {
            forced_first: Some(4),
            ..DecodeOptions::default()
        },
        ..GeneratorOptions::default()
    };
    Generator::new(Box::new(model), tokenizer(), options)
}

fn text_part(text: &str) -> [Part; 1] {
    [Part::Text(text.to_owned())]
}

const TEXTS: [&str; 5] = [
    "rain",
    "river dam town road night rain rain",
    "dam road",
    "night",
    "town",
];

fn prompts(generator: &Generator, most: usize) -> Vec<(Prompt, usize)> {
    let prompts = TEXTS
        .iter()
        .map(|text| generator.prompt(&text_part(text)).unwrap());
    prompts.map(|prompt| (prompt, most)).collect()
}

fn search(beam_size: usize) -> Search {
    Search {
        beam_size,
        length_penalty: 1.0,
    }
}

fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn every_text_gets_its_own_answer() {
    let options = DecodeOptions {
        forced_first: Some(4),
        ..beam(3)
    };
    let model = Toy::encoder_decoder(0.0);
    for threads in [1, 3] {
        let generator = generator(Toy::encoder_decoder(0.0), threads);
        let prompts = prompts(&generator, 9);
        assert_eq!(prompts[1].0.tokens(), 7);
        let results = Mutex::new(BTreeMap::new());
        let done = |i: usize, found: Vec<Generated>| {
            assert!(results.lock().unwrap().insert(i, found).is_none());
        };
        generator
            .generate(&prompts, search(3), &done, &|_| go_on())
            .unwrap();
        let results = results.into_inner().unwrap();
        assert_eq!(results.len(), TEXTS.len());
        for (i, found) in results {
            let request = anubad::decode::Request {
                source: tokenizer().encode(TEXTS[i]).unwrap(),
                prompt: vec![6],
                max_new_tokens: 9,
            };
            let expected = run(&model, &options, &[request]).remove(0);
            let continuations: Vec<_> = found.iter().map(|f| f.continuation.clone()).collect();
            assert_eq!(continuations, expected);
            for found in &found {
                assert!(found.text.starts_with("town"), "{:?}", found.text);
                let words = found.text.split_whitespace().count();
                assert_eq!(words, found.continuation.tokens.len());
            }
        }
    }
}

#[test]
fn longer_texts_are_begun_first() {
    let generator = generator(Toy::encoder_decoder(-50.0), 1);
    let order = Mutex::new(Vec::new());
    let done = |i: usize, _| order.lock().unwrap().push(i);
    // Nothing ends before its length, so what is begun first is done first.
    generator
        .generate(&prompts(&generator, 5), search(1), &done, &|_| go_on())
        .unwrap();
    assert_eq!(order.into_inner().unwrap(), [1, 2, 0, 3, 4]);
}

#[test]
fn a_language_model_continues_the_text_itself() {
    let generator = generator(Toy::new(-50.0), 1);
    let texts = Mutex::new(vec![String::new(); TEXTS.len()]);
    let after_step = |step: &anubad::decode::Step| {
        for (i, tokens) in step.partial() {
            texts.lock().unwrap()[i] = generator.text(tokens).unwrap();
        }
        go_on()
    };
    let done = |i: usize, found: Vec<Generated>| {
        let before = texts.lock().unwrap()[i].clone();
        assert!(!before.is_empty() && found[0].text.starts_with(&before));
        assert_eq!(found[0].continuation.tokens.len(), 6);
        // One token of a prompt and a forced first: so a longer one has none.
        assert_eq!(i != 1 && i != 2, found[0].text.starts_with("town"));
    };
    generator
        .generate(&prompts(&generator, 6), search(1), &done, &after_step)
        .unwrap();
}

#[test]
fn it_stops_when_told_and_says_what_does_not_fit() {
    let generator = generator(Toy::encoder_decoder(-50.0), 2);
    let none = |_: usize, _: Vec<Generated>| panic!("nothing can be done yet");
    let result = generator.generate(&prompts(&generator, 9), search(1), &none, &|_| {
        ControlFlow::Break(())
    });
    assert!(
        matches!(result, Err(GenerateError::Interrupted)),
        "{result:?}"
    );

    let small = Toy {
        limits: Limits {
            source: 6,
            target: 12,
        },
        ..Toy::encoder_decoder(0.0)
    };
    let generator = self::generator(small, 2);
    let result = generator.generate(&prompts(&generator, 9), search(1), &none, &|_| go_on());
    let reason = RequestError::SourceTooLong { tokens: 7, most: 6 };
    match result {
        Err(GenerateError::Decode(DecodeError::Request {
            id: 1,
            reason: found,
        })) => {
            assert_eq!(found, reason);
        }
        other => panic!("{other:?}"),
    }
    let rain = generator.prompt(&text_part("rain")).unwrap();
    assert_eq!(generator.room(&rain), 11);
    let result = generator.generate(&[(rain, 12)], search(1), &none, &|_| go_on());
    assert!(result.unwrap_err().to_string().starts_with("request 0: "));
}

/// What the model wrote for each text, best first.
fn written(generator: &Generator, search: Search, most: usize) -> Vec<Vec<Generated>> {
    let results = Mutex::new(BTreeMap::new());
    let done = |i: usize, found: Vec<Generated>| {
        results.lock().unwrap().insert(i, found);
    };
    let prompts = prompts(generator, most);
    generator
        .generate(&prompts, search, &done, &|_| go_on())
        .unwrap();
    results.into_inner().unwrap().into_values().collect()
}

#[test]
fn every_token_is_explained() {
    let generator = generator(Toy::encoder_decoder(0.0), 2);
    let model = Toy::encoder_decoder(0.0);
    let (mut ended, mut cut) = (0, 0);
    let prompts = prompts(&generator, 6);
    for (i, all) in written(&generator, search(3), 6).into_iter().enumerate() {
        let words: Vec<&str> = TEXTS[i].split(' ').collect();
        let source = tokenizer().encode(TEXTS[i]).unwrap();
        for found in all {
            let continuation = &found.continuation;
            let aligned = generator.align(&prompts[i].0, continuation).unwrap();
            let aligned = aligned.unwrap();
            let tokens = generator.explain(&prompts[i].0, continuation).unwrap();
            let log_probs: Vec<f32> = tokens.iter().map(|t| t.log_prob).collect();
            assert_eq!(log_probs, continuation.token_log_probs);
            assert_eq!(aligned.len(), tokens.len());
            let texts: String = tokens.iter().map(|t| t.text.as_str()).collect();
            assert_eq!(texts, found.text);
            let mut history = vec![6];
            for (n, token) in tokens.iter().enumerate() {
                let looks = model.attention(&source, &history);
                assert_eq!(aligned[n], looks);
                let most = (0..looks.len()).max_by(|&a, &b| looks[a].total_cmp(&looks[b]));
                assert_eq!(token.source.as_deref(), most.map(|at| words[at]));
                history.extend(continuation.tokens.get(n));
            }
            match continuation.ended() {
                true => ended += 1,
                false => cut += 1,
            }
        }
    }
    assert!(ended > 0 && cut > 0, "{ended} ended, {cut} cut off");
}

#[test]
fn a_language_model_has_no_source_to_look_at() {
    let generator = generator(Toy::new(0.0), 1);
    let prompts = prompts(&generator, 6);
    for (i, all) in written(&generator, search(1), 6).into_iter().enumerate() {
        let continuation = &all[0].continuation;
        assert!(
            generator
                .align(&prompts[i].0, continuation)
                .unwrap()
                .is_none()
        );
        let tokens = generator.explain(&prompts[i].0, continuation).unwrap();
        assert_eq!(tokens.len(), continuation.token_log_probs.len());
        assert!(tokens.iter().all(|token| token.source.is_none()));
        let texts: String = tokens.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(texts, all[0].text);
    }
}

#[test]
fn a_length_penalty_changes_what_is_best() {
    let generator = generator(Toy::encoder_decoder(0.0), 1);
    let lengths = |length_penalty| {
        let search = Search {
            beam_size: 4,
            length_penalty,
        };
        let all = written(&generator, search, 9);
        let lengths = all.iter().map(|all| all[0].continuation.tokens.len());
        lengths.sum::<usize>()
    };
    assert!(lengths(-2.0) < lengths(4.0));
}
