//! Evaluations of the past, in a file: an SQLite database that other programs can read too.
//!
//! A run is a [`Report`] whole, with a note of its user's. Names and scores stand in columns of their own, so that
//! lists need not read reports, and `SELECT` can.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};
use thiserror::Error;

use super::report::Report;

/// Tells our databases from those of other programs: "anub".
const APPLICATION: i32 = i32::from_be_bytes(*b"anub");

/// Version of the tables.
const VERSION: i32 = 1;

/// How long to wait while another process writes.
const PATIENCE: Duration = Duration::from_secs(20);

const TABLES: &str = "
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        created TEXT NOT NULL,
        test_set TEXT NOT NULL,
        test_set_sha256 TEXT NOT NULL,
        sentences INTEGER NOT NULL,
        note TEXT,
        report TEXT NOT NULL
    );
    CREATE INDEX runs_of_test_set ON runs (test_set_sha256);
    CREATE TABLE systems (
        run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (run, position)
    ) WITHOUT ROWID;
    CREATE TABLE scores (
        run INTEGER NOT NULL,
        system INTEGER NOT NULL,
        position INTEGER NOT NULL,
        metric TEXT NOT NULL,
        value REAL,
        PRIMARY KEY (run, system, position),
        FOREIGN KEY (run, system) REFERENCES systems (run, position) ON DELETE CASCADE
    ) WITHOUT ROWID;
";

/// Why runs cannot be kept or read.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// The folder cannot be made.
    #[error("{path}: cannot make the folder: {source}", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that holds something else.
    #[error("{path}: not a history of evaluations; name another file", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file that a newer version wrote.
    #[error(
        "{path}: written by a newer version of anubad (tables of version {found}, this one knows {VERSION}); \
         update anubad or name another file",
        path = path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of its tables.
        found: i32,
    },
    /// A run that is not there.
    #[error("{path}: no run {id}", path = path.display())]
    NoRun {
        /// The file.
        path: PathBuf,
        /// Its number.
        id: i64,
    },
    /// A report that was changed by another program.
    #[error("the report cannot be stored or read back: {0}")]
    Report(#[from] serde_json::Error),
    /// What SQLite says: a file that is damaged, locked or not to be written.
    #[error("{path}: {source}", path = path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// A file of runs. Several processes may use it at once.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    connection: Connection,
}

/// Which runs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of the test set with this name.
    pub test_set: Option<String>,
    /// Those in which the system with this name took part.
    pub system: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Its number; later runs have greater ones.
    pub id: i64,
    /// When its report was made, RFC 3339 in UTC.
    pub created: String,
    /// Name of the test set.
    pub test_set: String,
    /// SHA-256 of the test set, as in [`Report::test_set_sha256`].
    pub test_set_sha256: String,
    /// How many sentences it has.
    pub sentences: usize,
    /// What the user noted: a git commit, for instance.
    pub note: Option<String>,
    /// Its systems in the order of the report.
    pub systems: Vec<SystemSummary>,
}

/// A system of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemSummary {
    /// Its name.
    pub name: String,
    /// Metrics by name, with the score of the corpus; NaN where it is no finite number.
    pub scores: Vec<(String, f64)>,
}

impl History {
    /// Opens a file of runs, and makes it and its folder where they are missing.
    ///
    /// # Errors
    /// [`HistoryError::Folder`], [`HistoryError::Foreign`], [`HistoryError::Newer`] and [`HistoryError::Database`].
    pub fn open(path: &Path) -> Result<History, HistoryError> {
        if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| HistoryError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        }
        let opened = connect(path).and_then(|mut connection| {
            let state = prepare(&mut connection)?;
            Ok((connection, state))
        });
        let path = path.to_owned();
        match opened {
            Ok((connection, State::Ready)) => Ok(History { path, connection }),
            Ok((_, State::Newer(found))) => Err(HistoryError::Newer { path, found }),
            Ok((_, State::New | State::Foreign)) => Err(HistoryError::Foreign { path }),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                Err(HistoryError::Foreign { path })
            }
            Err(source) => Err(HistoryError::Database { path, source }),
        }
    }

    /// Stores a report, with a note where there is something to note, and returns the number of the run.
    ///
    /// # Errors
    /// [`HistoryError::Database`]
    pub fn add(&mut self, report: &Report, note: Option<&str>) -> Result<i64, HistoryError> {
        let json = serde_json::to_string(report)?;
        let insert = insert(&mut self.connection, report, &json, note);
        insert.map_err(|source| self.error(source))
    }

    /// Runs, the newest first.
    ///
    /// # Errors
    /// [`HistoryError::Database`]
    pub fn list(&self, filter: &Filter) -> Result<Vec<RunSummary>, HistoryError> {
        list(&self.connection, filter).map_err(|source| self.error(source))
    }

    /// The report of a run, as it was stored.
    ///
    /// # Errors
    /// [`HistoryError::NoRun`], [`HistoryError::Report`] and [`HistoryError::Database`].
    pub fn get(&self, id: i64) -> Result<Report, HistoryError> {
        let report =
            self.connection
                .query_row("SELECT report FROM runs WHERE id = ?1", [id], |row| {
                    row.get::<_, String>(0)
                });
        let report = report.optional().map_err(|source| self.error(source))?;
        let report = report.ok_or_else(|| self.no_run(id))?;
        Ok(serde_json::from_str(&report)?)
    }

    /// Removes a run. Its number is not given again.
    ///
    /// # Errors
    /// [`HistoryError::NoRun`] and [`HistoryError::Database`].
    pub fn remove(&mut self, id: i64) -> Result<(), HistoryError> {
        let removed = self
            .connection
            .execute("DELETE FROM runs WHERE id = ?1", [id]);
        match removed.map_err(|source| self.error(source))? {
            0 => Err(self.no_run(id)),
            _ => Ok(()),
        }
    }

    fn no_run(&self, id: i64) -> HistoryError {
        let path = self.path.clone();
        HistoryError::NoRun { path, id }
    }

    fn error(&self, source: rusqlite::Error) -> HistoryError {
        let path = self.path.clone();
        HistoryError::Database { path, source }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// What a file is to us.
enum State {
    /// It has no tables yet.
    New,
    Ready,
    Foreign,
    /// Its version.
    Newer(i32),
}

fn state(connection: &Connection) -> rusqlite::Result<State> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i32>(0));
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    Ok(match (application, version, tables) {
        (APPLICATION, VERSION, _) => State::Ready,
        (APPLICATION, newer, _) => State::Newer(newer),
        (0, 0, 0) => State::New,
        _ => State::Foreign,
    })
}

/// Makes the tables of a new file; another process that opens it at the same time waits and finds them.
fn prepare(connection: &mut Connection) -> rusqlite::Result<State> {
    // In a transaction, what is read of the file is of one moment.
    let reading = connection.transaction()?;
    let found = state(&reading)?;
    drop(reading);
    let State::New = found else {
        return Ok(found);
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = state(&transaction)?;
    let State::New = found else {
        return Ok(found);
    };
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(State::Ready)
}

fn insert(
    connection: &mut Connection,
    report: &Report,
    json: &str,
    note: Option<&str>,
) -> rusqlite::Result<i64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO runs (created, test_set, test_set_sha256, sentences, note, report)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            report.created,
            report.test_set,
            report.test_set_sha256,
            report.sentences as i64,
            note,
            json
        ],
    )?;
    let run = transaction.last_insert_rowid();
    for (position, system) in (0_i64..).zip(&report.systems) {
        transaction.execute(
            "INSERT INTO systems (run, position, name) VALUES (?1, ?2, ?3)",
            params![run, position, system.name],
        )?;
        let scores = report.metrics.iter().zip(&system.scores);
        for (at, (metric, score)) in (0_i64..).zip(scores) {
            transaction.execute(
                "INSERT INTO scores (run, system, position, metric, value)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                // SQLite has no NaN, and JSON no infinity: both are null in the report too.
                params![
                    run,
                    position,
                    at,
                    metric.name,
                    Some(score.value).filter(|v| v.is_finite())
                ],
            )?;
        }
    }
    transaction.commit()?;
    Ok(run)
}

fn list(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<RunSummary>> {
    // A run that another process removes meanwhile is there whole or not at all.
    let transaction = connection.unchecked_transaction()?;
    let mut runs = transaction.prepare(
        "SELECT id, created, test_set, test_set_sha256, sentences, note FROM runs
         WHERE (?1 IS NULL OR test_set = ?1)
           AND (?2 IS NULL OR EXISTS (SELECT 1 FROM systems WHERE run = id AND name = ?2))
         ORDER BY id DESC LIMIT ?3",
    )?;
    let mut scores = transaction.prepare(
        "SELECT name, metric, value, systems.position FROM systems
         LEFT JOIN scores ON scores.run = systems.run AND scores.system = systems.position
         WHERE systems.run = ?1 ORDER BY systems.position, scores.position",
    )?;
    let no_limit = -1;
    let limit = filter
        .limit
        .map_or(no_limit, |limit| i64::try_from(limit).unwrap_or(no_limit));
    let found = runs.query_map(params![filter.test_set, filter.system, limit], |row| {
        Ok(RunSummary {
            id: row.get(0)?,
            created: row.get(1)?,
            test_set: row.get(2)?,
            test_set_sha256: row.get(3)?,
            sentences: row.get::<_, i64>(4)?.unsigned_abs() as usize,
            note: row.get(5)?,
            systems: Vec::new(),
        })
    })?;
    let mut summaries = found.collect::<rusqlite::Result<Vec<RunSummary>>>()?;
    for summary in &mut summaries {
        let mut rows = scores.query([summary.id])?;
        while let Some(row) = rows.next()? {
            let position = row.get::<_, i64>(3)?.unsigned_abs() as usize;
            if position == summary.systems.len() {
                summary.systems.push(SystemSummary {
                    name: row.get(0)?,
                    scores: Vec::new(),
                });
            }
            let metric: Option<String> = row.get(1)?;
            if let (Some(system), Some(metric)) = (summary.systems.last_mut(), metric) {
                let value: Option<f64> = row.get(2)?;
                system.scores.push((metric, value.unwrap_or(f64::NAN)));
            }
        }
    }
    Ok(summaries)
}
