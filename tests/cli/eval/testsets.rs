//! Public test sets: where they come from, and adding what was fetched.

use super::*;

#[test]
fn sets_are_listed_and_told_of() {
    let world = World::new();
    let list = world.ok("testset list");
    assert!(
        list.lines().any(|line| line.starts_with("flores200 ")),
        "{list}"
    );
    assert!(!list.contains("(added)"));
    let info = world.ok("testset info flores200");
    for word in [
        "licence",
        "CC-BY-SA-4.0",
        "fetch",
        "https://",
        "cite",
        "flores200/devtest",
    ] {
        assert!(info.contains(word), "no {word} in\n{info}");
    }
    let (code, _, err) = world.run("testset info nope");
    assert!(code == 3 && err.contains("there are flores200"), "{err}");
    assert!(!world.path().join("home").exists());
}

#[test]
fn a_set_is_added_from_a_folder_and_scored_by_its_name() {
    let world = World::new();
    world.file("fetched/ben-eng/test.src", SOURCE);
    world.file("fetched/ben-eng/test.trg", REFERENCE);
    let (code, out, err) = world.run("testset add tatoeba fetched");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("tatoeba/test: 3 sentences; "), "{out}");
    assert!(world.ok("testset list").contains("test (added), dev\n"));
    let report = world.json("--testset tatoeba/test --hyp good.en -m bleu --json");
    assert_near(&scores(&report), &[&[76.73723907191176]]);
    assert_eq!(report["test_set"], "tatoeba/test");
    let (code, _, err) = world.run("testset add tatoeba home");
    assert_eq!(code, 3);
    assert!(
        err.starts_with("anubad: test set tatoeba: none of its files"),
        "{err}"
    );
}
