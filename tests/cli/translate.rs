//! The way through the model: few tests, and short.

use std::fs;

use serde_json::{Value, json};

use super::{anubad, file, folder, names, run};

#[test]
fn an_article_is_translated_and_a_bad_neighbour_is_passed_over() {
    let dir = folder();
    let sound = file(
        &dir,
        "in/a.txt",
        "সেতুটি শুক্রবার খুলেছে।\n\n[বিজ্ঞাপন]\n\nhttps://example.org/a_b?c=1\n",
    );
    let empty = file(&dir, "in/b.txt", "");
    let args = ["brief", "--format", "jsonl", "--explain", &empty, &sound];
    let (code, out, err) = run(&mut anubad(&args));
    assert_eq!(code, 3);
    assert!(err.contains("b.txt: is empty"), "{err}");
    let article: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(article["id"], sound);
    let roles = |role: &str| {
        let paragraphs = article["paragraphs"].as_array().unwrap();
        paragraphs
            .iter()
            .filter(|p| p["role"] == role)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        roles("verbatim")[0]["source"],
        "https://example.org/a_b?c=1"
    );
    assert_eq!(roles("boilerplate")[0]["kind"], "advertisement");
    let paragraph = &article["paragraphs"][0];
    let sentence = &paragraph["sentences"][0];
    assert_eq!(sentence["source"], "সেতুটি শুক্রবার খুলেছে।");
    let text = fs::read_to_string(&sound).unwrap();
    let span = |i: usize| sentence["span"][i].as_u64().unwrap() as usize;
    assert_eq!(
        text[span(0)..span(1)],
        *sentence["source"].as_str().unwrap()
    );
    assert!(sentence["translation"].as_str().unwrap().is_ascii());
    assert!(sentence["score"].as_f64().unwrap() <= 0.0);
    assert!(sentence["gloss"].as_str().unwrap().contains("Friday"));
    let tokens = sentence["tokens"].as_array().unwrap();
    let texts: String = tokens.iter().map(|t| t["text"].as_str().unwrap()).collect();
    assert_eq!(sentence["translation"], texts);
    let log_probs = tokens.iter().map(|t| t["log_prob"].as_f64().unwrap());
    let mean = log_probs.sum::<f64>() / tokens.len() as f64;
    assert!((mean - sentence["score"].as_f64().unwrap()).abs() < 1e-5);
    assert_eq!(article["brief"]["sentences"][0]["citations"], json!([1]));
}

#[test]
fn alternatives_are_told_where_asked_for() {
    let dir = folder();
    let input = file(&dir, "a.txt", "সেতুটি শুক্রবার খুলেছে।\n");
    let args = [
        "translate",
        "--n-best",
        "3",
        "--length-penalty",
        "-0.5",
        &input,
    ];
    let (code, text, _) = run(&mut anubad(&args));
    let (_, json, _) = run(anubad(&args).arg("--json"));
    assert_eq!(code, 0);
    let value: Value = serde_json::from_str(&json).unwrap();
    let sentence = &value["articles"][0]["paragraphs"][0]["sentences"][0];
    let alternatives = sentence["alternatives"].as_array().unwrap();
    assert!((1..=2).contains(&alternatives.len()), "{json}");
    for alternative in alternatives {
        let english = alternative["translation"].as_str().unwrap();
        assert_ne!(sentence["translation"], english);
        assert!(alternative["score"].as_f64().unwrap() <= 0.0);
        assert!(text.contains(&format!("  ≈ [1] {english}\n")), "{text}");
    }
    let stored = file(&dir, "a.json", &json);
    let (code, brief, _) = run(&mut anubad(&["summarize", "--from", &stored]));
    assert!(code == 0 && !brief.contains('≈'), "{brief}");
    for wrong in [["--n-best", "0"], ["--length-penalty", "inf"]] {
        let (code, ..) = run(anubad(&["translate", &input]).args(wrong));
        assert_eq!(code, 2);
    }
}

#[test]
fn articles_of_stdin_and_folders_come_in_order() {
    let dir = folder();
    file(&dir, "in/2.txt", "নদী বড়।\n");
    file(&dir, "in/1.md", "নদী বড়। সেতু ছোট।\n");
    file(&dir, "in/.hidden.txt", "নদী বড়।\n");
    let input = dir.path().join("in").to_str().unwrap().to_owned();
    let lines = "{\"id\": \"x\", \"text\": \"নদী বড়।\"}\n{\"id\": \"y\", \"text\": \"নদী বড়।\"}\n";
    let mut command = anubad(&["translate", "-f", "jsonl", "-", &input]);
    let (code, out, err) = run(command.write_stdin(lines));
    assert_eq!(code, 0, "{err}");
    let ids: Vec<String> = out
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let expected = [
        "x".to_owned(),
        "y".to_owned(),
        format!("{input}/1.md"),
        format!("{input}/2.txt"),
    ];
    assert_eq!(ids, expected);

    let output = dir.path().join("out");
    let args = [
        "translate",
        "-f",
        "markdown",
        &input,
        "-o",
        output.to_str().unwrap(),
    ];
    let (code, out, _) = run(&mut anubad(&args));
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(names(&output), ["1.md", "2.md"]);
}
