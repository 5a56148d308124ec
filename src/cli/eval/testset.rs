//! `anubad eval testset`: public test sets that users fetch themselves.

use std::path::PathBuf;

use anubad::eval::TestSet;
use anubad::eval::testset::{Definition, Split, TestSets};
use anubad::hub::Environment;
use clap::{Args, Subcommand};

use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::print;

/// Public test sets: where they come from, and adding what you have fetched
///
/// The program carries no sentence of them. Fetch a set from where `info` says, unpack it, and add its folder: its
/// files are checked, and copied into ANUBAD_HOME.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad eval testset list
  anubad eval testset info flores200
  anubad eval testset add flores200 ~/Downloads/flores200_dataset
  anubad eval --testset flores200/dev --model embedded")]
pub struct TestsetVerb {
    #[command(subcommand)]
    verb: TestsetSubverb,
}

#[derive(Debug, Subcommand)]
enum TestsetSubverb {
    /// List the sets that are known, and which of them you have added
    List,
    /// Tell where a set comes from, its licence, its parts, how to cite it
    Info {
        /// Name of the set
        name: String,
    },
    /// Add a set from the folder where you have unpacked it
    Add {
        /// Name of the set, or of one part: flores200/devtest
        name: String,
        /// The folder; its files may lie deeper
        folder: PathBuf,
    },
}

/// Runs the verb.
pub fn run(verb: TestsetVerb, _console: Console) -> Result<Exit, Failure> {
    let home = Environment::from_env()?.home;
    let sets = TestSets::builtin();
    let is_there =
        |definition: &Definition, split: &Split| TestSets::is_imported(definition, split, &home);
    match verb.verb {
        TestsetSubverb::List => {
            let mut rows = Vec::new();
            for definition in sets.definitions() {
                let parts =
                    definition
                        .splits
                        .iter()
                        .map(|split| match is_there(definition, split) {
                            true => format!("{} (added)", split.name),
                            false => split.name.clone(),
                        });
                let parts: Vec<String> = parts.collect();
                let (name, title, licence) =
                    (&definition.name, &definition.title, &definition.licence);
                rows.push([
                    name.clone(),
                    title.clone(),
                    licence.clone(),
                    parts.join(", "),
                ]);
            }
            print(&columns(&rows))?;
        }
        TestsetSubverb::Info { name } => {
            let (definition, _) = sets.find(&name)?;
            print(&info(definition, &is_there))?;
        }
        TestsetSubverb::Add { name, folder } => {
            for added in sets.import(&name, &folder, &home)? {
                let known = match added.is_pinned {
                    true => "checksums are those of the set",
                    false => "no checksum is known of it: trusted now, and checked from now on",
                };
                print(&format!(
                    "{}: {} sentences; {known}\n",
                    added.name, added.sentences
                ))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// Rows in columns, each as wide as its longest text.
fn columns(rows: &[[String; 4]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (name, title, licence) = (width(0), width(1), width(2));
    let line =
        |[a, b, c, last]: &[String; 4]| format!("{a:<name$}  {b:<title$}  {c:<licence$}  {last}\n");
    rows.iter().map(line).collect()
}

/// The sentences of a set that was added.
pub fn locate(name: &str) -> Result<TestSet, Failure> {
    let home = Environment::from_env()?.home;
    Ok(TestSets::builtin().load(name, &home)?)
}

fn info(definition: &Definition, is_there: &dyn Fn(&Definition, &Split) -> bool) -> String {
    let original = definition.original_language.as_deref().unwrap_or("various");
    let forbids = match definition.non_commercial {
        true => ": NOT for commercial use",
        false => "",
    };
    let mut text = format!(
        "{}: {}\n\n  original language  {original}\n  homepage           {}\n",
        definition.title, definition.about, definition.homepage
    );
    for place in &definition.fetch {
        text += &format!("  fetch              {place}\n");
    }
    text += &format!(
        "  licence            {}{forbids}; {}\n  cite               {}\n\n",
        definition.licence, definition.terms, definition.citation
    );
    for split in &definition.splits {
        let sentences = match split.sentences {
            Some(number) => format!("{number} sentences"),
            None => "number of sentences not known".to_owned(),
        };
        let added = if is_there(definition, split) {
            "; added"
        } else {
            ""
        };
        text += &format!(
            "  {}  {}, {sentences}{added}\n    {} → {}\n",
            definition.name_of(split),
            split.about,
            split.source.path,
            split.reference.path
        );
    }
    text
}
