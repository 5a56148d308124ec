//! Suites from the command line.

use super::models::miniature;
use super::*;

/// A suite of the miniature, `news.toml`.
fn suite(limits: &str) -> World {
    let world = World::new();
    let (model, [source, reference]) = miniature();
    let sentence =
        |(source, reference)| format!("{}\n", serde_json::json!({"src": source, "ref": reference}));
    let lines: String = source
        .lines()
        .zip(reference.lines())
        .map(sentence)
        .collect();
    world.file("set.jsonl", lines);
    let head =
        format!("input = \"set.jsonl\"\nmodel = {model:?}\nmetrics = [\"bleu\", \"chrf++\"]\n");
    world.file("news.toml", head + limits);
    world
}

#[test]
fn a_suite_is_recorded_by_command_alone_and_held_against_that() {
    let world = suite("[bars]\nBLEU = 90\n[regression]\nBLEU = 1.0\n");
    let (code, out, err) = world.run("suite news.toml --junit suite.xml");
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(
        out.starts_with("news: BLEU 100.00, chrF2++ 100.00; not good enough\n"),
        "{out}"
    );
    assert!(
        out.contains("BLEU has no baseline yet; --update records one"),
        "{out}"
    );
    assert!(world.read("suite.xml").contains("failures=\"1\""));
    assert!(!world.path().join("news.baseline.json").exists());
    assert_eq!(
        world.ok("suite --update news.toml"),
        "news: BLEU 100.00, chrF2++ 100.00; recorded in news.baseline.json\n"
    );
    assert_eq!(
        world.ok("suite news.toml --junit suite.xml"),
        "news: BLEU 100.00, chrF2++ 100.00; passed\n"
    );
    assert!(
        world
            .read("suite.xml")
            .contains("<testcase name=\"BLEU holds its baseline\"")
    );
    // A test set of other sentences has no baseline.
    let set = world.read("set.jsonl").replace("Friday", "Sunday");
    world.file("set.jsonl", set);
    let (code, out, _) = world.run("suite news.toml");
    assert_eq!(code, 1);
    assert!(out.contains("the baseline is of another test set"), "{out}");
}

#[test]
fn a_suite_below_its_bar_shows_the_worst_sentences() {
    let world = suite("[bars]\nBLEU = 99\n");
    let set = world.read("set.jsonl").replace("Friday", "Sunday");
    world.file("set.jsonl", set);
    let (code, out, _) = world.run("suite news.toml");
    assert_eq!(code, 1);
    assert!(out.contains("is below the bar of 99.00"), "{out}");
    assert!(out.contains("[-Sunday-]{+Friday+}"), "{out}");
}

#[test]
fn a_suite_that_cannot_be_run_is_told_in_a_line() {
    let world = World::new();
    world.file("syntax.toml", "input = \"news.jsonl\"\nbars\n");
    world.file("unknown.toml", "input = \"news.jsonl\"\nspeed = 3\n");
    world.file("lost.toml", "input = \"news.jsonl\"\n");
    for (name, told) in [
        ("nope.toml", "nope.toml: "),
        ("syntax.toml", "syntax.toml: line 2: "),
        (
            "unknown.toml",
            "unknown.toml: line 2: unknown field `speed`",
        ),
        ("lost.toml", "news.jsonl: cannot be read"),
    ] {
        let (code, out, err) = world.run(&format!("suite {name}"));
        assert_eq!((code, out.as_str()), (3, ""), "{name}: {err}");
        assert!(
            err.contains(told) && err.lines().count() == 1,
            "{name}: {err}"
        );
    }
}
