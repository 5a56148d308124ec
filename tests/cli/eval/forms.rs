//! The forms of a report.

use super::*;

const SET: &str = "--src news.bn --ref news.en --hyp good.en bad.en -m bleu";

#[test]
fn every_form_goes_to_standard_output_and_into_files() {
    let world = World::new();
    for (form, extension, sign) in [
        ("json", "json", "\"schema\": 1"),
        ("markdown", "md", "| System | BLEU ↑ |"),
        ("latex", "tex", "\\toprule"),
        ("html", "html", "<!doctype html>"),
        ("tsv", "tsv", "number\tid\t"),
    ] {
        let sign = sign.to_lowercase();
        let out = world.ok(&format!("{SET} --format {form}"));
        assert!(out.to_lowercase().contains(&sign), "{form}: {out}");
        let table = world.ok(&format!("{SET} --report report.{extension}"));
        assert!(table.starts_with("news  3 sentences"), "{form}");
        let written = world.read(&format!("report.{extension}"));
        assert!(written.to_lowercase().contains(&sign), "{form}: {written}");
        assert!(!written.contains('\u{1b}'), "{form}");
    }
}

#[test]
fn sentences_stand_in_files_and_in_json_where_asked() {
    let world = World::new();
    let brief = world.json(&format!("{SET} --json --report all.json"));
    assert!(brief.get("segments").is_none());
    let whole = world.json(&format!("{SET} --json --sentences"));
    let written: Value = serde_json::from_str(&world.read("all.json")).unwrap();
    assert_eq!(whole["segments"], written["segments"]);
    let second = &whole["segments"][1];
    assert_eq!(second["source"], "বন্যায় ১২ জন মারা গেছেন।");
    assert_eq!(
        second["outputs"][1]["hypothesis"],
        "21 people died in the flood."
    );
    let kinds = second["outputs"][1]["findings"].as_array().unwrap().iter();
    let kinds: Vec<&str> = kinds
        .map(|finding| finding["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"missing_number"), "{kinds:?}");
    assert_eq!(world.ok(&format!("{SET} -f tsv")).lines().count(), 4);
}

#[test]
fn colour_is_for_terminals_or_on_demand_and_commands_to_terminals_are_not_obeyed() {
    let world = World::new();
    assert!(!world.ok(SET).contains('\u{1b}'));
    assert!(
        world
            .ok(&format!("{SET} --color always"))
            .contains("\u{1b}[1m")
    );
    world.file(
        "news.en",
        REFERENCE.replace("bridge", "\u{1b}]0;x\u{7}bridge"),
    );
    for form in ["table", "json", "markdown", "latex", "html", "tsv"] {
        let out = world.ok(&format!("{SET} --sentences --format {form}"));
        assert!(!out.contains('\u{1b}') && !out.contains('\u{7}'), "{form}");
    }
}
