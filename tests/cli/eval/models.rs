//! Outputs that models make.

use super::*;

/// A model that knows a few sentences by heart, and those sentences.
pub(super) fn miniature() -> (String, [String; 2]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model/translator-mini");
    let pairs = std::fs::read_to_string(folder.join("pairs.tsv")).unwrap();
    let of_bengali = pairs.lines().filter_map(|line| line.strip_prefix("bn\t"));
    let mut sides = [const { String::new() }; 2];
    for pair in of_bengali.take(4) {
        let (source, reference) = pair.split_once('\t').unwrap();
        sides[0] += &format!("{source}\n");
        sides[1] += &format!("{reference}\n");
    }
    (folder.to_str().unwrap().to_owned(), sides)
}

#[test]
fn a_model_stands_beside_outputs_of_a_file_with_its_speed() {
    let world = World::new();
    let (model, [source, reference]) = miniature();
    world.file("mini.bn", &source);
    world.file("mini.en", &reference);
    world.file("other.en", reference.replace("the", "a"));
    let set = format!("--src mini.bn --ref mini.en --model {model} --threads 1");
    let report = world.json(&format!("{set} --hyp other.en --json -m bleu"));
    assert_eq!(system_names(&report), ["other", "translator-mini"]);
    assert_eq!(scores(&report)[1][0].round(), 100.0);
    assert!(report["systems"][1]["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(report["systems"][0]["seconds"], Value::Null);
    let table = world.ok(&set);
    assert!(table.contains("Sentences/s"), "{table}");
    // Two systems of one name cannot be told apart.
    for args in [
        format!("{set} --hyp translator-mini=other.en"),
        format!("{set} --model {model}"),
    ] {
        let (code, out, err) = world.run(&args);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.starts_with("anubad: two systems are called"), "{err}");
    }
    // Without sources there is nothing to translate.
    let (code, _, err) = world.run(&format!("--ref mini.en --model {model}"));
    assert_eq!(code, 3);
    assert!(
        err.contains("translator-mini needs the source of every sentence"),
        "{err}"
    );
}

#[test]
fn the_embedded_model_translates_a_test_set() {
    let world = World::new();
    let report =
        world.json("--src news.bn --ref news.en --model embedded --limit 1 --json --sentences");
    assert_eq!(system_names(&report), ["embedded"]);
    let output = report["segments"][0]["outputs"][0]["hypothesis"]
        .as_str()
        .unwrap();
    assert!(output.contains("Padma"), "{output}");
}
