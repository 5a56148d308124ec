//! Where test sets and outputs come from.

use super::*;

const EXPECTED: [&[f64]; 2] = [&[76.73723907191176], &[15.24233132227624]];

/// The lines of the four sides.
fn rows() -> impl Iterator<Item = [&'static str; 4]> {
    let sides = SOURCE.lines().zip(REFERENCE.lines());
    let outputs = GOOD.lines().zip(BAD.lines());
    sides
        .zip(outputs)
        .map(|((source, reference), (good, bad))| [source, reference, good, bad])
}

#[test]
fn one_file_may_have_all_sides() {
    let world = World::new();
    let mut tsv = "src\tref\thyp:good\thyp:bad\ttopic\n".to_owned();
    let mut jsonl = String::new();
    let mut xml = "<dataset id=\"news\"><doc id=\"a\" origlang=\"bn\">".to_owned();
    let mut sides = [const { String::new() }; 4];
    for (i, row) in rows().enumerate() {
        tsv += &format!("{}\tnews\n", row.join("\t"));
        let [source, reference, good, bad] = row.map(|text| Value::from(text).to_string());
        jsonl += &format!("{{\"src\": {source}, \"ref\": {reference}, ");
        jsonl += &format!("\"hyps\": {{\"good\": {good}, \"bad\": {bad}}}}}\n");
        for (side, text) in sides.iter_mut().zip(row) {
            *side += &format!("<seg id=\"{}\">{text}</seg>", i + 1);
        }
    }
    let [source, reference, good, bad] = sides;
    xml += &format!("<src lang=\"bn\">{source}</src><ref lang=\"en\">{reference}</ref>");
    xml += &format!(
        "<hyp system=\"good\">{good}</hyp><hyp system=\"bad\">{bad}</hyp></doc></dataset>"
    );
    for (name, content) in [("all.tsv", &tsv), ("all.jsonl", &jsonl), ("all.xml", &xml)] {
        world.file(name, content);
        let report = world.json(&format!("--input {name} -m bleu --json"));
        assert_eq!(system_names(&report), ["good", "bad"], "{name}");
        assert_near(&scores(&report), &EXPECTED);
        assert_eq!(report["test_set"], "all");
    }
    // By a name that says nothing, from standard input, and with outputs of another file.
    let mut command =
        world.command("--input - --input-format tsv --hyp third=good.en -m bleu --json");
    let (code, out, err) = run(command.write_stdin(tsv));
    assert_eq!((code, err.as_str()), (0, ""));
    let report = serde_json::from_str(&out).unwrap();
    assert_eq!(system_names(&report), ["good", "bad", "third"]);
    assert_eq!(report["groups"][1]["by"], "topic");
}

#[test]
fn sentences_of_a_translation_memory_that_lack_a_language_are_told() {
    let world = World::new();
    let unit = |[source, reference, ..]: [&str; 4]| {
        let variant =
            |language, text| format!("<tuv xml:lang=\"{language}\"><seg>{text}</seg></tuv>");
        format!(
            "<tu>{}{}</tu>",
            variant("bn", source),
            variant("en", reference)
        )
    };
    let units: String = rows().map(unit).collect();
    let memory = format!(
        "<tmx version=\"1.4\"><header/><body>{units}<tu><tuv xml:lang=\"en\"><seg>Alone</seg></tuv></tu></body></tmx>"
    );
    world.file("memory.tmx", memory);
    let (code, out, err) = world.run("--input memory.tmx --hyp good.en bad.en -m bleu --json");
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        err,
        "note: memory: 1 sentence left out, without a reference or in one language only\n"
    );
    assert_near(&scores(&serde_json::from_str(&out).unwrap()), &EXPECTED);
}

#[test]
fn outputs_may_come_from_a_pipe() {
    let world = World::new();
    for args in [
        "--ref news.en -m bleu --json",
        "--ref news.en --hyp - -m bleu --json",
    ] {
        let (code, out, err) = run(world.command(args).write_stdin(GOOD));
        assert_eq!((code, err.as_str()), (0, ""), "{args}");
        let report = serde_json::from_str(&out).unwrap();
        assert_eq!(system_names(&report), ["stdin"]);
        assert_near(&scores(&report), &EXPECTED[..1]);
    }
    let (code, _, err) = run(world.command("--ref news.en").write_stdin("one\n"));
    assert_eq!(code, 3);
    assert_eq!(
        err,
        "anubad: standard input has 1 sentences, and \"news\" has 3: a line for each sentence is needed on both sides\n"
    );
    let (code, _, err) = run(world.command("--ref - --hyp -").write_stdin(GOOD));
    assert_eq!(code, 2);
    assert!(err.contains("standard input can be read once"), "{err}");
}

#[test]
fn several_references_and_the_first_sentences_only() {
    let world = World::new();
    let report = world.json("--ref news.en bad.en --hyp good=good.en bad.en -m bleu --json");
    assert_eq!(scores(&report)[1][0].round(), 100.0);
    assert!(
        report["metrics"][0]["signature"]
            .as_str()
            .unwrap()
            .starts_with("nrefs:2|")
    );
    let report = world.json("--ref news.en --hyp good.en --limit 1 --json");
    assert_eq!(report["sentences"], 1);
    assert_eq!(scores(&report)[0][0].round(), 100.0);
}

#[test]
fn documents_and_topics_may_come_from_a_file() {
    let world = World::new();
    world.file("docs.tsv", "a\tbridge\nb\tflood\nb\tflood\n");
    let report =
        world.json("--ref news.en --hyp bad.en --docs docs.tsv --by topic,document --json");
    let parts = |group: usize| report["groups"][group]["parts"].as_array().unwrap().len();
    assert_eq!((parts(0), parts(1)), (2, 2));
    assert_eq!(report["groups"][0]["parts"][1]["label"], "flood");
}
