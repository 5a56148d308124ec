//! The word list and the gloss.

use serde_json::Value;

use super::{anubad, file, folder, run};

#[test]
fn a_word_is_looked_up_and_an_unknown_one_is_told_by_the_exit_code() {
    let (code, out, _) = run(&mut anubad(&["lexicon", "lookup", "অংশুমানকেও"]));
    assert_eq!(code, 0);
    for part in [
        "stem     অংশুমান",
        "endings  -কে -ও",
        "senses   Anshuman",
        "list     names",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (code, out, _) = run(&mut anubad(&[
        "lexicon",
        "lookup",
        "--json",
        "অংশুমানকেও",
        "ঘঘঘঘ",
    ]));
    assert_eq!(code, 1);
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["schema"], 1);
    assert_eq!(lines[0]["stem"], "অংশুমান");
    assert_eq!(lines[1]["reading"], "spelt");
}

#[test]
fn sentences_are_glossed_from_arguments_and_from_lines() {
    let sentence = "মাঠে ৫টি মৌসুম চলছে।";
    let expected = "in field / on ground | 5 | season | is going on / is running .\n";
    let (code, out, _) = run(&mut anubad(&["lexicon", "gloss", sentence]));
    assert_eq!((code, out.as_str()), (0, expected));
    let (code, out, _) =
        run(anubad(&["lexicon", "gloss"]).write_stdin(format!("{sentence}\n{sentence}\n")));
    assert_eq!((code, out), (0, expected.repeat(2)));
    let (_, out, _) = run(&mut anubad(&["lexicon", "gloss", "--json", sentence]));
    let line: Value = serde_json::from_str(&out).unwrap();
    let field = |name: &str| -> Vec<_> {
        let words = line["words"].as_array().unwrap();
        words.iter().map(|word| word[name].clone()).collect()
    };
    assert_eq!(field("spelling"), ["mathe", "", "ti", "mousum", "chalchhe"]);
    let (code, _, err) = run(anubad(&["lexicon", "gloss"]).write_stdin(b"ok\n\xff\n".to_vec()));
    assert_eq!(code, 3);
    assert!(err.contains("line 2: not UTF-8 at byte 0"), "{err}");
}

#[test]
fn a_word_list_of_the_user_comes_first() {
    let dir = folder();
    let list = file(&dir, "mine.tsv", "মৌসুম\tmonsoon season\n");
    let (_, out, _) = run(&mut anubad(&[
        "lexicon",
        "gloss",
        "--lexicon",
        &list,
        "মৌসুম",
    ]));
    assert_eq!(out, "monsoon season\n");
    let bad = file(&dir, "bad.tsv", "মৌসুম season\n");
    let (code, _, err) = run(&mut anubad(&[
        "lexicon",
        "lookup",
        "--lexicon",
        &bad,
        "মৌসুম",
    ]));
    assert_eq!(code, 3);
    assert!(err.contains("bad.tsv:1"), "{err}");
}
