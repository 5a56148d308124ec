//! COMET against `unbabel-comet`: miniature models with random weights, in the layout of Unbabel's repositories
//! (`scripts/make_comet_fixtures.py`), with what the reference makes of the same translations.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anubad::eval::comet::{Comet, CometError, CometOptions, Triple};
use anubad::eval::{EvalError, Metric, ReferenceCount, Segment};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Largest difference between a score of ours and of the reference.
const TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Reference {
    samples: Vec<Sample>,
    models: Map<String, Value>,
}

#[derive(Deserialize)]
struct Sample {
    src: String,
    mt: String,
    r#ref: String,
}

/// Scores of all samples by a model of which some hyper-parameters are changed.
#[derive(Deserialize)]
struct Run {
    hparams: Map<String, Value>,
    scores: Vec<f64>,
    #[serde(default = "yes")]
    references: bool,
}

fn yes() -> bool {
    true
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/comet")
}

fn reference() -> Reference {
    serde_json::from_slice(&fs::read(data().join("reference.json")).unwrap()).unwrap()
}

fn runs(reference: &Reference, model: &str) -> Vec<Run> {
    serde_json::from_value(reference.models[model].clone()).unwrap()
}

fn options(threads: usize) -> CometOptions {
    CometOptions {
        threads,
        ..CometOptions::default()
    }
}

/// The encoder of a model of the fixtures.
fn encoder(model: &str) -> PathBuf {
    data().join(match model {
        "unified-xl" => "encoder-xl",
        _ => "encoder",
    })
}

fn load(folder: &Path) -> Result<Comet, CometError> {
    Comet::load(folder, &data().join("encoder"), &options(2))
}

/// A model of the fixtures with some hyper-parameters changed.
fn changed(model: &str, hparams: &Map<String, Value>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(data().join(model).join("hparams.yaml")).unwrap();
    let mut all: Map<String, Value> = serde_saphyr::from_str(&text).unwrap();
    all.extend(hparams.clone());
    // JSON is YAML.
    let text = serde_json::to_string(&all).unwrap();
    fs::write(folder.path().join("hparams.yaml"), text).unwrap();
    fs::create_dir(folder.path().join("checkpoints")).unwrap();
    let from = data().join(model).join("checkpoints/model.ckpt");
    fs::copy(from, folder.path().join("checkpoints/model.ckpt")).unwrap();
    folder
}

impl Sample {
    fn triple(&self, with_reference: bool) -> Triple<'_> {
        Triple {
            source: Some(&self.src),
            hypothesis: &self.mt,
            reference: with_reference.then_some(&self.r#ref),
        }
    }
}

fn triples(samples: &[Sample], references: bool) -> Vec<Triple<'_>> {
    samples.iter().map(|s| s.triple(references)).collect()
}

fn go_on(_: f64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn scores_are_the_reference_s() {
    let reference = reference();
    for model in ["regression", "referenceless", "unified", "unified-xl"] {
        for run in runs(&reference, model) {
            let folder = changed(model, &run.hparams);
            let comet = Comet::load(folder.path(), &encoder(model), &options(2));
            let comet = comet.unwrap_or_else(|e| panic!("{model}: {e}"));
            let triples = triples(&reference.samples, run.references);
            let scores = comet.score_triples(&triples, &go_on).unwrap();
            for (i, (score, expected)) in scores.iter().zip(&run.scores).enumerate() {
                assert!(
                    (score.value - expected).abs() < TOLERANCE,
                    "{model} {:?} sample {i}: {score:?} for {expected}",
                    run.hparams
                );
            }
            assert_eq!(scores.len(), run.scores.len());
        }
    }
}

#[test]
fn a_score_does_not_depend_on_what_is_scored_beside_it() {
    let reference = reference();
    let triples = triples(&reference.samples, true);
    for model in ["regression", "unified"] {
        let comet = load(&data().join(model)).unwrap();
        let together = comet.score_triples(&triples, &go_on).unwrap();
        for (triple, score) in triples.iter().zip(&together) {
            let alone = comet.score_triples(&[*triple], &go_on).unwrap();
            assert!(
                (alone[0].value - score.value).abs() < 1e-6,
                "{model}: {triple:?}"
            );
        }
        let one_core = Comet::load(&data().join(model), &data().join("encoder"), &options(1));
        let one_core = one_core.unwrap().score_triples(&triples, &go_on).unwrap();
        for (a, b) in one_core.iter().zip(&together) {
            assert!((a.value - b.value).abs() < 1e-6, "{model}");
        }
        let backwards: Vec<Triple> = triples.iter().rev().copied().collect();
        let backwards = comet.score_triples(&backwards, &go_on).unwrap();
        for (a, b) in backwards.iter().rev().zip(&together) {
            assert!((a.value - b.value).abs() < 1e-6, "{model}");
        }
    }
}

#[test]
fn what_is_too_long_is_counted() {
    let reference = reference();
    let triples = triples(&reference.samples, true);
    let truncated = |model: &str| {
        let comet = load(&data().join(model)).unwrap();
        let scores = comet.score_triples(&triples, &go_on).unwrap();
        scores.iter().filter(|score| score.is_cut).count()
    };
    // Texts of more than 126 tokens; and two together of more than 128.
    assert_eq!(truncated("regression"), 1);
    assert_eq!(truncated("unified"), 6);
}

#[test]
fn scores_of_systems_are_means_and_can_be_resampled() {
    let reference = reference();
    let comet = load(&data().join("regression")).unwrap();
    let segments: Vec<Segment> = reference
        .samples
        .iter()
        .map(|sample| Segment {
            source: Some(sample.src.clone()),
            references: vec![None, Some(sample.r#ref.clone()), Some("another".to_owned())],
            ..Segment::default()
        })
        .collect();
    let first: Vec<String> = reference.samples.iter().map(|s| s.mt.clone()).collect();
    let second: Vec<String> = reference.samples.iter().map(|s| s.r#ref.clone()).collect();
    let check = || ControlFlow::Continue(());
    let made = comet.statistics(&segments, &[&first, &second], &check);
    let made = made.unwrap();
    let expected = &runs(&reference, "regression")[0].scores;
    let mean = expected.iter().sum::<f64>() / expected.len() as f64;
    let metric: &dyn Metric = &comet;
    assert!((metric.score(&made[0].sums()) - mean).abs() < TOLERANCE);
    for (row, score) in made[0].rows().zip(expected) {
        assert!((metric.sentence_score(row) - score).abs() < TOLERANCE);
    }
    let resampled = metric.score(&made[0].sums_of([3, 3, 5]));
    let by_hand = (2.0 * expected[3] + expected[5]) / 3.0;
    assert!((resampled - by_hand).abs() < TOLERANCE);
    let told = metric.details(&made[0].sums());
    assert_eq!(told, "(1 of 15 too long to be read to the end)");
    assert_eq!(metric.details(made[0].row(0)), "");
    assert_ne!(made[0], made[1]);
    assert_eq!(made[1].len(), segments.len());

    let error = comet.statistics(&segments, &[&first[1..]], &check);
    assert!(matches!(error, Err(EvalError::Length { .. })));
    let stopped = comet.statistics(&segments, &[&first], &|| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(EvalError::Interrupted)));
}

#[test]
fn metrics_are_named_with_their_models() {
    let signature = |model: &str| {
        let comet = load(&data().join(model)).unwrap();
        let signature = comet.signature(ReferenceCount::Fixed(2)).long();
        (comet.name(), signature)
    };
    let (name, long) = signature("regression");
    assert_eq!(name, "COMET");
    assert!(
        long.starts_with("nrefs:1|model:regression@sha256-"),
        "{long}"
    );
    assert!(long.ends_with("|impl:unbabel-comet 2.2.7"), "{long}");
    assert_eq!(signature("referenceless").0, "COMET-QE");
    let (name, long) = signature("unified");
    assert_eq!(name, "COMETKiwi");
    assert!(long.starts_with("nrefs:0|"), "{long}");
    assert_eq!(
        Comet::encoder_name(&data().join("unified")).unwrap(),
        "xlm-roberta-large"
    );
}

#[test]
fn a_translation_without_what_is_needed_is_named() {
    let comet = load(&data().join("regression")).unwrap();
    let whole = Triple {
        source: Some("ক"),
        hypothesis: "a",
        reference: Some("b"),
    };
    let error = |lacking: Triple| {
        let error = comet.score_triples(&[whole, lacking], &go_on).unwrap_err();
        error.to_string()
    };
    let no_reference = Triple {
        reference: None,
        ..whole
    };
    assert_eq!(
        error(no_reference),
        "COMET needs a reference of every sentence, and sentence 2 has none"
    );
    let no_source = Triple {
        source: None,
        ..whole
    };
    assert!(error(no_source).contains("the source"));
    assert!(comet.score_triples(&[], &go_on).unwrap().is_empty());
}

#[test]
fn work_can_be_stopped_and_tells_how_far_it_is() {
    let reference = reference();
    let comet = load(&data().join("regression")).unwrap();
    let triples = triples(&reference.samples, true);
    let furthest = std::sync::Mutex::new(0f64);
    let watch = |done: f64| {
        let mut furthest = furthest.lock().unwrap();
        assert!(done > 0.0 && done <= 1.0 + 1e-9, "{done}");
        *furthest = furthest.max(done);
        ControlFlow::Continue(())
    };
    comet.score_triples(&triples, &watch).unwrap();
    assert!((*furthest.lock().unwrap() - 1.0).abs() < 1e-9);
    let stopped = comet.score_triples(&triples, &|_| ControlFlow::Break(()));
    assert!(matches!(
        stopped,
        Err(CometError::Input(EvalError::Interrupted))
    ));
}

/// The one line that is said of a folder that cannot be used.
fn fault(change: impl FnOnce(&Path)) -> String {
    let folder = changed("regression", &Map::new());
    change(folder.path());
    let error = load(folder.path()).err().expect("an error").to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn what_is_missing_or_damaged_is_said_in_one_line() {
    let checkpoint = |folder: &Path| folder.join("checkpoints/model.ckpt");
    let missing = fault(|folder| fs::remove_file(checkpoint(folder)).unwrap());
    assert!(missing.contains("model.ckpt cannot be read"), "{missing}");
    let missing = fault(|folder| fs::remove_file(folder.join("hparams.yaml")).unwrap());
    assert!(
        missing.contains("hparams.yaml: it cannot be read"),
        "{missing}"
    );
    let cut = fault(|folder| {
        let bytes = fs::read(checkpoint(folder)).unwrap();
        fs::write(checkpoint(folder), &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(cut.contains("model.ckpt are damaged"), "{cut}");
    let layer = fault(|folder| {
        let path = folder.join("hparams.yaml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replace(r#""layer":"mix""#, r#""layer":4"#)).unwrap();
    });
    assert!(
        layer.contains("layer 4 is none of the encoder's 4"),
        "{layer}"
    );
    let hidden = fault(|folder| {
        let path = folder.join("hparams.yaml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replace("[24,", "[25,")).unwrap();
    });
    assert!(
        hidden.contains("estimator.ff.0.weight has shape [24, 96]"),
        "{hidden}"
    );
}

#[test]
fn an_encoder_of_another_model_is_refused() {
    let encoder = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        let text = fs::read_to_string(data().join("encoder").join(file)).unwrap();
        let text = match file {
            "config.json" => text.replace("\"hidden_size\": 16", "\"hidden_size\": 32"),
            _ => text,
        };
        fs::write(encoder.path().join(file), text).unwrap();
    }
    let error = Comet::load(&data().join("regression"), encoder.path(), &options(1));
    let error = error.err().expect("an error").to_string();
    assert!(
        error.contains("embeddings") && error.contains("has shape"),
        "{error}"
    );
    fs::remove_file(encoder.path().join("config.json")).unwrap();
    let error = Comet::load(&data().join("regression"), encoder.path(), &options(1));
    let error = error.err().expect("an error").to_string();
    assert!(error.contains("config.json cannot be read"), "{error}");
}
