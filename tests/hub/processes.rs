//! Several processes, and processes that are stopped.

#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::server::Kind;
use super::{FILES, REPOSITORY, WEIGHTS, World, names};

/// Some five seconds for the weights: long enough to be seen at work on a busy machine.
const SLOW: Kind = Kind::Slow(Duration::from_millis(100));

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn an_interrupted_pull_goes_on_where_it_stopped() {
    let (world, commit) = World::with_model();
    world.server.fail("model.safetensors?", 1, SLOW);
    let name = format!("blobs/{}.incomplete", commit.files[4].etag());
    let incomplete = world.cached(REPOSITORY).join(name);
    let length = || fs::metadata(&incomplete).map_or(0, |metadata| metadata.len());
    let child = world
        .process(&["pull", REPOSITORY])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("it begins", || length() > 500_000);
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{err}");
    assert!(err.contains("goes on where it stopped"), "{err}");
    world.assert_absent();
    let kept = length();
    assert!(kept > 500_000 && kept < WEIGHTS as u64);
    world.server.heal();
    world.server.requests();
    world.ok(&["pull", REPOSITORY]);
    let requests = world.server.requests();
    let weights: Vec<_> = requests
        .iter()
        .filter(|r| r.path.contains("model.safetensors?"))
        .collect();
    assert_eq!(
        weights.iter().map(|r| r.from as u64).collect::<Vec<_>>(),
        [kept]
    );
    assert!(
        !requests.iter().any(|r| r.path.contains("config.json")),
        "it was here"
    );
    world.assert_whole(&commit, &FILES);
}

#[test]
fn a_killed_pull_leaves_nothing_that_is_trusted() {
    let (world, commit) = World::with_model();
    world.server.fail("model.safetensors?", 1, SLOW);
    let mut child = world
        .process(&["pull", REPOSITORY])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let name = format!("blobs/{}.incomplete", commit.files[4].etag());
    let incomplete = world.cached(REPOSITORY).join(name);
    until("it begins", || {
        fs::metadata(&incomplete).is_ok_and(|m| m.len() > 200_000)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    world.assert_absent();
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &FILES);
}

/// What a killed `unpack` leaves has no name that is trusted, and the next one takes it away.
#[test]
fn a_killed_unpack_leaves_nothing_for_long() {
    let (world, commit) = World::with_model();
    world.ok(&["pull", REPOSITORY]);
    world.ok(&["pack", REPOSITORY, "-o", "mt.tar"]);
    let archive = fs::read(world.path("mt.tar")).unwrap();
    let there = World::new();
    let blobs = there.cached(REPOSITORY).join("blobs");
    let unpack = || {
        let mut child = there
            .process(&["unpack", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(&archive[..archive.len() / 2]).unwrap();
        (child, pipe)
    };
    let parts = || {
        if blobs.exists() {
            names(&blobs)
        } else {
            Vec::new()
        }
    };
    let (mut killed, _pipe) = unpack();
    until("a file was begun", || parts().len() == 2);
    killed.kill().unwrap();
    killed.wait().unwrap();
    there.fails(4, &["path", REPOSITORY], &["not on this machine"]);
    let left = parts();
    // That of a process at work stays.
    let (mut working, pipe) = unpack();
    until("another was begun", || {
        let parts = parts();
        parts.len() == 2 && left.iter().all(|name| !parts.contains(name))
    });
    fs::write(there.path("mt.tar"), &archive).unwrap();
    there.ok(&["unpack", "mt.tar"]);
    assert_eq!(parts().len(), FILES.len() + 2);
    drop(pipe);
    assert!(!working.wait().unwrap().success());
    assert_eq!(parts().len(), FILES.len());
    there.assert_whole(&commit, &FILES);
}

#[test]
fn two_at_once_fetch_once() {
    let (world, commit) = World::with_model();
    world.server.fail("model.safetensors?", 1, SLOW);
    let pull = || {
        world
            .process(&["pull", REPOSITORY])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let first = pull();
    let begun = || world.cached(REPOSITORY).join("blobs").exists();
    until("it begins", begun);
    let others = [pull(), pull()];
    let (code, _, err) = world.run(&["remove", REPOSITORY]);
    assert!(
        code == 4 && err.contains("being fetched by another process"),
        "{err}"
    );
    let mut told = String::new();
    for child in others.into_iter().chain([first]) {
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{err}");
        told.push_str(&err);
    }
    assert!(told.contains("another process fetches"), "{told}");
    let requests = world.server.requests();
    let fetched = |name: &str| {
        requests
            .iter()
            .filter(|r| r.is_storage && r.path.contains(name))
            .count()
    };
    assert_eq!(
        (fetched("model.safetensors?"), fetched("source.spm?")),
        (1, 1)
    );
    world.assert_whole(&commit, &FILES);
}

#[test]
fn waiting_for_another_can_be_interrupted() {
    let (world, commit) = World::with_model();
    let locks = world.path("hf/hub/.locks/models--acme--mt");
    fs::create_dir_all(&locks).unwrap();
    let path = locks.join(format!("{}.lock", commit.files[4].etag()));
    let lock = fs::File::create(path).unwrap();
    lock.lock().unwrap();
    let child = world
        .process(&["pull", REPOSITORY])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let blob = world
        .cached(REPOSITORY)
        .join("blobs")
        .join(commit.files[2].etag());
    until("the others come", || blob.exists());
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    drop(lock);
    world.ok(&["pull", REPOSITORY]);
    world.assert_whole(&commit, &FILES);
}
