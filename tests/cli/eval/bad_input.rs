//! What is wrong is told in a line, before any work.

use super::*;

#[test]
fn bad_input_is_told_in_a_line() {
    let world = World::new();
    world.file("short.en", "one\ntwo\n");
    world.file("empty.en", "");
    world.file("binary.en", b"\xff\xfe\x00\x01\n");
    world.file("plain.tsv", "a\tb\nc\td\n");
    world.file("ragged.tsv", "src\tref\thyp:a\nক\tb\n");
    world.file("not.jsonl", "{\"src\": 1}\n");
    world.file("folder/x", "");
    for (args, exit, told) in [
        ("", 2, "no test set: give --ref"),
        ("--hyp good.en", 2, "no test set: give --ref"),
        (
            "--ref news.en --hyp nope.en",
            3,
            "nope.en: cannot be read: No such file",
        ),
        (
            "--ref nope.en --hyp good.en",
            3,
            "nope.en: cannot be read: No such file",
        ),
        ("--ref news.en --hyp folder", 3, "folder: cannot be read"),
        (
            "--ref news.en --hyp short.en",
            3,
            "short.en has 2 sentences, and \"news\" has 3",
        ),
        (
            "--ref news.en short.en --hyp good.en",
            3,
            "short.en has 2 sentences, and \"news.en\" has 3",
        ),
        (
            "--ref empty.en --hyp empty.en",
            3,
            "the test set has no sentences",
        ),
        (
            "--ref news.en --hyp binary.en",
            3,
            "binary.en: line 1: is not UTF-8",
        ),
        (
            "--ref news.en --hyp good.en good.en",
            3,
            "name it with NAME=FILE",
        ),
        (
            "--src news.bn --hyp good.en",
            3,
            "BLEU needs a reference of every sentence",
        ),
        (
            "--ref news.en --hyp good.en -m grounded",
            3,
            "needs the source of every sentence",
        ),
        ("--input good.en", 3, "has none of the endings"),
        (
            "--input plain.tsv",
            3,
            "has no column for source or references",
        ),
        (
            "--input ragged.tsv",
            3,
            "ragged.tsv: line 2: has 2 fields, and 3 are needed",
        ),
        ("--input not.jsonl", 3, "not.jsonl: line 1: "),
        (
            "--ref news.en --hyp good.en -m meteor",
            2,
            "no such metric; there are bleu",
        ),
        (
            "--ref news.en --hyp good.en -m bleu:tok=mine",
            2,
            "no tokenizer \"mine\"; there are 13a",
        ),
        (
            "--ref news.en --hyp good.en -m bleu:n=4",
            2,
            "no option \"n\"; there are",
        ),
        (
            "--ref news.en --hyp good.en bad.en --baseline x",
            2,
            "no system is called so; there are good, bad",
        ),
        (
            "--ref news.en --hyp good.en --input-format tsv",
            2,
            "--input-format is the form of --input",
        ),
        (
            "--ref news.en --hyp good.en --test randomization",
            2,
            "needs two systems",
        ),
        (
            "--ref news.en --hyp good.en --report no/x.html",
            5,
            "folder no does not exist",
        ),
        (
            "--ref news.en --hyp good.en --min bleu=1 --junit folder",
            5,
            "folder: cannot write: is a folder",
        ),
        (
            "--testset mine --hyp good.en",
            3,
            "test set mine: is not known; there are flores200",
        ),
        (
            "--testset tatoeba --hyp good.en",
            3,
            "add its folder with `anubad eval testset add tatoeba FOLDER`",
        ),
        (
            "--src news.bn --ref news.en --model nosuch",
            4,
            "no model is called \"nosuch\"",
        ),
    ] {
        let (code, out, err) = run(world.command(args).write_stdin(""));
        assert_eq!((code, out.as_str()), (exit, ""), "{args}: {err}");
        assert!(err.contains(told), "{args}: {err}");
        assert!(
            err.starts_with("anubad: ") && err.lines().count() == 1,
            "{args}: {err}"
        );
    }
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    let world = World::new();
    let set = "--ref news.en --hyp good.en";
    for args in [
        "--by nonsense",
        "--format pdf",
        "--json --format table",
        "--report out.pdf",
        "--min BLEU",
        "--min BLEU=much",
        "--junit out.xml",
        "--samples 0",
        "--limit 0",
        "--testset flores200",
    ] {
        let (code, out, err) = world.run(&format!("{set} {args}"));
        assert_eq!((code, out.as_str()), (2, ""), "{args}");
        assert!(err.starts_with("error: "), "{args}: {err}");
    }
}
