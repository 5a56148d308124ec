//! The fidelity checks of the translator, on anybody's translations.

use std::borrow::Cow;
use std::ops::ControlFlow;

use quick_xml::escape::unescape;
use rayon::prelude::*;

use super::{EvalError, System, TestSet};
use crate::lexicon::Lexicon;
use crate::text::{Scripts, for_model};
use crate::translate::{Finding, check};

/// Share of Bengali among a source's letters from which it is checked.
const BENGALI: f64 = 0.5;

/// Whether the sources are Bengali, so that outputs can be checked against them.
pub fn can_check(test_set: &TestSet) -> bool {
    let sources = test_set.segments.iter().filter_map(|s| s.source.as_deref());
    let scripts: Scripts = sources.take(100).flat_map(str::chars).collect();
    scripts.bengali() >= BENGALI
}

/// What the checks see in each output of each system: `findings[system][sentence]`. A sentence without a Bengali source
/// has none.
///
/// # Errors
/// [`EvalError::Interrupted`] where `interrupted` breaks.
pub fn findings(
    test_set: &TestSet,
    systems: &[System],
    interrupted: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Result<Vec<Vec<Vec<Finding>>>, EvalError> {
    let lexicon = Lexicon::embedded();
    let of_sentence = |place: usize| {
        if interrupted().is_break() {
            return Err(EvalError::Interrupted);
        }
        let source = test_set.segments[place].source.as_deref().unwrap_or("");
        if Scripts::of(source).bengali() < BENGALI {
            return Ok(vec![Vec::new(); systems.len()]);
        }
        let source = for_model(source);
        let words = lexicon.gloss_words(&source);
        // Engines on the web write `&#39;`, in which a check would see a number.
        let of_system = |system: &System| {
            let output = &system.hypotheses[place];
            let output = unescape(output).unwrap_or(Cow::Borrowed(output));
            check(&source, &words, &output)
        };
        Ok(systems.iter().map(of_system).collect())
    };
    let places = 0..test_set.segments.len();
    let by_sentence: Vec<Vec<Vec<Finding>>> = places
        .into_par_iter()
        .map(of_sentence)
        .collect::<Result<_, _>>()?;
    let mut by_system = vec![Vec::with_capacity(by_sentence.len()); systems.len()];
    for findings in by_sentence {
        for (all, findings) in by_system.iter_mut().zip(findings) {
            all.push(findings);
        }
    }
    Ok(by_system)
}

#[cfg(test)]
mod tests {
    use super::super::Segment;
    use super::*;
    use crate::translate::FindingKind;

    fn test_set(sources: &[Option<&str>]) -> TestSet {
        let segment = |source: &Option<&str>| Segment {
            source: source.map(str::to_owned),
            ..Segment::default()
        };
        TestSet {
            name: "test".to_owned(),
            segments: sources.iter().map(segment).collect(),
        }
    }

    /// Kinds of what is seen in outputs of one system.
    fn seen(sources: &[Option<&str>], outputs: &[&str]) -> Vec<Vec<FindingKind>> {
        let system = System {
            hypotheses: outputs.iter().map(|&output| output.to_owned()).collect(),
            ..System::default()
        };
        let go_on = || ControlFlow::Continue(());
        let findings = findings(&test_set(sources), &[system], &go_on).unwrap();
        let kinds = |of_sentence: &Vec<Finding>| of_sentence.iter().map(|f| f.kind).collect();
        findings[0].iter().map(kinds).collect()
    }

    #[test]
    fn sources_must_be_bengali() {
        assert!(can_check(&test_set(&[None, Some("নদীর পানি বাড়েনি।")])));
        assert!(!can_check(&test_set(&[Some("The river did not rise.")])));
        assert!(!can_check(&test_set(&[None, Some("১২৩")])));
        assert!(!can_check(&test_set(&[])));
    }

    #[test]
    fn sentences_without_a_bengali_source_have_no_findings() {
        let sources = [Some("বন্যায় ৫ জন মারা গেছেন।"), None, Some("5 people died.")];
        let outputs = ["7 people died in the flood."; 3];
        let seen = seen(&sources, &outputs);
        assert!(seen[0].contains(&FindingKind::MissingNumber), "{seen:?}");
        assert!(seen[1].is_empty() && seen[2].is_empty());
    }

    #[test]
    fn escapes_of_xml_are_no_numbers() {
        let source = [Some("মন্ত্রীর বাড়ি পুড়ে গেছে।")];
        let plain = seen(&source, &["The minister's house burnt down."]);
        assert_eq!(
            seen(&source, &["The minister&#39;s house burnt down."]),
            plain
        );
        assert!(!plain[0].contains(&FindingKind::AddedNumber));
        // What is no escape stays as it is.
        let added = seen(&source, &["The minister &nosuch; 39 house burnt down."]);
        assert!(added[0].contains(&FindingKind::AddedNumber), "{added:?}");
    }

    #[test]
    fn checking_stops_when_asked() {
        let stop = || ControlFlow::Break(());
        let found = findings(&test_set(&[Some("পানি")]), &[], &stop);
        assert!(matches!(found, Err(EvalError::Interrupted)));
    }
}
