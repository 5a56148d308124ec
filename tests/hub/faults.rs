//! Servers, networks and disks at their worst: a clear line or recovery, and nothing broken that is trusted later.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::time::{Duration, Instant};

use super::server::{ALWAYS, File, Kind};
use super::{FILES, REPOSITORY, WEIGHTS, World, model, run};

const WEIGHTS_AT: &str = "model.safetensors?signature";

#[test]
fn a_gated_model_says_where_to_ask() {
    let (world, commit) = World::with_model();
    let gated: &[_] = &[("X-Error-Code", "GatedRepo")];
    world
        .server
        .fail("/resolve/", ALWAYS, Kind::Status(401, gated));
    let page = format!("accept its licence at {}/acme/mt", world.server.endpoint());
    let err = world.fails(4, &["pull", REPOSITORY], &[&page, "set HF_TOKEN"]);
    assert!(!err.contains("has no access"), "{err}");
    world.assert_absent();
    world.server.heal();
    world
        .server
        .fail("/resolve/", ALWAYS, Kind::Status(403, gated));
    let (code, _, err) = run(world
        .command(&["pull", REPOSITORY])
        .env("HF_TOKEN", "hf_secret"));
    assert_eq!(code, 4);
    assert!(
        err.contains("the token that was sent has no access") && !err.contains("hf_secret"),
        "{err}"
    );
    world.server.heal();
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &FILES);
}

#[test]
fn what_is_not_there_is_told() {
    let (world, _) = World::with_model();
    world.fails(
        4,
        &["pull", "acme/none"],
        &["acme/none is not on the Hub, or it is private"],
    );
    world.server.fail(
        "config.json",
        ALWAYS,
        Kind::Status(404, &[("X-Error-Code", "EntryNotFound")]),
    );
    world.fails(4, &["pull", REPOSITORY], &["no file \"config.json\""]);
    world.assert_absent();
}

#[test]
fn a_server_that_asks_for_patience_gets_it() {
    let (world, commit) = World::with_model();
    world
        .server
        .fail("/api/", 1, Kind::Status(429, &[("Retry-After", "1")]));
    world
        .server
        .fail(WEIGHTS_AT, 1, Kind::Status(429, &[("Retry-After", "1")]));
    let began = Instant::now();
    world.ok(&["pull", REPOSITORY]);
    assert!(began.elapsed() >= Duration::from_secs(2));
    world.assert_whole(&commit, &FILES);
    world.server.fail(
        "/api/",
        ALWAYS,
        Kind::Status(429, &[("Retry-After", "3600")]),
    );
    world.fails(
        4,
        &["pull", "--update", REPOSITORY],
        &["try again in 60 min"],
    );
    world.assert_whole(&commit, &FILES);
}

#[test]
fn an_ill_server_may_recover() {
    let (world, commit) = World::with_model();
    world.server.fail("/api/", 1, Kind::Status(503, &[]));
    world.server.fail("config.json", 1, Kind::Status(500, &[]));
    // The signed address has grown old: the Hub is asked for a new one.
    world.server.fail(WEIGHTS_AT, 1, Kind::Status(403, &[]));
    let (code, _, err) = world.run(&["pull", REPOSITORY]);
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("trying again in") && !err.contains("signature=secret"),
        "{err}"
    );
    world.assert_whole(&commit, &FILES);
}

#[test]
fn a_server_that_stays_ill_is_told() {
    let (world, _) = World::with_model();
    world.server.fail("/api/", ALWAYS, Kind::Status(502, &[]));
    world.fails(4, &["pull", REPOSITORY], &["the server answers 502"]);
    assert_eq!(world.server.requests().len(), 5);
    world.assert_absent();
}

#[test]
fn nobody_there() {
    let (world, _) = World::with_model();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut command = world.command(&["pull", REPOSITORY]);
    let (code, _, err) = run(command.env("HF_ENDPOINT", format!("http://{free}")));
    assert_eq!(code, 4);
    assert!(
        err.contains("127.0.0.1 cannot be reached") && err.contains("models unpack"),
        "{err}"
    );
}

#[test]
fn a_proxy_is_asked_unless_it_is_not_for_the_host() {
    let (world, _) = World::with_model();
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let (sender, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in proxy.incoming().flatten() {
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            sender.send(line).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let mut command = world.command(&["pull", REPOSITORY]);
    command
        .env("HF_ENDPOINT", "https://hub.invalid")
        .env("HTTPS_PROXY", address);
    let (code, _, err) = run(&mut command);
    assert!(
        code == 4 && err.contains("hub.invalid cannot be reached"),
        "{err}"
    );
    // More than once where the answer was lost with the connection.
    let lines: Vec<String> = asked.try_iter().collect();
    let is_right = |line: &String| line.starts_with("CONNECT hub.invalid:443 ");
    assert!(!lines.is_empty() && lines.iter().all(is_right), "{lines:?}");
    assert_eq!(run(command.env("NO_PROXY", "hub.invalid")).0, 4);
    assert!(asked.try_recv().is_err());
}

#[test]
fn authorities_that_cannot_be_read_are_told() {
    let (world, _) = World::with_model();
    fs::write(world.path("none.pem"), "no certificate\n").unwrap();
    for (file, why) in [
        ("none.pem", "there is no certificate in it"),
        ("missing.pem", ""),
    ] {
        let mut command = world.command(&["pull", REPOSITORY]);
        let (code, _, err) = run(command.env("SSL_CERT_FILE", file));
        assert_eq!(code, 4, "{err}");
        assert!(
            err.contains("SSL_CERT_FILE") && err.contains(file) && err.contains(why),
            "{err}"
        );
    }
    assert!(world.server.requests().is_empty());
}

#[test]
fn offline_means_no_request() {
    let (world, commit) = World::with_model();
    let offline = |args: &[&str]| run(world.command(args).env("HF_HUB_OFFLINE", "1"));
    let (code, _, err) = offline(&["pull", REPOSITORY]);
    assert_eq!(code, 4);
    assert!(
        err.contains("HF_HUB_OFFLINE is set") && err.contains("models unpack"),
        "{err}"
    );
    assert!(world.server.requests().is_empty());
    world.ok(&["pull", REPOSITORY]);
    world.server.requests();
    assert_eq!(offline(&["pull", REPOSITORY]).0, 0);
    assert_eq!(
        offline(&["path", REPOSITORY]).1.trim_end(),
        world.snapshot(&commit).to_str().unwrap()
    );
    assert_eq!(offline(&["search", "--hub", "x"]).0, 4);
    assert!(world.server.requests().is_empty());
}

#[test]
fn a_broken_connection_is_taken_up_where_it_broke() {
    let (world, commit) = World::with_model();
    world.server.fail(WEIGHTS_AT, 2, Kind::Truncate(1_200_000));
    world.ok(&["pull", REPOSITORY]);
    let weights = |request: &super::server::Request| request.path.contains(WEIGHTS_AT);
    let requests = world.server.requests();
    let starts: Vec<usize> = requests
        .iter()
        .filter(|r| weights(r))
        .map(|r| r.from)
        .collect();
    assert_eq!(starts, [0, 1_200_000, 2_400_000]);
    world.assert_whole(&commit, &FILES);
}

#[test]
fn silence_is_a_broken_connection_too() {
    let (world, commit) = World::with_model();
    world.server.fail(WEIGHTS_AT, 1, Kind::Stall(2_000_000));
    let began = Instant::now();
    world.ok(&["pull", REPOSITORY]);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(
        world
            .server
            .requests()
            .iter()
            .any(|request| request.from == 2_000_000)
    );
    world.assert_whole(&commit, &FILES);
}

#[test]
fn a_connection_that_never_holds_is_told_and_what_came_is_kept() {
    let (world, commit) = World::with_model();
    world.server.fail(WEIGHTS_AT, ALWAYS, Kind::Truncate(100));
    world.fails(
        4,
        &["pull", REPOSITORY],
        &["the connection", "model.safetensors"],
    );
    world.assert_absent();
    world.server.heal();
    world.server.requests();
    world.ok(&["pull", REPOSITORY]);
    let requests = world.server.requests();
    assert!(
        requests
            .iter()
            .any(|r| r.path.contains(WEIGHTS_AT) && r.from == 500)
    );
    world.assert_whole(&commit, &FILES);
}

#[test]
fn a_wrong_checksum_is_tried_once_more_and_never_kept() {
    let (world, commit) = World::with_model();
    world.server.fail(WEIGHTS_AT, 2, Kind::Corrupt);
    world.server.fail("config.json", 1, Kind::Corrupt);
    world.fails(
        4,
        &["pull", REPOSITORY],
        &["model.safetensors of acme/mt is damaged", "twice"],
    );
    world.assert_absent();
    let blobs = world.cached(REPOSITORY).join("blobs");
    assert!(!blobs.join(commit.files[4].etag()).exists());
    assert!(
        !blobs
            .join(format!("{}.incomplete", commit.files[4].etag()))
            .exists()
    );
    world.server.heal();
    world.server.fail(WEIGHTS_AT, 1, Kind::Corrupt);
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &FILES);
}

#[test]
fn a_damaged_beginning_is_thrown_away() {
    let (world, commit) = World::with_model();
    let blobs = world.cached(REPOSITORY).join("blobs");
    fs::create_dir_all(&blobs).unwrap();
    let incomplete = |content: Vec<u8>| {
        fs::write(
            blobs.join(format!("{}.incomplete", commit.files[4].etag())),
            content,
        )
        .unwrap();
    };
    for (content, starts) in [
        (vec![7; 1000], vec![1000, 0]),
        (vec![7; WEIGHTS + 1], vec![0]),
    ] {
        incomplete(content);
        world.server.requests();
        world.ok(&["pull", REPOSITORY]);
        let requests = world.server.requests();
        let weights = requests
            .iter()
            .filter(|request| request.path.contains(WEIGHTS_AT));
        assert_eq!(
            weights.map(|request| request.from).collect::<Vec<_>>(),
            starts
        );
        world.assert_whole(&commit, &FILES);
        world.ok(&["remove", REPOSITORY]);
        fs::create_dir_all(&blobs).unwrap();
    }
}

#[test]
fn content_that_another_program_left_is_looked_at() {
    let (world, commit) = World::with_model();
    let blobs = world.cached(REPOSITORY).join("blobs");
    fs::create_dir_all(&blobs).unwrap();
    fs::write(blobs.join(commit.files[4].etag()), vec![0; WEIGHTS]).unwrap();
    fs::write(blobs.join(commit.files[3].etag()), &commit.files[3].content).unwrap();
    world.ok(&["pull", REPOSITORY]);
    assert!(
        !world
            .server
            .requests()
            .iter()
            .any(|r| r.path.contains("source.spm"))
    );
    world.assert_whole(&commit, &FILES);
}

#[test]
fn a_server_that_knows_no_ranges_sends_all_again() {
    let (world, commit) = World::with_model();
    world.server.fail(WEIGHTS_AT, 1, Kind::Truncate(1_000_000));
    world.server.fail(WEIGHTS_AT, 1, Kind::IgnoreRange);
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &FILES);
}

#[test]
fn another_range_than_asked_for_is_no_use() {
    let (world, _) = World::with_model();
    world.server.fail(WEIGHTS_AT, 1, Kind::Truncate(1_000_000));
    world.server.fail(WEIGHTS_AT, ALWAYS, Kind::WrongRange);
    world.fails(
        4,
        &["pull", REPOSITORY],
        &["does not begin at byte 1000000"],
    );
    world.assert_absent();
}

#[test]
fn a_file_that_changes_while_it_is_fetched_is_told() {
    let (world, commit) = World::with_model();
    let other = world.server.commit(REPOSITORY, "other", &model(2));
    world
        .server
        .switch_after_listing(REPOSITORY, &commit, other.clone());
    world.fails(
        4,
        &["pull", REPOSITORY],
        &["changed on the Hub", "pull it again"],
    );
    world.assert_absent();
    // The same commit is said to be there, with other content.
    let (world, commit) = World::with_model();
    let mut longer = commit.clone();
    longer.files[4].content.push(0);
    world
        .server
        .switch_after_listing(REPOSITORY, &commit, longer);
    world.fails(
        4,
        &["pull", REPOSITORY],
        &["model.safetensors changed on the Hub"],
    );
    world.assert_absent();
    world.server.commit(REPOSITORY, "main", &model(1));
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &FILES);
}

#[test]
fn a_full_disk_is_seen_before() {
    let (world, commit) = World::with_model();
    let listing = serde_json::json!({
        "sha": commit.id,
        "siblings": [
            {"rfilename": "config.json", "size": 2, "blobId": commit.files[2].etag()},
            {"rfilename": "model.safetensors", "lfs": {"sha256": "a".repeat(64), "size": 1_000_000_000_000_000_000u64}},
        ],
    });
    world
        .server
        .fail("/api/", 1, Kind::Body(listing.to_string()));
    world.fails(
        5,
        &["pull", REPOSITORY],
        &["1000 PB more are needed", "HF_HUB_CACHE"],
    );
    assert_eq!(world.server.requests().len(), 1);
    world.assert_absent();
}

#[test]
fn a_cache_that_cannot_be_written_is_told() {
    let (world, _) = World::with_model();
    fs::write(world.path("file"), "").unwrap();
    let mut command = world.command(&["pull", REPOSITORY]);
    let (code, _, err) = run(command.env("HF_HUB_CACHE", world.path("file")));
    assert_eq!(code, 5, "{err}");
    assert!(err.contains("cannot write"), "{err}");
}

#[test]
fn answers_that_are_none_are_told() {
    let (world, commit) = World::with_model();
    for (body, why) in [
        (
            "<html>Welcome to the hotel</html>".to_owned(),
            "is HF_ENDPOINT a Hub?",
        ),
        (
            "{\"sha\": \"../../x\", \"siblings\": []}".to_owned(),
            "is no commit",
        ),
        (
            format!("{{\"sha\": \"{}\", \"siblings\": []}}", commit.id),
            "neither config.json nor a GGUF file",
        ),
    ] {
        world.server.fail("/api/", 1, Kind::Body(body));
        world.fails(4, &["pull", REPOSITORY], &[why]);
    }
    world.assert_absent();
    let (code, _, err) = run(world
        .command(&["pull", REPOSITORY])
        .env("HF_ENDPOINT", "hotel"));
    assert!(code == 4 && err.contains("HF_ENDPOINT"), "{err}");
}

#[test]
fn a_hostile_listing_reaches_nothing_outside() {
    let world = World::new();
    let mut files = model(1);
    for path in [
        "../../../evil.json",
        "/tmp/evil.json",
        "a\\..\\evil.json",
        "..",
        "\u{1b}[2J.json",
    ] {
        files.push(File::small(path, "{}"));
    }
    let commit = world.server.commit(REPOSITORY, "main", &files);
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &FILES);
    assert!(
        !world
            .server
            .requests()
            .iter()
            .any(|request| request.path.contains("evil"))
    );
}

#[test]
fn redirects_in_a_ring_end() {
    let (world, _) = World::with_model();
    let ring = Kind::Status(302, &[("Location", "/acme/mt/resolve/x/config.json")]);
    world.server.fail("config.json", ALWAYS, ring);
    world.fails(4, &["pull", REPOSITORY], &["too many redirects"]);
    world.server.heal();
    world.server.fail(
        "config.json",
        ALWAYS,
        Kind::Status(302, &[("Location", "file:///etc/passwd")]),
    );
    world.fails(4, &["pull", REPOSITORY], &["a redirect to no address"]);
    world.assert_absent();
}
