//! Inputs that cannot be used: one line each, and no model is needed to say so.

use std::fs;

use super::{anubad, file, folder, names, run};

#[test]
fn a_bad_input_is_one_line_that_names_it() {
    let dir = folder();
    fs::create_dir(dir.path().join("hollow")).unwrap();
    let bad = [
        (file(&dir, "empty.txt", ""), "empty"),
        (file(&dir, "blank.txt", " \n\n"), "empty"),
        (file(&dir, "latin1.txt", b"abc\xe9 def"), "offset 3"),
        (file(&dir, "image.txt", b"\x89PNG\r\n\x1a\n\0\0\0"), "PNG"),
        (
            file(&dir, "english.txt", "The bridge opened on Friday.\n"),
            "Latin",
        ),
        (
            file(&dir, "bad.jsonl", "{\"id\": \"a\", \"text\": 7}\n"),
            "line 1",
        ),
        (
            dir.path().join("nowhere.txt").display().to_string(),
            "no such file",
        ),
        (dir.path().join("hollow").display().to_string(), "folder"),
    ];
    for (path, reason) in &bad {
        let (code, out, err) = run(&mut anubad(&["translate", path]));
        assert_eq!((code, out.as_str()), (3, ""), "{path}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(
            err.starts_with(&format!("anubad: {path}")) && err.contains(reason),
            "{err}"
        );
    }
    let mut all = vec!["translate"];
    all.extend(bad.iter().map(|(path, _)| path.as_str()));
    let (code, _, err) = run(&mut anubad(&all));
    assert_eq!((code, err.lines().count()), (3, bad.len()), "{err}");
}

#[test]
fn a_bad_standard_input_is_named_too() {
    let (code, out, err) = run(anubad(&["brief"]).write_stdin(""));
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.starts_with("anubad: -: is empty"), "{err}");
}

#[test]
fn a_line_without_end_is_refused() {
    let (code, out, err) = run(anubad(&["translate", "-"]).write_stdin("ক".repeat(8 << 20)));
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("larger than an article may be"), "{err}");
}

#[test]
fn a_name_cannot_command_the_terminal() {
    let (code, _, err) = run(&mut anubad(&["translate", "no\u{1b}[2Jsuch\u{202e}\nfile"]));
    assert_eq!((code, err.lines().count()), (3, 1));
    assert!(!err.contains(['\u{1b}', '\u{202e}']), "{err:?}");
}

#[test]
fn a_missing_model_or_word_list_is_told() {
    let dir = folder();
    let article = file(&dir, "a.txt", "সেতুটি খুলেছে।\n");
    let output = file(&dir, "out.txt", "old");
    let missing = dir.path().join("no-model");
    let model = [
        "translate",
        &article,
        "--model",
        missing.to_str().unwrap(),
        "-o",
        &output,
    ];
    let words = [
        "translate",
        &article,
        "--lexicon",
        missing.to_str().unwrap(),
        "-o",
        &output,
    ];
    for (args, expected) in [(model, 4), (words, 3)] {
        let (code, out, err) = run(&mut anubad(&args));
        assert_eq!((code, out.as_str()), (expected, ""), "{err}");
        assert!(
            err.lines().count() == 1 && err.contains("no-model"),
            "{err}"
        );
        assert_eq!(fs::read_to_string(&output).unwrap(), "old");
        assert_eq!(names(dir.path()), ["a.txt", "out.txt"]);
    }
}
