//! A file of runs.

use std::fs;
use std::path::Path;

use anubad::eval::history::{Filter, History, HistoryError, SystemSummary};
use anubad::eval::report::{MetricReport, Report, ScoreReport, SegmentReport, SystemReport};
use rusqlite::Connection;

fn score(value: f64) -> ScoreReport {
    ScoreReport {
        value,
        details: String::new(),
        mean: Some(value),
        interval: Some(1.25),
        p_value: None,
    }
}

fn metric(name: &str) -> MetricReport {
    MetricReport {
        name: name.to_owned(),
        signature: "nrefs:1|case:mixed".to_owned(),
        signature_short: "#:1|c:mixed".to_owned(),
        higher_is_better: true,
        decimals: 2,
    }
}

fn system(name: &str, scores: &[f64]) -> SystemReport {
    SystemReport {
        name: name.to_owned(),
        scores: scores.iter().copied().map(score).collect(),
        seconds: Some(0.5),
        findings: Some(Vec::new()),
    }
}

/// A report of one sentence by two systems.
fn report(test_set: &str, sha256: &str, bleu: f64) -> Report {
    Report {
        schema: 1,
        tool: "anubad 0.1.0".to_owned(),
        created: "2026-01-02T03:04:05Z".to_owned(),
        test_set: test_set.to_owned(),
        test_set_sha256: sha256.to_owned(),
        sentences: 1,
        metrics: vec![metric("BLEU"), metric("chrF2++")],
        significance: None,
        systems: vec![system("ক", &[bleu, 60.5]), system("other", &[20.0, 50.25])],
        groups: Vec::new(),
        segments: vec![SegmentReport {
            number: 1,
            id: None,
            document: None,
            topic: Some("বন্যা".to_owned()),
            source: Some("পানি বাড়ছে।".to_owned()),
            references: vec![Some("The water is rising.".to_owned()), None],
            outputs: Vec::new(),
        }],
    }
}

fn ids(history: &History, filter: Filter) -> Vec<i64> {
    let runs = history.list(&filter).unwrap();
    runs.into_iter().map(|run| run.id).collect()
}

#[test]
fn what_is_stored_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new folder").join("runs.db");
    let stored = report("flood", "ab12", 30.25);
    let id = {
        let mut history = History::open(&path).unwrap();
        history.add(&stored, Some("commit 1a2b")).unwrap()
    };
    let history = History::open(&path).unwrap();
    assert_eq!(history.get(id).unwrap(), stored);
    let runs = history.list(&Filter::default()).unwrap();
    let [run] = runs.as_slice() else {
        panic!("{runs:?}");
    };
    assert_eq!(run.note.as_deref(), Some("commit 1a2b"));
    assert_eq!((run.test_set.as_str(), run.sentences), ("flood", 1));
    let named = |name: &str, bleu, chrf| SystemSummary {
        name: name.to_owned(),
        scores: vec![("BLEU".to_owned(), bleu), ("chrF2++".to_owned(), chrf)],
    };
    assert_eq!(
        run.systems,
        [named("ক", 30.25, 60.5), named("other", 20.0, 50.25)]
    );
}

#[test]
fn runs_are_found_by_test_set_and_system() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(&folder.path().join("runs.db")).unwrap();
    let mut without = report("flood", "ab12", 1.0);
    without.systems.truncate(1);
    without.systems[0].scores.clear();
    let a = history.add(&report("flood", "ab12", 30.0), None).unwrap();
    let b = history.add(&report("trade", "cd34", 31.0), None).unwrap();
    let c = history.add(&without, None).unwrap();
    let filter = |test_set: Option<&str>, system: Option<&str>, limit| Filter {
        test_set: test_set.map(str::to_owned),
        system: system.map(str::to_owned),
        limit,
    };
    assert_eq!(ids(&history, filter(None, None, None)), [c, b, a]);
    assert_eq!(ids(&history, filter(None, None, Some(2))), [c, b]);
    assert_eq!(ids(&history, filter(Some("flood"), None, None)), [c, a]);
    assert_eq!(ids(&history, filter(None, Some("other"), None)), [b, a]);
    assert!(ids(&history, filter(Some("'"), Some("\""), None)).is_empty());
}

#[test]
fn a_run_is_removed_whole_and_its_number_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let mut history = History::open(&path).unwrap();
    let id = history.add(&report("flood", "ab12", 30.0), None).unwrap();
    history.remove(id).unwrap();
    assert!(matches!(
        history.remove(id),
        Err(HistoryError::NoRun { .. })
    ));
    assert!(matches!(history.get(id), Err(HistoryError::NoRun { .. })));
    let left: i64 = Connection::open(&path)
        .unwrap()
        .query_row(
            "SELECT (SELECT count(*) FROM systems) + (SELECT count(*) FROM scores)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(left, 0);
    assert!(history.add(&report("flood", "ab12", 30.0), None).unwrap() > id);
}

#[test]
fn writers_wait_for_each_other() {
    const EACH: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    // Each opens the file by itself, as processes do, and some of them find it missing.
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                for run in 0..EACH {
                    let mut history = History::open(path).unwrap();
                    let name = format!("{writer} {run}");
                    history.add(&report(&name, "ab12", 30.0), None).unwrap();
                }
            });
        }
    });
    let history = History::open(&path).unwrap();
    let runs = history.list(&Filter::default()).unwrap();
    let mut names: Vec<&str> = runs.iter().map(|run| run.test_set.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4 * EACH);
    assert!(runs.iter().all(|run| run.systems.len() == 2));
}

#[test]
fn a_score_that_is_no_number_is_kept_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(&folder.path().join("runs.db")).unwrap();
    let id = history
        .add(&report("flood", "ab12", f64::NAN), None)
        .unwrap();
    let listed = &history.list(&Filter::default()).unwrap()[0].systems[0];
    assert!(listed.scores[0].1.is_nan());
    assert_eq!(listed.scores[1].1, 60.5);
    let stored = history.get(id).unwrap();
    assert!(stored.systems[0].scores[0].value.is_nan());
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| {
        let before = fs::read(path).unwrap();
        let error = History::open(path).unwrap_err();
        assert!(matches!(error, HistoryError::Foreign { .. }), "{error}");
        assert!(error.to_string().starts_with(path.to_str().unwrap()));
        assert_eq!(fs::read(path).unwrap(), before);
    };
    let text = folder.path().join("notes.txt");
    fs::write(
        &text,
        "Not a database, but a text of some length.\n".repeat(50),
    )
    .unwrap();
    refused(&text);
    let other = folder.path().join("other.db");
    let connection = Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE runs (id)").unwrap();
    drop(connection);
    refused(&other);
}

#[test]
fn a_damaged_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let mut history = History::open(&path).unwrap();
    history.add(&report("flood", "ab12", 30.0), None).unwrap();
    drop(history);
    let mut bytes = fs::read(&path).unwrap();
    // The head stays, so that it still looks like a database.
    bytes[100..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let error = History::open(&path)
        .and_then(|history| history.list(&Filter::default()))
        .unwrap_err();
    assert!(matches!(error, HistoryError::Database { .. }), "{error}");
    assert!(error.to_string().contains("malformed"), "{error}");
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    drop(History::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 7).unwrap();
    drop(connection);
    let error = History::open(&path).unwrap_err();
    assert!(
        matches!(error, HistoryError::Newer { found: 7, .. }),
        "{error}"
    );
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = History::open(folder.path()).unwrap_err();
    assert!(matches!(error, HistoryError::Database { .. }), "{error}");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = History::open(&file.join("runs.db")).unwrap_err();
    assert!(matches!(error, HistoryError::Folder { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_only_to_be_read_can_be_listed() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let mut history = History::open(&path).unwrap();
    let id = history.add(&report("flood", "ab12", 30.0), None).unwrap();
    drop(history);
    let set = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    set(0o555);
    let mut history = History::open(&path).unwrap();
    assert_eq!(ids(&history, Filter::default()), [id]);
    // The superuser may write anywhere.
    let may_write = fs::write(folder.path().join("probe"), "").is_ok();
    let added = history.add(&report("flood", "ab12", 31.0), None);
    assert_eq!(added.is_ok(), may_write, "{added:?}");
    set(0o755);
}
