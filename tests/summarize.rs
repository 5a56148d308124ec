//! Extractive briefs: which sentences are taken, how many, in which order, and what they cite.

use std::time::{Duration, Instant};

use anubad::article::{Boilerplate, Part, Role};
use anubad::summarize::{Brief, Length, SummaryOptions, extract};
use anubad::translate::{
    Finding, FindingKind, Hypothesis, Segment, Severity, TranslatedParagraph, TranslatedSegment,
    Translation,
};

const TITLE: &str = "North Korea fires missiles into East Sea again";

/// An article of our own, in English.
const KOREA: [&[&str]; 3] = [
    &[
        "North Korea launched at least three short-range ballistic missiles toward the sea from its \
         east coast early on Tuesday, South Korea's military said.",
        "Seoul's Joint Chiefs of Staff said in a statement that the missiles flew about 360 \
         kilometers before falling outside Japan's exclusive economic zone.",
        "No damage to any ship or aircraft was reported.",
    ],
    &[
        "Tokyo strongly condemned the launches and sent a protest to Pyongyang through its embassy \
         in Beijing.",
        "\"One launch after another is putting the peace and security of the entire region at \
         risk,\" an official at Japan's defense ministry told reporters.",
    ],
    &[
        "The launches came just four days before South Korea and the United States were to begin a \
         joint military exercise.",
        "North Korea has always claimed that such drills are preparations for an attack on it, \
         although Washington and Seoul say the exercise is purely defensive.",
        "Under several UN Security Council resolutions, North Korea is barred from testing \
         ballistic missiles.",
        "Analysts believe the latest test may have been carried out to check the capability of a \
         new solid-fuel engine.",
    ],
];

fn block(role: Role, sentences: &[&str]) -> TranslatedParagraph {
    let part = if role == Role::Title {
        Part::Title
    } else {
        Part::Text
    };
    let segment = |text: &&str| TranslatedSegment {
        segment: Segment {
            text: String::new(),
            part,
            span: 0..0,
        },
        gloss: None,
        hypothesis: Hypothesis {
            text: (*text).to_owned(),
            tokens: Vec::new(),
            token_log_probs: Vec::new(),
            score: -0.1,
        },
        alternatives: Vec::new(),
        explained: Vec::new(),
        findings: Vec::new(),
    };
    TranslatedParagraph {
        role,
        source: String::new(),
        part,
        span: 0..0,
        segments: sentences.iter().map(segment).collect(),
    }
}

fn article(paragraphs: Vec<TranslatedParagraph>) -> Translation {
    Translation {
        id: "test".to_owned(),
        paragraphs,
    }
}

fn korea() -> Translation {
    let mut blocks = vec![block(Role::Title, &[TITLE])];
    blocks.extend(KOREA.map(|sentences| block(Role::Body, sentences)));
    article(blocks)
}

fn body(sentences: &[&str]) -> Translation {
    article(vec![block(Role::Body, sentences)])
}

fn brief(translation: &Translation, length: Length) -> Brief {
    extract(translation, &SummaryOptions { length })
}

fn texts(brief: &Brief) -> Vec<&str> {
    brief.sentences.iter().map(|s| s.text.as_str()).collect()
}

/// All citations of a brief of that many sentences.
fn cited(translation: &Translation, sentences: usize) -> Vec<usize> {
    let brief = brief(translation, Length::Sentences(sentences));
    brief
        .sentences
        .into_iter()
        .flat_map(|s| s.citations)
        .collect()
}

fn with_error(translation: Translation, paragraph: usize, segment: usize) -> Translation {
    with_finding(translation, paragraph, segment, FindingKind::MissingNumber)
}

fn with_finding(
    mut translation: Translation,
    paragraph: usize,
    segment: usize,
    kind: FindingKind,
) -> Translation {
    let segment = &mut translation.paragraphs[paragraph].segments[segment];
    segment.findings.push(Finding {
        kind,
        severity: Severity::Error,
        message: "of a test".to_owned(),
    });
    translation
}

#[test]
fn the_default_is_three_sentences_under_the_headline() {
    let brief = extract(&korea(), &SummaryOptions::default());
    assert_eq!(brief.title.as_deref(), Some(TITLE));
    assert_eq!(texts(&brief), [KOREA[0][0], KOREA[0][1], KOREA[2][2]]);
    assert_eq!(cited(&korea(), 3), [1, 2, 8]);
}

#[test]
fn sentences_are_as_many_as_asked_and_in_order() {
    for n in 1..=9 {
        let cited = cited(&korea(), n);
        assert_eq!(cited.len(), n);
        assert!(cited.is_sorted(), "{cited:?}");
    }
    assert_eq!(cited(&korea(), 100).len(), 9);
    assert_eq!(cited(&korea(), 0).len(), 1);
}

#[test]
fn words_are_never_more_than_asked_save_for_a_single_sentence() {
    let words = |brief: &Brief| texts(brief).join(" ").split_whitespace().count();
    for n in [1, 5, 10, 25, 40, 60, 100, 1000] {
        let brief = brief(&korea(), Length::Words(n));
        assert!(!brief.sentences.is_empty());
        assert!(words(&brief) <= n || brief.sentences.len() == 1, "{n}");
    }
    assert_eq!(texts(&brief(&korea(), Length::Words(1))), [KOREA[0][0]]);
    assert_eq!(texts(&brief(&korea(), Length::Words(10))), [KOREA[0][2]]);
    assert!(words(&brief(&korea(), Length::Words(60))) > 40);
}

#[test]
fn citations_lead_to_the_words_of_the_sentence() {
    let translation = korea();
    let segments: Vec<_> = translation.segments().collect();
    for sentence in brief(&translation, Length::Sentences(9)).sentences {
        assert_eq!(sentence.citations.len(), 1);
        assert_eq!(
            segments[sentence.citations[0]].hypothesis.text,
            sentence.text
        );
    }
}

#[test]
fn the_same_thing_is_not_said_twice() {
    let again = body(&[
        "Floods in Sylhet have displaced 25,000 people since Monday.",
        "Since Monday, floods have displaced 25,000 people in Sylhet.",
        "Rice prices have risen in the markets of Dhaka.",
    ]);
    assert_eq!(cited(&again, 3), [0, 2]);
    let nearly = body(&[
        "Floods in Sylhet have displaced 25,000 people since Monday.",
        "Floods in Sylhet have displaced more than 25,000 poor people since Monday night.",
        "The army has sent 12 boats with rice and medicine.",
    ]);
    assert_eq!(cited(&nearly, 2), [0, 2]);
    let other_number = body(&[
        "Floods in Sylhet have displaced 25,000 people since Monday.",
        "Floods in Sylhet have displaced 52,000 people since Monday.",
    ]);
    assert_eq!(cited(&other_number, 2), [0, 1]);
}

#[test]
fn a_sentence_that_is_likely_wrong_comes_after_every_sound_one() {
    let wrong = with_error(korea(), 1, 0);
    assert!(!cited(&wrong, 8).contains(&1));
    assert!(cited(&wrong, 9).contains(&1));
    let only = body(&["Floods in Sylhet have displaced 25,000 people."]);
    assert_eq!(cited(&with_error(only, 0, 0), 1), [0]);
}

#[test]
fn a_sentence_that_is_no_english_is_taken_only_where_nothing_else_is() {
    use FindingKind::{Loop, Truncated, Untranslated};
    let flood = "Floods in Sylhet have displaced 25,000 people.";
    for kind in [Loop, Truncated, Untranslated] {
        let broken = with_finding(korea(), 1, 0, kind);
        assert_eq!(cited(&broken, 9), [2, 3, 4, 5, 6, 7, 8, 9]);

        let beside_wrong = with_error(body(&[flood, "Rice is dear."]), 0, 1);
        assert_eq!(cited(&with_finding(beside_wrong, 0, 0, kind), 1), [1]);

        let titled = || {
            article(vec![
                block(Role::Title, &["Floods in Sylhet"]),
                block(Role::Body, &[flood]),
            ])
        };
        let alone = with_finding(titled(), 1, 0, kind);
        assert_eq!(cited(&alone, 1), [0]);
        assert_eq!(cited(&with_finding(alone, 0, 0, kind), 1), [1]);
        assert_eq!(cited(&with_finding(body(&[flood]), 0, 0, kind), 1), [0]);
    }
}

#[test]
fn what_reads_badly_alone_gives_way() {
    let plain = "The new bridge over the river was opened by the minister.";
    for worse in [
        "\"The new bridge over the river was opened by the minister,\" said a man.",
        "Who opened the new bridge over the river?",
        "New bridge opened.",
        "the new bridge over the river that was opened by the minister",
    ] {
        // A sentence before both, so that neither has the advantage of the lead.
        let lead = "Police in Dhaka said on Monday that 12 men had been arrested in 3 raids.";
        assert_eq!(cited(&body(&[lead, worse, plain]), 2), [0, 2], "{worse}");
    }
}

#[test]
fn a_pronoun_is_welcome_only_beside_what_it_points_to() {
    let lead = "Finance Minister Karim presented a budget of 800 billion taka on Thursday.";
    let he = "He promised schools in every village.";
    let other = "Traders promised rice in every bazaar.";
    assert_eq!(cited(&body(&[lead, he, other]), 2), [0, 1]);
    assert_eq!(cited(&body(&[lead, "Who will pay?", he, other]), 2), [0, 3]);
}

#[test]
fn only_news_is_taken_and_numbers_count_every_segment() {
    let flood = "Floods in Sylhet have displaced 25,000 people in 40 villages.";
    let translation = article(vec![
        block(Role::Title, &["Floods in Sylhet"]),
        block(
            Role::Byline,
            &["Staff Correspondent, Sylhet, 12 June 2024."],
        ),
        block(Role::Caption, &[flood]),
        block(Role::Boilerplate(Boilerplate::Advertisement), &[]),
        block(Role::Heading, &[flood]),
        block(Role::Item, &["Two rivers rose above the danger mark."]),
        block(
            Role::Body,
            &["The army has sent boats with rice and medicine."],
        ),
    ]);
    assert_eq!(cited(&translation, 5), [4, 5]);
}

#[test]
fn a_headline_alone_is_its_own_brief() {
    let parts = ["Floods in Sylhet:", "25,000 displaced"];
    let translation = article(vec![
        block(Role::Caption, &["A boat in the flood."]),
        block(Role::Title, &parts),
    ]);
    let brief = extract(&translation, &SummaryOptions::default());
    assert_eq!(texts(&brief), ["Floods in Sylhet: 25,000 displaced"]);
    assert_eq!(brief.sentences[0].citations, [1, 2]);
}

#[test]
fn one_sentence_is_its_own_brief() {
    for sentence in [
        "Floods have displaced 25,000 people.",
        "Really?",
        "so it was",
    ] {
        let brief = extract(&body(&[sentence]), &SummaryOptions::default());
        assert_eq!(brief.title, None);
        assert_eq!(texts(&brief), [sentence]);
    }
}

#[test]
fn no_text_makes_an_empty_brief() {
    let advertisement = Role::Boilerplate(Boilerplate::Advertisement);
    for translation in [
        article(vec![]),
        article(vec![block(advertisement, &[]), block(Role::Verbatim, &[])]),
        body(&["", "  ", "…"]),
        article(vec![block(Role::Title, &[""])]),
    ] {
        let brief = extract(&translation, &SummaryOptions::default());
        assert!(brief.sentences.is_empty(), "{brief:?}");
    }
}

#[test]
fn the_same_input_gives_the_same_brief() {
    let length = Length::Words(50);
    assert_eq!(brief(&korea(), length), brief(&korea(), length));
}

#[test]
fn a_huge_article_takes_seconds_at_most() {
    let sentence = |i: usize| {
        let (houses, people, ward) = (i % 97, i % 89, i % 1013);
        format!(
            "Village {i} of Sylhet lost {houses} houses, and {people} people left for Ward{ward}."
        )
    };
    let sentences: Vec<String> = (0..20_000).map(sentence).collect();
    let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
    let long = "rice ".repeat(200_000);
    for (translation, expected) in [
        (body(&sentences), 1000),
        (body(&["The same sentence stands here again."; 20_000]), 1),
        (body(&[&long, &long]), 1),
    ] {
        let start = Instant::now();
        assert_eq!(cited(&translation, 1000).len(), expected);
        let taken = start.elapsed();
        assert!(taken < Duration::from_secs(5), "{taken:?}");
    }
}
