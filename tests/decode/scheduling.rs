//! Many requests: batches, budgets, errors and interruptions.

use std::slice;

use anubad::decode::{
    Continuation, DecodeError, DecodeOptions, MOST_SLOTS, Request, RequestError, Step, generate,
    generate_all,
};
use anubad::model::Limits;
use candle_core::Error;

use crate::toy::{Call, END, Toy, beam, request, run};

/// Requests of many lengths; some prompts are longer than what goes into a step.
fn prompts() -> Vec<Request> {
    (0..40u32)
        .map(|i| {
            let length = if i % 20 == 7 { 300 + i } else { 1 + i % 9 };
            let prompt: Vec<u32> = (0..length).map(|j| 1 + (i * 5 + j * 3) % 6).collect();
            request(&prompt, 1 + (i as usize * 7) % 25)
        })
        .collect()
}

/// The same with sources, some of them longer than what goes into a step.
fn sources() -> Vec<Request> {
    let prompts = prompts().into_iter().enumerate();
    prompts
        .map(|(i, request)| {
            let length = if i % 11 == 3 { 130 + i } else { 1 + i % 13 };
            Request {
                source: (0..length as u32)
                    .map(|j| 1 + (j * j + i as u32) % 5)
                    .collect(),
                prompt: request.prompt[..request.prompt.len().min(2)].to_vec(),
                ..request
            }
        })
        .collect()
}

#[test]
fn results_do_not_depend_on_what_is_batched_with_what() {
    for (model, requests) in [
        (Toy::new(0.2), prompts()),
        (Toy::encoder_decoder(0.2), sources()),
    ] {
        for beam_size in [1, 4] {
            let alone: Vec<_> = requests
                .iter()
                .map(|r| run(&model, &beam(beam_size), slice::from_ref(r)).remove(0))
                .collect();
            // From no room but for one request to room for all.
            for batch_tokens in [0, 1, 90, 300, 100_000] {
                for step_tokens in [0, 7, 128, 10_000] {
                    let options = DecodeOptions {
                        batch_tokens,
                        step_tokens,
                        ..beam(beam_size)
                    };
                    model.calls();
                    assert_eq!(
                        run(&model, &options, &requests),
                        alone,
                        "beam {beam_size}, {batch_tokens} tokens, {step_tokens} a step"
                    );
                    check_budgets(&model.calls(), &options);
                }
            }
        }
    }
}

/// No step reads more than it may, no cache is larger than the budget or what one request needs, and in greedy search,
/// where nothing is shared, every slot is free or of a sequence in the step.
fn check_budgets(calls: &[Call], options: &DecodeOptions) {
    let most = options.step_tokens.max(1);
    let mut reading = 0;
    for call in calls {
        match call {
            Call::Cache {
                slots,
                source_slots,
            } => {
                assert!(*slots <= options.batch_tokens.max(340 + 25 * options.beam_size));
                assert!(*source_slots <= options.batch_tokens.max(170));
            }
            Call::Encode { lengths } => {
                reading = lengths.iter().sum();
                assert!(reading <= most || lengths.len() == 1, "{lengths:?}");
            }
            Call::Step { lengths, all_free } => {
                let prompts: Vec<usize> = lengths.iter().copied().filter(|&n| n > 1).collect();
                let is_alone = prompts.len() == 1 || reading > 0;
                assert!(prompts.iter().sum::<usize>() <= most || is_alone);
                assert!(lengths.iter().all(|&n| n <= most), "{lengths:?}");
                assert!(*all_free || options.beam_size > 1, "slots are lost");
                reading = 0;
            }
        }
    }
}

#[test]
fn requests_go_together_and_sources_are_read_together() {
    let model = Toy::encoder_decoder(-50.0);
    let requests: Vec<Request> = (1..7)
        .map(|i| Request {
            source: vec![i; 20],
            ..request(&[1], 5)
        })
        .collect();
    run(&model, &beam(1), &requests);
    let calls = model.calls();
    // 20 source tokens and one of the prompt each: six are 126.
    assert_eq!(
        calls[1],
        Call::Encode {
            lengths: vec![20; 6]
        }
    );
    assert_eq!(calls.len(), 2 + 5);
    let step = Call::Step {
        lengths: vec![1; 6],
        all_free: true,
    };
    assert!(calls[2..].iter().all(|call| *call == step));
}

#[test]
fn a_request_takes_the_place_of_a_finished_one() {
    let model = Toy::new(-50.0);
    let requests = [
        request(&[1], 9),
        request(&[2], 2),
        request(&[3], 2),
        request(&[4], 2),
    ];
    // Room for the first and one more.
    let options = DecodeOptions {
        batch_tokens: 13,
        ..beam(1)
    };
    let mut next = requests.iter().cloned().enumerate();
    let mut order = Vec::new();
    let done = |i: usize, _| {
        order.push(i);
        Ok(())
    };
    generate(
        &model,
        &options,
        || next.next(),
        done,
        |_| Ok::<_, DecodeError>(()),
    )
    .unwrap();
    assert_eq!(order, [1, 2, 3, 0]);
    let calls = model.calls();
    assert_eq!(calls.len(), 1 + 9, "{calls:?}");
    assert!(!calls.iter().any(|call| matches!(
        call,
        Call::Step {
            all_free: false,
            ..
        }
    )));
}

#[test]
fn a_request_larger_than_the_budget_is_decoded_alone() {
    let model = Toy::encoder_decoder(-50.0);
    let large = Request {
        source: vec![3; 90],
        ..request(&[1], 80)
    };
    let small = Request {
        source: vec![3; 5],
        ..request(&[1], 5)
    };
    let options = DecodeOptions {
        batch_tokens: 40,
        stop_loops: false,
        ..beam(1)
    };
    let results = run(&model, &options, &[small.clone(), large, small]);
    assert_eq!(results[1][0].tokens.len(), 80);
    assert_eq!(results[0], results[2]);
    let calls = model.calls();
    let caches: Vec<_> = calls
        .iter()
        .filter(|c| matches!(c, Call::Cache { .. }))
        .collect();
    let cache = |slots, source_slots| Call::Cache {
        slots,
        source_slots,
    };
    assert_eq!(caches, [&cache(40, 40), &cache(81, 90)]);
    assert!(calls.iter().all(|c| match c {
        Call::Step { lengths, .. } => lengths.len() == 1,
        _ => true,
    }));
}

#[test]
fn long_prompts_go_in_pieces_with_the_same_result() {
    let long: Vec<u32> = (0..1000).map(|i| 1 + i * i % 6).collect();
    let model = Toy::new(0.2);
    let whole = &run(&model, &beam(1), &[request(&long, 10)])[0];
    let calls = model.calls();
    let longest = calls.iter().filter_map(|call| match call {
        Call::Step { lengths, .. } => lengths.iter().max().copied(),
        _ => None,
    });
    assert_eq!(longest.max(), Some(128));
    // The toy sees four tokens only, so the end of the prompt alone says the same.
    assert_eq!(
        whole,
        &run(&model, &beam(1), &[request(&long[900..], 10)])[0]
    );
}

#[test]
fn what_the_model_cannot_do_is_an_error_that_names_the_request() {
    let model = Toy {
        limits: Limits {
            source: 8,
            target: 20,
        },
        ..Toy::encoder_decoder(0.0)
    };
    let good = Request {
        source: vec![1; 8],
        ..request(&[1, 2], 18)
    };
    let with = |change: &dyn Fn(&mut Request)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    let source_too_long = RequestError::SourceTooLong { tokens: 9, most: 8 };
    let too_long = |new| RequestError::TooLong {
        prompt: 2,
        new,
        most: 20,
    };
    let bad = [
        (with(&|r| r.source.push(1)), source_too_long),
        (with(&|r| r.source.clear()), RequestError::NoSource),
        (with(&|r| r.prompt.clear()), RequestError::NoPrompt),
        (with(&|r| r.max_new_tokens = 0), RequestError::NoNewTokens),
        (with(&|r| r.max_new_tokens = 19), too_long(19)),
        (
            with(&|r| r.max_new_tokens = usize::MAX),
            too_long(usize::MAX),
        ),
    ];
    for (request, expected) in bad {
        let error = generate_all(&model, &beam(2), &[good.clone(), request]).unwrap_err();
        assert!(error.to_string().starts_with("request 1: "), "{error}");
        match error {
            DecodeError::Request { id: 1, reason } => assert_eq!(reason, expected),
            other => panic!("{other}"),
        }
    }
    let results = run(&model, &beam(2), slice::from_ref(&good));
    assert_eq!(results[0].len(), 2);

    let model = Toy::new(0.0);
    let endless = request(&[1], usize::MAX);
    for (request, expected) in [
        (good, "a language model cannot read"),
        (endless, "token slots"),
        (request(&[1], MOST_SLOTS / 2), "token slots"),
    ] {
        let error = generate_all(&model, &beam(2), &[request]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn errors_stop_the_work() {
    let model = Toy::new(0.0);
    let requests = [request(&[1], 5), request(&[2], 5)];
    let mut next = requests.iter().cloned().enumerate();
    let done = |_, _| Err(DecodeError::Model(Error::msg("full")));
    let result = generate(&model, &beam(1), || next.next(), done, |_| Ok(()));
    assert!(result.unwrap_err().to_string().contains("full"));
    let mut next = requests.iter().cloned().enumerate();
    let mut steps = 0;
    let after_step = |_: &Step| {
        steps += 1;
        match steps {
            3 => Err(DecodeError::Model(Error::msg("stop"))),
            _ => Ok(()),
        }
    };
    let model = Toy::new(-50.0);
    let result = generate(&model, &beam(1), || next.next(), |_, _| Ok(()), after_step);
    assert!(result.unwrap_err().to_string().contains("stop"));
    assert_eq!(steps, 3);
    // A token that is not in the vocabulary is for the model to refuse; nothing to do is no error.
    assert!(run(&model, &beam(1), &[]).is_empty());
}

#[test]
fn what_is_written_so_far_can_be_looked_at() {
    let model = Toy::encoder_decoder(0.0);
    let requests: Vec<Request> = sources().into_iter().step_by(3).collect();
    for beam_size in [1, 3] {
        let options = DecodeOptions {
            batch_tokens: 200,
            ..beam(beam_size)
        };
        let mut next = requests.iter().cloned().enumerate();
        let mut seen: Vec<Vec<Vec<u32>>> = vec![Vec::new(); requests.len()];
        let mut finished: Vec<Option<Continuation>> = vec![None; requests.len()];
        let done = |i: usize, mut found: Vec<Continuation>| {
            finished[i] = Some(found.remove(0));
            Ok(())
        };
        let after_step = |step: &Step| {
            for (i, tokens) in step.partial() {
                seen[i].push(tokens.to_vec());
            }
            Ok::<_, DecodeError>(())
        };
        generate(&model, &options, || next.next(), done, after_step).unwrap();
        for (seen, finished) in seen.iter().zip(finished) {
            let finished = finished.unwrap();
            for pair in seen.windows(2) {
                let grown = pair[1].len() - pair[0].len();
                assert!(grown == 1 || pair[0].is_empty() && grown == 0);
            }
            if beam_size == 1 {
                assert!(
                    seen.iter()
                        .all(|tokens| finished.tokens.starts_with(tokens))
                );
                assert!(!seen.iter().any(|tokens| tokens.contains(&END)));
                let steps = finished.token_log_probs.len();
                assert_eq!(seen.iter().filter(|t| !t.is_empty()).count(), steps - 1);
            }
        }
    }
}
