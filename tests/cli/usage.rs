//! Help, completions, and command lines that are wrong.

use super::{VERBS, anubad, folder, names, run};

#[test]
fn every_verb_explains_itself_with_examples() {
    for verb in VERBS {
        let (code, out, err) = run(&mut anubad(&[verb, "--help"]));
        assert_eq!((code, err.as_str()), (0, ""), "{verb}");
        assert!(out.contains("Usage: anubad"), "{verb}: {out}");
        assert!(out.contains("Examples:\n"), "{verb}: {out}");
    }
}

#[test]
fn the_help_lists_verbs_and_exit_codes() {
    let (code, out, _) = run(&mut anubad(&["--help"]));
    assert_eq!(code, 0);
    for word in VERBS.into_iter().chain(["130  interrupted", "Examples:"]) {
        assert!(out.contains(word), "{word}: {out}");
    }
    let (code, out, _) = run(&mut anubad(&["--version"]));
    assert_eq!(
        (code, out),
        (0, format!("anubad {}\n", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn a_wrong_command_line_is_told_and_nothing_is_done() {
    let wrong: [&[&str]; 14] = [
        &[],
        &["digest"],
        &["translate", "--format", "pdf"],
        &["translate", "--json", "--format", "text"],
        &["translate", "--beam", "0"],
        &["translate", "--explain", "-"],
        &["translate", "--quiet", "--verbose"],
        &["brief", "--sentences", "3", "--words", "50"],
        &["brief", "--sentences", "0"],
        &["summarize", "--from", "a.json", "--beam", "2"],
        &["summarize", "a.txt", "--from", "a.json"],
        &["summarize", "--from", "a.json", "--summarizer", "model"],
        &["lexicon", "lookup"],
        &["completions", "cmd"],
    ];
    for args in wrong {
        let (code, out, err) = run(&mut anubad(args));
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn completions_and_manual_pages_know_the_verbs() {
    let (code, out, _) = run(&mut anubad(&["completions", "bash"]));
    assert!(code == 0 && VERBS.iter().all(|verb| out.contains(verb)));
    let (code, out, _) = run(&mut anubad(&["man"]));
    assert!(code == 0 && out.contains(".TH anubad") && VERBS.iter().all(|verb| out.contains(verb)));
    let dir = folder();
    let (code, ..) = run(&mut anubad(&[
        "man",
        "--dir",
        dir.path().join("man1").to_str().unwrap(),
    ]));
    assert_eq!(code, 0);
    assert!(names(&dir.path().join("man1")).contains(&"anubad-brief.1".to_owned()));
}
