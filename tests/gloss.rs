//! The gloss against its reference implementation, and word lists of a user's own.

use std::fs;
use std::path::PathBuf;

use anubad::lexicon::{Lexicon, LexiconError, Origin, Reading};

/// Sentences with the gloss that the reference implementation, with which the model was trained, makes.
const CASES: &str = include_str!("data/gloss/cases.tsv");

#[test]
fn glosses_are_those_of_the_reference() {
    let lexicon = Lexicon::embedded();
    let mut cases = 0;
    for (i, line) in CASES.lines().enumerate() {
        let (sentence, expected) = line.split_once('\t').expect("sentence, tab, gloss");
        assert_eq!(
            lexicon.gloss(sentence),
            expected,
            "case {}: {sentence}",
            i + 1
        );
        cases += 1;
    }
    assert_eq!(cases, 1476);
}

#[test]
fn glossed_words_are_the_words_of_the_gloss() {
    let lexicon = Lexicon::embedded();
    for line in CASES.lines() {
        let (sentence, expected) = line.split_once('\t').expect("sentence, tab, gloss");
        let mut rest = expected;
        let mut end = 0;
        for word in lexicon.gloss_words(sentence) {
            assert!(
                word.span.start >= end && word.span.end <= sentence.len(),
                "{sentence}"
            );
            end = word.span.end;
            let at = rest
                .find(&word.gloss)
                .unwrap_or_else(|| panic!("{word:?}: {sentence}"));
            rest = &rest[at + word.gloss.len()..];
        }
    }
}

fn user_list(content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.tsv");
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn user_entries_come_first() {
    // The list writes the last letter of its second word with two code points, the text with one.
    let list =
        "# ours\r\n\r\nধান\tunhusked rice/ paddy\r\nপাড়াল\u{9af}\u{9bc}\tParalay\nধান\tnever used\n";
    let (_folder, path) = user_list(list);
    let lexicon = Lexicon::embedded().with_user_entries(&path).unwrap();
    assert_eq!(lexicon.gloss("ধান"), "unhusked rice / paddy");
    // A form that a list gives with its ending is taken as listed, in whichever list it is.
    assert_eq!(lexicon.gloss("ধানের"), "of paddy");
    assert_eq!(lexicon.gloss("ধানকেও"), "unhusked rice also");
    assert_eq!(lexicon.gloss("পাড়াল\u{9df}ে"), "in Paralay");
    let Reading::Listed { origin, .. } = lexicon.lookup("ধানকেও") else {
        panic!("not listed")
    };
    assert_eq!(origin, Origin::User);
}

#[test]
fn an_earlier_list_comes_before_a_later_one() {
    let (_first, first) = user_list("ধান\tone\n");
    let (_second, second) = user_list("ধান\ttwo\nগম\ttwo\n");
    let lexicon = Lexicon::embedded()
        .with_user_entries(&first)
        .unwrap()
        .with_user_entries(&second)
        .unwrap();
    assert_eq!(lexicon.gloss("ধান গম"), "one | two");
}

#[test]
fn a_bad_list_is_refused_with_file_and_line() {
    let message = |content: &[u8]| {
        let (_folder, path) = user_list(content);
        let error = Lexicon::embedded().with_user_entries(&path).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with(&path.display().to_string()),
            "{message}"
        );
        message[path.display().to_string().len()..].to_owned()
    };
    assert!(message("ধান\tpaddy\nগম wheat\n".as_bytes()).starts_with(":2: no tab"));
    assert!(message("বোরো ধান\tboro\n".as_bytes()).starts_with(":1: what stands before"));
    assert!(message("rice\tধান\n".as_bytes()).starts_with(":1: what stands before"));
    assert!(message("ধান\t\n".as_bytes()).starts_with(":1: no English"));
    assert!(message("ধান\tpaddy / \n".as_bytes()).starts_with(":1: no English"));
    assert!(message("ধান\tpaddy\trice\n".as_bytes()).starts_with(":1: the English holds"));
    assert!(message("ধান\tpaddy | rice\n".as_bytes()).starts_with(":1: the English holds"));
    assert!(message(b"# ok\n\xe0\xa6").starts_with(": not UTF-8 at byte 5"));
    assert!(message(&vec![b'#'; (16 << 20) + 1]).contains("larger than 16 MiB"));
}

#[test]
fn a_missing_list_is_an_error() {
    let error = Lexicon::embedded()
        .with_user_entries("no/such/list.tsv".as_ref())
        .unwrap_err();
    assert!(matches!(error, LexiconError::Read { .. }));
}

#[test]
fn hostile_sentences_are_glossed_in_linear_time() {
    let lexicon = Lexicon::embedded();
    for unit in [
        "ধানের",
        "১.",
        "a-",
        "\u{9bc}",
        "ড\u{9bc}\u{200d}",
        "ক্",
        "\u{301}",
    ] {
        let sentence = unit.repeat(200_000);
        assert!(!lexicon.gloss(&sentence).is_empty());
        let words = lexicon.gloss_words(&sentence);
        assert!(
            words
                .iter()
                .all(|word| sentence.get(word.span.clone()).is_some())
        );
    }
}
