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
