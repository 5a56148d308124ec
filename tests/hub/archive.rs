//! `pack` and `unpack`: a model carried by hand, and archives that lie.

use std::fs;
use std::io::Read;

use serde_json::{Value, json};
use tar::{Archive, Builder, EntryType, Header};

use super::{FILES, REPOSITORY, World, run};

/// An archive of a pulled model.
fn packed() -> (World, super::Commit, Vec<u8>) {
    let (world, commit) = World::with_model();
    world.ok(&["pull", REPOSITORY]);
    world.ok(&["pack", REPOSITORY, "-o", "mt.tar"]);
    let archive = fs::read(world.path("mt.tar")).unwrap();
    (world, commit, archive)
}

/// Path, content and kind of the entries.
fn entries(archive: &[u8]) -> Vec<(String, Vec<u8>, EntryType)> {
    let mut archive = Archive::new(archive);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        (path, content, entry.header().entry_type())
    });
    entries.collect()
}

fn archive(entries: &[(String, Vec<u8>, EntryType)]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (path, content, kind) in entries {
        let mut header = Header::new_ustar();
        // `set_path` would not take what hostile archives have.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, content.as_slice()).unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn a_model_goes_to_a_machine_without_a_network() {
    let (world, commit, archive) = packed();
    let there = World::new();
    fs::write(there.path("mt.tar"), &archive).unwrap();
    let offline = |args: &[&str]| run(there.command(args).env("HF_HUB_OFFLINE", "1"));
    let (code, out, err) = offline(&["unpack", "mt.tar"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("acme/mt: unpacked (3.0 MB"), "{err}");
    there.assert_whole(&commit, &FILES);
    assert_eq!(offline(&["pull", REPOSITORY]).0, 0);
    let locks = [&world, &there].map(|world| fs::read(world.path("home/models.lock")).unwrap());
    assert_eq!(locks[0], locks[1]);
    // The same again, from a pipe; and packed again it is the same.
    let (code, _, err) = run(there.command(&["unpack", "-"]).write_stdin(archive.clone()));
    assert_eq!(code, 0, "{err}");
    there.ok(&["pack", REPOSITORY]);
    assert_eq!(fs::read(there.path("acme--mt.tar")).unwrap(), archive);
}

#[test]
fn a_damaged_model_is_not_packed() {
    let (world, commit, _) = packed();
    let blob = world
        .cached(REPOSITORY)
        .join("blobs")
        .join(commit.files[4].etag());
    let mut content = fs::read(&blob).unwrap();
    content[5] ^= 1;
    fs::write(&blob, content).unwrap();
    world.fails(
        4,
        &["pack", REPOSITORY, "-o", "new.tar"],
        &["model.safetensors is damaged"],
    );
    assert!(!world.path("new.tar").exists());
    world.fails(4, &["pack", "opus-mt"], &["models pull opus-mt"]);
}

/// Unpacks what must be refused, and finds nothing placed.
fn refused(archive: &[u8], why: &str) {
    let world = World::new();
    fs::write(world.path("bad.tar"), archive).unwrap();
    world.fails(
        4,
        &["unpack", "bad.tar"],
        &["bad.tar: not a packed model", why],
    );
    assert!(!world.path("home/models.lock").exists(), "{why}");
    let cached = world.cached(REPOSITORY);
    assert!(
        !cached.join("snapshots").exists() && !cached.join("refs").exists(),
        "{why}"
    );
    if cached.join("blobs").exists() {
        assert!(super::names(&cached.join("blobs")).is_empty(), "{why}");
    }
    assert!(
        !world.path("evil").exists() && !world.path("hf/evil").exists(),
        "{why}"
    );
}

#[test]
fn an_archive_that_is_not_whole_or_not_ours_is_refused() {
    let (_, _, whole) = packed();
    refused(b"", "it is empty");
    refused(b"no archive at all", "");
    refused(&whole[..whole.len() / 2], "");
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    refused(&damaged, "another checksum");
    let mut entries = entries(&whole);
    entries.pop();
    refused(&archive(&entries), "is missing");
    refused(&archive(&entries[1..]), "does not begin with");
}

#[test]
fn an_archive_that_leads_elsewhere_is_refused() {
    let (_, _, whole) = packed();
    let entries = entries(&whole);
    let with = |path: &str, kind: EntryType| {
        let mut entries = entries.clone();
        entries.insert(1, (path.to_owned(), b"evil".to_vec(), kind));
        archive(&entries)
    };
    for path in [
        "../evil",
        "/tmp/evil",
        "files/../../../evil",
        "files/evil",
        "evil",
    ] {
        refused(&with(path, EntryType::Regular), "is not in its manifest");
    }
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Directory,
        EntryType::GNULongName,
    ] {
        refused(&with("files/config.json", kind), "is no regular file");
    }
    let mut twice = entries.clone();
    twice.push(entries[1].clone());
    refused(&archive(&twice), "comes twice");
}

#[test]
fn a_manifest_that_lies_is_refused() {
    let (_, _, whole) = packed();
    let entries = entries(&whole);
    let manifest: Value = serde_json::from_slice(&entries[0].1).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut manifest = manifest.clone();
        change(&mut manifest);
        let mut entries = entries.clone();
        entries[0].1 = manifest.to_string().into_bytes();
        archive(&entries)
    };
    type Change<'a> = (&'a str, &'a dyn Fn(&mut Value));
    let changes: [Change; 9] = [
        ("makes no sense", &|m| {
            m["model"]["file"][0]["path"] = json!("../../evil")
        }),
        ("makes no sense", &|m| {
            m["model"]["repository"] = json!("../evil")
        }),
        ("makes no sense", &|m| {
            m["model"]["commit"] = json!("../evil")
        }),
        ("makes no sense", &|m| {
            m["model"]["revision"] = json!("../../evil")
        }),
        ("makes no sense", &|m| {
            m["model"]["file"][0]["blob"] = json!("../evil")
        }),
        ("makes no sense", &|m| m["model"]["file"] = json!([])),
        // Content under the name of another, which would be trusted by it.
        ("another checksum", &|m| {
            m["model"]["file"][0]["blob"] = json!("a".repeat(40))
        }),
        ("another size", &|m| {
            m["model"]["file"][1]["size"] = json!(1)
        }),
        ("schema 2", &|m| m["schema"] = json!(2)),
    ];
    for (why, change) in changes {
        refused(&with(change), why);
    }
    let world = World::new();
    let huge = with(&|m| m["model"]["file"][1]["size"] = json!(1u64 << 60));
    fs::write(world.path("huge.tar"), huge).unwrap();
    world.fails(5, &["unpack", "huge.tar"], &["more are needed"]);
}
