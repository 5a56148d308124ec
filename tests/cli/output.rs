//! Where results go.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command as Process, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use super::{anubad, file, folder, names, run, stored};

#[test]
fn a_file_is_replaced_at_once_and_alone() {
    let dir = folder();
    let path = file(
        &dir,
        "in/a.jsonl",
        stored("a", "It has 35 spans.", json!([])),
    );
    let output = file(&dir, "out/a.txt", "old");
    let (code, out, _) = run(&mut anubad(&[
        "summarize",
        "--from",
        &path,
        "--output",
        &output,
    ]));
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(
        fs::read_to_string(&output)
            .unwrap()
            .contains("It has 35 spans. [2]")
    );
    assert_eq!(names(&dir.path().join("out")), ["a.txt"]);

    // Nothing usable: what was there stays.
    let bad = file(&dir, "in/bad.jsonl", "{}");
    let before = fs::read_to_string(&output).unwrap();
    let (code, ..) = run(&mut anubad(&[
        "summarize",
        "--from",
        &bad,
        "--output",
        &output,
    ]));
    assert_eq!(code, 3);
    assert_eq!(fs::read_to_string(&output).unwrap(), before);
    assert_eq!(names(&dir.path().join("out")), ["a.txt"]);
}

#[test]
fn the_name_of_the_output_tells_its_format() {
    let dir = folder();
    let path = file(&dir, "a.jsonl", stored("a", "It has 35 spans.", json!([])));
    for (name, start) in [
        ("a.md", "# Bridge"),
        ("a.json", "{\n  \"schema\""),
        ("a.txt", "[1] Bridge"),
        ("a.x", "[1] Bridge"),
    ] {
        let output = dir.path().join(name);
        let (code, ..) = run(&mut anubad(&[
            "summarize",
            "--from",
            &path,
            "-o",
            output.to_str().unwrap(),
        ]));
        assert_eq!(code, 0);
        assert!(
            fs::read_to_string(&output).unwrap().starts_with(start),
            "{name}"
        );
    }
}

#[test]
fn a_folder_gets_a_file_for_each_article_and_none_elsewhere() {
    let dir = folder();
    let ids = ["../../x", "news/x.txt", "/etc/x", "\u{1b}/.."];
    let lines: String = ids
        .iter()
        .map(|id| stored(id, "It is long.", json!([])))
        .collect();
    let day = file(&dir, "in/day.jsonl", lines);
    let output = dir.path().join("deep/out/");
    let args = [
        "summarize",
        "--from",
        &day,
        "-f",
        "json",
        "--output",
        output.to_str().unwrap(),
    ];
    let (code, _, err) = run(&mut anubad(&args));
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        names(&output),
        ["article.json", "x-2.json", "x-3.json", "x.json"]
    );
    for name in names(&output) {
        let document: Value =
            serde_json::from_slice(&fs::read(output.join(name)).unwrap()).unwrap();
        assert_eq!(document["articles"].as_array().unwrap().len(), 1);
    }
    assert_eq!(names(dir.path()), ["deep", "in"]);
}

#[test]
fn an_output_that_cannot_be_written_is_told() {
    let dir = folder();
    let path = file(&dir, "x.jsonl", stored("x", "It is long.", json!([])));
    let no_folder = dir.path().join("nowhere/out.txt");
    let below_a_file = format!("{path}/out/");
    for output in [no_folder.to_str().unwrap(), &below_a_file] {
        let (code, _, err) = run(&mut anubad(&["summarize", "--from", &path, "-o", output]));
        assert_eq!(code, 5, "{err}");
        assert!(
            err.lines().count() == 1 && err.contains("cannot write"),
            "{err}"
        );
    }
}

#[test]
fn an_input_is_never_replaced() {
    let dir = folder();
    let content = stored("x", "It is long.", json!([]));
    let path = file(&dir, "x.jsonl", &content);
    for output in [path.as_str(), dir.path().to_str().unwrap()] {
        let args = ["summarize", "--from", &path, "-f", "jsonl", "-o", output];
        let (code, _, err) = run(&mut anubad(&args));
        assert_eq!(code, 5);
        assert!(err.contains("is an input and is not replaced"), "{err}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let dir = folder();
    let day = file(
        &dir,
        "day.jsonl",
        stored("a", &"It is long. ".repeat(50), json!([])).repeat(2000),
    );
    let mut child = Process::new(cargo_bin!("anubad"))
        .args(["summarize", "--from", &day, "-f", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
    assert_eq!(err, "");
    serde_json::from_str::<Value>(&first).unwrap();
}
