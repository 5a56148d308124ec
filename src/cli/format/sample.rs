//! A translation for the tests of the formats.

use anubad::article::{Boilerplate, Part, Role};
use anubad::summarize::{Brief, BriefSentence};
use anubad::translate::{
    ExplainedToken, Finding, FindingKind, Hypothesis, Segment, Severity, TranslatedParagraph,
    TranslatedSegment, Translation,
};

use super::{Report, View};

/// Both languages.
pub fn bilingual() -> View {
    View {
        bilingual: true,
        ..View::default()
    }
}

/// A short article: a headline, a paragraph with a wrong number, a URL, boilerplate.
pub fn translation() -> Report {
    let mut text = String::new();
    let mut paragraphs = Vec::new();
    let mut add = |role, sentences: &[(&str, &str)], findings: Vec<Finding>| {
        let start = text.len();
        let mut segments = Vec::new();
        for (i, (bengali, english)) in sentences.iter().enumerate() {
            let from = text.len();
            text.push_str(bengali);
            if !english.is_empty() {
                segments.push(TranslatedSegment {
                    segment: Segment {
                        text: bengali.to_string(),
                        part: Part::Text,
                        span: from..text.len(),
                    },
                    gloss: Some(format!("gloss of {english}")),
                    hypothesis: Hypothesis {
                        text: english.to_string(),
                        tokens: vec![7, 8],
                        token_log_probs: vec![-0.5, 0.0],
                        score: -0.25,
                    },
                    alternatives: Vec::new(),
                    explained: Vec::new(),
                    findings: if i == 0 { findings.clone() } else { Vec::new() },
                });
            }
            text.push(' ');
        }
        let span = start..text.len() - 1;
        let source = text[span.clone()].to_owned();
        text.push('\n');
        paragraphs.push(TranslatedParagraph {
            role,
            source,
            part: Part::Text,
            span,
            segments,
        });
    };
    let missing = Finding {
        kind: FindingKind::MissingNumber,
        severity: Severity::Error,
        message: "number 35 missing".to_owned(),
    };
    let body = [
        ("সেতুটির ৩৫টি স্প্যান আছে।", "The bridge has 53 spans."),
        ("শুক্রবার এটি খুলেছে।", "It opened on Friday."),
    ];
    add(Role::Title, &[("সেতু চালু", "Bridge opens")], vec![]);
    add(Role::Body, &body, vec![missing]);
    add(
        Role::Boilerplate(Boilerplate::Advertisement),
        &[("[বিজ্ঞাপন]", "")],
        vec![],
    );
    add(
        Role::Boilerplate(Boilerplate::Related),
        &[("আরও পড়ুন: সেতুর গল্প", "")],
        vec![],
    );
    add(Role::Verbatim, &[("https://example.org/a_b", "")], vec![]);
    add(
        Role::Boilerplate(Boilerplate::Advertisement),
        &[("[বিজ্ঞাপন_২]", "")],
        vec![],
    );
    let translation = Translation {
        id: "bridge.txt".to_owned(),
        paragraphs,
    };
    Report {
        translation,
        brief: None,
        in_full: true,
    }
}

/// The same with a brief that rests on the sentence with the wrong number.
pub fn brief() -> Report {
    let sentence = BriefSentence {
        text: "The bridge has 53 spans.".to_owned(),
        citations: vec![1],
    };
    let brief = Brief {
        title: Some("Bridge opens".to_owned()),
        sentences: vec![sentence],
        is_fallback: false,
    };
    Report {
        brief: Some(brief),
        ..translation()
    }
}

/// The same with what else the second sentence of the paragraph might be, and its tokens.
pub fn alternatives() -> Report {
    let mut report = translation();
    let segment = &mut report.translation.paragraphs[1].segments[1];
    segment.alternatives = [("It opened Friday.", -0.5), ("Friday it opened.", -0.75)]
        .map(|(text, score)| Hypothesis {
            text: text.to_owned(),
            tokens: vec![8, 7, 6],
            token_log_probs: vec![score; 3],
            score,
        })
        .to_vec();
    let tokens = [
        ("It opened", -0.5, Some("খুলেছে")),
        (" on Friday.", -0.25, Some("শুক্রবার")),
        ("", 0.0, None),
    ];
    let token = |(text, log_prob, source): (&str, f32, Option<&str>)| ExplainedToken {
        text: text.to_owned(),
        log_prob,
        source: source.map(str::to_owned),
    };
    segment.explained = tokens.map(token).to_vec();
    report
}
