//! Stored translations: what findings do, and the formats.

use serde_json::{Value, json};

use super::{anubad, file, finding, folder, run, stored};

#[test]
fn findings_are_shown_and_fail_only_where_asked() {
    let dir = folder();
    let error = file(
        &dir,
        "error.jsonl",
        stored("e", "It has 53 spans.", finding("error")),
    );
    let warning = file(
        &dir,
        "warning.jsonl",
        stored("w", "It has 53 spans.", finding("warning")),
    );
    let sound = file(
        &dir,
        "sound.jsonl",
        stored("s", "It has 35 spans.", json!([])),
    );
    for (path, none, errors, warnings) in
        [(&error, 0, 1, 1), (&warning, 0, 0, 1), (&sound, 0, 0, 0)]
    {
        for (fail_on, expected) in [("none", none), ("error", errors), ("warning", warnings)] {
            let args = ["summarize", "--from", path, "--fail-on", fail_on];
            let (code, out, _) = run(&mut anubad(&args));
            assert_eq!(code, expected, "{path} {fail_on}");
            assert_eq!(out.contains("number 35 missing"), path != &sound, "{out}");
        }
    }
    let (_, _, err) = run(&mut anubad(&["summarize", "--from", &error, &sound]));
    assert_eq!(
        err,
        "anubad: to check: 1 error and 0 warnings in 1 of 2 articles\n"
    );
    let (_, _, err) = run(&mut anubad(&["summarize", "--from", &error, "--quiet"]));
    assert_eq!(err, "");
    let (_, _, err) = run(&mut anubad(&["summarize", "--from", &error, "--verbose"]));
    assert!(err.contains("e: [2] error: number 35 missing"), "{err}");
}

#[test]
fn a_stored_translation_is_read_from_a_document_a_stream_and_stdin() {
    let dir = folder();
    let lines = stored("a", "It has 35 spans.", json!([])) + &stored("b", "It is long.", json!([]));
    let stream = file(&dir, "day.jsonl", &lines);
    let (code, document, _) = run(&mut anubad(&["summarize", "--json", "--from", &stream]));
    assert_eq!(code, 0);
    let value: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(value["schema"], 1);
    assert_eq!(
        value["articles"][1]["brief"]["sentences"][0]["citations"],
        json!([2])
    );

    let document = file(&dir, "day.json", document);
    let expected = run(&mut anubad(&["summarize", "--from", &stream]));
    assert!(
        expected.1.contains("- It has 35 spans. [2]"),
        "{}",
        expected.1
    );
    assert_eq!(
        run(&mut anubad(&["summarize", "--from", &document])),
        expected
    );
    assert_eq!(
        run(anubad(&["summarize", "--from", "-"]).write_stdin(lines)),
        expected
    );
}

#[test]
fn what_is_no_stored_translation_is_passed_over() {
    let dir = folder();
    let sound = file(
        &dir,
        "sound.jsonl",
        stored("s", "It has 35 spans.", json!([])),
    );
    let newer = file(&dir, "newer.json", "{\"schema\": 2}");
    let (code, out, err) = run(&mut anubad(&[
        "summarize",
        "--from",
        &newer,
        "nowhere.json",
        &sound,
    ]));
    assert_eq!(code, 3);
    assert!(out.contains("It has 35 spans. [2]"), "{out}");
    assert_eq!(err.lines().count(), 2, "{err}");
    assert!(
        err.contains("newer.json: schema 2") && err.contains("nowhere.json: "),
        "{err}"
    );
}

#[test]
fn every_format_is_in_order() {
    let dir = folder();
    let ids = ["c", "a", "b"];
    let lines: String = ids
        .iter()
        .map(|id| stored(id, &format!("It is {id}."), json!([])))
        .collect();
    let day = file(&dir, "day.jsonl", lines);
    for format in ["text", "markdown", "json", "jsonl"] {
        let (code, out, _) = run(&mut anubad(&[
            "summarize",
            "--from",
            &day,
            "--format",
            format,
        ]));
        assert_eq!(code, 0);
        let places: Vec<usize> = ids
            .iter()
            .map(|id| out.find(&format!("It is {id}.")).unwrap())
            .collect();
        assert!(places.is_sorted(), "{format}: {out}");
    }
    let (_, out, _) = run(&mut anubad(&["summarize", "--from", &day, "-f", "jsonl"]));
    for (line, id) in out.lines().zip(ids) {
        let article: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&article["schema"], &article["id"]),
            (&json!(1), &json!(id))
        );
    }
    assert_eq!(out.lines().count(), 3);
}

#[test]
fn both_languages_stand_in_a_summary_where_asked_for() {
    let dir = folder();
    let path = file(&dir, "a.jsonl", stored("a", "It has 35 spans.", json!([])));
    let (_, out, _) = run(&mut anubad(&["summarize", "--from", &path]));
    assert!(!out.contains("স্প্যান"), "{out}");
    let (_, out, _) = run(&mut anubad(&["summarize", "--from", &path, "--bilingual"]));
    assert!(
        out.contains("- It has 35 spans. [2]\n  [2] ৩৫টি স্প্যান।\n"),
        "{out}"
    );
}

#[test]
fn colour_is_for_terminals_or_on_demand() {
    let dir = folder();
    let path = file(
        &dir,
        "a.jsonl",
        stored("a", "It has 53 spans.", finding("error")),
    );
    let colour = |args: &[&str], variable: &str| {
        let mut command = anubad(&["summarize", "--from", &path]);
        run(command.args(args).env(variable, "1"))
            .1
            .contains('\u{1b}')
    };
    assert!(!colour(&[], "UNRELATED"));
    assert!(!colour(&[], "NO_COLOR"));
    assert!(colour(&[], "CLICOLOR_FORCE"));
    assert!(colour(&["--color", "always"], "NO_COLOR"));
    assert!(!colour(&["--color", "never"], "CLICOLOR_FORCE"));
}

#[test]
fn an_article_cannot_command_the_terminal() {
    let dir = folder();
    let hostile = "It \u{1b}]0;x\u{7}has \u{9b}2J\u{202e}35\u{2066} spans.\r";
    let path = file(
        &dir,
        "a.jsonl",
        stored("\u{1b}[2Jid", hostile, json!([])).repeat(2),
    );
    let hostile = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{2069}').contains(&c);
    for format in ["text", "markdown", "json", "jsonl"] {
        let (code, out, _) = run(&mut anubad(&[
            "summarize",
            "--from",
            &path,
            "-f",
            format,
            "-B",
        ]));
        assert!(code == 0 && !out.contains(hostile), "{format}: {out:?}");
    }
    let (_, out, _) = run(&mut anubad(&["summarize", "--from", &path, "-f", "jsonl"]));
    let article: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(article["id"], "\u{1b}[2Jid", "JSON keeps what it escapes");
}
