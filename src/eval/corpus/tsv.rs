//! Fields divided by tabs. Nothing is quoted, as is usual in machine translation: a `"` is a `"`, and a field has neither
//! tabs nor line ends.

use std::path::Path;

use super::documents::known;
use super::file::{LineReader, wrong, wrong_at};
use super::lines::trim_end;
use super::parallel::{Corpus, MOST_SYSTEMS};
use super::{EvalError, Segment, System};

/// Columns at most.
const MOST_COLUMNS: usize = 1000;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// Ids of the sentences.
    Id,
    /// Their documents.
    Document,
    /// Their topics.
    Topic,
    /// The source.
    Source,
    /// A reference; an empty field is a reference that says nothing.
    Reference,
    /// Outputs of the system of this name.
    System(String),
    /// Something else.
    Ignored,
}

impl Column {
    /// What a column of this name holds: `id`, `doc` or `document`, `topic` or `domain`, `src` or `source`; `ref` or
    /// `reference`, with a number or `:NAME` behind it where there are several; `hyp:NAME` or `sys:NAME`. Empty and `-`
    /// are ignored. Every other name is that of a system.
    pub fn parse(name: &str) -> Column {
        let name = name.trim();
        let small = name.to_lowercase();
        let reference = small.strip_prefix("ref").map(|rest| {
            let rest = rest.strip_prefix("erence").unwrap_or(rest);
            rest.starts_with(':') || rest.bytes().all(|byte| byte.is_ascii_digit())
        });
        match small.as_str() {
            "" | "-" => Column::Ignored,
            "id" => Column::Id,
            "doc" | "document" => Column::Document,
            "topic" | "domain" => Column::Topic,
            "src" | "source" => Column::Source,
            _ if reference == Some(true) => Column::Reference,
            _ => Column::System(after_prefix(name).unwrap_or(name).to_owned()),
        }
    }
}

/// The name of a system behind `hyp:` or `sys:`.
fn after_prefix(name: &str) -> Option<&str> {
    let (prefix, rest) = name.trim().split_once(':')?;
    let is_prefix = ["hyp", "sys"]
        .iter()
        .any(|p| prefix.eq_ignore_ascii_case(p));
    (is_prefix && !rest.is_empty()).then_some(rest)
}

/// Reads a file whose columns are given, or named by its first line. If that line names a system with `hyp:` or `sys:`,
/// other names that are not known are not systems and their columns are ignored.
pub(super) fn read(path: &Path, columns: Option<&[Column]>) -> Result<Corpus, EvalError> {
    let mut lines = LineReader::open(path)?;
    let columns = match columns {
        Some(columns) => columns.to_vec(),
        None => match lines.next_line()? {
            Some((_, line)) => named(line),
            None => return Err(wrong(path, "is empty")),
        },
    };
    let mut corpus = Corpus::default();
    for column in &columns {
        if let Column::System(name) = column {
            corpus.systems.push(System {
                name: name.clone(),
                ..System::default()
            });
        }
    }
    check(&columns).map_err(|message| wrong(path, message))?;
    while let Some((number, line)) = lines.next_line()? {
        let found = line.bytes().filter(|byte| *byte == b'\t').count() + 1;
        if found != columns.len() {
            let expected = columns.len();
            let message = format!("has {found} fields, and {expected} are needed");
            return Err(wrong_at(path, number, &message));
        }
        let mut segment = Segment::default();
        let mut systems = corpus.systems.iter_mut();
        for (column, field) in columns.iter().zip(line.split('\t')) {
            let field = trim_end(field);
            match column {
                Column::Id => segment.id = known(field),
                Column::Document => segment.document = known(field),
                Column::Topic => segment.topic = known(field),
                Column::Source => segment.source = Some(field.to_owned()),
                Column::Reference => segment.references.push(Some(field.to_owned())),
                Column::System(_) => {
                    let system = systems.next().expect("a system for each such column");
                    system.hypotheses.push(field.to_owned());
                }
                Column::Ignored => {}
            }
        }
        corpus.test_set.segments.push(segment);
    }
    Ok(corpus)
}

fn named(line: &str) -> Vec<Column> {
    let names = line.split('\t').take(MOST_COLUMNS + 1);
    let has_prefix = names.clone().any(|name| after_prefix(name).is_some());
    names
        .map(|name| match Column::parse(name) {
            Column::System(_) if has_prefix && after_prefix(name).is_none() => Column::Ignored,
            column => column,
        })
        .collect()
}

fn check(columns: &[Column]) -> Result<(), String> {
    let count = |wanted: fn(&Column) -> bool| columns.iter().filter(|c| wanted(c)).count();
    let systems = count(|column| matches!(column, Column::System(_)));
    if columns.len() > MOST_COLUMNS || systems > MOST_SYSTEMS {
        return Err(format!(
            "has more than {MOST_COLUMNS} columns or {MOST_SYSTEMS} systems"
        ));
    }
    let sources = count(|column| *column == Column::Source);
    let references = count(|column| *column == Column::Reference);
    if sources + references == 0 {
        return Err(
            "has no column for source or references; its first line must name them src and ref, or give the columns"
                .to_owned(),
        );
    }
    let twice = columns.iter().enumerate().find(|(i, c)| {
        !matches!(c, Column::Reference | Column::Ignored) && columns[..*i].contains(c)
    });
    match twice {
        None => Ok(()),
        Some((i, Column::System(name))) => Err(format!(
            "column {} is the second system named {name:?}",
            i + 1
        )),
        Some((i, column)) => {
            let what = format!("{column:?}").to_lowercase();
            Err(format!("column {} is the second {what}", i + 1))
        }
    }
}

/// Reads columns by their names in the first line of a file, for files that are not made for this program.
pub(in crate::eval) fn read_columns(
    path: &Path,
    names: &[&str],
) -> Result<Vec<Vec<String>>, EvalError> {
    let mut lines = LineReader::open(path)?;
    let header: Vec<String> = match lines.next_line()? {
        Some((_, line)) => trim_end(line).split('\t').map(str::to_owned).collect(),
        None => return Err(wrong(path, "is empty")),
    };
    let at = |name: &&str| {
        let found = header.iter().position(|column| column == name);
        found.ok_or_else(|| wrong(path, format!("has no column {name:?} in its first line")))
    };
    let places: Vec<usize> = names.iter().map(at).collect::<Result<_, _>>()?;
    let mut columns = vec![Vec::new(); names.len()];
    while let Some((number, line)) = lines.next_line()? {
        let fields: Vec<&str> = line.split('\t').collect();
        for (column, place) in columns.iter_mut().zip(&places) {
            let Some(field) = fields.get(*place) else {
                let message = format!(
                    "has {} fields, and column {} is needed",
                    fields.len(),
                    place + 1
                );
                return Err(wrong_at(path, number, &message));
            };
            column.push(trim_end(field).to_owned());
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_names() {
        for (names, column) in [
            (&["src", "Source", " source "][..], Column::Source),
            (
                &["ref", "ref1", "REF2", "reference", "reference10", "ref:A"],
                Column::Reference,
            ),
            (&["doc", "document"], Column::Document),
            (&["topic", "domain"], Column::Topic),
            (&["", " ", "-"], Column::Ignored),
        ] {
            for name in names {
                assert_eq!(Column::parse(name), column, "{name:?}");
            }
        }
        for (name, system) in [
            ("hyp:NLLB", "NLLB"),
            ("sys:a:b", "a:b"),
            ("refined", "refined"),
            ("Google", "Google"),
            ("hyp:", "hyp:"),
        ] {
            assert_eq!(Column::parse(name), Column::System(system.to_owned()));
        }
    }

    #[test]
    fn a_system_with_its_prefix_sets_other_columns_aside() {
        assert_eq!(
            named("src\tref\turl\thyp:a"),
            [
                Column::Source,
                Column::Reference,
                Column::Ignored,
                Column::System("a".to_owned())
            ]
        );
        assert_eq!(named("ref\ta")[1], Column::System("a".to_owned()));
    }
}
