//! JSON for other programs, version 1 of its schema; and the way back, to brief a stored translation.
//!
//! `--format json` is one document, `{"schema": 1, "articles": [ARTICLE, …]}`. `--format jsonl` is an
//! article a line, each with `"schema": 1` as its first field. An `ARTICLE` is
//!
//! | field | meaning |
//! |---|---|
//! | `id` | path of the file, `id` of the JSON line, or `-` |
//! | `title` | English headline, or null |
//! | `brief` | null, or `{"sentences": [{"text", "citations"}]}`; citations are sentence numbers |
//! | `paragraphs` | all blocks in reading order, boilerplate too |
//!
//! | field of a paragraph | meaning |
//! |---|---|
//! | `role` | `title`, `heading`, `body`, `item`, `dateline`, `byline`, `caption`, `verbatim`, `boilerplate` |
//! | `kind` | of boilerplate only: `advertisement`, `related`, `comments`, `photo_credit`, `share`, `source` |
//! | `part`, `span` | where it stands: `text` or `title` of the input, and `[start, end)` in bytes of UTF-8 |
//! | `source` | the Bengali, without markup |
//! | `translation` | the English; null where nothing is translated (`verbatim`, `boilerplate`) |
//! | `sentences` | its sentences in order |
//!
//! | field of a sentence | meaning |
//! |---|---|
//! | `number` | counted from 1 through the article; what citations refer to |
//! | `part`, `span`, `source` | as above |
//! | `translation` | the English |
//! | `score` | mean natural-log probability of the output tokens; at most 0, which is certain |
//! | `alternatives` | with `--n-best`: `[{"translation", "score"}]`, what else the model might have said, best first |
//! | `gloss` | with `--explain`: the word-by-word gloss that the model was shown |
//! | `tokens` | with `--explain`: `[{"text", "log_prob", "source"}]`; `score` is the mean of `log_prob` |
//! | `findings` | `[{"kind", "severity": "error" or "warning", "message"}]`; empty where the checks saw nothing |
//!
//! The `text` of a token is what it adds to the translation as the model wrote it, empty for what is not text, such as
//! the end; its `source` the source token that the model looked at most, absent where it reads no source apart.
//!
//! Fields may be added to version 1; a field that changes its meaning or goes makes version 2.
//! Characters that command a terminal are written as `\u` escapes.

use std::io::Read;

use anubad::article::{Part, Role};
use anubad::translate::{
    ExplainedToken, Finding, Hypothesis, Segment, TranslatedParagraph, TranslatedSegment,
    Translation,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Block, Report, View, blocks};
use crate::cli::terminal;

/// The version of the schema.
const SCHEMA: u64 = 1;

/// Before the first article of a document.
pub const OPENING: &str = "{\n  \"schema\": 1,\n  \"articles\": [\n    ";
/// Between two articles of a document.
pub const SEPARATOR: &str = ",\n    ";
/// After the last article of a document.
pub const CLOSING: &str = "\n  ]\n}\n";

#[derive(Serialize, Deserialize)]
struct Line<T> {
    schema: u64,
    #[serde(flatten)]
    article: T,
}

#[derive(Serialize, Deserialize)]
struct Article {
    id: String,
    title: Option<String>,
    brief: Option<Brief>,
    paragraphs: Vec<Paragraph>,
}

#[derive(Serialize, Deserialize)]
struct Brief {
    sentences: Vec<BriefSentence>,
}

#[derive(Serialize, Deserialize)]
struct BriefSentence {
    text: String,
    citations: Vec<usize>,
}

#[derive(Serialize, Deserialize)]
struct Paragraph {
    #[serde(flatten)]
    role: Role,
    part: Part,
    span: [usize; 2],
    source: String,
    translation: Option<String>,
    sentences: Vec<Sentence>,
}

#[derive(Serialize, Deserialize)]
struct Sentence {
    number: usize,
    part: Part,
    span: [usize; 2],
    source: String,
    translation: String,
    score: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gloss: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tokens: Vec<ExplainedToken>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<Alternative>,
    findings: Vec<Finding>,
}

#[derive(Serialize, Deserialize)]
struct Alternative {
    translation: String,
    score: f32,
}

/// One element of the articles of a document.
pub fn element(report: &Report, view: &View) -> String {
    let pretty = serde_json::to_string_pretty(&from_report(report, view));
    // A line end of the text is written `\n`: those that stand here are of the layout.
    terminal::escape_json(&pretty.expect("strings and numbers").replace('\n', "\n    "))
}

/// One line of JSON lines.
pub fn line(report: &Report, view: &View) -> String {
    let line = Line {
        schema: SCHEMA,
        article: from_report(report, view),
    };
    terminal::escape_json(&serde_json::to_string(&line).expect("strings and numbers")) + "\n"
}

fn from_report(report: &Report, view: &View) -> Article {
    let translation = &report.translation;
    Article {
        id: translation.id.clone(),
        title: translation.title(),
        brief: report.brief.as_ref().map(|brief| Brief {
            sentences: brief
                .sentences
                .iter()
                .map(|sentence| BriefSentence {
                    text: sentence.text.clone(),
                    citations: sentence.citations.iter().map(|n| n + 1).collect(),
                })
                .collect(),
        }),
        paragraphs: blocks(translation)
            .map(|block| from_block(&block, view))
            .collect(),
    }
}

fn from_block(block: &Block, view: &View) -> Paragraph {
    let paragraph = block.paragraph;
    let sentence = |(number, translated): (usize, &TranslatedSegment)| Sentence {
        number,
        part: translated.segment.part,
        span: [translated.segment.span.start, translated.segment.span.end],
        source: translated.segment.text.clone(),
        translation: translated.hypothesis.text.clone(),
        score: translated.hypothesis.score,
        gloss: translated.gloss.clone().filter(|_| view.explain),
        tokens: match view.explain {
            true => translated.explained.clone(),
            false => Vec::new(),
        },
        alternatives: translated
            .alternatives
            .iter()
            .map(|alternative| Alternative {
                translation: alternative.text.clone(),
                score: alternative.score,
            })
            .collect(),
        findings: translated.findings.clone(),
    };
    Paragraph {
        role: paragraph.role,
        part: paragraph.part,
        span: [paragraph.span.start, paragraph.span.end],
        source: paragraph.source.clone(),
        translation: paragraph.role.is_translated().then(|| paragraph.text()),
        sentences: (block.first..)
            .zip(&paragraph.segments)
            .map(sentence)
            .collect(),
    }
}

impl From<Article> for Translation {
    fn from(article: Article) -> Translation {
        let hypothesis = |text, score| Hypothesis {
            text,
            tokens: Vec::new(),
            token_log_probs: Vec::new(),
            score,
        };
        let segment = |sentence: Sentence| TranslatedSegment {
            segment: Segment {
                text: sentence.source,
                part: sentence.part,
                span: sentence.span[0]..sentence.span[1],
            },
            gloss: sentence.gloss,
            hypothesis: hypothesis(sentence.translation, sentence.score),
            findings: sentence.findings,
            alternatives: sentence
                .alternatives
                .into_iter()
                .map(|alternative| hypothesis(alternative.translation, alternative.score))
                .collect(),
            explained: sentence.tokens,
        };
        let paragraph = |paragraph: Paragraph| TranslatedParagraph {
            role: paragraph.role,
            source: paragraph.source,
            part: paragraph.part,
            span: paragraph.span[0]..paragraph.span[1],
            segments: paragraph.sentences.into_iter().map(segment).collect(),
        };
        Translation {
            id: article.id,
            paragraphs: article.paragraphs.into_iter().map(paragraph).collect(),
        }
    }
}

/// Why stored translations cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// Not JSON, or not of this schema.
    #[error("not a translation as `anubad translate --format json` or `jsonl` writes it: {0}")]
    Json(#[from] serde_json::Error),
    /// Of a schema that is not known here.
    #[error("schema {0} is not known to this version of anubad, which reads schema {SCHEMA}")]
    Schema(Value),
}

/// The translations of a document or of JSON lines as this module writes them, one after the other.
/// Token ids and their probabilities are not stored, and thus empty.
pub fn stored_translations(
    reader: impl Read,
) -> impl Iterator<Item = Result<Translation, StoredError>> {
    let values = serde_json::Deserializer::from_reader(reader).into_iter::<Value>();
    values.flat_map(
        |value| match value.map_err(StoredError::from).and_then(articles) {
            Ok(articles) => articles
                .into_iter()
                .map(|a| Ok(Translation::from(a)))
                .collect(),
            Err(error) => vec![Err(error)],
        },
    )
}

fn articles(mut value: Value) -> Result<Vec<Article>, StoredError> {
    match value.get("schema") {
        Some(schema) if schema.as_u64() != Some(SCHEMA) => Err(StoredError::Schema(schema.clone())),
        _ => match value.get_mut("articles").map(Value::take) {
            Some(articles) => Ok(serde_json::from_value(articles)?),
            None => Ok(vec![
                serde_json::from_value::<Line<Article>>(value)?.article,
            ]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, sample};
    use super::*;

    fn document(report: &Report, view: &View) -> String {
        [
            OPENING,
            &element(report, view),
            SEPARATOR,
            &element(report, view),
            CLOSING,
        ]
        .concat()
    }

    #[test]
    fn the_schema_is_what_it_says() {
        let value: Value = serde_json::from_str(&line(&sample::brief(), &View::default())).unwrap();
        assert_eq!(value["schema"], 1);
        assert_eq!(value["id"], "bridge.txt");
        assert_eq!(value["title"], "Bridge opens");
        assert_eq!(
            value["brief"],
            serde_json::json!({"sentences": [{"text": "The bridge has 53 spans.", "citations": [2]}]})
        );
        let roles: Vec<&str> = value["paragraphs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["role"].as_str().unwrap())
            .collect();
        assert_eq!(
            roles,
            [
                "title",
                "body",
                "boilerplate",
                "boilerplate",
                "verbatim",
                "boilerplate"
            ]
        );
        assert_eq!(value["paragraphs"][2]["kind"], "advertisement");
        assert_eq!(value["paragraphs"][2]["translation"], Value::Null);
        let sentence = &value["paragraphs"][1]["sentences"][0];
        assert_eq!(
            *sentence,
            serde_json::json!({
                "number": 2,
                "part": "text",
                "span": [27, 96],
                "source": "সেতুটির ৩৫টি স্প্যান আছে।",
                "translation": "The bridge has 53 spans.",
                "score": -0.25,
                "findings": [
                    {"kind": "missing_number", "severity": "error", "message": "number 35 missing"}
                ],
            })
        );
    }

    #[test]
    fn the_gloss_is_there_where_asked_for() {
        let view = View {
            explain: true,
            ..View::default()
        };
        let value: Value = serde_json::from_str(&line(&sample::translation(), &view)).unwrap();
        assert_eq!(
            value["paragraphs"][0]["sentences"][0]["gloss"],
            "gloss of Bridge opens"
        );
        assert_eq!(value["brief"], Value::Null);
    }

    #[test]
    fn alternatives_and_tokens_are_told_where_they_are_there() {
        let sentence = |view: &View| {
            let value: Value = serde_json::from_str(&line(&sample::alternatives(), view)).unwrap();
            value["paragraphs"][1]["sentences"][1].clone()
        };
        let explained = View {
            explain: true,
            ..View::default()
        };
        assert_eq!(
            sentence(&explained)["tokens"],
            serde_json::json!([
                {"text": "It opened", "log_prob": -0.5, "source": "খুলেছে"},
                {"text": " on Friday.", "log_prob": -0.25, "source": "শুক্রবার"},
                {"text": "", "log_prob": 0.0},
            ])
        );
        let plain = sentence(&View::default());
        assert_eq!(plain["tokens"], Value::Null);
        assert_eq!(
            plain["alternatives"],
            serde_json::json!([
                {"translation": "It opened Friday.", "score": -0.5},
                {"translation": "Friday it opened.", "score": -0.75},
            ])
        );
    }

    #[test]
    fn what_is_written_can_be_read_back() {
        let view = View {
            explain: true,
            ..View::default()
        };
        let report = Report {
            brief: sample::brief().brief,
            ..sample::alternatives()
        };
        let mut expected = report.translation.clone();
        expected
            .paragraphs
            .iter_mut()
            .flat_map(|p| &mut p.segments)
            .flat_map(|s| std::iter::once(&mut s.hypothesis).chain(&mut s.alternatives))
            .for_each(|hypothesis| {
                hypothesis.tokens.clear();
                hypothesis.token_log_probs.clear();
            });
        for text in [
            document(&report, &view),
            line(&report, &view) + &line(&report, &view),
        ] {
            let read: Vec<Translation> = stored_translations(text.as_bytes())
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(read, [expected.clone(), expected.clone()]);
        }
    }

    #[test]
    fn controls_are_escaped_and_not_lost() {
        let mut report = sample::translation();
        report.translation.id = "a\u{1b}\u{9b}\u{202e}\n".to_owned();
        let line = line(&report, &View::default());
        assert!(!line.contains(terminal::is_control));
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap()["id"],
            "a\u{1b}\u{9b}\u{202e}\n"
        );
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let refused = |text: &str| {
            stored_translations(text.as_bytes())
                .next()
                .unwrap()
                .unwrap_err()
                .to_string()
        };
        assert!(refused("{\"schema\": 2}").contains("schema 2 is not known"));
        assert!(refused("{\"id\": \"x\"}").contains("not a translation"));
        assert!(refused("আজ").contains("not a translation"));
        assert!(stored_translations(&b" \n"[..]).next().is_none());
    }

    #[test]
    fn an_empty_document_is_a_document() {
        let text = [Format::Json.opening(), Format::Json.closing()].concat();
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap()["articles"],
            serde_json::json!([])
        );
    }
}
