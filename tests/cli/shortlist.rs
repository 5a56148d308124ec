//! `anubad models shortlist`, and translating with what it makes.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{anubad, file, folder, run};

fn miniature(name: &str) -> String {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model");
    models.join(name).to_str().unwrap().to_owned()
}

/// What the miniature can translate.
fn known() -> Vec<(String, String)> {
    let pairs = fs::read_to_string(miniature("translator-mini/pairs.tsv")).unwrap();
    let fields = pairs.lines().map(|line| line.split('\t').collect());
    let pairs = fields.filter_map(|fields: Vec<&str>| {
        (fields[0] == "bn").then(|| (fields[1].to_owned(), fields[2].to_owned()))
    });
    pairs.collect()
}

fn translations(model: &str, more: &[&str], article: &str) -> Vec<String> {
    let args = ["translate", "--json", "--model", model, article];
    let (code, out, err) = run(&mut anubad(&[&args, more].concat()));
    assert_eq!(code, 0, "{err}");
    let output: Value = serde_json::from_str(&out).unwrap();
    let paragraphs = output["articles"][0]["paragraphs"].as_array().unwrap();
    let sentences = paragraphs
        .iter()
        .flat_map(|p| p["sentences"].as_array().unwrap());
    sentences
        .map(|s| s["translation"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_learnt_from_outputs_or_translations_leaves_them_as_they_are() {
    let (dir, model) = (folder(), miniature("translator-mini"));
    let column = |pick: fn(&(String, String)) -> &String| -> String {
        known()
            .iter()
            .map(|pair| format!("{}\n", pick(pair)))
            .collect()
    };
    let (sources, targets) = (column(|pair| &pair.0), column(|pair| &pair.1));
    let article = file(&dir, "news.txt", sources.replace('\n', "\n\n"));
    let bengali = file(&dir, "news.bn", sources);
    let english = file(&dir, "news.en", targets);
    let tsv: String = known().iter().map(|(s, t)| format!("{s}\t{t}\n")).collect();
    let tsv = file(&dir, "news.tsv", tsv);
    let expected = translations(&model, &[], &article);
    let texts: [&[&str]; 3] = [
        &["--outputs-of", &article],
        &["--corpus", &bengali, &english],
        &["--tsv", &tsv],
    ];
    for texts in texts {
        let list = dir.path().join("lex.bn-en.bin");
        let list = list.to_str().unwrap();
        let args = [
            "models",
            "shortlist",
            "--model",
            &model,
            "-o",
            list,
            "--first",
            "3",
        ];
        let (code, out, err) = run(&mut anubad(&[&args, texts].concat()));
        assert_eq!((code, out.as_str()), (0, ""), "{err}");
        assert!(err.contains("source tokens were seen"), "{err}");
        let short = translations(&model, &["--shortlist", list], &article);
        assert_eq!(short, expected, "{texts:?}");
    }
}

#[test]
fn a_list_in_the_model_s_folder_is_used_unless_that_is_not_wanted() {
    let dir = folder();
    let article = file(&dir, "news.txt", &known()[2].0);
    for name in fs::read_dir(miniature("translator-mini")).unwrap() {
        let path = name.unwrap().path();
        let to = format!("mini/{}", path.file_name().unwrap().to_str().unwrap());
        file(&dir, &to, fs::read(&path).unwrap());
    }
    let model = dir.path().join("mini");
    let model = model.to_str().unwrap();
    let list = file(
        &dir,
        "mini/lex.bn-en.bin",
        "not a shortlist, and some bytes more than a header has",
    );
    let (code, _, err) = run(&mut anubad(&["translate", "--model", model, &article]));
    assert_eq!(code, 4);
    assert!(
        err.contains(&list) && err.contains("not a binary shortlist"),
        "{err}"
    );
    let full = translations(model, &["--no-shortlist"], &article);
    let args = [
        "models",
        "shortlist",
        "--model",
        model,
        "--outputs-of",
        &article,
    ];
    let (code, _, err) = run(&mut anubad(
        &[&args[..], &["-o", &list, "--quiet"]].concat(),
    ));
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(translations(model, &[], &article), full);
}

#[test]
fn what_cannot_be_is_told_in_a_line() {
    let (dir, model) = (folder(), miniature("translator-mini"));
    let article = file(&dir, "news.txt", &known()[2].0);
    let (two, one) = (file(&dir, "two", "ক\nখ\n"), file(&dir, "one", "a\n"));
    let output = dir.path().join("lex.bin");
    let output = output.to_str().unwrap();
    let learn = |model: &str, texts: &[&str]| {
        let args = ["models", "shortlist", "--model", model, "-o", output];
        let (code, out, err) = run(&mut anubad(&[&args, texts].concat()));
        assert_eq!(out, "");
        (code, err)
    };
    let fails = |(code, err): (i32, String), expected: i32, what: &str| {
        assert_eq!(code, expected, "{err}");
        assert!(err.contains(what), "{err}");
        assert!(!Path::new(output).exists());
    };
    fails(learn(&model, &[]), 2, "--outputs-of");
    let both = ["--tsv", &two, "--outputs-of", &article];
    fails(learn(&model, &both), 2, "cannot be used with");
    let uneven = learn(&model, &["--corpus", &two, &one]);
    fails(uneven, 3, "has 2 lines and");
    let missing = dir.path().join("missing.txt");
    let missing = missing.to_str().unwrap();
    fails(learn(&model, &["--outputs-of", missing]), 3, "missing.txt");
    let language_model = miniature("llama-mini.gguf");
    let of_article = ["--outputs-of", &article];
    fails(learn(&language_model, &of_article), 4, "reads no source");

    // A list of another model.
    let other = file(&dir, "other.bin", {
        let lists = (0..9).map(|source| vec![source]);
        anubad::shortlist::Table::new(0, lists).to_bytes()
    });
    let args = [
        "translate",
        "--model",
        &model,
        "--shortlist",
        &other,
        &article,
    ];
    let (code, _, err) = run(&mut anubad(&args));
    assert_eq!(code, 4);
    assert!(err.contains("for another model: it has 9 source"), "{err}");
    let args = ["translate", "--shortlist", &other, &article];
    let (code, _, err) = run(&mut anubad(&args));
    assert_eq!(code, 4);
    assert!(err.contains("reads no source"), "{err}");
}
