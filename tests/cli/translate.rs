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
    assert_eq!(article["brief"]["sentences"][0]["citations"], json!([1]));
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
