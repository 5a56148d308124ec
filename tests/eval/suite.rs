//! Suites whose outputs are stored, so that no model runs.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anubad::eval::{Outcome, Suite, SuiteError};
use tempfile::TempDir;

const SET: &str = "id\tsrc\tref\thyp:good\thyp:poor
1\tনদীর পানি বেড়েছে।\tThe river has risen again overnight.\tThe river has risen again overnight.\tRiver fell.
2\tস্কুল বন্ধ থাকবে না।\tSchools will not stay closed on Sunday.\tSchools will not stay closed on Sunday.\tSchools will stay closed.
";

/// A suite of `SET` in a folder of its own.
fn suite(definition: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("set.tsv"), SET).unwrap();
    let path = folder.path().join("suite.toml");
    fs::write(&path, format!("input = \"set.tsv\"\n{definition}")).unwrap();
    (folder, path)
}

fn run(path: &PathBuf) -> Result<Outcome, SuiteError> {
    Suite::load(path)?.run(&|_| ControlFlow::Continue(()))
}

#[test]
fn outputs_at_their_bars_pass() {
    let (_folder, path) = suite("system = \"good\"\n[bars]\nBLEU = 100\n\"chrF++\" = 100");
    let outcome = run(&path).unwrap();
    assert!(outcome.is_passed(), "{outcome}");
    assert_eq!(outcome.to_string(), "passed");
    anubad::assert_quality!(path);
}

#[test]
fn a_failure_shows_the_sentences_with_their_differences_and_findings() {
    let (_folder, path) = suite("system = \"poor\"\nerrors = 0\n[bars]\nBLEU = 50");
    let outcome = run(&path).unwrap();
    assert!(!outcome.is_passed());
    let told = outcome.to_string();
    for part in [
        "poor: BLEU ",
        "is below the bar of 50.00",
        "1 errors seen by the checks, 0 allowed",
        "Schools will [-not-] stay closed",
        "error: ",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
}

#[test]
#[should_panic(expected = "is below the bar of 50.00")]
fn a_test_fails_with_it() {
    let (_folder, path) = suite("system = \"poor\"\n[bars]\nBLEU = 50");
    anubad::assert_quality!(path);
}

#[test]
fn a_score_may_fall_behind_the_recorded_one_by_so_much_and_no_more() {
    let definition = |system: &str| format!("system = \"{system}\"\n[regression]\nBLEU = 1.5");
    let (folder, path) = suite(&definition("good"));
    let missing = run(&path).unwrap();
    assert!(missing.to_string().contains("--update"), "{missing}");

    Suite::load(&path).unwrap().record(&missing.report).unwrap();
    let again = run(&path).unwrap();
    assert!(again.is_passed(), "{again}");

    fs::write(
        &path,
        format!("input = \"set.tsv\"\n{}", definition("poor")),
    )
    .unwrap();
    let worse = run(&path).unwrap();
    let told = worse.to_string();
    assert!(told.contains("BLEU went from 100.00 to "), "{told}");
    assert!(told.contains("worse, 1.50 allowed"), "{told}");

    let other = SET.replace("overnight", "tonight");
    fs::write(folder.path().join("set.tsv"), other).unwrap();
    let told = run(&path).unwrap().to_string();
    assert!(told.contains("another test set"), "{told}");
}

#[test]
fn a_suite_that_makes_no_sense_is_refused() {
    for (definition, message) in [
        ("system = \"third\"", "has no system \"third\""),
        (
            "system = \"good\"\nmodel = \"embedded\"",
            "a model and a system",
        ),
        ("sytem = \"good\"", "unknown field `sytem`"),
        ("system = \"good\"\n[bars]\nTER = 50", "no metric is called"),
        ("system = \"good\"\nmetrics = [\"blue\"]", "no such metric"),
    ] {
        let (_folder, path) = suite(definition);
        let error = run(&path).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
