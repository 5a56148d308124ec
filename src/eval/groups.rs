//! Parts of a test set: by length, by topic, by document.

use std::ops::RangeInclusive;

use super::{Segment, TestSet, whitespace};

/// By what a test set is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Words of the source; of the first reference where there is no source.
    Length,
    /// [`Segment::topic`].
    Topic,
    /// [`Segment::document`].
    Document,
}

/// Some sentences of a test set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What they have in common.
    pub label: String,
    /// Their places, from 0, ascending.
    pub sentences: Vec<usize>,
}

/// Words of the source, in steps that divide news about evenly.
const LENGTHS: [RangeInclusive<usize>; 5] = [0..=10, 11..=20, 21..=30, 31..=40, 41..=usize::MAX];
/// What sentences are called that have no topic or document while others have.
const NONE: &str = "(none)";

impl Grouping {
    /// What it is called in reports.
    pub fn name(self) -> &'static str {
        match self {
            Grouping::Length => "length",
            Grouping::Topic => "topic",
            Grouping::Document => "document",
        }
    }

    /// Divides a test set: lengths ascend, topics and documents stand in the order in which they first come. Parts
    /// without sentences are left out; no parts at all where no sentence has a topic or a document.
    pub fn parts(self, test_set: &TestSet) -> Vec<Part> {
        match self {
            Grouping::Length => by_length(test_set),
            Grouping::Topic => by_label(test_set, |segment| segment.topic.as_deref()),
            Grouping::Document => by_label(test_set, |segment| segment.document.as_deref()),
        }
    }
}

fn by_length(test_set: &TestSet) -> Vec<Part> {
    let words = |segment: &Segment| {
        let text = segment.source.as_deref();
        let text = text.or(segment.references().first().copied());
        text.map_or(0, |text| whitespace::words(text).count())
    };
    let lengths: Vec<usize> = test_set.segments.iter().map(words).collect();
    let part = |range: &RangeInclusive<usize>| Part {
        label: match (*range.start(), *range.end()) {
            (least, usize::MAX) => format!("{least} words or more"),
            (least, most) => format!("{least}–{most} words"),
        },
        sentences: places(lengths.iter().map(|length| range.contains(length))),
    };
    let parts = LENGTHS.iter().map(part);
    parts.filter(|part| !part.sentences.is_empty()).collect()
}

fn by_label(test_set: &TestSet, label: impl Fn(&Segment) -> Option<&str>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut known = rustc_hash::FxHashMap::default();
    let mut is_divided = false;
    for (place, segment) in test_set.segments.iter().enumerate() {
        let label = label(segment);
        is_divided |= label.is_some();
        let label = label.unwrap_or(NONE);
        let part = *known.entry(label).or_insert_with(|| {
            parts.push(Part {
                label: label.to_owned(),
                sentences: Vec::new(),
            });
            parts.len() - 1
        });
        parts[part].sentences.push(place);
    }
    if is_divided { parts } else { Vec::new() }
}

fn places(are: impl Iterator<Item = bool>) -> Vec<usize> {
    are.enumerate()
        .filter_map(|(place, is)| is.then_some(place))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_set(segments: &[(&str, Option<&str>)]) -> TestSet {
        let segment = |&(source, topic): &(&str, Option<&str>)| Segment {
            source: Some(source.to_owned()),
            topic: topic.map(str::to_owned),
            ..Segment::default()
        };
        TestSet {
            name: "test".to_owned(),
            segments: segments.iter().map(segment).collect(),
        }
    }

    #[test]
    fn lengths_ascend_and_empty_parts_are_left_out() {
        let long = "word ".repeat(41);
        let set = test_set(&[(&long, None), ("", None), ("one two", None)]);
        let parts = Grouping::Length.parts(&set);
        assert_eq!(parts.len(), 2);
        assert_eq!(
            (parts[0].label.as_str(), &parts[0].sentences[..]),
            ("0–10 words", &[1, 2][..])
        );
        assert_eq!(
            (parts[1].label.as_str(), &parts[1].sentences[..]),
            ("41 words or more", &[0][..])
        );
    }

    #[test]
    fn topics_stand_in_order_and_nothing_is_lost() {
        let set = test_set(&[
            ("a", Some("sport")),
            ("b", None),
            ("c", Some("flood")),
            ("d", Some("sport")),
        ]);
        let parts = Grouping::Topic.parts(&set);
        let labels: Vec<&str> = parts.iter().map(|part| part.label.as_str()).collect();
        assert_eq!(labels, ["sport", "(none)", "flood"]);
        assert_eq!(parts[0].sentences, [0, 3]);
        assert!(Grouping::Document.parts(&set).is_empty());
    }
}
