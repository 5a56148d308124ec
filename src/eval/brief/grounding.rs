//! Sentences of a brief that rest on its source.

use crate::eval::{Counter, Sides};
use crate::summarize::Sources;
use crate::text::sentences;

/// Counts the sentences of briefs that are grounded, and all of them.
#[derive(Default)]
pub struct GroundingCounter {
    sources: Option<Sources>,
}

impl Counter for GroundingCounter {
    fn set(&mut self, sides: Sides) {
        let sentences = split(sides.source.unwrap_or_default());
        self.sources = Some(Sources::new(&sentences));
    }

    fn count(&mut self, hypothesis: &str, statistics: &mut [f64]) {
        let brief = split(hypothesis);
        let is_grounded = |sentence: &&&str| {
            let sources = self.sources.as_ref();
            sources.is_some_and(|sources| sources.ground(sentence).is_grounded())
        };
        statistics[0] = brief.iter().filter(is_grounded).count() as f64;
        statistics[1] = brief.len().max(1) as f64;
    }
}

/// The sentences of a text; none goes over a line end.
fn split<'t>(text: &'t str) -> Vec<&'t str> {
    let of_line = |line: &'t str| sentences(line).into_iter().map(move |range| &line[range]);
    text.lines().flat_map(of_line).collect()
}
