//! Ctrl-C.

#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use serde_json::json;

use super::{file, folder, names, stored};

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
