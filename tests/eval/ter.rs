//! TER as sacreBLEU has it, under every option.

#[test]
fn scores_are_those_of_sacrebleu() {
    let seen = crate::scores::check("tests/data/eval/ter.jsonl");
    assert!(seen > 100, "{seen}");
}
