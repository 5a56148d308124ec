//! Pulling when all goes well.

use std::fs;

use super::server::File;
use super::{FILES, REPOSITORY, World, bytes, model, names, run};

#[test]
fn a_model_is_fetched_once_and_pinned() {
    let (world, commit) = World::with_model();
    world.fails(4, &["path", REPOSITORY], &["models pull acme/mt"]);
    let (code, out, err) = world.run(&["pull", REPOSITORY]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(
        err.contains("pulled (3.0 MB") && err.contains(&commit.id[..12]),
        "{err}"
    );
    assert!(
        err.contains("cc-by-nc-4.0: NOT for commercial use"),
        "{err}"
    );
    world.assert_whole(&commit, &FILES);
    let lock = fs::read_to_string(world.path("home/models.lock")).unwrap();
    assert!(
        lock.contains(&format!("commit = \"{}\"", commit.id)),
        "{lock}"
    );
    for file in commit
        .files
        .iter()
        .filter(|file| FILES.contains(&file.path.as_str()))
    {
        assert!(lock.contains(&file.sha256()), "{}: {lock}", file.path);
        let blob = world.cached(REPOSITORY).join("blobs").join(file.etag());
        assert_eq!(fs::read(blob).unwrap().len(), file.content.len());
    }
    let main = fs::read_to_string(world.cached(REPOSITORY).join("refs/main")).unwrap();
    assert_eq!(main, commit.id);
    world.server.requests();
    let (code, _, err) = world.run(&["pull", REPOSITORY]);
    assert!(code == 0 && err.contains("is here already"), "{err}");
    assert!(world.server.requests().is_empty());
}

#[test]
fn the_token_goes_to_the_hub_alone_and_is_not_told() {
    let (world, commit) = World::with_model();
    let mut command = world.command(&["pull", REPOSITORY]);
    let (code, out, err) = run(command.env("HF_TOKEN", "hf_topsecret"));
    assert_eq!(code, 0, "{err}");
    assert!(!format!("{out}{err}").contains("topsecret"));
    let requests = world.server.requests();
    assert!(requests.iter().any(|request| request.is_storage));
    for request in requests {
        let expected = (!request.is_storage).then_some("Bearer hf_topsecret");
        assert_eq!(request.token.as_deref(), expected, "{}", request.path);
    }
    world.assert_whole(&commit, &FILES);
    fs::write(world.path("hf/token"), "hf_fromfile\n").unwrap();
    world.ok(&["pull", "--update", REPOSITORY]);
    assert_eq!(
        world.server.requests()[0].token.as_deref(),
        Some("Bearer hf_fromfile")
    );
}

#[test]
fn a_branch_that_moves_moves_nothing_until_it_is_asked_for() {
    let (world, old) = World::with_model();
    world.ok(&["pull", REPOSITORY]);
    let mut files = model(2);
    // The tokenizer stays the same: its content is there, and is not fetched again.
    files[3] = old.files[3].clone();
    let new = world.server.commit(REPOSITORY, "main", &files);
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&old, &FILES);
    world.server.requests();
    world.ok(&["pull", "--update", REPOSITORY]);
    let fetched = world.server.requests();
    assert!(
        !fetched
            .iter()
            .any(|request| request.path.contains("source.spm"))
    );
    world.assert_whole(&new, &FILES);
    // The old commit can be named still, and is found without the Hub.
    let pinned = format!("{REPOSITORY}@{}", old.id);
    let folder = run(world.command(&["path", &pinned]).env("HF_HUB_OFFLINE", "1")).1;
    assert_eq!(folder.trim_end(), world.snapshot(&old).to_str().unwrap());
}

#[test]
fn a_pin_whose_commit_is_gone_is_told() {
    let (world, old) = World::with_model();
    world.ok(&["pull", REPOSITORY]);
    fs::remove_file(world.snapshot(&old).join("config.json")).unwrap();
    world.fails(
        4,
        &["path", REPOSITORY],
        &["config.json is missing", "models pull"],
    );
    let other = super::server::Server::start();
    other.commit(REPOSITORY, "main", &model(2));
    let mut command = world.command(&["pull", REPOSITORY]);
    let (code, _, err) = run(command.env("HF_ENDPOINT", other.endpoint()));
    assert_eq!(code, 4);
    assert!(
        err.contains("no revision") && err.contains("--update"),
        "{err}"
    );
    // What is missing alone comes again.
    world.server.requests();
    world.ok(&["pull", REPOSITORY]);
    assert!(
        world
            .server
            .requests()
            .iter()
            .all(|request| !request.path.contains("/resolve/"))
    );
    world.assert_whole(&old, &FILES);
}

#[test]
fn tags_and_commits_are_revisions() {
    let (world, _) = World::with_model();
    let tagged = world.server.commit(REPOSITORY, "v1.0", &model(3));
    world.ok(&["pull", "acme/mt@v1.0"]);
    assert_eq!(names(&world.snapshot(&tagged)), FILES);
    world.fails(4, &["path", REPOSITORY], &["not on this machine"]);
    world.fails(4, &["pull", "acme/mt@v2"], &["no revision \"v2\""]);
    let commit = world.server.commit(REPOSITORY, "dev", &model(4));
    world.ok(&["pull", &format!("acme/mt@{}", commit.id)]);
    assert_eq!(names(&world.cached(REPOSITORY).join("refs")), ["v1.0"]);
}

#[test]
fn a_hub_that_lists_no_checksums_is_asked_file_by_file() {
    let (world, commit) = World::with_model();
    world.server.be_terse();
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &FILES);
}

#[test]
fn shards_come_with_their_index() {
    let world = World::new();
    let files = [
        File::small("config.json", "{}"),
        File::small(
            "model.safetensors.index.json",
            r#"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#,
        ),
        File::large("model-00001-of-00002.safetensors", bytes(1, 5000)),
        File::large("model-00002-of-00002.safetensors", bytes(2, 5000)),
        File::small("generation_config.json", ""),
        // The same content under two names.
        File::small("special_tokens_map.json", "{}"),
    ];
    let commit = world.server.commit(REPOSITORY, "main", &files);
    world.ok(&["pull", REPOSITORY]);
    let mut expected: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    expected.sort_unstable();
    world.assert_whole(&commit, &expected);
}

#[test]
fn a_name_of_ones_own_leads_to_one_file_of_many() {
    let world = World::new();
    let files = [
        File::large("q4.gguf", bytes(1, 9000)),
        File::large("q8.gguf", bytes(2, 9000)),
    ];
    world.server.commit("acme/gguf", "main", &files);
    world.fails(
        4,
        &["pull", "acme/gguf"],
        &["several GGUF files", "q4.gguf, q8.gguf", "--file"],
    );
    world.ok(&[
        "add",
        "tiny",
        "acme/gguf",
        "--file",
        "q8.gguf",
        "--task",
        "instruct",
    ]);
    world.ok(&["pull", "tiny"]);
    let path = world.ok(&["path", "tiny"]);
    assert!(path.ends_with("q8.gguf\n"), "{path}");
    assert_eq!(fs::read(path.trim_end()).unwrap(), files[1].content);
    world.ok(&[
        "add",
        "tinier",
        "acme/gguf",
        "--file",
        "q4.gguf",
        "--task",
        "instruct",
    ]);
    world.fails(4, &["path", "tinier"], &["q4.gguf is missing"]);
    world.ok(&["pull", "tinier"]);
    assert!(world.ok(&["list", "--installed"]).contains("tinier"));
    // Each goes without the other.
    let (code, _, err) = world.run(&["remove", "tiny"]);
    assert!(code == 0 && err.contains("9.0 kB freed"), "{err}");
    world.ok(&["path", "tinier"]);
    world.ok(&["add", "none", "acme/gguf", "--file", "q2.gguf"]);
    world.fails(
        4,
        &["pull", "none"],
        &["no file \"q2.gguf\"", "it has q4.gguf, q8.gguf"],
    );
}

#[test]
fn a_checksum_of_the_catalogue_binds() {
    let (world, commit) = World::with_model();
    let entry = |sha256: &str| {
        format!(
            "name = \"mine\"\nrepository = \"acme/mt\"\ntask = \"translate\"\n[sha256]\n\"model.safetensors\" = \"{sha256}\"\n"
        )
    };
    fs::create_dir_all(world.path("home/catalog")).unwrap();
    let write =
        |sha256: &str| fs::write(world.path("home/catalog/mine.toml"), entry(sha256)).unwrap();
    write(&"0".repeat(64));
    world.fails(
        4,
        &["pull", "mine"],
        &["model.safetensors", "the catalogue has the first"],
    );
    world.assert_absent();
    write(&commit.files[4].sha256());
    world.ok(&["pull", "mine"]);
}

#[test]
fn removing_frees_what_nobody_else_has() {
    let (world, old) = World::with_model();
    world.ok(&["pull", REPOSITORY]);
    let mut files = model(2);
    files[3] = old.files[3].clone();
    let new = world.server.commit(REPOSITORY, "dev", &files);
    world.ok(&["pull", "acme/mt@dev"]);
    let (code, out, err) = world.run(&["remove", REPOSITORY]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("3.0 MB freed"), "{err}");
    world.fails(4, &["path", REPOSITORY], &["not on this machine"]);
    assert_eq!(world.ok(&["verify", "acme/mt@dev"]), "acme/mt@dev: good\n");
    assert_eq!(
        names(&world.cached(REPOSITORY).join("blobs")).len(),
        FILES.len()
    );
    assert_eq!(names(&world.snapshot(&new)), FILES);
    world.ok(&["remove", "acme/mt@dev"]);
    assert!(!world.cached(REPOSITORY).exists());
    world.fails(4, &["remove", REPOSITORY], &["not on this machine"]);
}
