//! Caches and folders that other programs wrote.

use std::fs;
use std::path::PathBuf;

use super::server::File;
use super::{REPOSITORY, World, bytes, run};

/// A cache as Python's `huggingface_hub` leaves it after `snapshot_download`.
#[cfg(unix)]
fn pythons(world: &World, files: &[File]) -> PathBuf {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let cached = world.cached(REPOSITORY);
    let snapshot = cached.join("snapshots").join(commit);
    for folder in [&cached.join("blobs"), &cached.join("refs"), &snapshot] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::create_dir_all(cached.join(".no_exist").join(commit)).unwrap();
    fs::write(cached.join("refs/main"), commit).unwrap();
    for file in files {
        fs::write(cached.join("blobs").join(file.etag()), &file.content).unwrap();
        let target = format!("../../blobs/{}", file.etag());
        std::os::unix::fs::symlink(target, snapshot.join(&file.path)).unwrap();
    }
    snapshot
}

fn files() -> [File; 3] {
    [
        File::small("README.md", "# A model\n"),
        File::small("config.json", "{}"),
        File::large("pytorch_model.bin", bytes(1, 100_000)),
    ]
}

#[test]
#[cfg(unix)]
fn what_python_fetched_is_found_checked_and_packed() {
    let world = World::new();
    let snapshot = pythons(&world, &files());
    let offline = |args: &[&str]| run(world.command(args).env("HF_HUB_OFFLINE", "1"));
    assert_eq!(
        offline(&["path", REPOSITORY]).1.trim_end(),
        snapshot.to_str().unwrap()
    );
    assert_eq!(offline(&["verify", REPOSITORY]).1, "acme/mt: good\n");
    assert_eq!(offline(&["pack", REPOSITORY, "-o", "a.tar"]).0, 0);
    let there = World::new();
    fs::copy(world.path("a.tar"), there.path("a.tar")).unwrap();
    there.ok(&["unpack", "a.tar"]);
    assert_eq!(there.ok(&["verify", REPOSITORY]), "acme/mt: good\n");
    let cache = world.path("elsewhere");
    fs::rename(world.path("hf/hub"), &cache).unwrap();
    let (code, out, _) = run(world
        .command(&["path", REPOSITORY])
        .env("HF_HUB_CACHE", &cache));
    assert!(
        code == 0 && out.starts_with(cache.to_str().unwrap()),
        "{out}"
    );
    world.fails(4, &["path", REPOSITORY], &["not on this machine"]);
}

#[test]
#[cfg(unix)]
fn what_python_did_not_finish_is_not_used() {
    let world = World::new();
    let snapshot = pythons(&world, &files());
    fs::remove_file(snapshot.join("pytorch_model.bin")).unwrap();
    world.fails(
        4,
        &["path", REPOSITORY],
        &["is not whole", "weights", "models pull"],
    );
    fs::remove_file(snapshot.join("config.json")).unwrap();
    world.fails(4, &["path", REPOSITORY], &["config.json is missing"]);
}

#[test]
#[cfg(unix)]
fn damage_is_found_and_taken_out() {
    let world = World::new();
    let snapshot = pythons(&world, &files());
    let damaged = bytes(2, 100_000);
    fs::write(
        world
            .cached(REPOSITORY)
            .join("blobs")
            .join(files()[2].etag()),
        damaged,
    )
    .unwrap();
    world.ok(&["path", REPOSITORY]);
    world.fails(
        4,
        &["verify", REPOSITORY],
        &["pytorch_model.bin of acme/mt is damaged", "models pull"],
    );
    assert!(!snapshot.join("pytorch_model.bin").is_symlink());
    world.fails(4, &["path", REPOSITORY], &["is not whole"]);
}

#[test]
fn damage_of_a_pulled_model_is_mended_by_pulling() {
    let (world, commit) = World::with_model();
    world.ok(&["pull", REPOSITORY]);
    let weights = &commit.files[4];
    let blob = world.cached(REPOSITORY).join("blobs").join(weights.etag());
    let mut content = weights.content.clone();
    content[10] ^= 1;
    fs::write(&blob, content).unwrap();
    let (code, out, err) = world.run(&["verify"]);
    assert_eq!((code, out.as_str()), (4, ""), "{err}");
    assert!(
        err.contains("model.safetensors of acme/mt@main is damaged"),
        "{err}"
    );
    // A shortened file needs no hashing to be seen.
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &super::FILES);
    fs::write(&blob, "short").unwrap();
    world.fails(4, &["path", REPOSITORY], &["model.safetensors is missing"]);
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &super::FILES);
    // Another cache has nothing of it, whatever the lock file says.
    let mut command = world.command(&["path", REPOSITORY]);
    let (code, _, err) = run(command.env("HF_HUB_CACHE", world.path("elsewhere")));
    assert!(code == 4 && err.contains("not on this machine"), "{err}");
}

#[test]
fn a_folder_of_ones_own_is_a_model_too() {
    let world = World::new();
    fs::create_dir_all(world.path("mine")).unwrap();
    fs::write(world.path("mine/config.json"), "{}").unwrap();
    fs::write(world.path("mine/m.gguf"), "x").unwrap();
    assert_eq!(world.ok(&["path", "./mine"]), "./mine\n");
    assert_eq!(world.ok(&["path", "mine/m.gguf"]), "mine/m.gguf\n");
    world.ok(&["add", "own", "mine"]);
    let path = world.ok(&["path", "own"]);
    assert!(path.ends_with("/mine\n") && path.starts_with('/'), "{path}");
    for verb in ["pull", "verify", "pack"] {
        let (code, _, err) = world.run(&[verb, "own"]);
        assert!(
            code == 4 && err.contains("a folder of your own"),
            "{verb}: {err}"
        );
    }
    world.ok(&["remove", "own"]);
    assert!(world.path("mine/config.json").exists());
    world.fails(4, &["path", "own"], &["no model is called \"own\""]);
    world.fails(4, &["path", "./nowhere"], &["no such file or folder"]);
}

#[test]
fn a_lock_file_that_is_none_is_told() {
    let world = World::new();
    fs::create_dir_all(world.path("home")).unwrap();
    fs::write(world.path("home/models.lock"), "version = \"x\"").unwrap();
    world.fails(
        4,
        &["path", REPOSITORY],
        &["models.lock: not a valid lock file"],
    );
}
