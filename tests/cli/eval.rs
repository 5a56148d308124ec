//! `anubad eval` as a user runs it. All tests but one of the embedded model are of files, or of a miniature model that
//! knows a few sentences by heart.

mod bad_input;
mod forms;
mod gate;
mod inputs;
mod models;
mod runs;
mod suites;
mod testsets;

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::{anubad, file, folder, names, run};

const SOURCE: &str = "পদ্মা সেতু শুক্রবার খুলেছে।\nবন্যায় ১২ জন মারা গেছেন।\nমন্ত্রী অভিযোগ অস্বীকার করেননি।\n";
const REFERENCE: &str = "The Padma bridge opened on Friday.\nThe flood killed 12 people.\nThe minister did not deny the charge.\n";
const GOOD: &str = "The Padma bridge opened on Friday.\nFloods killed 12 people.\nThe minister did not deny the charges.\n";
/// A number and a negation are wrong.
const BAD: &str = "Padma bridge was opened Friday.\n21 people died in the flood.\nThe minister denied the charge.\n";

/// A folder with a test set, outputs of two systems, and a home of its own.
struct World(TempDir);

impl World {
    fn new() -> World {
        let world = World(folder());
        world.file("news.bn", SOURCE);
        world.file("news.en", REFERENCE);
        world.file("good.en", GOOD);
        world.file("bad.en", BAD);
        world
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        file(&self.0, name, content);
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// `anubad eval` in the folder; the arguments are separated by spaces.
    fn command(&self, args: &str) -> Command {
        let args: Vec<&str> = args.split_whitespace().collect();
        let mut command = anubad(&["eval"]);
        command
            .args(args)
            .current_dir(self.path())
            .env("ANUBAD_HOME", self.path().join("home"));
        command
    }

    fn run(&self, args: &str) -> (i32, String, String) {
        run(&mut self.command(args))
    }

    /// Standard output of a command that must succeed without a word on stderr.
    fn ok(&self, args: &str) -> String {
        let (code, out, err) = self.run(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args}");
        out
    }

    fn json(&self, args: &str) -> Value {
        serde_json::from_str(&self.ok(args)).unwrap()
    }
}

/// The scores of a report: a row a system.
fn scores(report: &Value) -> Vec<Vec<f64>> {
    let systems = report["systems"].as_array().unwrap().iter();
    let of_system = |system: &Value| {
        let scores = system["scores"].as_array().unwrap().iter();
        scores
            .map(|score| score["value"].as_f64().unwrap())
            .collect()
    };
    systems.map(of_system).collect()
}

fn system_names(report: &Value) -> Vec<&str> {
    let systems = report["systems"].as_array().unwrap().iter();
    systems
        .map(|system| system["name"].as_str().unwrap())
        .collect()
}

fn assert_near(found: &[Vec<f64>], expected: &[&[f64]]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(*expected) {
            assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
        }
    }
}

#[test]
fn every_verb_explains_itself_with_examples() {
    let world = World::new();
    for verb in ["", "compare", "history", "suite", "testset"] {
        let help = world.ok(&format!("{verb} --help"));
        assert!(help.contains(&format!("anubad eval {verb}")), "{help}");
        assert!(help.contains("Examples:\n"), "{help}");
    }
    let (_, completions, _) = run(&mut anubad(&["completions", "bash"]));
    let (_, manual, _) = run(&mut anubad(&["man"]));
    assert!(completions.contains("--testset") && completions.contains("compare"));
    assert!(manual.contains("anubad\\-eval"));
    let pages = folder();
    let dir = pages.path().to_str().unwrap();
    assert_eq!(run(&mut anubad(&["man", "--dir", dir])).0, 0);
    for verb in [
        "eval",
        "eval-compare",
        "eval-history",
        "eval-suite",
        "eval-testset",
    ] {
        assert!(
            names(pages.path()).contains(&format!("anubad-{verb}.1")),
            "{verb}"
        );
    }
}

#[test]
fn scores_are_those_of_sacrebleu_and_rouge_score() {
    let world = World::new();
    let report = world.json(
        "--src news.bn --ref news.en --hyp good.en bad.en -m bleu,chrf++ -m ter:case=lc --json",
    );
    assert_near(
        &scores(&report),
        &[
            &[76.73723907191176, 88.56652264221668, 16.666666666666664],
            &[15.24233132227624, 55.027212503232036, 66.66666666666666],
        ],
    );
    let bleu = |system: usize, what: &str| report["systems"][system]["scores"][0][what].clone();
    assert_eq!(bleu(0, "p_value"), Value::Null);
    assert_eq!(bleu(1, "p_value"), 0.000999000999000999);
    assert!((bleu(1, "mean").as_f64().unwrap() - 14.004899188490787).abs() < 1e-9);
    assert!((bleu(1, "interval").as_f64().unwrap() - 8.446429729417684).abs() < 1e-9);
    let signature = &report["metrics"][0]["signature"];
    assert_eq!(
        signature,
        "nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0"
    );
    // The same as a signature of sacreBLEU, and once where it is named twice.
    let pasted = format!("BLEU|{}", signature.as_str().unwrap());
    let again = world.json(&format!(
        "--ref news.en --hyp bad.en -m bleu -m bleu -m {pasted} --json"
    ));
    assert_near(&scores(&again), &[&[15.24233132227624]]);
}

#[test]
fn configurations_that_sign_alike_are_both_scored() {
    let world = World::new();
    let both = world.json("--ref news.en --hyp bad.en -m bleu -m bleu:order=2 --json");
    let [four, two] = scores(&both)[0][..] else {
        panic!("{both}");
    };
    assert!(two > four + 1.0, "{two} and {four}");
}

#[test]
fn the_table_is_brief_and_tells_more_where_asked() {
    let world = World::new();
    let set = "--src news.bn --ref news.en --hyp good.en bad.en";
    let brief = world.ok(set);
    for line in [
        "news  3 sentences",
        "│ good   ┆ 76.74 (76.13 ± 22.62) ┆",
        "paired bootstrap, 1000 samples, seed 12345.",
        "p is against good;",
        "Findings of the checks",
        "BLEU|#:1|bs:1000|rs:12345|c:mixed|e:no|tok:13a|s:exp|v:2.6.0",
    ] {
        assert!(brief.contains(line), "no {line:?} in\n{brief}");
    }
    assert!(!brief.contains("by length") && !brief.contains('\u{1b}'));
    let parts = world.ok(&format!("{set} --by length"));
    assert!(
        parts.contains("BLEU ↑ by length") && !parts.contains("ref_len"),
        "{parts}"
    );
    let verbose = world.ok(&format!("{set} -v"));
    assert!(
        verbose.contains("BLEU ↑ by length") && verbose.contains("ref_len = "),
        "{verbose}"
    );
    let unchecked = world.ok(&format!("{set} --no-checks --test none"));
    assert!(
        !unchecked.contains("Findings") && !unchecked.contains("±"),
        "{unchecked}"
    );
    let twice = world.ok(&format!("{set} --test none -m bleu -m bleu:tok=intl"));
    assert!(
        twice.contains("┆ BLEU tok:13a ↑ ┆ BLEU tok:intl ↑ │"),
        "{twice}"
    );
    // One system alone has an interval, and nothing to be held against.
    let alone = world.ok("--ref news.en --hyp good.en --test bootstrap");
    assert!(
        alone.contains("76.74 (76.13 ± 22.62)") && !alone.contains("p against"),
        "{alone}"
    );
    let (code, _, err) = world.run("--ref news.en --hyp good.en --by topic");
    assert_eq!(code, 0);
    assert!(
        err.contains("no sentence has a topic; --docs FILE"),
        "{err}"
    );
}

#[test]
fn the_baseline_is_the_first_or_the_one_that_is_named() {
    let world = World::new();
    let set = "--ref news.en --hyp good.en bad.en --json --samples 10";
    assert_eq!(system_names(&world.json(set)), ["good", "bad"]);
    let named = world.json(&format!("{set} --baseline bad --test randomization"));
    assert_eq!(system_names(&named), ["bad", "good"]);
    assert_eq!(
        named["significance"]["test"],
        "paired approximate randomization"
    );
    assert_eq!(named["systems"][0]["scores"][0]["p_value"], Value::Null);
}

#[test]
fn a_brief_is_scored_against_its_article() {
    let world = World::new();
    let report = world.json("--src news.en --hyp good.en -m coverage --json");
    // Words that stand in the article: 6 of 6, 3 of 4, 6 of 7.
    let mean = 100.0 * (1.0 + 3.0 / 4.0 + 6.0 / 7.0) / 3.0;
    assert_near(&scores(&report), &[&[mean]]);
}

#[test]
fn outputs_that_look_tokenized_are_told() {
    let world = World::new();
    let lines = |end: &str| format!("It rained{end}\n").repeat(100);
    world.file("long.en", lines("."));
    world.file("tokens.en", lines(" ."));
    let (code, out, err) = world.run("--ref long.en --hyp tokens.en long.en --test none");
    assert_eq!(code, 0);
    assert!(out.contains("│ tokens ┆"));
    assert!(
        err.starts_with("note: tokens: 100 or more outputs end in") && err.lines().count() == 1,
        "{err}"
    );
    assert_eq!(
        world
            .ok("--ref long.en --hyp tokens.en --quiet")
            .lines()
            .next(),
        Some("long  100 sentences")
    );
}
