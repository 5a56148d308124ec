//! Weights that are rounded once and kept: at the first use of a model, or by `models quantize`.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;

use assert_cmd::Command;
use serde_json::Value;

use super::translate::{assert_translated, folder, offline, world};
use super::{REPOSITORY, World, names, run};

/// A world where the translator has been pulled.
fn pulled() -> World {
    let (world, _) = world();
    world.ok(&["pull", REPOSITORY]);
    world
}

/// What is in our own folder of weights.
fn kept(world: &World) -> Vec<String> {
    let folder = world.path("home/quantized");
    match folder.exists() {
        true => names(&folder),
        false => Vec::new(),
    }
}

fn json(world: &World, args: &[&str]) -> Value {
    serde_json::from_str(&world.ok(args)).unwrap()
}

#[test]
fn quantizing_is_done_once_and_told() {
    let world = pulled();
    let (code, out, err) = world.run(&["quantize", REPOSITORY]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("acme/mt: quantized in "), "{err}");
    let told = json(&world, &["quantize", REPOSITORY, "--json"]);
    assert_eq!(
        (&told["schema"], &told["model"], &told["was_here"]),
        (&1.into(), &REPOSITORY.into(), &true.into())
    );
    let path = PathBuf::from(told["path"].as_str().unwrap());
    assert_eq!(path.parent().unwrap(), world.path("home/quantized"));
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("models--acme--mt-") && name.ends_with(".int8"));
    assert_eq!(kept(&world), [name]);
    assert_eq!(told["size"], path.metadata().unwrap().len());
    let folder = PathBuf::from(world.ok(&["path", REPOSITORY]).trim_end());
    let checkpoint = fs::metadata(folder.join("model.safetensors")).unwrap();
    assert_eq!(told["checkpoint_size"], checkpoint.len());
    assert_translated(&world, REPOSITORY);
    assert_eq!(kept(&world), [name]);
    let info = json(&world, &["info", REPOSITORY, "--json"]);
    assert_eq!(info["quantized"]["path"], told["path"]);
    assert_eq!(info["quantized"]["size"], told["size"]);
    let info = world.ok(&["info", REPOSITORY]);
    assert!(info.contains("quantized") && info.contains(name), "{info}");
    let list = json(&world, &["list", "--installed", "--json"]);
    assert_eq!(list["models"][0]["quantized"], told["size"]);
    assert!(world.ok(&["list", "--installed"]).contains("int8"));
}

#[test]
fn the_first_use_quantizes_and_removing_a_model_takes_it_along() {
    let world = pulled();
    assert_translated(&world, REPOSITORY);
    assert_eq!(kept(&world).len(), 1);
    let told = json(&world, &["quantize", REPOSITORY, "--json"]);
    assert_eq!(told["was_here"], true);
    world.ok(&["remove", "--quantized", REPOSITORY]);
    assert_eq!(kept(&world), [""; 0]);
    let list = json(&world, &["list", "--installed", "--json"]);
    assert_eq!(list["models"][0]["quantized"], Value::Null);
    assert_translated(&world, REPOSITORY);
    let (code, _, err) = world.run(&["remove", REPOSITORY]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(kept(&world), [""; 0]);
    world.fails(4, &["quantize", REPOSITORY], &["models pull acme/mt"]);
}

#[test]
fn other_arithmetic_leaves_nothing_behind() {
    let world = pulled();
    let args = ["translate", "--compute", "f32", "--model", REPOSITORY];
    let (code, _, err) = offline(&world, &[&args[..], &["news.txt"]].concat());
    assert_eq!((code, kept(&world).len()), (0, 0), "{err}");
}

#[test]
fn a_folder_of_ones_own_is_quantized_elsewhere() {
    let world = pulled();
    let mine = folder("translator-mini");
    let mine = mine.to_str().unwrap();
    let before = names(&folder("translator-mini"));
    world.ok(&["quantize", mine]);
    world.ok(&["add", "house", mine]);
    assert_eq!(
        json(&world, &["quantize", "house", "--json"])["was_here"],
        true
    );
    assert_translated(&world, "house");
    assert_eq!(names(&folder("translator-mini")), before);
    world.ok(&["quantize", REPOSITORY]);
    assert_eq!(kept(&world).len(), 2);
    world.ok(&["remove", "--quantized", mine]);
    assert!(kept(&world)[0].starts_with("models--acme--mt-"));
    world.ok(&["quantize", "house"]);
    assert_eq!(kept(&world).len(), 2);
    world.ok(&["remove", "house"]);
    assert_eq!(kept(&world).len(), 1);
    world.ok(&["remove", "--quantized"]);
    assert_eq!(kept(&world), [""; 0]);
    assert_eq!(world.run(&["remove"]).0, 2);
}

#[test]
fn what_is_quantized_already_or_no_model_is_told() {
    let world = World::new();
    let gguf = folder("llama-mini.gguf");
    let message = ["quantized as it is"];
    world.fails(4, &["quantize", gguf.to_str().unwrap()], &message);
    fs::create_dir(world.path("mine")).unwrap();
    fs::copy(&gguf, world.path("mine/m.gguf")).unwrap();
    world.fails(4, &["quantize", "./mine"], &message);
    fs::remove_file(world.path("mine/m.gguf")).unwrap();
    world.fails(4, &["quantize", "./mine"], &["config.json"]);
    assert_eq!(kept(&world), [""; 0]);
}

#[test]
fn where_nothing_can_be_written_models_run_all_the_same() {
    let world = pulled();
    // A file is where the folder is wanted: that stops root too.
    fs::write(world.path("home/quantized"), "").unwrap();
    let words = ["cannot write", "ANUBAD_HOME"];
    world.fails(5, &["quantize", REPOSITORY], &words);
    assert_translated(&world, REPOSITORY);
    let translate = ["translate", "--model", REPOSITORY, "news.txt"];
    let (code, _, err) = offline(&world, &translate);
    assert_eq!((code, err.as_str()), (0, ""));
    let (code, _, err) = offline(&world, &[&translate[..], &["--verbose"]].concat());
    assert!(
        code == 0 && words.iter().all(|word| err.contains(word)),
        "{err}"
    );
}

#[test]
fn another_process_that_writes_is_not_waited_for() {
    let world = pulled();
    world.ok(&["quantize", REPOSITORY]);
    let name = kept(&world).remove(0);
    world.ok(&["remove", "--quantized"]);
    let lock = world
        .path("home/quantized")
        .join(name.replace(".int8", ".lock"));
    let lock = File::create(lock).unwrap();
    lock.lock().unwrap();
    world.fails(4, &["quantize", REPOSITORY], &["another process"]);
    assert_translated(&world, REPOSITORY);
}

#[test]
fn processes_that_start_at_once_all_translate() {
    let world = pulled();
    let start = |_| {
        let mut command = world.anubad(&["translate", "--model", REPOSITORY, "news.txt"]);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..4).map(start).collect();
    let outputs = children.into_iter().map(|c| c.wait_with_output().unwrap());
    let outputs: Vec<_> = outputs.collect();
    for output in &outputs {
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && err.is_empty(), "{err}");
        assert_eq!(output.stdout, outputs[0].stdout);
    }
    assert_eq!(kept(&world).len(), 1);
}

#[test]
fn without_a_home_of_our_own_the_users_cache_folder_is_taken() {
    let world = pulled();
    let mine = folder("translator-mini");
    let mut command = Command::from_std(world.process(&["quantize", mine.to_str().unwrap()]));
    command.env_remove("ANUBAD_HOME");
    command.env("XDG_CACHE_HOME", world.path("cache"));
    command.env("XDG_DATA_HOME", world.path("data"));
    let (code, _, err) = run(&mut command);
    assert_eq!(code, 0, "{err}");
    assert_eq!(names(&world.path("cache/anubad/quantized")).len(), 1);
    assert!(!world.path("data").exists());
}
