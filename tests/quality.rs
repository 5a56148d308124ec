//! The embedded model beside its recorded scores. A new baseline is one command:
//! `cargo run --release -- eval suite --update tests/suites/news.toml`.

#[test]
fn the_embedded_model_is_no_worse_than_recorded() {
    anubad::assert_quality!("tests/suites/news.toml");
}
