//! Bars, JUnit XML, and what a shell sees of them.

use super::*;

#[test]
fn a_score_below_its_bar_fails_and_is_told_even_quietly() {
    let world = World::new();
    let set = "--ref news.en --hyp good.en bad.en --test none";
    world.ok(&format!("{set} --min BLEU=15,chrf++=55,ter=70"));
    for quiet in ["", "--quiet"] {
        let (code, out, err) = world.run(&format!(
            "{set} {quiet} --min BLEU=20,ter=50 --junit gate.xml"
        ));
        assert_eq!(code, 1);
        assert!(out.contains("│ bad    ┆"), "{out}");
        assert_eq!(
            err,
            "anubad: bad: BLEU 15.24 is below the bar of 20.00\nanubad: bad: TER 66.67 is above the bar of 50.00\n"
        );
    }
    let junit = world.read("gate.xml");
    for part in [
        "tests=\"4\" skipped=\"0\" failures=\"2\"",
        "<testsuite name=\"news: bad\"",
        "<testcase name=\"TER of at most 50\"",
        "message=\"bad: BLEU 15.24 is below the bar of 20.00\"",
    ] {
        assert!(junit.contains(part), "no {part:?} in\n{junit}");
    }
}

#[test]
fn a_score_that_is_shown_like_its_bar_is_told_to_the_digit_that_differs() {
    let world = World::new();
    let (code, _, err) = world.run("--ref news.en --hyp good.en --min BLEU=76.7373");
    assert_eq!(
        (code, err.as_str()),
        (
            1,
            "anubad: good: BLEU 76.7372 is below the bar of 76.7373\n"
        )
    );
}

#[test]
fn a_bar_needs_one_metric_of_its_name() {
    let world = World::new();
    let set = "--ref news.en --hyp good.en";
    let (code, out, err) = world.run(&format!("{set} -m bleu -m bleu:tok=intl --min bleu=3"));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.starts_with("anubad: --min bleu: 2 metrics are called so"),
        "{err}"
    );
    world.ok(&format!("{set} -m bleu:tok=intl --min bleu=3"));
    let (code, _, err) = world.run(&format!("{set} --min meteor=3"));
    assert_eq!(code, 2);
    assert!(
        err.contains("no such metric; there are bleu, chrf"),
        "{err}"
    );
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_changes_neither_gate_nor_files() {
    use std::process::{Command as Process, Stdio};
    let world = World::new();
    let args = "eval --ref news.en --hyp bad.en --min BLEU=20 --report out.json";
    let mut child = Process::new(assert_cmd::cargo::cargo_bin!("anubad"))
        .args(args.split(' '))
        .current_dir(world.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "anubad: bad: BLEU 15.24 is below the bar of 20.00\n"
    );
    assert!(world.path().join("out.json").exists());
}
