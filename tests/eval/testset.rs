//! Known test sets: importing what a user fetched, and reading it again.

use std::fs;
use std::path::{Path, PathBuf};

use anubad::eval::testset::{Definition, TestSets};
use tempfile::TempDir;

/// `printf 'বন্যা\nসেতু\n' | sha256sum`
const BENGALI: &str = "d44143bcb8440f5487d597adc82f08825ba024dc16a7531d5418f0b5142c2b6c";
/// `printf 'Flood\nBridge\n' | sha256sum`
const ENGLISH: &str = "8803ddd76522b712924051973d16cd0a4bce4b4c5822308a10926bc1a6d6c8ec";

fn sets() -> TestSets {
    let definition = format!(
        r#"
name = "mini"
title = "Mini"
about = "two sentences"
original_language = "en"
homepage = "https://example.org"
fetch = ["https://example.org/mini.zip"]
licence = "CC0-1.0"
terms = "free for every use"
citation = "nobody"

[[split]]
name = "test"
about = "to report on"
sentences = 2
source = {{ path = "test/bn.txt", sha256 = "{BENGALI}" }}
reference = {{ path = "test/en.txt", sha256 = "{ENGLISH}" }}
documents = {{ path = "meta.tsv", document = "URL", topic = "topic" }}

[[split]]
name = "dev"
about = "to develop on"
source = {{ path = "dev.tsv", column = "target" }}
reference = {{ path = "dev.tsv", column = "source" }}
"#
    );
    TestSets::new(vec![
        Definition::parse(&definition, Path::new("mini.toml")).unwrap(),
    ])
}

/// What a user has unpacked.
fn fetched() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "mini-1.0/test/bn.txt", "\u{feff}বন্যা \r\nসেতু");
    write(&folder, "mini-1.0/test/en.txt", "Flood\nBridge\n");
    write(
        &folder,
        "mini-1.0/meta.tsv",
        "URL\tdomain\ttopic\nhttps://a\tx\tdisaster\n\ty\t \n",
    );
    write(
        &folder,
        "mini-1.0/dev.tsv",
        "id\tsource\ttarget\n1\t\"One\"\tএক\n2\tTwo\tদুই\n3\t\tতিন\n",
    );
    folder
}

fn write(folder: &TempDir, name: &str, content: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn a_set_is_imported_and_read_by_its_name() {
    let (sets, fetched, home) = (sets(), fetched(), tempfile::tempdir().unwrap());
    let message = sets.load("mini", home.path()).unwrap_err().to_string();
    assert!(
        message.contains("mini/test: is not here; fetch it from https://example.org/mini.zip"),
        "{message}"
    );
    let (definition, split) = sets.find("mini").unwrap();
    assert!(!TestSets::is_imported(definition, split, home.path()));

    let imported = sets.import("mini", fetched.path(), home.path()).unwrap();
    assert_eq!(imported.len(), 2);
    assert_eq!(
        (imported[0].name.as_str(), imported[0].sentences),
        ("mini/test", 2)
    );
    assert_eq!(imported[0].sha256, [BENGALI, ENGLISH]);
    assert!(imported[0].is_pinned && !imported[1].is_pinned);
    assert!(TestSets::is_imported(definition, split, home.path()));

    let test = sets.load("mini", home.path()).unwrap();
    assert_eq!(test.name, "mini/test");
    assert_eq!(test.segments[0].source.as_deref(), Some("বন্যা"));
    assert_eq!(test.segments[0].references(), ["Flood"]);
    assert_eq!(test.segments[0].document.as_deref(), Some("https://a"));
    assert_eq!(test.segments[0].topic.as_deref(), Some("disaster"));
    assert_eq!(
        (&test.segments[1].document, &test.segments[1].topic),
        (&None, &None)
    );
    let dev = sets.load("mini/dev", home.path()).unwrap();
    assert_eq!(dev.segments.len(), 3);
    assert_eq!(dev.segments[0].source.as_deref(), Some("এক"));
    assert_eq!(dev.segments[0].references(), ["\"One\""]);
    assert_eq!(dev.segments[2].references(), [""]);

    assert_eq!(
        sets.import("mini", fetched.path(), home.path()).unwrap(),
        imported
    );
    let left: Vec<_> = fs::read_dir(home.path().join("testsets/mini"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 2, "nothing temporary is left");
}

#[test]
fn one_split_can_be_imported_alone() {
    let (sets, fetched, home) = (sets(), fetched(), tempfile::tempdir().unwrap());
    fs::remove_file(fetched.path().join("mini-1.0/test/en.txt")).unwrap();
    let message = sets
        .import("mini", fetched.path(), home.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("has test/bn.txt and not test/en.txt"),
        "{message}"
    );
    assert!(!home.path().join("testsets").exists(), "all or nothing");
    let dev = sets
        .import("mini/dev", fetched.path(), home.path())
        .unwrap();
    assert_eq!(dev.len(), 1);
    fs::remove_file(fetched.path().join("mini-1.0/test/bn.txt")).unwrap();
    assert_eq!(
        sets.import("mini", fetched.path(), home.path()).unwrap(),
        dev
    );
}

#[test]
fn what_is_not_the_test_set_is_refused() {
    let (sets, home) = (sets(), tempfile::tempdir().unwrap());
    for (name, content, message) in [
        (
            "mini-1.0/test/en.txt",
            "Flood\n",
            "has 1 sentences, and 2 are needed for test",
        ),
        (
            "mini-1.0/test/en.txt",
            "Flood\nBridges\n",
            "is not the text of the test set",
        ),
        (
            "other/test/en.txt",
            "Flood\nBridges\n",
            "two files test/en.txt that differ",
        ),
        (
            "mini-1.0/meta.tsv",
            "URL\ttopic\na\tb\n",
            "has 1 sentences, and 2 are needed",
        ),
        ("mini-1.0/meta.tsv", "URL\n", "has no column \"topic\""),
        (
            "mini-1.0/dev.tsv",
            "id\tsource\ttarget\n1\tOne\n",
            "line 2: has 2 fields",
        ),
        ("mini-1.0/dev.tsv", "source\ttarget\n", "has 0 sentences"),
    ] {
        let fetched = fetched();
        write(&fetched, name, content);
        let error = sets
            .import("mini", fetched.path(), home.path())
            .unwrap_err()
            .to_string();
        assert!(error.contains(message), "{error}");
        assert!(!home.path().join("testsets").exists());
    }
    let empty = tempfile::tempdir().unwrap();
    let error = sets
        .import("mini", empty.path(), home.path())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("none of its files (test/bn.txt, test/en.txt, dev.tsv) is in"),
        "{error}"
    );
    let archive = write(&empty, "mini.zip", "PK");
    let error = sets
        .import("mini", &archive, home.path())
        .unwrap_err()
        .to_string();
    assert!(error.contains("is a file; unpack it"), "{error}");
    assert!(sets.import("other", empty.path(), home.path()).is_err());
    assert!(
        sets.import("mini", Path::new("/nonexistent"), home.path())
            .is_err()
    );
}

#[test]
fn what_was_damaged_since_is_found_and_mended_by_importing_again() {
    let (sets, fetched, home) = (sets(), fetched(), tempfile::tempdir().unwrap());
    for name in [
        "source.txt",
        "reference.txt",
        "documents.tsv",
        "record.toml",
    ] {
        sets.import("mini", fetched.path(), home.path()).unwrap();
        let path = home.path().join("testsets/mini/test").join(name);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen(['F', 'স', 'd', 'v'], "x", 1)).unwrap();
        let error = sets.load("mini/test", home.path()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("{name} in ")) && error.contains("is damaged"),
            "{error}"
        );
    }
    sets.import("mini", fetched.path(), home.path()).unwrap();
    sets.load("mini/test", home.path()).unwrap();
}

#[test]
fn without_a_pin_the_first_import_is_trusted_and_kept() {
    let (sets, fetched, home) = (sets(), fetched(), tempfile::tempdir().unwrap());
    sets.import("mini", fetched.path(), home.path()).unwrap();
    write(&fetched, "mini-1.0/dev.tsv", "source\ttarget\nOne\tএক\n");
    let error = sets
        .import("mini", fetched.path(), home.path())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("with other sentences") && error.contains("remove the folder"),
        "{error}"
    );
    assert_eq!(
        sets.load("mini/dev", home.path()).unwrap().segments.len(),
        3
    );
    fs::remove_dir_all(home.path().join("testsets/mini/dev")).unwrap();
    sets.import("mini", fetched.path(), home.path()).unwrap();
    assert_eq!(
        sets.load("mini/dev", home.path()).unwrap().segments.len(),
        1
    );
}

#[test]
fn definitions_that_make_no_sense_are_refused() {
    let good = |change: (&str, &str)| {
        let text = r#"
name = "a"
title = "A"
about = "x"
homepage = "x"
fetch = ["x"]
licence = "x"
terms = "x"
citation = "x"
[[split]]
name = "test"
about = "x"
source = { path = "a/b" }
reference = { path = "a/c", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
"#;
        let result = Definition::parse(&text.replacen(change.0, change.1, 1), Path::new("a.toml"));
        result.map_err(|error| error.to_string())
    };
    good(("", "")).unwrap();
    for (from, to, message) in [
        ("name = \"a\"", "name = \"../a\"", "is not a name"),
        ("name = \"test\"", "name = \"Test\"", "is not a name"),
        ("a/b", "../b", "is not a path inside"),
        ("a/b", "/etc/passwd", "is not a path inside"),
        ("sha256 = \"0", "sha256 = \"", "is not a SHA-256"),
        ("[\"x\"]", "[]", "place to fetch from"),
        ("title", "titel", "a.toml: "),
        (
            "[[split]]",
            "[[split]]\nname = \"test\"\nabout = \"\"\nsource = {path = \"a\"}\nreference = {path = \"b\"}\n[[split]]",
            "two splits have one name",
        ),
    ] {
        let error = good((from, to)).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}
