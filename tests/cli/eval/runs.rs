//! Runs that are kept, and comparing them.

use super::*;

const SET: &str = "--src news.bn --ref news.en --hyp";

#[test]
fn a_history_that_is_not_there_is_told_and_not_made() {
    let world = World::new();
    let (code, out, err) = world.run("history");
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(err, "no run is kept yet; `anubad eval --save` keeps one\n");
    let (code, out, _) = world.run("history --json --quiet");
    assert_eq!((code, out.as_str()), (0, "{\"runs\":[],\"schema\":1}\n"));
    for args in ["history show 1", "history remove 1", "compare 1 2"] {
        let (code, out, err) = world.run(args);
        assert_eq!((code, out.as_str()), (3, ""), "{args}");
        assert!(
            err.contains("evaluations.sqlite: no run 1"),
            "{args}: {err}"
        );
    }
    assert!(!world.path().join("home").exists());
}

#[test]
fn runs_are_kept_listed_shown_and_removed() {
    let world = World::new();
    for (outputs, id) in [
        ("good.en --save", 1),
        ("bad.en --note by-hand", 2),
        ("good.en bad.en --save", 3),
    ] {
        let (code, _, err) = world.run(&format!("{SET} {outputs} --test none"));
        assert_eq!((code, err), (0, format!("kept as run {id}\n")));
    }
    let list = world.ok("history");
    let lines: Vec<&str> = list.lines().collect();
    assert!(
        lines[0].starts_with("3  20") && lines[0].ends_with("  news, 3 sentences"),
        "{list}"
    );
    assert_eq!(lines[1], "    good  BLEU 76.74  chrF2++ 88.57");
    assert_eq!(lines[2], "    bad   BLEU 15.24  chrF2++ 55.03");
    assert!(lines[3].ends_with("  (by-hand)"), "{list}");
    let runs = world.json("history --json --system bad --limit 1");
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1);
    let score = &runs["runs"][0]["systems"][1]["scores"][0];
    assert_eq!(score["metric"], "BLEU");
    assert!((score["value"].as_f64().unwrap() - 15.24233132227624).abs() < 1e-9);
    assert!(world.ok("history show 2").contains("│ bad    ┆"));
    world.ok("history remove 2");
    let (code, _, err) = world.run("history show 2");
    assert!(code == 3 && err.contains("no run 2"), "{err}");
    let (_, out, err) = world.run("history --testset other");
    assert_eq!(
        (out.as_str(), err.as_str()),
        ("", "no run that is kept is such a one\n")
    );
}

#[test]
fn a_file_of_ones_own_keeps_runs_too_and_another_file_is_not_touched() {
    let world = World::new();
    let (_, _, err) = world.run(&format!("{SET} good.en --history mine.sqlite"));
    assert_eq!(err, "kept as run 1\n");
    assert!(world.ok("history --history mine.sqlite").contains("good"));
    let (code, out, err) = world.run(&format!("{SET} good.en --history good.en"));
    assert_eq!((code, out.as_str()), (5, ""));
    assert!(err.contains("not a history of evaluations"), "{err}");
    assert_eq!(world.read("good.en"), GOOD);
}

#[test]
fn two_runs_are_compared_with_the_sentences_that_changed() {
    let world = World::new();
    world.run(&format!("{SET} mine=good.en --save"));
    world.ok(&format!(
        "{SET} mine=bad.en other=good.en --report new.json"
    ));
    let out = world.ok("compare 1 new.json@mine");
    for part in [
        "│ mine (1)             ┆ 76.74 (76.13 ± 22.62)",
        "│ mine (new.json@mine) ┆  15.24 (14.00 ± 8.45)",
        "Sentences that changed most, by BLEU\n[1] 100.00 → ",
        "  source                পদ্মা সেতু শুক্রবার খুলেছে।\n",
        "  mine (1)              The Padma bridge opened on Friday.\n",
        "{+was+}",
    ] {
        assert!(out.contains(part), "no {part:?} in\n{out}");
    }
    let report =
        world.json("compare 1 new.json@mine -m ter --test none --json --report change.html");
    assert_near(
        &scores(&report),
        &[&[16.666666666666664], &[66.66666666666666]],
    );
    assert!(world.read("change.html").contains("mine (1)"));
    for (args, exit, told) in [
        ("compare 1 1", 2, "1 is named twice"),
        (
            "compare 1 new.json",
            3,
            "name one of its systems, as new.json@NAME: mine, other",
        ),
        (
            "compare 1 new.json@x",
            3,
            "new.json: has no system \"x\"; there are mine, other",
        ),
        ("compare 1 good.en", 3, "good.en: no report of anubad eval"),
        (
            "compare 1 nope",
            3,
            "nope: neither the number of a run nor a report",
        ),
    ] {
        let (code, out, err) = world.run(args);
        assert_eq!((code, out.as_str()), (exit, ""), "{args}: {err}");
        assert!(
            err.contains(told) && err.lines().count() == 1,
            "{args}: {err}"
        );
    }
    world.run("--ref bad.en --hyp good.en --save");
    let (code, _, err) = world.run("compare 1 2");
    assert!(
        code == 3 && err.contains("they cannot be compared"),
        "{err}"
    );
}

#[test]
fn two_processes_keep_runs_at_once() {
    let world = World::new();
    let keep = || world.run(&format!("{SET} good.en --save --json"));
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(keep)).collect();
        for run in runs {
            let (code, out, err) = run.join().unwrap();
            assert_eq!(code, 0, "{err}");
            serde_json::from_str::<Value>(&out).unwrap();
        }
    });
    let runs = world.json("history --json");
    assert_eq!(runs["runs"].as_array().unwrap().len(), 4);
}

#[test]
fn options_that_a_signature_does_not_tell_are_asked_for() {
    let world = World::new();
    for hypotheses in ["good.en", "bad.en"] {
        world.ok(&format!(
            "--ref news.en --hyp {hypotheses} -m bleu:order=2 --save -q"
        ));
    }
    let (code, _, err) = world.run("compare 1 2");
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("name the metric with its options"), "{err}");
    world.ok("compare 1 2 -m bleu:order=2");
}
