//! What a score was computed with, so that another run can repeat it.

use std::fmt;
use std::num::NonZeroUsize;

/// The release of sacreBLEU whose scores these are, to the last digit.
const SACREBLEU: &str = "2.6.0";

/// How many references the sentences have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceCount {
    /// The same number for each.
    Fixed(usize),
    /// Some have more than others.
    Varying,
}

impl ReferenceCount {
    /// Counts the references of each sentence.
    pub fn of(counts: impl IntoIterator<Item = usize>) -> ReferenceCount {
        let mut counts = counts.into_iter();
        let first = counts.next().unwrap_or(0);
        match counts.all(|count| count == first) {
            true => ReferenceCount::Fixed(first),
            false => ReferenceCount::Varying,
        }
    }
}

impl fmt::Display for ReferenceCount {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            ReferenceCount::Fixed(count) => write!(f, "{count}"),
            ReferenceCount::Varying => f.write_str("var"),
        }
    }
}

/// Keys and values in the order in which sacreBLEU writes them; the version stands last.
///
/// The version is that of sacreBLEU whose scores are reproduced, so that signatures can be compared as strings.
/// Metrics that sacreBLEU does not have name what they reproduce as `impl` instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    items: Vec<Item>,
    version: (&'static str, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    key: &'static str,
    short: &'static str,
    value: String,
}

impl Signature {
    /// The signature of a metric of sacreBLEU.
    pub fn sacrebleu(references: ReferenceCount) -> Signature {
        Signature {
            items: Vec::new(),
            version: ("version", SACREBLEU.to_owned()),
        }
        .with("nrefs", "#", references)
    }

    /// The signature of another metric, which reproduces `implementation` ("rouge_score 0.1.2").
    pub fn other(implementation: impl Into<String>) -> Signature {
        Signature {
            items: Vec::new(),
            version: ("impl", implementation.into()),
        }
    }

    /// Adds an item at the end, with its key in the long and in the short form.
    pub fn with(
        mut self,
        key: &'static str,
        short: &'static str,
        value: impl fmt::Display,
    ) -> Signature {
        let value = value.to_string();
        self.items.push(Item { key, short, value });
        self
    }

    /// Adds whether case is disregarded.
    pub fn with_lowercase(self, lowercase: bool) -> Signature {
        self.with("case", "c", if lowercase { "lc" } else { "mixed" })
    }

    /// Adds an item that is yes or no.
    pub fn with_bool(self, key: &'static str, short: &'static str, value: bool) -> Signature {
        self.with(key, short, if value { "yes" } else { "no" })
    }

    /// Adds how often a corpus was resampled, and in how many trials outputs were exchanged, with which random numbers.
    pub fn resampled(
        mut self,
        resamples: Option<NonZeroUsize>,
        trials: Option<NonZeroUsize>,
        seed: u64,
    ) -> Signature {
        let item = |key, short, value: String| Item { key, short, value };
        let resamples = resamples.map(|count| item("bs", "bs", count.to_string()));
        let trials = trials.map(|count| item("ar", "ar", count.to_string()));
        let seed = item("seed", "rs", seed.to_string());
        let first = self.items.iter().take_while(|item| item.key == "nrefs");
        let at = first.count();
        let added = resamples.into_iter().chain(trials).chain([seed]);
        self.items.splice(at..at, added);
        self
    }

    /// `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0`
    pub fn long(&self) -> String {
        let (key, version) = &self.version;
        self.join(|item| item.key, key, version)
    }

    /// `#:1|c:mixed|e:no|tok:13a|s:exp|v:2.6.0`
    pub fn short(&self) -> String {
        let (key, version) = &self.version;
        let key = if *key == "version" { "v" } else { key };
        self.join(|item| item.short, key, version)
    }

    fn join(&self, key: impl Fn(&Item) -> &'static str, last: &str, version: &str) -> String {
        let items = self.items.iter();
        let mut text: String = items
            .map(|item| format!("{}:{}|", key(item), item.value))
            .collect();
        text.push_str(&format!("{last}:{version}"));
        text
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.long())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_last_in_both_forms() {
        let signature = Signature::sacrebleu(ReferenceCount::of([1, 1]))
            .with_lowercase(false)
            .with_bool("eff", "e", true)
            .with("tok", "tok", "13a");
        assert_eq!(
            signature.long(),
            "nrefs:1|case:mixed|eff:yes|tok:13a|version:2.6.0"
        );
        assert_eq!(signature.short(), "#:1|c:mixed|e:yes|tok:13a|v:2.6.0");
    }

    #[test]
    fn resampling_stands_behind_the_number_of_references() {
        let signature = Signature::sacrebleu(ReferenceCount::Fixed(1)).with("case", "c", "mixed");
        let (resamples, trials) = (NonZeroUsize::new(200), NonZeroUsize::new(2_000));
        let signed = signature.clone().resampled(resamples, trials, 12345);
        assert_eq!(
            signed.long(),
            "nrefs:1|bs:200|ar:2000|seed:12345|case:mixed|version:2.6.0"
        );
        assert_eq!(
            signature.resampled(resamples, None, 1).short(),
            "#:1|bs:200|rs:1|c:mixed|v:2.6.0"
        );
    }

    #[test]
    fn references_that_differ_in_number_vary() {
        assert_eq!(ReferenceCount::of([2, 1]).to_string(), "var");
        assert_eq!(ReferenceCount::of([2, 2]).to_string(), "2");
    }
}
