//! `verify`: every file of a model is hashed again. What is damaged is taken out of the cache, so that nothing uses it
//! and the next pull brings it anew.

use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::cache::CachedRepository;
use super::checksum::Checksum;
use super::error::HubError;
use super::lock::LockedModel;
use super::patience::stop;
use super::{Event, Hub, OnEvent};

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Path in the repository.
    pub path: String,
    /// What became of it.
    pub verdict: Verdict,
}

/// What a file is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Its checksum is right.
    Good,
    /// Its checksum is not; it was taken out of the cache.
    Damaged {
        /// The checksum that it must have.
        expected: String,
        /// The one it has.
        found: String,
    },
    /// It is not there.
    Missing,
    /// Nothing says what its checksum must be: another program put it there, as a copy without its name.
    Unknown,
}

/// A file of a snapshot and what it must be.
struct Check {
    path: String,
    /// SHA-256 from the lock file, or whatever names the content in the cache.
    expected: Option<Checksum>,
}

impl Hub {
    /// Hashes the files of a model in the cache and compares them with the lock file, or with the names that other
    /// programs gave them.
    ///
    /// # Errors
    /// If the model is not here at all, or a file cannot be read.
    pub fn verify(&self, reference: &str, on: &OnEvent) -> Result<Vec<Verified>, HubError> {
        let target = self.target(reference)?;
        let (repository, revision, _) = target.remote()?;
        let not_here = || HubError::NotPulled {
            name: target.name.clone(),
        };
        let cached = self.cache.repository(repository);
        let lock = self.installed()?;
        let locked = lock.get(repository, revision);
        let commit = locked.map(|model| model.commit.clone());
        let commit = commit
            .or_else(|| cached.commit(revision))
            .ok_or_else(not_here)?;
        let folder = cached.snapshot(&commit);
        if !folder.is_dir() {
            return Err(not_here());
        }
        let checks = locked.map_or_else(|| of_folder(&folder), of_lock);
        let size = |check: &Check| fs::metadata(folder.join(&check.path)).map_or(0, |m| m.len());
        stop(on(Event::Plan {
            files: checks.len(),
            bytes: checks.iter().map(size).sum(),
            present: 0,
        }))?;
        let mut done = 0;
        let mut verified = Vec::new();
        for check in checks {
            let verdict = verdict(&cached, &folder, &check, &mut done, on)?;
            verified.push(Verified {
                path: check.path,
                verdict,
            });
        }
        Ok(verified)
    }
}

fn of_lock(model: &LockedModel) -> Vec<Check> {
    let check = |file: &super::LockedFile| Check {
        path: file.path.clone(),
        expected: Some(Checksum::Sha256(file.sha256.clone())),
    };
    model.files.iter().map(check).collect()
}

fn of_folder(folder: &Path) -> Vec<Check> {
    files_of(folder)
        .into_iter()
        .map(|path| Check {
            expected: linked(&folder.join(&path)),
            path,
        })
        .collect()
}

/// Paths of the files of a snapshot, broken links included, in order.
pub(super) fn files_of(folder: &Path) -> Vec<String> {
    WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|item| !item.file_type().is_dir())
        .filter_map(|item| {
            let path = item.path().strip_prefix(folder).ok()?;
            let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
            Some(parts?.join("/"))
        })
        .collect()
}

/// The checksum that the link of a snapshot leads to.
pub(super) fn linked(link: &Path) -> Option<Checksum> {
    let target = fs::read_link(link).ok()?;
    Checksum::parse(target.file_name()?.to_str()?)
}

fn verdict(
    cached: &CachedRepository,
    folder: &Path,
    check: &Check,
    done: &mut u64,
    on: &OnEvent,
) -> Result<Verdict, HubError> {
    let path = folder.join(&check.path);
    if !path.is_file() {
        return Ok(Verdict::Missing);
    }
    let Some(expected) = &check.expected else {
        return Ok(Verdict::Unknown);
    };
    let digests = expected.of_file(&path, &mut |read| {
        *done += read;
        on(Event::Progress { done: *done })
    })?;
    if digests.digits == expected.digits() {
        return Ok(Verdict::Good);
    }
    if let Some(blob) = linked(&path) {
        let blob = cached.blob(&blob);
        fs::remove_file(&blob).map_err(HubError::write(blob))?;
    }
    fs::remove_file(&path).map_err(HubError::write(path))?;
    Ok(Verdict::Damaged {
        expected: expected.digits().to_owned(),
        found: digests.digits,
    })
}
