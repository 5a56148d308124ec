//! What a model answered, read as a brief: its sentences without headings, marks and preambles, held to the sources.

use rustc_hash::FxHashSet;
use unicode_segmentation::UnicodeSegmentation;

use super::{BriefSentence, Length, Sources};
use crate::text::sentences;

/// Words that no sentence says twice.
const LOOP_WORDS: usize = 4;
/// Words of what a model says before its brief, at most.
const PREAMBLE_WORDS: usize = 15;

/// The sentences of an answer that rest on the sources, without repeats, within a length. The last sentence of an
/// answer that did not end may be half a one, and is left out.
pub fn grounded(
    answer: &str,
    ended: bool,
    sources: &Sources,
    length: Length,
) -> Vec<BriefSentence> {
    let lines = answer.lines().filter(|line| !is_heading(line));
    let lines = lines.map(without_marks);
    let mut texts: Vec<String> = lines
        .flat_map(|line| {
            let ranges = sentences(&line);
            ranges
                .into_iter()
                .map(|range| without_preamble(&line[range]).to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    if !ended {
        texts.pop();
    }
    let kept = texts.into_iter().filter_map(|text| {
        if loops(&text) {
            return None;
        }
        let grounding = sources.ground(&text);
        let citations = grounding.is_grounded().then_some(grounding.citations)?;
        Some(BriefSentence { text, citations })
    });
    joined(kept.collect(), Some(length))
}

/// Whether a sentence says the same four words twice, as small models do that have lost the thread.
fn loops(sentence: &str) -> bool {
    let words: Vec<String> = sentence
        .unicode_words()
        .map(|word| word.to_lowercase())
        .collect();
    let mut seen = FxHashSet::default();
    words.windows(LOOP_WORDS).any(|words| !seen.insert(words))
}

/// Whether a line is a heading and no sentence, though it may say what the article says.
fn is_heading(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '*');
    let is_label = |label: &str| {
        let start = line.get(..label.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(label))
    };
    let is_marked = line.starts_with('#') && line.trim_start_matches('#').starts_with(' ');
    is_marked || ["title:", "headline:"].into_iter().any(is_label)
}

/// A sentence without what models like to say before it: "Here is a summary of the article in 3 sentences: The …".
fn without_preamble(sentence: &str) -> &str {
    let Some((before, after)) = sentence.split_once(':') else {
        return sentence;
    };
    let before = before.to_lowercase();
    let words: Vec<&str> = before.split(|c: char| !c.is_alphanumeric()).collect();
    let is_about_the_brief = ["summary", "summaries", "brief"]
        .iter()
        .any(|word| words.contains(word));
    let opens = ["below", "here", "sure", "this"].contains(&words[0]);
    let is_short = words.len() <= if opens { PREAMBLE_WORDS } else { 3 };
    match is_about_the_brief && is_short {
        true => after.trim_start(),
        false => sentence,
    }
}

/// A line without the marks of a list or of emphasis that models like to put.
fn without_marks(line: &str) -> String {
    let line = line.trim();
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_number = (1..=2).contains(&(line.len() - number.len()));
    let unnumbered = number
        .strip_prefix(". ")
        .or_else(|| number.strip_prefix(") "));
    let bullet = ["- ", "* ", "• "]
        .iter()
        .find_map(|mark| line.strip_prefix(mark));
    let line = unnumbered.filter(|_| is_number).or(bullet).unwrap_or(line);
    line.replace("**", "")
}

/// Sentences without repeats, the first of them that are within a length.
pub fn joined(sentences: Vec<BriefSentence>, length: Option<Length>) -> Vec<BriefSentence> {
    let mut kept: Vec<BriefSentence> = Vec::new();
    let mut words = 0;
    for sentence in sentences {
        if kept.iter().any(|s| s.text == sentence.text) {
            continue;
        }
        words += sentence.text.split_whitespace().count();
        let fits = match length {
            None => true,
            Some(Length::Sentences(n)) => kept.len() < n.max(1),
            Some(Length::Words(n)) => words <= n || kept.is_empty(),
        };
        if !fits {
            break;
        }
        kept.push(sentence);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIVER: &str = "The river Teesta flooded five villages in Rangpur.";
    const SHELTERS: &str = "Some 400 people moved to shelters in Dhaka.";

    fn kept(answer: &str, ended: bool, sources: &[&str], length: Length) -> Vec<BriefSentence> {
        grounded(answer, ended, &Sources::new(sources), length)
    }

    #[test]
    fn only_grounded_whole_sentences_are_kept_once() {
        // What a brief may not rest on is empty.
        let sources = [RIVER, ""];
        let first = "The river Teesta flooded five villages.";
        let answer = format!(
            "{first} The mayor of Paris resigned. {first} Some 400 people moved to shelters. The river"
        );
        let kept = kept(&answer, false, &sources, Length::Sentences(5));
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(
            (kept[0].text.as_str(), kept[0].citations.as_slice()),
            (first, &[0][..])
        );
    }

    #[test]
    fn the_last_sentence_counts_only_if_the_model_ended_it() {
        let sources = [RIVER];
        let answer = "The river Teesta flooded five villages in Rangpur";
        assert!(kept(answer, false, &sources, Length::Sentences(1)).is_empty());
        assert_eq!(kept(answer, true, &sources, Length::Sentences(1)).len(), 1);
    }

    #[test]
    fn length_is_kept() {
        let sources = [RIVER, SHELTERS];
        let answer = "The river Teesta flooded five villages in Rangpur. Some 400 people moved to shelters in Dhaka.";
        let count = |length| kept(answer, true, &sources, length).len();
        assert_eq!(
            [Length::Sentences(1), Length::Sentences(2), Length::Words(9)].map(count),
            [1, 2, 1]
        );
    }

    #[test]
    fn marks_of_lists_are_no_part_of_a_sentence() {
        let sources = [RIVER, SHELTERS];
        let answer = "Here is the summary:\n\n1. **The river Teesta** flooded five villages.\n- Some 400 people moved to shelters.";
        let kept = kept(answer, true, &sources, Length::Sentences(5));
        let texts: Vec<&str> = kept.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "The river Teesta flooded five villages.",
                "Some 400 people moved to shelters."
            ]
        );
        assert_eq!(without_marks("2026. A year"), "2026. A year");
    }

    #[test]
    fn a_sentence_that_loops_is_left_out() {
        assert!(loops(
            "The quake was felt in Russia, and the quake was felt in Ukraine."
        ));
        assert!(!loops(
            "The river rose in Rangpur and the river Surma rose in Sylhet."
        ));
        let river = "The river Teesta flooded five villages in Rangpur";
        let sources = [river];
        let answer = format!("{river} and the river Teesta flooded five villages.");
        assert!(kept(&answer, true, &sources, Length::Sentences(5)).is_empty());
    }

    #[test]
    fn headings_and_preambles_are_no_part_of_a_brief() {
        let river = "The river Teesta flooded five villages in Rangpur.";
        let sources = [river];
        for answer in [
            format!("## Teesta flooded five villages\n{river}"),
            format!("**Title:** Teesta flooded five villages in Rangpur\n\n{river}"),
            format!("Sure! Here is a summary of the article in 1 sentence: {river}"),
            format!("**Summary:** {river}"),
            format!("Here's the brief:\n\n- {river}"),
        ] {
            let kept = kept(&answer, true, &sources, Length::Sentences(5));
            let texts: Vec<&str> = kept.iter().map(|s| s.text.as_str()).collect();
            assert_eq!(texts, [river], "{answer}");
        }
        for sentence in [
            "The minister said in brief remarks: the river rose.",
            "He said: no.",
            "#40 is a house.",
            ": ",
        ] {
            assert_eq!(without_preamble(sentence), sentence);
            assert!(!is_heading(sentence));
        }
    }
}
