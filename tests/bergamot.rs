//! A Bergamot student from end to end: `tests/data/model/bergamot-mini`, with random weights and what NumPy makes of
//! them (`scripts/make_bergamot_fixtures.py`). Its logits are checked with those of other encoder-decoders (`seq2seq`).

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anubad::generate::{Generator, ModelSource, OpenError, Resources, Search, Use};
use anubad::model::{BergamotFiles, Compute, load_bergamot};
use anubad::tokenizer::{Part, Tokenizer};
use candle_core::Device;
use serde::Deserialize;

const MODEL: &str = "model.bnen.intgemm.alphas.bin";
/// Tokens of an output at most.
const MOST: usize = 24;

#[derive(Deserialize)]
struct Reference {
    texts: Vec<Text>,
}

/// A text, its tokens, the tokens that greedy search writes, and their text.
#[derive(Deserialize)]
struct Text {
    text: String,
    source: Vec<u32>,
    target: Vec<u32>,
    written: String,
}

fn miniature() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model/bergamot-mini")
}

fn reference() -> Vec<Text> {
    let text = fs::read(miniature().join("reference.json")).unwrap();
    serde_json::from_slice::<Reference>(&text).unwrap().texts
}

/// A copy of the miniature with one file changed.
fn changed(file: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(miniature()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let path = copy.path().join(file);
    fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
    copy
}

fn open(folder: &Path, purpose: &Use) -> Result<Generator, OpenError> {
    let resources = Resources {
        device: Device::Cpu,
        compute: Compute::F32,
        threads: 2,
        batch_tokens: None,
    };
    Generator::open(&ModelSource::path(folder.to_owned()), purpose, &resources)
}

fn translation() -> Use {
    Use::Translation {
        from: "bn".to_owned(),
    }
}

fn error(folder: &Path) -> String {
    let opened = open(folder, &translation());
    opened.err().expect("an error").to_string()
}

/// The tokens and texts that are written for texts, decoded together.
fn write(generator: &Generator, texts: &[Text], search: Search) -> Vec<(Vec<u32>, String)> {
    let prompts = texts.iter().map(|text| {
        let prompt = generator.prompt(&[Part::Text(text.text.clone())]);
        (prompt.unwrap(), MOST)
    });
    let prompts: Vec<_> = prompts.collect();
    let written = Mutex::new(vec![(Vec::new(), String::new()); texts.len()]);
    let done = |i: usize, mut found: Vec<anubad::generate::Generated>| {
        let best = found.remove(0);
        let tokens = [
            best.continuation.tokens,
            Vec::from_iter(best.continuation.end),
        ]
        .concat();
        written.lock().unwrap()[i] = (tokens, best.text);
    };
    let go_on = |_: &anubad::decode::Step| ControlFlow::Continue(());
    generator.generate(&prompts, search, &done, &go_on).unwrap();
    written.into_inner().unwrap()
}

#[test]
fn texts_come_out_as_the_reference_writes_them() {
    let (generator, texts) = (open(&miniature(), &translation()).unwrap(), reference());
    let search = generator.search();
    assert_eq!((search.beam_size, search.length_penalty), (1, 1.0));
    let written = write(&generator, &texts, search);
    for (text, (tokens, written)) in texts.iter().zip(&written) {
        assert_eq!(tokens, &text.target, "{}", text.text);
        assert_eq!(written, text.written.trim(), "{}", text.text);
    }
    // Alone as well as together, and what a wider search finds is another matter.
    for (i, text) in texts.iter().enumerate() {
        let alone = write(&generator, std::slice::from_ref(text), search);
        assert_eq!(alone[0], written[i]);
    }
    let wider = Search {
        beam_size: 4,
        ..search
    };
    assert!(
        write(&generator, &texts, wider)
            .iter()
            .any(|wide| !written.contains(wide))
    );
}

/// The logits of the first token of each text's output.
fn first_logits(compute: Compute) -> Vec<Vec<f32>> {
    let files = BergamotFiles::find(&miniature()).unwrap().unwrap();
    let model = load_bergamot(&files, compute, &Device::Cpu).unwrap();
    let first = |text: &Text| {
        let mut cache = model.new_cache(1, text.source.len()).unwrap();
        let mut sequence = model.encode(&mut cache, &[&text.source]).unwrap().remove(0);
        let start = [model.vocabulary() as u32];
        let logits = model.step(&mut cache, &mut [(&mut sequence, &start)]);
        logits.unwrap().flatten_all().unwrap().to_vec1().unwrap()
    };
    reference().iter().map(first).collect()
}

/// Random weights make attention so sharp that a rounded input may look elsewhere: not all texts come close.
#[test]
fn eight_bits_are_close_to_f32_for_most() {
    let (exact, rounded) = (first_logits(Compute::F32), first_logits(Compute::Int8));
    let error = |(exact, rounded): (&Vec<f32>, &Vec<f32>)| {
        let size: f32 = exact.iter().map(|x| x.abs()).sum();
        let off = exact.iter().zip(rounded).map(|(a, b)| (a - b).abs());
        off.sum::<f32>() / size
    };
    let mut errors: Vec<f32> = exact.iter().zip(&rounded).map(error).collect();
    errors.sort_by(f32::total_cmp);
    assert!(
        errors[0] > 0.0 && errors[errors.len() / 2] < 0.1,
        "{errors:?}"
    );
}

#[test]
fn tokens_are_those_of_sentencepiece() {
    let vocabulary = miniature().join("vocab.bnen.spm");
    let tokenizer = Tokenizer::from_vocabularies(&vocabulary, &vocabulary).unwrap();
    for text in reference() {
        assert_eq!(tokenizer.encode(&text.text).unwrap(), text.source);
        assert_eq!(tokenizer.decode(&text.target).unwrap(), text.written);
    }
    assert_eq!((tokenizer.end(), tokenizer.unknown()), (0, Some(1)));
    // What spells the end is text, and an id beyond the last is an error.
    assert!(!tokenizer.encode("দাম </s>").unwrap()[1..].starts_with(&[0]));
    assert!(tokenizer.decode(&[72]).is_err());
    assert_eq!(tokenizer.source_texts(&[2, 0]).unwrap(), ["", ""]);
}

#[test]
fn a_student_translates_and_its_name_says_from_what() {
    let summary = open(&miniature(), &Use::Summary).err().unwrap().to_string();
    assert!(
        summary.contains("a model to translate, not to summarize"),
        "{summary}"
    );
    let source = ModelSource::path(miniature());
    assert_eq!(source.source_language().as_deref(), Some("bn"));
}

#[test]
fn damaged_models_are_errors_and_never_a_panic() {
    let whole = fs::read(miniature().join(MODEL)).unwrap();
    let folder = changed(MODEL, |bytes| bytes);
    let files = BergamotFiles::find(folder.path()).unwrap().unwrap();
    let load = |bytes: &[u8]| {
        fs::write(folder.path().join(MODEL), bytes).unwrap();
        load_bergamot(&files, Compute::F32, &Device::Cpu)
    };
    // Every item is cut somewhere, and so is the table of contents.
    for length in (0..whole.len()).step_by(97) {
        let error = load(&whole[..length]).err().expect("an error").to_string();
        assert!(
            error.contains(MODEL) && error.lines().count() == 1,
            "{error}"
        );
    }
    // Whatever number of the table of contents is another, the model is refused, or runs.
    let contents = whole.windows(5).position(|w| w == b"Wemb\0").unwrap();
    for at in (0..contents).step_by(8) {
        for value in [0, 1, 3, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = whole.clone();
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
            if let Ok(model) = load(&bytes) {
                let _ = model.align(&[5, 0], &[72, 5]);
            }
        }
    }
}

#[test]
fn a_changed_configuration_is_refused_by_name() {
    for (from, to, what) in [
        ("dim-emb: 24", "dim-emb: 48", "Wemb has shape [72, 24]"),
        ("dim-ffn: 40", "dim-ffn: 41", "ffn_W1 has shape [24, 40]"),
        ("enc-depth: 2", "enc-depth: 3", "has no encoder_l3_self_Wq"),
        (
            "dec-cell: ssru",
            "dec-cell: lstm",
            "dec-cell is not supported",
        ),
        (
            "type: transformer",
            "type: transformez",
            "type is not supported",
        ),
        ("heads: 4", "heads: 5", "does not fit 5 heads"),
    ] {
        let folder = changed(MODEL, |bytes| {
            let at = bytes.windows(from.len()).position(|w| w == from.as_bytes());
            let at = at.unwrap_or_else(|| panic!("no {from}"));
            let (before, after) = (&bytes[..at], &bytes[at + from.len()..]);
            [before, &to.as_bytes()[..from.len()], after].concat()
        });
        let error = error(folder.path());
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn other_files_that_are_not_right_say_what_to_do() {
    let vocabulary = changed("vocab.bnen.spm", |bytes| bytes[..40].to_vec());
    assert!(error(vocabulary.path()).contains("vocab.bnen.spm"));
    let settings = changed("config.yml", |_| b"word-penalty: 1".to_vec());
    assert!(error(settings.path()).contains("word-penalty is not supported"));
    let settings = changed("config.yml", |_| b"beam-size: 3\nnormalize: 0.6".to_vec());
    let search = open(settings.path(), &translation()).unwrap().search();
    assert_eq!((search.beam_size, search.length_penalty), (3, 0.6));
    let lacking = changed("config.yml", |bytes| bytes);
    fs::remove_file(lacking.path().join("vocab.bnen.spm")).unwrap();
    assert!(error(lacking.path()).contains("lacks vocab.*.spm"));
}
