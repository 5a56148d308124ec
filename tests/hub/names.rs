//! The catalogue on the command line.

use std::fs;

use serde_json::Value;

use super::World;
use super::server::{ALWAYS, Kind};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_list_helps_to_choose() {
    let world = World::new();
    let out = world.ok(&["list"]);
    let line = |name: &str| out.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(out.starts_with("NAME"), "{out}");
    for word in [
        "translate",
        "BLEU 33.2",
        "2.5 GB",
        "2.8 GB",
        "non-commercial",
    ] {
        assert!(line("nllb-600m").contains(word), "{word}: {out}");
    }
    let head = out.lines().next().unwrap();
    let here = |line: &str| line[head.find("HERE").unwrap()..].starts_with("yes");
    assert!(!out.lines().any(here), "{out}");
    let widest = out.lines().map(|line| line.chars().count()).max();
    assert!(widest < Some(80), "{out}");
    let all = json(&world.ok(&["list", "--json"]));
    assert_eq!(all["schema"], 1);
    let models = all["models"].as_array().unwrap();
    assert_eq!(models.len(), out.lines().count() - 1);
    let nllb = models
        .iter()
        .find(|model| model["name"] == "nllb-600m")
        .unwrap();
    assert_eq!(nllb["origin"], "facebook/nllb-200-distilled-600M");
    assert!(nllb["non_commercial"] == true && nllb["installed"] == false);
    let named = |task: &str| {
        let listed = json(&world.ok(&["list", "--task", task, "--json"]));
        let models = listed["models"].as_array().unwrap().clone();
        let names = models.iter().map(|model| model["name"].as_str().unwrap());
        names.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    // One that follows instructions serves for what it can be told to do.
    let (translate, summarize) = (named("translate"), named("summarize"));
    let (instruct, smallest) = ("gemma3-4b", "smollm2-135m");
    assert!(translate.contains("nllb-600m") && !translate.contains("bart-large-cnn"));
    assert!(summarize.contains("bart-large-cnn") && !summarize.contains("nllb-600m"));
    assert!(translate.contains(instruct) && summarize.contains(instruct));
    assert!(!translate.contains(smallest) && summarize.contains(smallest));
    assert!(named("instruct").starts_with("gemma3-1b "));
}

#[test]
fn what_was_pulled_by_its_repository_is_listed_too() {
    let (world, commit) = World::with_model();
    world.ok(&["pull", super::REPOSITORY]);
    let out = world.ok(&["list", "--installed"]);
    let line = out.lines().nth(1).unwrap();
    assert!(
        line.starts_with("acme/mt ") && line.contains(" yes"),
        "{out}"
    );
    let info = world.ok(&["info", super::REPOSITORY]);
    assert!(
        info.contains(&commit.id) && info.contains("model.safetensors  3.0 MB"),
        "{info}"
    );
    let info = json(&world.ok(&["info", super::REPOSITORY, "--json"]));
    assert_eq!(info["files"].as_array().unwrap().len(), super::FILES.len());
}

#[test]
fn search_looks_here_or_on_the_hub() {
    let world = World::new();
    assert!(world.ok(&["search", "NLLB", "1.3b"]).contains("nllb-1.3b"));
    let (code, out, _) = world.run(&["search", "no-such-model"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(world.server.requests().is_empty());
    let out = world.ok(&["search", "--hub", "opus & mt"]);
    assert_eq!(out, "acme/mt  translation  mit  7 downloads\n");
    assert!(
        world.server.requests()[0]
            .path
            .contains("search=opus%20%26%20mt&limit")
    );
}

#[test]
fn an_unknown_name_is_told_with_its_neighbours() {
    let world = World::new();
    for verb in ["pull", "path", "info", "verify", "remove", "pack"] {
        let (code, _, err) = world.run(&[verb, "nllb-600"]);
        assert_eq!(code, 4, "{verb}: {err}");
        assert!(err.contains("is it nllb-600m?"), "{verb}: {err}");
        let (code, _, err) = world.run(&[verb, "a/b/c"]);
        assert_eq!(code, 2, "{verb}: {err}");
    }
}

#[test]
fn a_licence_that_forbids_is_told_before_the_download() {
    let (world, _) = World::with_model();
    world
        .server
        .fail("/resolve/", ALWAYS, Kind::Status(404, &[]));
    let (code, _, err) = world.run(&["pull", super::REPOSITORY]);
    assert_eq!(code, 4);
    let told = "acme/mt: licence cc-by-nc-4.0: NOT for commercial use\n";
    assert!(err.starts_with(told), "{err}");
    let (code, _, err) = world.run(&["pull", "nllb-600m"]);
    assert_eq!(code, 4);
    assert!(
        err.starts_with("nllb-600m: licence CC-BY-NC-4.0: NOT for commercial use\n"),
        "{err}"
    );
}

#[test]
fn an_entry_of_ones_own_is_kept_and_checked() {
    let world = World::new();
    let args = [
        "add",
        "mine",
        "acme/mt@v1",
        "--prefix",
        ">>eng<< ",
        "--licence",
        "cc-by-nc-4.0",
        "--about",
        "ours",
    ];
    world.ok(&args);
    let info = world.ok(&["info", "mine"]);
    for word in [
        "ours",
        "acme/mt",
        "NOT for commercial use",
        "\">>eng<< \"",
        "no; `anubad models pull mine`",
    ] {
        assert!(info.contains(word), "{word}: {info}");
    }
    world.fails(2, &args, &["is in the catalogue already"]);
    world.ok(&[&args[..], &["--force"]].concat());
    world.fails(2, &["add", "nllb-600m", "acme/mt"], &["already"]);
    world.fails(2, &["add", "a/b", "acme/mt"], &["letters, digits"]);
    world.fails(2, &["add", "x", "acme/mt", "--file", "x.bin"], &[".gguf"]);
    fs::write(world.path("home/catalog/bad.toml"), "name = 1").unwrap();
    world.fails(4, &["list"], &["bad.toml: not a valid catalogue entry"]);
}

#[test]
fn every_verb_explains_itself_with_examples() {
    let world = World::new();
    let verbs = [
        "list", "search", "info", "pull", "verify", "remove", "path", "add", "pack", "unpack",
    ];
    let help = world.ok(&["--help"]);
    for verb in verbs {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}: {help}");
        let out = world.ok(&[verb, "--help"]);
        assert!(
            out.contains("Usage: anubad models") && out.contains("Examples:\n"),
            "{verb}"
        );
    }
}
