//! Tokenizers read from a model's folder: ids and text as those of their Python classes.
//!
//! Each folder of `tests/data/tokenizer` is a small tokenizer of one kind, made and encoded by
//! `scripts/check_tokenizers.py`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anubad::tokenizer::{Languages, Tokenizer, TokenizerError};
use serde::{Deserialize, Serialize};

/// What a reference made of lines.
#[derive(Deserialize)]
struct Expected {
    source: Option<String>,
    target: Option<String>,
    /// Ids of each line; none where the reference makes special tokens of what a line spells.
    ids: Vec<Option<Vec<u32>>>,
    /// Ids of the target side, and their text.
    decode: Vec<Vec<u32>>,
    texts: Vec<String>,
    target_language: Option<u32>,
    /// The ids of special tokens, which no text has.
    special: Vec<u32>,
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokenizer")
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn lines() -> Vec<String> {
    json(&data().join("lines.json"))
}

fn expected(kind: &str) -> Expected {
    json(&data().join(kind).join("expected.json"))
}

fn load(kind: &str) -> Tokenizer {
    let expected = expected(kind);
    let languages = Languages {
        source: expected.source,
        target: expected.target,
    };
    Tokenizer::from_folder(&data().join(kind), languages).unwrap_or_else(|e| panic!("{kind}: {e}"))
}

fn kinds() -> Vec<String> {
    let entries = fs::read_dir(data()).unwrap();
    let folders = entries.map(|entry| entry.unwrap().path());
    let mut kinds: Vec<_> = folders
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    kinds.sort();
    assert!(kinds.len() >= 15, "{kinds:?}");
    kinds
}

#[test]
fn ids_and_texts_are_the_references() {
    let lines = lines();
    for kind in kinds() {
        let (tokenizer, expected) = (load(&kind), expected(&kind));
        assert_eq!(lines.len(), expected.ids.len(), "{kind}");
        for (line, ids) in lines.iter().zip(&expected.ids) {
            let ours = tokenizer.encode(line).unwrap();
            assert_eq!(&ours, ids.as_ref().unwrap_or(&ours), "{kind}: {line:?}");
        }
        assert_eq!(expected.decode.len(), expected.texts.len(), "{kind}");
        for (ids, text) in expected.decode.iter().zip(&expected.texts) {
            assert_eq!(&tokenizer.decode(ids).unwrap(), text, "{kind}: {ids:?}");
        }
        assert_eq!(
            tokenizer.target_language(),
            expected.target_language,
            "{kind}"
        );
    }
}

#[test]
fn source_tokens_have_texts() {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    for kind in kinds() {
        let (tokenizer, expected) = (load(&kind), expected(&kind));
        let (mut same, mut all) = (0, 0);
        for line in lines() {
            let ids = tokenizer.encode(&line).unwrap();
            let texts = tokenizer.source_texts(&ids).unwrap();
            assert_eq!(texts.len(), ids.len(), "{kind}");
            for (id, text) in ids.iter().zip(&texts) {
                let is_special = expected.special.contains(id);
                assert!(!is_special || text.is_empty(), "{kind}: {id} is {text:?}");
                assert_eq!(text, text.trim(), "{kind}");
            }
            all += 1;
            same += usize::from(bare(&line) == texts.concat());
        }
        // Others have letters that the tokenizer changes or does not know.
        assert!(same >= 5, "{kind}: {same} of {all} lines");
    }
}

#[test]
fn no_text_has_a_special_token() {
    let text = "<s> </s> <pad> <unk> <mask> <mask_1> <unk_7> <extra_id_3> __en__ ben_Beng bn_IN >>eng<< <2en> x</s>";
    for kind in kinds() {
        let (tokenizer, expected) = (load(&kind), expected(&kind));
        let around = tokenizer.encode("").unwrap().len();
        let ids = tokenizer.encode(text).unwrap();
        let found: Vec<_> = ids
            .iter()
            .filter(|id| expected.special.contains(id) && Some(**id) != tokenizer.unknown())
            .collect();
        // Only what stands around every text; the Python class does the same to an empty one.
        assert!(found.len() <= around, "{kind}: {found:?} in {ids:?}");
        assert_eq!(
            ids.iter().filter(|id| **id == tokenizer.end()).count(),
            1,
            "{kind}"
        );
    }
}

#[test]
fn nothing_is_cut_off_and_long_words_are_fast() {
    for kind in kinds() {
        let tokenizer = load(&kind);
        let start = Instant::now();
        for text in [
            "ক".repeat(100_000),
            "a b ".repeat(50_000),
            " ".repeat(200_000) + "x",
        ] {
            tokenizer.encode(&text).unwrap();
        }
        let word = "বাংলাদেশ ".repeat(20_000);
        let (one, all) = (
            tokenizer.encode("বাংলাদেশ").unwrap(),
            tokenizer.encode(&word).unwrap(),
        );
        let around = tokenizer.encode("").unwrap().len();
        assert!(all.len() >= (one.len() - around) * 20_000, "{kind}");
        assert!(
            start.elapsed().as_secs() < 20,
            "{kind}: {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn an_id_that_no_token_has_is_an_error() {
    for kind in kinds() {
        let tokenizer = load(&kind);
        assert!(tokenizer.decode(&[u32::MAX]).is_err(), "{kind}");
        assert!(
            (tokenizer.end() as usize) < tokenizer.vocabulary(),
            "{kind}"
        );
        let largest = tokenizer
            .encode("বাংলা English 123")
            .unwrap()
            .into_iter()
            .max();
        assert!(
            (largest.unwrap() as usize) < tokenizer.source_vocabulary(),
            "{kind}"
        );
    }
}

#[test]
fn languages_may_be_said_in_several_ways() {
    for (kind, codes) in [
        ("m2m100", ["bn", "ben", "ben_Beng", "bn_IN"]),
        ("nllb", ["ben_Beng", "bn", "ben", "bn-BD"]),
        ("mbart50", ["bn_IN", "bn", "ben", "ben_Beng"]),
        ("marian-multi", ["en", "eng", "eng_Latn", "en_XX"]),
        ("madlad", ["en", "eng", "eng_Latn", "en-GB"]),
    ] {
        let first = load(kind).encode("কলকাতা").unwrap();
        for code in codes {
            let languages = match kind {
                "marian-multi" | "madlad" => Languages {
                    source: None,
                    target: Some(code.to_owned()),
                },
                _ => Languages::new(code, "en"),
            };
            let tokenizer = Tokenizer::from_folder(&data().join(kind), languages).unwrap();
            assert_eq!(tokenizer.encode("কলকাতা").unwrap(), first, "{kind}: {code}");
        }
        let folder = data().join(kind);
        let unknown = Tokenizer::from_folder(&folder, Languages::new("xx", "xx"))
            .err()
            .unwrap();
        assert!(
            matches!(unknown, TokenizerError::UnknownLanguage { .. }),
            "{kind}"
        );
        let none = Tokenizer::from_folder(&folder, Languages::default())
            .err()
            .unwrap();
        assert!(matches!(none, TokenizerError::NoLanguage { .. }), "{kind}");
    }
}

#[test]
fn a_language_s_token_is_no_text_where_the_tokenizer_puts_it() {
    for (kind, prefix) in [("marian-multi", ">>eng<< "), ("madlad", "<2en> ")] {
        assert_eq!(load(kind).text_of_prefix(prefix), "", "{kind}");
    }
    for (kind, prefix) in [
        ("marian", ">>eng<< "),
        ("t5", "<2en> "),
        ("t5", "summarize: "),
        ("madlad", "summarize: "),
    ] {
        assert_eq!(load(kind).text_of_prefix(prefix), prefix, "{kind}");
    }
}

/// A folder with the files of a fixture, of which some are changed.
fn changed(kind: &str, change: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(data().join(kind)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        fs::write(
            folder.path().join(name),
            change(name, fs::read(&path).unwrap()),
        )
        .unwrap();
    }
    folder
}

fn error(folder: &Path) -> String {
    let loaded = Tokenizer::from_folder(folder, Languages::new("bn", "en"));
    loaded.err().expect("an error").to_string()
}

#[test]
fn a_missing_or_unknown_model_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(error(folder.path()).contains("config.json"));
    fs::write(
        folder.path().join("config.json"),
        r#"{"model_type": "bert"}"#,
    )
    .unwrap();
    let message = error(folder.path());
    assert!(
        message.contains("bert") && message.contains("Marian"),
        "{message}"
    );
    fs::write(
        folder.path().join("config.json"),
        r#"{"model_type": "marian"}"#,
    )
    .unwrap();
    assert!(error(folder.path()).contains("vocab.json"));
}

#[test]
fn hostile_files_are_errors() {
    let json = |name: &'static str, text: &'static str| {
        move |file: &str, bytes: Vec<u8>| {
            if file == name {
                text.as_bytes().to_vec()
            } else {
                bytes
            }
        }
    };
    for (kind, name, text) in [
        (
            "marian",
            "vocab.json",
            r#"{"</s>": 0, "<unk>": 4000000000}"#,
        ),
        ("marian", "vocab.json", r#"{"</s>": 0}"#),
        ("marian", "vocab.json", r#"{"</s>": -1, "<unk>": 1}"#),
        ("marian", "vocab.json", "[[[["),
        ("marian", "source.spm", ""),
        ("marian", "source.spm", "not a protocol buffer"),
        ("bart", "merges.txt", "a b c\n"),
        ("bart", "merges.txt", "nothing such\n"),
        ("bart", "vocab.json", "{}"),
        (
            "t5",
            "tokenizer_config.json",
            r#"{"tokenizer_class": "T5Tokenizer", "extra_ids": 4000000000}"#,
        ),
        (
            "pegasus",
            "tokenizer_config.json",
            r#"{"tokenizer_class": "PegasusTokenizer", "offset": 4294967295}"#,
        ),
        ("t5-json", "tokenizer.json", "{}"),
        ("t5-json", "tokenizer.json", "null"),
        (
            "t5-json",
            "tokenizer.json",
            r#"{"added_tokens": [], "model": 5}"#,
        ),
        (
            "mbart50",
            "tokenizer_config.json",
            r#"{"tokenizer_class": "MBartTokenizer"}"#,
        ),
        ("indictrans2", "dict.SRC.json", r#"{"<unk>": 0}"#),
    ] {
        let folder = changed(kind, json(name, text));
        let message = error(folder.path());
        assert!(!message.contains('\n'), "{kind} {name}: {message}");
    }
}

#[test]
fn damaged_files_never_panic() {
    for (kind, name) in [
        ("marian", "source.spm"),
        ("nllb", "sentencepiece.bpe.model"),
        ("t5-json", "tokenizer.json"),
        ("nllb-json", "tokenizer.json"),
    ] {
        let size = fs::metadata(data().join(kind).join(name)).unwrap().len() as usize;
        for step in 0..60 {
            let at = size * step / 60;
            let folder = changed(kind, |file, mut bytes| {
                if file == name {
                    match step % 3 {
                        0 => bytes.truncate(at),
                        1 => bytes[at] ^= 0xFF,
                        _ => bytes[at] ^= 1 << (step % 8),
                    }
                }
                bytes
            });
            let languages = Languages::new("bn", "en");
            if let Ok(tokenizer) = Tokenizer::from_folder(folder.path(), languages) {
                for line in lines() {
                    let _ = tokenizer.encode(&line).map(|ids| tokenizer.decode(&ids));
                }
            }
        }
    }
}

/// Lines to encode and ids to decode, of `scripts/check_tokenizers.py`.
#[derive(Deserialize)]
struct Check {
    source: Option<String>,
    target: Option<String>,
    lines: Vec<String>,
    decode: Vec<Vec<u32>>,
}

#[derive(Serialize)]
struct Checked {
    ids: Vec<Vec<u32>>,
    texts: Vec<String>,
    /// Bytes encoded in a second.
    speed: f64,
}

/// Encodes what each folder of `ANUBAD_TOKENIZER_DIR` has in its `check.json`, to its `ours.json`.
#[test]
#[ignore = "run by scripts/check_tokenizers.py"]
fn check_folders() {
    let root = std::env::var_os("ANUBAD_TOKENIZER_DIR").expect("ANUBAD_TOKENIZER_DIR");
    for entry in fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("check.json").is_file() {
            continue;
        }
        let check: Check = json(&folder.join("check.json"));
        let languages = Languages {
            source: check.source,
            target: check.target,
        };
        let tokenizer = Tokenizer::from_folder(&folder, languages)
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let start = Instant::now();
        let ids = check
            .lines
            .iter()
            .map(|line| tokenizer.encode(line).unwrap());
        let ids = ids.collect();
        let seconds = start.elapsed().as_secs_f64();
        let bytes: usize = check.lines.iter().map(String::len).sum();
        let checked = Checked {
            ids,
            texts: check
                .decode
                .iter()
                .map(|ids| tokenizer.decode(ids).unwrap())
                .collect(),
            speed: bytes as f64 / seconds,
        };
        fs::write(
            folder.join("ours.json"),
            serde_json::to_vec(&checked).unwrap(),
        )
        .unwrap();
    }
}
