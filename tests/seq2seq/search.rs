//! Greedy and beam search with the miniatures, token for token what `generate` of the reference writes.

use anubad::decode::{DecodeOptions, Request, generate_all};
use anubad::generate::GenerationConfig;
use anubad::model::{Compute, load_folder};
use candle_core::Device;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{MINIATURES, folder};

#[derive(Deserialize)]
struct Reference {
    sources: Vec<Vec<u32>>,
    greedy: Run,
    beam: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    /// Of `GenerationConfig`, and `num_return_sequences`.
    options: Map<String, Value>,
    /// Of each source as many hypotheses, best first, padded behind their ends.
    tokens: Vec<Vec<u32>>,
    #[serde(default)]
    scores: Vec<f32>,
}

/// Sources of all lengths are decoded together, by the settings in the form in which model folders have them.
#[test]
fn greedy_and_beam_search_write_what_the_reference_writes() {
    for name in MINIATURES {
        let model = load_folder(&folder(name), Compute::F32, &Device::Cpu).unwrap();
        let reference = std::fs::read(folder(name).join("reference.json")).unwrap();
        let reference: Reference = serde_json::from_slice(&reference).unwrap();
        assert!(!reference.beam.is_empty(), "{name}");
        for run in [reference.greedy].into_iter().chain(reference.beam) {
            let set = run.options.iter().filter(|(_, value)| !value.is_null());
            let set: Map<_, _> = set.map(|(k, v)| (k.clone(), v.clone())).collect();
            let n_best = set.get("num_return_sequences").and_then(Value::as_u64);
            let settings: GenerationConfig = serde_json::from_value(Value::Object(set)).unwrap();
            let options = DecodeOptions {
                n_best: n_best.unwrap_or(1) as usize,
                stop_loops: false,
                ..settings.options(None).unwrap()
            };
            let prompt = vec![settings.decoder_start_token_id.unwrap()];
            let requests = reference.sources.iter().map(|source| Request {
                source: source.clone(),
                prompt: prompt.clone(),
                max_new_tokens: settings.most_new_tokens().expect("a bound"),
            });
            let requests: Vec<_> = requests.collect();
            let found = generate_all(&*model, &options, &requests).unwrap();
            let found: Vec<_> = found.iter().flatten().collect();
            assert_eq!(found.len(), run.tokens.len(), "{name}");
            for (i, (found, expected)) in found.iter().zip(&run.tokens).enumerate() {
                let what = format!("{name}, {} beams, hypothesis {i}", options.beam_size);
                let mut tokens = prompt.clone();
                tokens.extend(found.tokens.iter().chain(&found.end));
                let length = tokens.len().min(expected.len());
                assert_eq!(tokens, expected[..length], "{what}");
                let padding = &expected[length..];
                assert!(found.ended() || padding.is_empty(), "{what} is cut off");
                assert!(padding.iter().all(|t| *t == padding[0]), "{what} is longer");
                if let Some(score) = run.scores.get(i) {
                    let off = (found.score - score).abs();
                    assert!(off < 1e-4, "{what}: score off by {off}");
                }
            }
        }
    }
}
