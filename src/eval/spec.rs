//! Metrics by their names, with options: `bleu`, `chrf++`, `bleu:tok=intl,smooth=floor[0.1]`, or a signature of
//! sacreBLEU as it stands in a paper.

use std::fmt::Display;
use std::str::FromStr;

use super::comet::Comet;
use super::{Bleu, BriefMetric, Chrf, EvalError, Metric, Rouge, Ter};

/// A metric as the user names it. Names and keys are those of sacreBLEU's signatures, in any case.
///
/// Two forms: `name:key=value,key=value`, and a pasted signature `BLEU|nrefs:1|case:mixed|tok:13a|version:2.6.0`, of
/// which what does not concern the metric (`nrefs`, `version`, `bs`, `ar`, `seed`, `rs`, `test`, `lang`) is ignored.
///
/// Each metric takes its options out, and [`Spec::finish`] refuses what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Lower-case name of the metric.
    pub name: String,
    text: String,
    options: Vec<(String, String)>,
}

/// The names that there are.
const METRICS: &str = "bleu, chrf, chrf++, ter, rouge, rouge-1 to rouge-9, rouge-l, rouge-lsum, brief, coverage, density, \
                       compression, novel-1 to novel-9, grounded, comet, comet-qe, cometkiwi";

/// Keys of a signature that say nothing of the metric.
const ELSEWHERE: [&str; 16] = [
    "nrefs", "#", "version", "v", "impl", "bs", "ar", "seed", "rs", "test", "t", "lang", "l",
    "origlang", "subset", "o",
];

impl Spec {
    /// Reads a specification.
    ///
    /// # Errors
    /// [`EvalError::Spec`] where an option has no value.
    pub fn parse(text: &str) -> Result<Spec, EvalError> {
        let text = text.trim();
        let is_signature = text.contains('|');
        let (name, options, separator, equals) = match is_signature {
            true => {
                let (name, options) = text.split_once('|').unwrap_or((text, ""));
                (name, options, '|', ':')
            }
            false => {
                let (name, options) = text.split_once(':').unwrap_or((text, ""));
                (name, options, ',', '=')
            }
        };
        let mut spec = Spec {
            name: name.to_ascii_lowercase(),
            text: text.to_owned(),
            options: Vec::new(),
        };
        for option in options.split(separator).filter(|option| !option.is_empty()) {
            let Some((key, value)) = option.split_once(equals) else {
                return Err(spec.error(format!("{option:?} has no value; write key{equals}value")));
            };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim().to_owned());
            if !(is_signature && ELSEWHERE.contains(&key.as_str())) {
                spec.options.push((key, value));
            }
        }
        Ok(spec)
    }

    /// The error that this specification is wrong.
    pub fn error(&self, message: impl Display) -> EvalError {
        EvalError::Spec {
            spec: self.text.clone(),
            message: message.to_string(),
        }
    }

    /// Takes out the last value of an option that goes by any of these keys (long and short).
    pub fn take(&mut self, keys: &[&str]) -> Option<String> {
        let mut found = None;
        self.options.retain(|(key, value)| {
            let is_it = keys.contains(&key.as_str());
            if is_it {
                found = Some(value.clone());
            }
            !is_it
        });
        found
    }

    /// Takes out a number, or the default.
    ///
    /// # Errors
    /// [`EvalError::Spec`] where it is none.
    pub fn take_number<T: FromStr>(&mut self, keys: &[&str], default: T) -> Result<T, EvalError> {
        match self.take(keys) {
            None => Ok(default),
            Some(value) => value
                .parse()
                .map_err(|_| self.error(format!("{}={value} is not such a number", keys[0]))),
        }
    }

    /// Takes out yes or no, or the default.
    ///
    /// # Errors
    /// [`EvalError::Spec`] where it is neither.
    pub fn take_bool(&mut self, keys: &[&str], default: bool) -> Result<bool, EvalError> {
        match self.take(keys).as_deref() {
            None => Ok(default),
            Some("yes" | "true" | "1") => Ok(true),
            Some("no" | "false" | "0") => Ok(false),
            Some(value) => Err(self.error(format!("{}={value} must be yes or no", keys[0]))),
        }
    }

    /// Takes out whether case is disregarded (`case=lc`) or not (`case=mixed`), or the default.
    ///
    /// # Errors
    /// [`EvalError::Spec`] where it is neither.
    pub fn take_lowercase(&mut self, default: bool) -> Result<bool, EvalError> {
        match self.take(&["case", "c"]).as_deref() {
            None => Ok(default),
            Some("lc") => Ok(true),
            Some("mixed") => Ok(false),
            Some(value) => Err(self.error(format!("case={value} must be mixed or lc"))),
        }
    }

    /// Refuses options that were not taken. `known` names those that the metric has.
    ///
    /// # Errors
    /// [`EvalError::Spec`] with the first of them.
    pub fn finish(&self, known: &str) -> Result<(), EvalError> {
        match self.options.first() {
            None => Ok(()),
            Some((key, _)) => Err(self.error(format!("no option {key:?}; there are {known}"))),
        }
    }
}

/// The metrics that a specification names; most name one, `rouge` several.
///
/// # Errors
/// [`EvalError::Spec`] where the name or an option is not known, [`EvalError::File`] where a file that an option names
/// is not what it should be.
pub fn parse_metrics(text: &str) -> Result<Vec<Box<dyn Metric>>, EvalError> {
    let mut spec = Spec::parse(text)?;
    if let Some(metrics) = BriefMetric::from_spec(&mut spec)? {
        return Ok(boxed(metrics));
    }
    match spec.name.as_str() {
        "bleu" => Ok(vec![Box::new(Bleu::from_spec(&mut spec)?)]),
        name if Chrf::is_name(name) => Ok(vec![Box::new(Chrf::from_spec(&mut spec)?)]),
        name if Comet::is_name(name) => Ok(vec![Box::new(Comet::from_spec(&mut spec)?)]),
        "ter" => Ok(vec![Box::new(Ter::from_spec(&mut spec)?)]),
        name if name.starts_with("rouge") => Ok(boxed(Rouge::from_spec(&mut spec)?)),
        _ => Err(spec.error(format!("no such metric; there are {METRICS}"))),
    }
}

fn boxed<M: Metric + 'static>(metrics: Vec<M>) -> Vec<Box<dyn Metric>> {
    let boxed = metrics.into_iter().map(|metric| Box::new(metric) as _);
    boxed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_and_the_rest_is_refused() {
        let mut spec = Spec::parse("BLEU:tok=intl,eff=yes,k=3").unwrap();
        assert_eq!(spec.name, "bleu");
        assert_eq!(spec.take(&["tok"]).as_deref(), Some("intl"));
        assert!(spec.take_bool(&["eff"], false).unwrap());
        assert!(!spec.take_lowercase(false).unwrap());
        let error = spec.finish("tok, eff").unwrap_err().to_string();
        assert!(error.contains("no option \"k\""), "{error}");
    }

    #[test]
    fn a_signature_is_a_specification() {
        let mut spec =
            Spec::parse("BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0").unwrap();
        assert_eq!(spec.take(&["smooth", "s"]).as_deref(), Some("exp"));
        for key in ["case", "eff", "tok"] {
            assert!(spec.take(&[key]).is_some());
        }
        spec.finish("").unwrap();
    }
}
