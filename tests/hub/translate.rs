//! From the Hub to English: miniatures that were trained on a few sentences (`scripts/make_trained_fixtures.py`) are
//! pulled, and do their work without a network.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anubad::article::Article;
use anubad::generate::ModelSource;
use anubad::translate::{TranslateOptions, Translator};
use assert_cmd::Command;
use serde_json::Value;

use super::server::{Commit, File};
use super::{REPOSITORY, World, names, run};

const SUMMARIZER: &str = "acme/brief";

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/model")
        .join(name)
}

/// A miniature as a repository has it.
fn files(name: &str) -> Vec<File> {
    let names = names(&folder(name)).into_iter();
    let served = names.filter(|file| file != "pairs.tsv").map(|file| {
        let content = fs::read(folder(name).join(&file)).unwrap();
        match file.ends_with(".safetensors") || file.ends_with(".spm") {
            true => File::large(&file, content),
            false => File::small(&file, content),
        }
    });
    served.collect()
}

/// What the translator knows of a language: sentences with their English. The first Bengali one is a headline.
fn known(language: &str) -> Vec<(String, String)> {
    let pairs = fs::read_to_string(folder("translator-mini").join("pairs.tsv")).unwrap();
    let fields = pairs.lines().map(|line| line.split('\t').collect());
    let pairs = fields.filter_map(|fields: Vec<&str>| {
        (fields[0] == language).then(|| (fields[1].to_owned(), fields[2].to_owned()))
    });
    pairs.collect()
}

fn english(pairs: &[(String, String)]) -> Vec<&str> {
    pairs.iter().map(|(_, english)| english.as_str()).collect()
}

/// An article: a headline, and a paragraph of the other sentences.
fn article(pairs: &[(String, String)]) -> String {
    let sources: Vec<&str> = pairs.iter().map(|(source, _)| source.as_str()).collect();
    format!("{}\n\n{}\n", sources[0], sources[1..].join(" "))
}

/// A world whose Hub has both miniatures, with an article of all that the translator knows.
pub fn world() -> (World, Commit) {
    let world = World::new();
    let commit = world
        .server
        .commit(REPOSITORY, "main", &files("translator-mini"));
    world
        .server
        .commit(SUMMARIZER, "main", &files("summarizer-mini"));
    fs::write(world.path("news.txt"), article(&known("bn"))).unwrap();
    (world, commit)
}

/// Runs a verb that must not need a network.
pub fn offline(world: &World, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::from_std(world.anubad(args));
    run(command.env("HF_HUB_OFFLINE", "1"))
}

/// The JSON of a verb that must succeed.
fn json(world: &World, args: &[&str]) -> Value {
    let (code, out, err) = offline(world, &[args, &["--json"]].concat());
    assert_eq!(code, 0, "{args:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

/// A field of every sentence of the first article.
fn each<'a>(output: &'a Value, field: &str) -> Vec<&'a Value> {
    let paragraphs = output["articles"][0]["paragraphs"].as_array().unwrap();
    let sentences = paragraphs
        .iter()
        .flat_map(|paragraph| paragraph["sentences"].as_array().unwrap());
    sentences.map(|sentence| &sentence[field]).collect()
}

pub fn assert_translated(world: &World, model: &str) {
    let output = json(world, &["translate", "--model", model, "news.txt"]);
    assert_eq!(
        each(&output, "translation"),
        english(&known("bn")),
        "{model}"
    );
}

#[test]
fn a_pulled_model_translates_without_a_network() {
    let (world, _) = world();
    let translate = ["translate", "--model", REPOSITORY, "news.txt"];
    let (code, out, err) = offline(&world, &translate);
    assert_eq!((code, out.as_str()), (4, ""), "{err}");
    assert_eq!(
        err,
        "anubad: model acme/mt is not on this machine; run `anubad models pull acme/mt`\n"
    );
    assert!(world.server.requests().is_empty());
    world.ok(&["pull", REPOSITORY]);
    world.server.requests();
    let (code, out, err) = offline(&world, &translate);
    assert_eq!(code, 0, "{err}");
    assert_eq!(err, "");
    let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(flat, english(&known("bn")).join(" "));
    assert!(world.server.requests().is_empty());
}

#[test]
fn the_json_tells_where_every_sentence_comes_from() {
    let (world, _) = world();
    world.ok(&["pull", REPOSITORY]);
    let text = fs::read_to_string(world.path("news.txt")).unwrap();
    for beam in ["1", "4"] {
        let args = ["translate", "--model", REPOSITORY, "--beam", beam];
        let output = json(&world, &[&args[..], &["news.txt"]].concat());
        assert_eq!(output["schema"], 1);
        let known = known("bn");
        assert_eq!(output["articles"][0]["title"], known[0].1);
        assert_eq!(each(&output, "translation"), english(&known), "beam {beam}");
        for (at, (source, _)) in known.iter().enumerate() {
            assert_eq!(each(&output, "number")[at], at + 1);
            assert_eq!(each(&output, "source")[at], source);
            let span = each(&output, "span")[at];
            let end = |i: usize| span[i].as_u64().unwrap() as usize;
            assert_eq!(text[end(0)..end(1)], *source);
            let score = each(&output, "score")[at].as_f64().unwrap();
            assert!(score <= 0.0 && score > -0.5, "{source}: {score}");
            assert_eq!(each(&output, "findings")[at].as_array().unwrap().len(), 0);
            // No gloss was shown to a model that takes the sentence alone.
            assert!(each(&output, "gloss")[at].is_null());
        }
    }
}

#[test]
fn a_model_is_carried_to_another_machine_and_translates_there() {
    let (world, _) = world();
    world.ok(&["pull", REPOSITORY]);
    world.ok(&["pack", REPOSITORY, "-o", "mt.tar"]);
    let there = World::new();
    for file in ["mt.tar", "news.txt"] {
        fs::copy(world.path(file), there.path(file)).unwrap();
    }
    let (code, _, err) = offline(&there, &["models", "unpack", "mt.tar"]);
    assert_eq!(code, 0, "{err}");
    assert_translated(&there, REPOSITORY);
    assert!(there.server.requests().is_empty());
}

#[test]
fn a_folder_and_a_name_of_ones_own_lead_to_a_model() {
    let (world, commit) = world();
    let mini = folder("translator-mini");
    let mini = mini.to_str().unwrap();
    assert_translated(&world, mini);
    world.ok(&["add", "house", mini]);
    assert_translated(&world, "house");
    world.ok(&["add", "short", REPOSITORY]);
    let (code, _, err) = offline(&world, &["translate", "--model", "short", "news.txt"]);
    assert!(code == 4 && err.contains("models pull short"), "{err}");
    world.ok(&["pull", "short"]);
    assert_translated(&world, "short");
    assert_translated(&world, REPOSITORY);
    assert_translated(&world, &format!("{REPOSITORY}@{}", commit.id));
    let (code, _, err) = offline(&world, &["translate", "--model", "shirt", "news.txt"]);
    assert!(code == 4 && err.contains("is it short?"), "{err}");
    fs::create_dir(world.path("empty")).unwrap();
    let (code, _, err) = offline(&world, &["translate", "--model", "./empty", "news.txt"]);
    assert!(code == 4 && err.contains("holds no model"), "{err}");
}

#[test]
fn a_damaged_model_is_told_and_comes_anew() {
    let (world, commit) = world();
    world.ok(&["pull", REPOSITORY]);
    for name in ["model.safetensors", "source.spm", "vocab.json"] {
        let file = commit.files.iter().find(|file| file.path == name).unwrap();
        let blob = world.cached(REPOSITORY).join("blobs").join(file.etag());
        fs::write(&blob, &file.content[..file.content.len() / 2]).unwrap();
        let translate = ["translate", "--model", REPOSITORY, "news.txt"];
        let (code, out, err) = offline(&world, &translate);
        assert_eq!((code, out.as_str()), (4, ""), "{name}: {err}");
        assert!(
            err.starts_with("anubad: ") && err.lines().count() == 1,
            "{err}"
        );
        world.fails(4, &["verify", REPOSITORY], &[name, "is damaged"]);
        let (code, _, err) = offline(&world, &translate);
        assert!(code == 4 && err.contains("models pull acme/mt"), "{err}");
        world.ok(&["pull", REPOSITORY]);
        assert_translated(&world, REPOSITORY);
    }
}

#[test]
fn another_language_is_named() {
    let (world, _) = world();
    // The miniature knows some French; a copy of it says that it is for French.
    let mini = world.path("french");
    fs::create_dir(&mini).unwrap();
    for item in fs::read_dir(folder("translator-mini")).unwrap() {
        let from = item.unwrap().path();
        fs::copy(&from, mini.join(from.file_name().unwrap())).unwrap();
    }
    let config = r#"{"source_lang": "fr", "target_lang": "en"}"#;
    fs::write(mini.join("tokenizer_config.json"), config).unwrap();
    let french = known("fr");
    let lines: Vec<&str> = french.iter().map(|(source, _)| source.as_str()).collect();
    fs::write(world.path("fr.txt"), lines.join("\n\n")).unwrap();
    let args = ["translate", "--model", mini.to_str().unwrap(), "fr.txt"];
    let output = json(&world, &[&args[..], &["--source-lang", "fr"]].concat());
    assert_eq!(each(&output, "translation"), english(&french));
    let output = json(&world, &args);
    assert_eq!(each(&output, "translation"), english(&french));
    let others = [
        (
            [&args[..], &["--source-lang", "de"]].concat(),
            "from fr alone",
        ),
        (
            vec!["translate", "--source-lang", "fr", "fr.txt"],
            "from bn alone",
        ),
    ];
    for (args, message) in others {
        let (code, _, err) = offline(&world, &args);
        assert!(code == 4 && err.contains(message), "{err}");
    }
}

#[test]
fn a_model_for_another_task_is_refused_before_it_is_fetched() {
    let (world, _) = world();
    fs::write(world.path("bn.txt"), &known("bn")[0].0).unwrap();
    for (args, message) in [
        (
            ["translate", "--model", "distilbart-cnn", "bn.txt"],
            "is a model to summarize",
        ),
        (
            ["brief", "--summarizer", "nllb-600m", "bn.txt"],
            "is a model to translate",
        ),
    ] {
        let (code, _, err) = offline(&world, &args);
        assert!(code == 4 && err.contains(message), "{err}");
        assert!(!err.contains("models pull"), "{err}");
    }
}

#[test]
fn a_pulled_summarizer_writes_the_brief() {
    let (world, _) = world();
    world.ok(&["pull", REPOSITORY, SUMMARIZER]);
    let pairs = &known("bn")[..5];
    fs::write(world.path("short.txt"), article(pairs)).unwrap();
    let brief = |summarizer: &str, more: &[&str]| {
        let args = ["brief", "--model", REPOSITORY, "--summarizer", summarizer];
        json(&world, &[&args[..], more, &["short.txt"]].concat())
    };
    let copied = serde_json::json!([{"text": pairs[1].1, "citations": [2]}]);
    let output = brief(SUMMARIZER, &[]);
    assert_eq!(output["articles"][0]["brief"]["sentences"], copied);
    assert_eq!(each(&output, "translation"), english(pairs));
    let chosen = brief("extractive", &["-n", "2"]);
    let chosen = chosen["articles"][0]["brief"]["sentences"].as_array();
    assert_eq!(chosen.unwrap().len(), 2);
    // A translation that was stored, and the summarizer from its folder.
    fs::write(world.path("stored.json"), output.to_string()).unwrap();
    let mini = folder("summarizer-mini");
    let args = ["summarize", "--from", "stored.json", "--summarizer"];
    let stored = json(&world, &[&args[..], &[mini.to_str().unwrap()]].concat());
    assert_eq!(stored["articles"][0]["brief"]["sentences"], copied);
    let (code, _, err) = offline(&world, &[&args[..], &["acme/none"]].concat());
    assert!(code == 4 && err.contains("models pull acme/none"), "{err}");
}

/// Sentences that the model knows, and others made of two of them, of all lengths: batching changes none of them.
#[test]
fn three_hundred_sentences_at_once_are_those_translated_alone() {
    let translator = Translator::load(TranslateOptions {
        model: ModelSource::path(folder("translator-mini")),
        ..TranslateOptions::default()
    });
    let translator = translator.unwrap();
    let known = &known("bn")[1..];
    let sentence = |i: usize| match (i % 2, &known[i % known.len()].0) {
        (0, first) => first.clone(),
        (_, first) => {
            let second = &known[i / known.len() % known.len()].0;
            format!("{} {second}", first.trim_end_matches('।'))
        }
    };
    let sources: Vec<String> = (0..300).map(sentence).collect();
    let translate = |text: String| {
        let article = Article::from_plain("a", None, text);
        let translations = translator.translate(&[article], &|_| ControlFlow::Continue(()));
        let segments = translations.unwrap().remove(0);
        let pairs = segments
            .segments()
            .map(|s| (s.segment.text.clone(), s.hypothesis.text.clone()));
        pairs.collect::<Vec<_>>()
    };
    let together = translate(sources.join("\n\n"));
    assert_eq!(together.len(), sources.len());
    for (i, (source, (seen, translation))) in sources.iter().zip(&together).enumerate() {
        assert_eq!(seen, source, "{i}");
        assert_eq!(
            translate(source.clone()),
            [(source.clone(), translation.clone())],
            "{i}"
        );
        if i % 2 == 0 {
            assert_eq!(*translation, known[i % known.len()].1);
        }
    }
}
