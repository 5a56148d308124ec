//! The program as a user runs it. Most tests brief stored translations, which needs no model; those
//! that translate are few and short.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use tempfile::TempDir;

const VERBS: [&str; 6] = [
    "brief",
    "translate",
    "summarize",
    "lexicon",
    "completions",
    "man",
];

fn anubad(args: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("anubad"));
    command
        .args(args)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

/// Exit code, standard output, standard error.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().expect("not killed"),
        text(output.stdout),
        text(output.stderr),
    )
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file and gives its path.
fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A translation as `--format jsonl` writes it: a headline and a sentence with findings.
fn stored(id: &str, sentence: &str, findings: Value) -> String {
    let article = json!({
        "schema": 1,
        "id": id,
        "title": "Bridge opens",
        "brief": null,
        "paragraphs": [
            {
                "role": "title", "part": "text", "span": [0, 9], "source": "সেতু", "translation": "Bridge opens",
                "sentences": [{
                    "number": 1, "part": "text", "span": [0, 12], "source": "সেতু",
                    "translation": "Bridge opens", "score": -0.1, "findings": []
                }]
            },
            {
                "role": "body", "part": "text", "span": [14, 60], "source": "৩৫টি স্প্যান।", "translation": sentence,
                "sentences": [{
                    "number": 2, "part": "text", "span": [14, 60], "source": "৩৫টি স্প্যান।",
                    "translation": sentence, "score": -0.2, "findings": findings
                }]
            },
            {
                "role": "boilerplate", "kind": "advertisement", "part": "text", "span": [61, 80],
                "source": "[বিজ্ঞাপন]", "translation": null, "sentences": []
            }
        ]
    });
    format!("{article}\n")
}

fn finding(severity: &str) -> Value {
    json!([{"kind": "missing_number", "severity": severity, "message": "number 35 missing"}])
}

// Help and usage.

#[test]
fn every_verb_explains_itself_with_examples() {
    for verb in VERBS {
        let (code, out, err) = run(&mut anubad(&[verb, "--help"]));
        assert_eq!((code, err.as_str()), (0, ""), "{verb}");
        assert!(out.contains("Usage: anubad"), "{verb}: {out}");
        assert!(
            verb == "lexicon" || out.contains("Examples:\n"),
            "{verb}: {out}"
        );
    }
}

#[test]
fn the_help_lists_verbs_and_exit_codes() {
    let (code, out, _) = run(&mut anubad(&["--help"]));
    assert_eq!(code, 0);
    for word in VERBS.into_iter().chain(["130  interrupted", "Examples:"]) {
        assert!(out.contains(word), "{word}: {out}");
    }
    let (code, out, _) = run(&mut anubad(&["--version"]));
    assert_eq!(
        (code, out),
        (0, format!("anubad {}\n", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn a_wrong_command_line_is_told_and_nothing_is_done() {
    let wrong: [&[&str]; 14] = [
        &[],
        &["digest"],
        &["translate", "--format", "pdf"],
        &["translate", "--json", "--format", "text"],
        &["translate", "--beam", "0"],
        &["translate", "--explain", "-"],
        &["translate", "--quiet", "--verbose"],
        &["brief", "--sentences", "3", "--words", "50"],
        &["brief", "--sentences", "0"],
        &["summarize", "--from", "a.json", "--beam", "2"],
        &["summarize", "a.txt", "--from", "a.json"],
        &["summarize", "--from", "a.json", "--summarizer", "model"],
        &["lexicon", "lookup"],
        &["completions", "cmd"],
    ];
    for args in wrong {
        let (code, out, err) = run(&mut anubad(args));
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn completions_and_manual_pages_know_the_verbs() {
    let (code, out, _) = run(&mut anubad(&["completions", "bash"]));
    assert!(code == 0 && VERBS.iter().all(|verb| out.contains(verb)));
    let (code, out, _) = run(&mut anubad(&["man"]));
    assert!(code == 0 && out.contains(".TH anubad") && VERBS.iter().all(|verb| out.contains(verb)));
    let dir = folder();
    let (code, ..) = run(&mut anubad(&[
        "man",
        "--dir",
        dir.path().join("man1").to_str().unwrap(),
    ]));
    assert_eq!(code, 0);
    assert!(names(&dir.path().join("man1")).contains(&"anubad-brief.1".to_owned()));
}

// Inputs that cannot be used. None of these needs a model.

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
    for args in [model, words] {
        let (code, out, err) = run(&mut anubad(&args));
        assert_eq!((code, out.as_str()), (4, ""), "{err}");
        assert!(
            err.lines().count() == 1 && err.contains("no-model"),
            "{err}"
        );
        assert_eq!(fs::read_to_string(&output).unwrap(), "old");
        assert_eq!(names(dir.path()), ["a.txt", "out.txt"]);
    }
}

// Stored translations: exit codes, formats, output.

#[test]
fn findings_are_shown_and_fail_only_where_asked() {
    let dir = folder();
    let error = file(
        &dir,
        "error.jsonl",
        stored("e", "It has 53 spans.", finding("error")),
    );
    let warning = file(
        &dir,
        "warning.jsonl",
        stored("w", "It has 53 spans.", finding("warning")),
    );
    let sound = file(
        &dir,
        "sound.jsonl",
        stored("s", "It has 35 spans.", json!([])),
    );
    for (path, none, errors, warnings) in
        [(&error, 0, 1, 1), (&warning, 0, 0, 1), (&sound, 0, 0, 0)]
    {
        for (fail_on, expected) in [("none", none), ("error", errors), ("warning", warnings)] {
            let args = ["summarize", "--from", path, "--fail-on", fail_on];
            let (code, out, _) = run(&mut anubad(&args));
            assert_eq!(code, expected, "{path} {fail_on}");
            assert_eq!(out.contains("number 35 missing"), path != &sound, "{out}");
        }
    }
    let (_, _, err) = run(&mut anubad(&["summarize", "--from", &error, &sound]));
    assert_eq!(
        err,
        "anubad: to check: 1 error and 0 warnings in 1 of 2 articles\n"
    );
    let (_, _, err) = run(&mut anubad(&["summarize", "--from", &error, "--quiet"]));
    assert_eq!(err, "");
    let (_, _, err) = run(&mut anubad(&["summarize", "--from", &error, "--verbose"]));
    assert!(err.contains("e: [2] error: number 35 missing"), "{err}");
}

#[test]
fn a_stored_translation_is_read_from_a_document_a_stream_and_stdin() {
    let dir = folder();
    let lines = stored("a", "It has 35 spans.", json!([])) + &stored("b", "It is long.", json!([]));
    let stream = file(&dir, "day.jsonl", &lines);
    let (code, document, _) = run(&mut anubad(&["summarize", "--json", "--from", &stream]));
    assert_eq!(code, 0);
    let value: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(value["schema"], 1);
    assert_eq!(
        value["articles"][1]["brief"]["sentences"][0]["citations"],
        json!([2])
    );

    let document = file(&dir, "day.json", document);
    let expected = run(&mut anubad(&["summarize", "--from", &stream]));
    assert!(
        expected.1.contains("- It has 35 spans. [2]"),
        "{}",
        expected.1
    );
    assert_eq!(
        run(&mut anubad(&["summarize", "--from", &document])),
        expected
    );
    assert_eq!(
        run(anubad(&["summarize", "--from", "-"]).write_stdin(lines)),
        expected
    );
}

#[test]
fn what_is_no_stored_translation_is_passed_over() {
    let dir = folder();
    let sound = file(
        &dir,
        "sound.jsonl",
        stored("s", "It has 35 spans.", json!([])),
    );
    let newer = file(&dir, "newer.json", "{\"schema\": 2}");
    let (code, out, err) = run(&mut anubad(&[
        "summarize",
        "--from",
        &newer,
        "nowhere.json",
        &sound,
    ]));
    assert_eq!(code, 3);
    assert!(out.contains("It has 35 spans. [2]"), "{out}");
    assert_eq!(err.lines().count(), 2, "{err}");
    assert!(
        err.contains("newer.json: schema 2") && err.contains("nowhere.json: "),
        "{err}"
    );
}

#[test]
fn every_format_is_in_order() {
    let dir = folder();
    let ids = ["c", "a", "b"];
    let lines: String = ids
        .iter()
        .map(|id| stored(id, &format!("It is {id}."), json!([])))
        .collect();
    let day = file(&dir, "day.jsonl", lines);
    for format in ["text", "markdown", "json", "jsonl"] {
        let (code, out, _) = run(&mut anubad(&[
            "summarize",
            "--from",
            &day,
            "--format",
            format,
        ]));
        assert_eq!(code, 0);
        let places: Vec<usize> = ids
            .iter()
            .map(|id| out.find(&format!("It is {id}.")).unwrap())
            .collect();
        assert!(places.is_sorted(), "{format}: {out}");
    }
    let (_, out, _) = run(&mut anubad(&["summarize", "--from", &day, "-f", "jsonl"]));
    for (line, id) in out.lines().zip(ids) {
        let article: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&article["schema"], &article["id"]),
            (&json!(1), &json!(id))
        );
    }
    assert_eq!(out.lines().count(), 3);
}

#[test]
fn both_languages_stand_in_a_summary_where_asked_for() {
    let dir = folder();
    let path = file(&dir, "a.jsonl", stored("a", "It has 35 spans.", json!([])));
    let (_, out, _) = run(&mut anubad(&["summarize", "--from", &path]));
    assert!(!out.contains("স্প্যান"), "{out}");
    let (_, out, _) = run(&mut anubad(&["summarize", "--from", &path, "--bilingual"]));
    assert!(
        out.contains("- It has 35 spans. [2]\n  [2] ৩৫টি স্প্যান।\n"),
        "{out}"
    );
}

#[test]
fn colour_is_for_terminals_or_on_demand() {
    let dir = folder();
    let path = file(
        &dir,
        "a.jsonl",
        stored("a", "It has 53 spans.", finding("error")),
    );
    let colour = |args: &[&str], variable: &str| {
        let mut command = anubad(&["summarize", "--from", &path]);
        run(command.args(args).env(variable, "1"))
            .1
            .contains('\u{1b}')
    };
    assert!(!colour(&[], "UNRELATED"));
    assert!(!colour(&[], "NO_COLOR"));
    assert!(colour(&[], "CLICOLOR_FORCE"));
    assert!(colour(&["--color", "always"], "NO_COLOR"));
    assert!(!colour(&["--color", "never"], "CLICOLOR_FORCE"));
}

#[test]
fn an_article_cannot_command_the_terminal() {
    let dir = folder();
    let hostile = "It \u{1b}]0;x\u{7}has \u{9b}2J\u{202e}35\u{2066} spans.\r";
    let path = file(
        &dir,
        "a.jsonl",
        stored("\u{1b}[2Jid", hostile, json!([])).repeat(2),
    );
    let hostile = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{2069}').contains(&c);
    for format in ["text", "markdown", "json", "jsonl"] {
        let (code, out, _) = run(&mut anubad(&[
            "summarize",
            "--from",
            &path,
            "-f",
            format,
            "-B",
        ]));
        assert!(code == 0 && !out.contains(hostile), "{format}: {out:?}");
    }
    let (_, out, _) = run(&mut anubad(&["summarize", "--from", &path, "-f", "jsonl"]));
    let article: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(article["id"], "\u{1b}[2Jid", "JSON keeps what it escapes");
}

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

// Ctrl-C.

#[cfg(unix)]
fn interrupt(child: &mut std::process::Child) -> Option<i32> {
    let id = child.id().to_string();
    assert!(
        Process::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("still running");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing_half_written() {
    let dir = folder();
    let output = file(&dir, "out.jsonl", "old");
    let mut child = Process::new(cargo_bin!("anubad"))
        .args(["summarize", "--from", "-", "-f", "jsonl", "-o", &output])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One article comes, and then nothing for ever.
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(stored("a", "It is long.", json!([])).as_bytes())
        .unwrap();
    let started = Instant::now();
    while names(dir.path()).len() < 2 && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(
        names(dir.path()).len(),
        2,
        "the file is begun under a temporary name"
    );
    assert_eq!(interrupt(&mut child), Some(130));
    assert_eq!(names(dir.path()), ["out.jsonl"]);
    assert_eq!(fs::read_to_string(&output).unwrap(), "old");
}

#[cfg(unix)]
#[test]
fn an_interrupted_translation_stops_soon() {
    let dir = folder();
    let article = file(
        &dir,
        "a.txt",
        "সেতুটি শুক্রবার সকালে যান চলাচলের জন্য খুলে দেওয়া হয়েছে।\n\n".repeat(3000),
    );
    let mut child = Process::new(cargo_bin!("anubad"))
        .args(["translate", &article])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(interrupt(&mut child), Some(130));
    let mut out = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert!(out.is_empty(), "an article that is not done is not written");
}

// The lexicon.

#[test]
fn a_word_is_looked_up_and_an_unknown_one_is_told_by_the_exit_code() {
    let (code, out, _) = run(&mut anubad(&["lexicon", "lookup", "অংশুমানকেও"]));
    assert_eq!(code, 0);
    for part in [
        "stem     অংশুমান",
        "endings  -কে -ও",
        "senses   Anshuman",
        "list     names",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (code, out, _) = run(&mut anubad(&[
        "lexicon",
        "lookup",
        "--json",
        "অংশুমানকেও",
        "ঘঘঘঘ",
    ]));
    assert_eq!(code, 1);
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["schema"], 1);
    assert_eq!(lines[0]["stem"], "অংশুমান");
    assert_eq!(lines[1]["reading"], "spelt");
}

#[test]
fn sentences_are_glossed_from_arguments_and_from_lines() {
    let sentence = "মাঠে ৫টি মৌসুম চলছে।";
    let expected = "in field / on ground | 5 | season | is going on / is running .\n";
    let (code, out, _) = run(&mut anubad(&["lexicon", "gloss", sentence]));
    assert_eq!((code, out.as_str()), (0, expected));
    let (code, out, _) =
        run(anubad(&["lexicon", "gloss"]).write_stdin(format!("{sentence}\n{sentence}\n")));
    assert_eq!((code, out), (0, expected.repeat(2)));
    let (code, _, err) = run(anubad(&["lexicon", "gloss"]).write_stdin(b"ok\n\xff\n".to_vec()));
    assert_eq!(code, 3);
    assert!(err.contains("line 2: not UTF-8 at byte 0"), "{err}");
}

#[test]
fn a_word_list_of_the_user_comes_first() {
    let dir = folder();
    let list = file(&dir, "mine.tsv", "মৌসুম\tmonsoon season\n");
    let (_, out, _) = run(&mut anubad(&[
        "lexicon",
        "gloss",
        "--lexicon",
        &list,
        "মৌসুম",
    ]));
    assert_eq!(out, "monsoon season\n");
    let bad = file(&dir, "bad.tsv", "মৌসুম season\n");
    let (code, _, err) = run(&mut anubad(&[
        "lexicon",
        "lookup",
        "--lexicon",
        &bad,
        "মৌসুম",
    ]));
    assert_eq!(code, 4);
    assert!(err.contains("bad.tsv:1"), "{err}");
}

// With the model.

#[test]
fn an_article_is_translated_and_a_bad_neighbour_is_passed_over() {
    let dir = folder();
    let sound = file(
        &dir,
        "in/a.txt",
        "সেতুটি শুক্রবার খুলেছে।\n\n[বিজ্ঞাপন]\n\nhttps://example.org/a_b?c=1\n",
    );
    let empty = file(&dir, "in/b.txt", "");
    let args = ["brief", "--format", "jsonl", "--explain", &empty, &sound];
    let (code, out, err) = run(&mut anubad(&args));
    assert_eq!(code, 3);
    assert!(err.contains("b.txt: is empty"), "{err}");
    let article: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(article["id"], sound);
    let roles = |role: &str| {
        let paragraphs = article["paragraphs"].as_array().unwrap();
        paragraphs
            .iter()
            .filter(|p| p["role"] == role)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        roles("verbatim")[0]["source"],
        "https://example.org/a_b?c=1"
    );
    assert_eq!(roles("boilerplate")[0]["kind"], "advertisement");
    let paragraph = &article["paragraphs"][0];
    let sentence = &paragraph["sentences"][0];
    assert_eq!(sentence["source"], "সেতুটি শুক্রবার খুলেছে।");
    let text = fs::read_to_string(&sound).unwrap();
    let span = |i: usize| sentence["span"][i].as_u64().unwrap() as usize;
    assert_eq!(
        text[span(0)..span(1)],
        *sentence["source"].as_str().unwrap()
    );
    assert!(sentence["translation"].as_str().unwrap().is_ascii());
    assert!(sentence["score"].as_f64().unwrap() <= 0.0);
    assert!(sentence["gloss"].as_str().unwrap().contains("Friday"));
    assert_eq!(article["brief"]["sentences"][0]["citations"], json!([1]));
}

#[test]
fn articles_of_stdin_and_folders_come_in_order() {
    let dir = folder();
    file(&dir, "in/2.txt", "নদী বড়।\n");
    file(&dir, "in/1.md", "নদী বড়। সেতু ছোট।\n");
    file(&dir, "in/.hidden.txt", "নদী বড়।\n");
    let input = dir.path().join("in").to_str().unwrap().to_owned();
    let lines = "{\"id\": \"x\", \"text\": \"নদী বড়।\"}\n{\"id\": \"y\", \"text\": \"নদী বড়।\"}\n";
    let mut command = anubad(&["translate", "-f", "jsonl", "-", &input]);
    let (code, out, err) = run(command.write_stdin(lines));
    assert_eq!(code, 0, "{err}");
    let ids: Vec<String> = out
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let expected = [
        "x".to_owned(),
        "y".to_owned(),
        format!("{input}/1.md"),
        format!("{input}/2.txt"),
    ];
    assert_eq!(ids, expected);

    let output = dir.path().join("out");
    let args = [
        "translate",
        "-f",
        "markdown",
        &input,
        "-o",
        output.to_str().unwrap(),
    ];
    let (code, out, _) = run(&mut anubad(&args));
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(names(&output), ["1.md", "2.md"]);
}
