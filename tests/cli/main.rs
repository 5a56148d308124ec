//! The program as a user runs it. Most tests brief stored translations, which needs no model; those
//! that translate are few and short.

mod eval;
mod inputs;
mod interrupt;
mod lexicon;
mod output;
mod shortlist;
mod stored;
mod translate;
mod usage;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use tempfile::TempDir;

const VERBS: [&str; 8] = [
    "brief",
    "translate",
    "summarize",
    "eval",
    "lexicon",
    "models",
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
