//! Encoder-decoders against `transformers`: miniature checkpoints with random weights, each in one of the forms in
//! which the Hub has weights (`scripts/make_seq2seq_fixtures.py`), with what the reference makes of them; and a
//! Bergamot student against NumPy (`scripts/make_bergamot_fixtures.py`).
//!
//! `ANUBAD_PARITY_DIR` names another folder of such miniatures; `scripts/parity.py` sets it.

mod attention;
mod search;
mod shortlist;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anubad::generate::GenerationConfig;
use anubad::model::{BergamotFiles, Compute, KvCache, Model, Sequence, load_bergamot, load_folder};
use candle_core::{Device, Tensor};
use serde::Deserialize;

/// Every architecture, and every form of weights.
const MINIATURES: [&str; 10] = [
    "marian",
    "marian-separate",
    "m2m100",
    "mbart",
    "bart",
    "pegasus",
    "t5",
    "flan-t5",
    "mt5",
    "indictrans2",
];
/// The miniature that is no folder as the Hub has them.
const BERGAMOT: &str = "bergamot";
/// Largest difference between a logit of ours and of the reference; those of the file are rounded to five digits.
const TOLERANCE: f32 = 1e-4;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

/// Sources of one token, of some, and of as many as there are positions.
#[derive(Deserialize)]
struct Case {
    source: Vec<u32>,
    target: Vec<u32>,
    /// Tokens that the logits are of; all, if empty.
    #[serde(default)]
    ids: Vec<usize>,
    /// After every token of the target.
    logits: Vec<Vec<f32>>,
    /// Cross-attention of the last layer, averaged over heads.
    attention: Vec<Vec<f32>>,
}

fn folder(name: &str) -> PathBuf {
    let miniatures = std::env::var_os("ANUBAD_PARITY_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model"),
        PathBuf::from,
    );
    miniatures.join(format!("{name}-mini"))
}

fn load(name: &str) -> (Box<dyn Model>, Vec<Case>) {
    load_as(name, Compute::F32)
}

fn load_as(name: &str, compute: Compute) -> (Box<dyn Model>, Vec<Case>) {
    let folder = folder(name);
    let device = &Device::Cpu;
    let model = match name {
        BERGAMOT => {
            let files = BergamotFiles::find(&folder).unwrap().unwrap();
            load_bergamot(&files, compute, device).map_err(Into::into)
        }
        _ => load_folder(&folder, compute, device),
    };
    let model = model.unwrap_or_else(|e| panic!("{name}: {e}"));
    let reference = std::fs::read(folder.join("reference.json")).unwrap();
    let reference: Reference = serde_json::from_slice(&reference).unwrap();
    (model, reference.cases)
}

fn each(test: impl Fn(&str, &dyn Model, &[Case])) {
    for name in MINIATURES.into_iter().chain([BERGAMOT]) {
        let (model, cases) = load(name);
        test(name, &*model, &cases);
    }
}

fn encode(model: &dyn Model, cache: &mut KvCache, sources: &[&[u32]]) -> Vec<Sequence> {
    model.encode(cache, sources).unwrap()
}

fn step(
    model: &dyn Model,
    cache: &mut KvCache,
    batch: &mut [(&mut Sequence, &[u32])],
) -> Vec<Vec<f32>> {
    model.step(cache, batch).unwrap().to_vec2().unwrap()
}

fn difference(got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len());
    let off = got.iter().zip(expected).map(|(a, b)| (a - b).abs());
    // What is not a number is as far off as can be.
    off.fold(0.0, |a, b| if b <= a { a } else { b })
}

fn assert_close(got: &[f32], expected: &[f32], what: &str) {
    let off = difference(got, expected);
    assert!(off < TOLERANCE, "{what}: off by {off}");
}

#[test]
fn logits_are_the_reference_s_token_by_token() {
    each(|name, model, cases| {
        for case in cases {
            let mut cache = model
                .new_cache(case.target.len(), case.source.len())
                .unwrap();
            let mut sequence = encode(model, &mut cache, &[&case.source]).remove(0);
            for (i, token) in case.target.iter().enumerate() {
                let logits = step(model, &mut cache, &mut [(&mut sequence, &[*token])]);
                let what = format!("{name}, source of {}, token {i}", case.source.len());
                assert_close(&logits[0], &case.logits[i], &what);
            }
        }
    });
}

/// bf16 keeps eight bits of weights, keys and values: each is off by one part in 512 at most, and errors of many cancel
/// one another. Eight-bit integers round activations too. Of all cases half are off by less than 0.006 and 0.02.
#[test]
fn logits_of_rounded_weights_stay_close_to_the_reference_s() {
    let norm = |values: &[f32]| values.iter().map(|v| v * v).sum::<f32>().sqrt();
    let both = [(Compute::Bf16, 0.05), (Compute::Int8, 0.2)];
    let all = MINIATURES
        .into_iter()
        .flat_map(|name| both.map(|both| (name, both)));
    for (name, (compute, most)) in all {
        let (model, cases) = load_as(name, compute);
        for case in cases.iter().filter(|case| case.ids.is_empty()) {
            let length = case.target.len();
            let mut cache = model.new_cache(length, case.source.len()).unwrap();
            let mut sequence = encode(&*model, &mut cache, &[&case.source]).remove(0);
            let logits = step(&*model, &mut cache, &mut [(&mut sequence, &case.target)]);
            let expected = &case.logits[length - 1];
            let off: Vec<f32> = logits[0].iter().zip(expected).map(|(a, b)| a - b).collect();
            let off = norm(&off) / norm(expected);
            println!("{name}, {compute:?}: {off}");
            assert!(off < most, "{name}, {compute:?}: off by {off}");
            assert!(off > 1e-5, "{name}, {compute:?}: nothing was rounded");
        }
    }
}

#[test]
fn logits_are_the_reference_s_for_a_prefix_at_once() {
    each(|name, model, cases| {
        for case in cases {
            for length in 1..=case.target.len() {
                let mut cache = model.new_cache(length, case.source.len()).unwrap();
                let mut sequence = encode(model, &mut cache, &[&case.source]).remove(0);
                let prefix = &case.target[..length];
                let logits = step(model, &mut cache, &mut [(&mut sequence, prefix)]);
                let what = format!("{name}, source of {}, {length} tokens", case.source.len());
                assert_close(&logits[0], &case.logits[length - 1], &what);
            }
        }
    });
}

#[test]
fn sources_and_targets_of_any_lengths_go_together() {
    each(|name, model, cases| {
        let [one, some, most] = cases else { panic!() };
        let mut cache = model.new_cache(80, 60).unwrap();
        let mut sequences = encode(model, &mut cache, &[&most.source, &one.source]);
        let (mut b, mut a) = (sequences.pop().unwrap(), sequences.pop().unwrap());
        let first = step(
            model,
            &mut cache,
            &mut [(&mut a, &most.target[..9]), (&mut b, &one.target[..1])],
        );
        assert_close(&first[0], &most.logits[8], &format!("{name}, a prefix"));
        assert_close(&first[1], &one.logits[0], &format!("{name}, one token"));
        // A fork shares source and past and goes its own way; a third source joins.
        let mut fork = cache.fork(&a);
        let mut c = encode(model, &mut cache, &[&some.source]).remove(0);
        let batch = &mut [
            (&mut c, &some.target[..4]),
            (&mut fork, &most.target[3..5]),
            (&mut a, &most.target[9..10]),
            (&mut b, &one.target[1..4]),
        ];
        let second = step(model, &mut cache, batch);
        assert_close(
            &second[0],
            &some.logits[3],
            &format!("{name}, one that joins"),
        );
        assert_close(
            &second[2],
            &most.logits[9],
            &format!("{name}, one more token"),
        );
        assert_close(&second[3], &one.logits[3], &format!("{name}, more tokens"));
        cache.release(fork);
        let third = step(model, &mut cache, &mut [(&mut a, &most.target[10..])]);
        let last = most.logits.last().unwrap();
        assert_close(&third[0], last, &format!("{name}, after its fork is gone"));
        for sequence in [a, b, c] {
            cache.release(sequence);
        }
        let free = (cache.free_slots(), cache.free_source_slots());
        assert_eq!(free, (80, 60), "{name}");
    });
}

#[test]
fn a_source_does_not_leak_into_the_next() {
    each(|name, model, cases| {
        let mut cache = model.new_cache(40, 40).unwrap();
        for case in [&cases[2], &cases[1], &cases[0], &cases[1]] {
            let mut sequence = encode(model, &mut cache, &[&case.source]).remove(0);
            let logits = step(model, &mut cache, &mut [(&mut sequence, &case.target)]);
            assert_close(&logits[0], case.logits.last().unwrap(), name);
            cache.release(sequence);
        }
    });
}

#[test]
fn alignment_is_the_reference_s_cross_attention() {
    each(|name, model, cases| {
        for case in cases {
            let weights = model.align(&case.source, &case.target).unwrap();
            let weights = weights.to_vec2::<f32>().unwrap();
            assert_eq!(weights.len(), case.attention.len());
            for (got, expected) in weights.iter().zip(&case.attention) {
                assert_close(got, expected, &format!("{name}, attention"));
                assert!((got.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
    });
}

#[test]
fn what_does_not_fit_is_an_error() {
    each(|name, model, cases| {
        let source = cases[0].source.as_slice();
        let mut cache = model.new_cache(3, 2).unwrap();
        let refused = |result: candle_core::Result<Tensor>, word: &str| {
            let error = result.err().unwrap_or_else(|| panic!("{name}: {word}"));
            assert!(error.to_string().contains(word), "{name}: {error}");
        };
        let read = |cache: &mut KvCache, sources: &[&[u32]]| {
            model
                .encode(cache, sources)
                .map(|_| Tensor::zeros(1, candle_core::DType::F32, &Device::Cpu).unwrap())
        };
        refused(read(&mut cache, &[&[]]), "source of 0 tokens");
        refused(read(&mut cache, &[&[5, 6, 7]]), "free source slots");
        refused(read(&mut cache, &[&[5], &[72]]), "token 72");
        assert_eq!(cache.free_source_slots(), 2, "nothing is taken");
        let mut sequence = encode(model, &mut cache, &[source]).remove(0);
        let mut write = |sequence: &mut Sequence, tokens: &[u32]| {
            model.step(&mut cache, &mut [(sequence, tokens)])
        };
        refused(write(&mut sequence, &[]), "0 tokens");
        refused(write(&mut sequence, &[1, 2, 3, 4]), "free slots");
        refused(write(&mut sequence, &[1000]), "token 1000");
        refused(write(&mut Sequence::default(), &[1]), "without a source");
        assert!(sequence.is_empty() && cache.free_slots() == 3);
        // Beyond the last position.
        let limits = model.limits();
        if limits.source < usize::MAX {
            let mut cache = model.new_cache(100, 100).unwrap();
            refused(
                read(&mut cache, &[&vec![5; limits.source + 1]]),
                "this model reads",
            );
            let mut sequence = encode(model, &mut cache, &[source]).remove(0);
            let tokens = vec![5; limits.target];
            model
                .step(&mut cache, &mut [(&mut sequence, &tokens)])
                .unwrap();
            refused(
                model.step(&mut cache, &mut [(&mut sequence, &[5])]),
                "do not fit",
            );
        }
    });
}

#[test]
fn a_changed_configuration_is_an_error_and_never_a_panic() {
    let copy = tempfile::tempdir().unwrap();
    for name in MINIATURES {
        for file in std::fs::read_dir(folder(name)).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        let config = copy.path().join("config.json");
        let read = std::fs::read(&config).unwrap();
        let original: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&read).unwrap();
        let mut refused = 0;
        for key in original.keys() {
            for value in [
                "0",
                "1",
                "-1",
                "3",
                "4294967297",
                "1e300",
                "null",
                "\"x\"",
                "[]",
            ] {
                let mut changed = original.clone();
                changed.insert(key.clone(), serde_json::from_str(value).unwrap());
                std::fs::write(&config, serde_json::to_vec(&changed).unwrap()).unwrap();
                // A change that makes sense makes a model that runs, or says why not.
                match load_folder(copy.path(), Compute::F32, &Device::Cpu) {
                    Ok(model) => drop(model.align(&[5, 2], &[2, 5])),
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > 50, "{name}: {refused} refused");
        for file in std::fs::read_dir(copy.path()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
}

#[test]
fn generation_settings_are_read() {
    let marian = GenerationConfig::read(&folder("marian"), None).unwrap();
    assert_eq!(marian.decoder_start_token_id, Some(71));
    assert_eq!(marian.eos_token_id, [0]);
    assert_eq!(marian.bad_words_ids, [[71]]);
    let bart = GenerationConfig::read(&folder("bart"), None).unwrap();
    assert_eq!((bart.min_length, bart.no_repeat_ngram_size), (5, 3));
    let all = r#"{"forced_eos_token_id": [2, 3], "bad_words_ids": [[4], [5, 6]], "renormalize_logits": true}"#;
    let all: GenerationConfig = serde_json::from_str(all).unwrap();
    let options = all.options(None).unwrap();
    assert_eq!(options.forced_last, [2, 3]);
    assert_eq!(options.bad_words, [vec![4], vec![5, 6]]);
    assert!(options.renormalise && !marian.options(None).unwrap().renormalise);
}

/// `scripts/parity.py` prints it, of miniatures made anew or of a real model.
#[test]
fn parity_table() {
    println!(
        "{:<16} {:>9} {:>11} {:>10} {:>7} {:>9}",
        "model", "logits", "difference", "likeliest", "load s", "ms/token"
    );
    for name in names() {
        let start = Instant::now();
        let (model, cases) = load(&name);
        let load = start.elapsed().as_secs_f32();
        let (mut off, mut count, mut same, mut steps) = (0f32, 0, 0, 0);
        let mut time = Duration::ZERO;
        for case in &cases {
            let mut cache = model
                .new_cache(case.target.len(), case.source.len())
                .unwrap();
            let mut sequence = encode(&*model, &mut cache, &[&case.source]).remove(0);
            for (token, expected) in case.target.iter().zip(&case.logits) {
                let start = Instant::now();
                let logits = step(&*model, &mut cache, &mut [(&mut sequence, &[*token])]).remove(0);
                time += start.elapsed();
                let best = likeliest(&logits);
                let (logits, best) = match case.ids.as_slice() {
                    [] => (logits, Some(best)),
                    // Some of a real vocabulary.
                    ids => (
                        ids.iter().map(|&id| logits[id]).collect(),
                        ids.iter().position(|&id| id == best),
                    ),
                };
                off = off.max(difference(&logits, expected));
                same += usize::from(best == Some(likeliest(expected)));
                count += logits.len();
                steps += 1;
            }
        }
        let token = time.as_secs_f32() * 1000.0 / steps as f32;
        let likeliest = format!("{same}/{steps}");
        println!("{name:<16} {count:>9} {off:>11.1e} {likeliest:>10} {load:>7.2} {token:>9.2}");
        assert!(off < TOLERANCE && same == steps);
    }
}

/// The miniatures, or what `ANUBAD_PARITY_DIR` holds.
fn names() -> Vec<String> {
    let Some(folder) = std::env::var_os("ANUBAD_PARITY_DIR") else {
        return MINIATURES.map(str::to_owned).to_vec();
    };
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.filter_map(|e| e.unwrap().file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix("-mini")?.to_owned()))
        .collect();
    names.sort();
    names
}

fn likeliest(logits: &[f32]) -> usize {
    let places = 0..logits.len();
    places
        .max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
        .unwrap()
}
