//! Public test sets that are known by name. Their texts are not part of this program: it knows where they are fetched,
//! under which licence, and how a pair of Bengali and English is found in them. What a user has fetched is imported once
//! ([`TestSets::import`]), with a record of checksums; from then on it is read by name ([`TestSets::load`]) and checked
//! each time. Where a definition pins a checksum, the import must have it; elsewhere the first import is trusted.

mod definition;
mod find;
mod import;
mod store;

use std::path::Path;

use super::corpus::{Segment, TestSet};
use super::{EvalError, corpus};

pub use definition::{Definition, Documents, Split, Text};
pub use import::Imported;

/// Text of definitions.
macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        [$((
            concat!($name, ".toml"),
            include_str!(concat!("definitions/", $name, ".toml")),
        )),*]
    };
}

/// The embedded definitions, in the order in which they are listed.
const EMBEDDED: &[(&str, &str)] = &embedded![
    "flores200",
    "ntrex128",
    "tico19",
    "in22-gen",
    "in22-conv",
    "tatoeba",
];

/// The test sets that are known.
#[derive(Debug, Clone, PartialEq)]
pub struct TestSets {
    definitions: Vec<Definition>,
}

impl TestSets {
    /// Those that the program knows.
    pub fn builtin() -> TestSets {
        let parse = |(name, text): &(&str, &str)| {
            Definition::parse(text, Path::new(name)).expect("they are valid, as a test says")
        };
        TestSets {
            definitions: EMBEDDED.iter().map(parse).collect(),
        }
    }

    /// Others.
    pub fn new(definitions: Vec<Definition>) -> TestSets {
        TestSets { definitions }
    }

    /// All of them.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The test set and split of a name: `flores200/devtest`, or `flores200` for its first split.
    ///
    /// # Errors
    /// [`EvalError::TestSet`] if there is none; the message lists those that there are.
    pub fn find(&self, name: &str) -> Result<(&Definition, &Split), EvalError> {
        let (set, split) = match name.split_once('/') {
            Some((set, split)) => (set, Some(split)),
            None => (name, None),
        };
        let unknown = |known: String| EvalError::TestSet {
            name: name.to_owned(),
            message: format!("is not known; there are {known}"),
        };
        let definition = self.definitions.iter().find(|d| d.name == set);
        let definition = definition.ok_or_else(|| {
            let names: Vec<&str> = self.definitions.iter().map(|d| d.name.as_str()).collect();
            unknown(names.join(", "))
        })?;
        let found = match split {
            None => definition.splits.first(),
            Some(split) => definition.splits.iter().find(|s| s.name == split),
        };
        match found {
            Some(split) => Ok((definition, split)),
            None => Err(unknown(definition.split_names().join(", "))),
        }
    }

    /// Reads an imported test set from `home` (`ANUBAD_HOME`), its source Bengali and its reference English, and checks it
    /// against its record and its definition.
    ///
    /// # Errors
    /// [`EvalError::TestSet`] if the name is not known, it was not imported, or its files are damaged.
    pub fn load(&self, name: &str, home: &Path) -> Result<TestSet, EvalError> {
        let (definition, split) = self.find(name)?;
        let stored = store::Stored::read(definition, split, home)?;
        let places = stored
            .places
            .into_iter()
            .map(Some)
            .chain(std::iter::repeat(None));
        let texts = stored.source.into_iter().zip(stored.reference);
        let segments = texts.zip(places).map(|((source, reference), place)| {
            let (document, topic) = place.unwrap_or_default();
            Segment {
                id: None,
                document,
                topic,
                source: Some(source),
                references: vec![Some(reference)],
            }
        });
        Ok(TestSet {
            name: definition.name_of(split),
            segments: segments.collect(),
        })
    }

    /// Whether a split has been imported. Says nothing of whether it is whole.
    pub fn is_imported(definition: &Definition, split: &Split, home: &Path) -> bool {
        store::folder(definition, split, home)
            .join(store::RECORD)
            .is_file()
    }

    /// Takes a test set from a folder where the user has unpacked what was fetched, however deep its files lie, and gives
    /// the splits that were found. They are copied into `home` whole or not at all.
    ///
    /// # Errors
    /// [`EvalError::TestSet`] if the name is not known or the folder has none of its splits;
    /// [`EvalError::File`] if a file of a split is missing, cannot be read, has another number of sentences or another
    /// checksum than it must, or the split is already there with other sentences.
    pub fn import(&self, name: &str, from: &Path, home: &Path) -> Result<Vec<Imported>, EvalError> {
        import::import(self, name, from, home)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_definition_is_embedded_and_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/eval/testset/definitions");
        let files: HashSet<String> = fs::read_dir(folder)
            .unwrap()
            .map(|item| item.unwrap().file_name().into_string().unwrap())
            .collect();
        let embedded: HashSet<String> = EMBEDDED.iter().map(|(n, _)| (*n).to_owned()).collect();
        assert_eq!(files, embedded);
        for (file, text) in EMBEDDED {
            let definition = Definition::parse(text, Path::new(file)).unwrap();
            assert_eq!(*file, format!("{}.toml", definition.name));
            let info = definition.to_string();
            for part in [&definition.title, &definition.licence, &definition.fetch[0]] {
                assert!(info.contains(part.as_str()), "{file}: {part}");
            }
        }
    }

    #[test]
    fn a_set_is_found_by_its_name_and_split() {
        let sets = TestSets::builtin();
        let found = |name| sets.find(name).map(|(set, split)| set.name_of(split));
        assert_eq!(found("flores200").unwrap(), "flores200/devtest");
        assert_eq!(found("flores200/dev").unwrap(), "flores200/dev");
        assert_eq!(found("ntrex128").unwrap(), "ntrex128/test");
        let message = found("flores/dev").unwrap_err().to_string();
        assert!(
            message.contains("there are flores200, ntrex128"),
            "{message}"
        );
        let message = found("flores200/train").unwrap_err().to_string();
        assert!(
            message.contains("there are flores200/devtest, flores200/dev"),
            "{message}"
        );
    }
}
