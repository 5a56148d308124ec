//! chrF and chrF++ as sacreBLEU has them, under every option.

#[test]
fn scores_are_those_of_sacrebleu() {
    let seen = crate::scores::check("tests/data/eval/chrf.jsonl");
    assert!(seen > 100, "{seen}");
}
