//! The cache on disk, in the layout of Python's `huggingface_hub`:
//!
//! ```text
//! models--owner--name/
//!   blobs/CHECKSUM            content, named by its ETag; CHECKSUM.incomplete while it comes
//!   refs/REVISION             the commit that a branch or tag meant when it was pulled
//!   snapshots/COMMIT/FILE     links into blobs
//! .locks/models--owner--name/CHECKSUM.lock
//! ```
//!
//! Content is under its checksum only after it was checked, and a snapshot only when all its files are there.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use hf_hub::{Repo, RepoType};
use tempfile::NamedTempFile;

use super::checksum::Checksum;
use super::error::HubError;
use super::reference::{RepositoryId, is_commit};
use crate::files;

/// How the names of temporary files begin.
const TEMPORARY: &str = ".unpack-";

/// The folder that holds all repositories.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache in a folder, which need not exist.
    pub fn new(root: PathBuf) -> Cache {
        Cache { root }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn repository(&self, id: &RepositoryId) -> CachedRepository {
        let name = Repo::new(id.as_str().to_owned(), RepoType::Model).folder_name();
        CachedRepository {
            locks: self.root.join(".locks").join(&name),
            folder: self.root.join(name),
        }
    }
}

/// What is kept of one repository.
#[derive(Debug, Clone)]
pub(super) struct CachedRepository {
    pub(super) folder: PathBuf,
    locks: PathBuf,
}

impl CachedRepository {
    /// Where content with this checksum is, whole and checked.
    pub(super) fn blob(&self, checksum: &Checksum) -> PathBuf {
        self.blobs().join(checksum.digits())
    }

    /// Where it is while it comes. Python resumes from the same name.
    pub(super) fn incomplete(&self, checksum: &Checksum) -> PathBuf {
        self.blobs()
            .join(format!("{}.incomplete", checksum.digits()))
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.folder.join("blobs")
    }

    /// A file for content that has no name yet, locked while its process lives.
    pub(super) fn temporary(&self) -> Result<NamedTempFile, HubError> {
        let blobs = self.blobs();
        let make = || {
            fs::create_dir_all(&blobs)?;
            let file = tempfile::Builder::new()
                .prefix(TEMPORARY)
                .tempfile_in(&blobs)?;
            match file.as_file().try_lock() {
                Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                    Err(error)
                }
                _ => Ok(file),
            }
        };
        make().map_err(HubError::write(&blobs))
    }

    /// Removes the temporary files of processes that were killed.
    pub(super) fn sweep(&self) {
        for item in fs::read_dir(self.blobs()).into_iter().flatten().flatten() {
            let is_ours = item
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(TEMPORARY));
            // Nobody is harmed by one that stays.
            if is_ours && File::open(item.path()).is_ok_and(|file| file.try_lock().is_ok()) {
                let _ = fs::remove_file(item.path());
            }
        }
    }

    pub(super) fn snapshots(&self) -> PathBuf {
        self.folder.join("snapshots")
    }

    pub(super) fn refs(&self) -> PathBuf {
        self.folder.join("refs")
    }

    /// Where the files of a commit are.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.snapshots().join(commit)
    }

    /// The commit that a revision means as far as the cache knows.
    pub(super) fn commit(&self, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        let commit = fs::read_to_string(self.refs().join(revision)).ok()?;
        Some(commit.trim().to_owned()).filter(|commit| is_commit(commit))
    }

    /// Notes which commit a branch or tag means.
    pub(super) fn set_commit(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        match is_commit(revision) {
            true => Ok(()),
            false => write_whole(&self.refs().join(revision), commit.as_bytes()),
        }
    }

    /// The lock of content that is fetched, the one that Python takes too. Held until it is dropped.
    pub(super) fn lock(&self, checksum: &Checksum) -> Result<File, HubError> {
        let path = self.locks.join(format!("{}.lock", checksum.digits()));
        fs::create_dir_all(&self.locks).map_err(HubError::write(&self.locks))?;
        let open = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        open.map_err(HubError::write(path))
    }

    /// Puts content into a snapshot, under the name of its file.
    pub(super) fn place(
        &self,
        commit: &str,
        file: &str,
        checksum: &Checksum,
    ) -> Result<(), HubError> {
        let link = self.snapshot(commit).join(file);
        let parent = link.parent().expect("it is in a folder");
        fs::create_dir_all(parent).map_err(HubError::write(parent))?;
        let blob = self.blob(checksum);
        let up = "../".repeat(file.split('/').count() + 1);
        let relative = PathBuf::from(format!("{up}blobs/{}", checksum.digits()));
        if fs::read_link(&link).is_ok_and(|target| target == relative) {
            return Ok(());
        }
        match fs::remove_file(&link) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(HubError::Write {
                    path: link,
                    source: error,
                });
            }
            _ => {}
        }
        // Another process may just have placed the same.
        match link_or_copy(&relative, &blob, &link) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(HubError::Write {
                path: link,
                source: error,
            }),
            _ => Ok(()),
        }
    }
}

/// A symbolic link; where the system has none, a second name of the file, or a copy.
fn link_or_copy(relative: &Path, blob: &Path, link: &Path) -> io::Result<()> {
    match symbolic_link(relative, link) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => fs::hard_link(blob, link).or_else(|_| fs::copy(blob, link).map(drop)),
        Ok(()) => Ok(()),
    }
}

#[cfg(unix)]
fn symbolic_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symbolic_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}

/// Writes a small file that is there whole or not at all; its folder is made.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> Result<(), HubError> {
    files::write_whole(path, content).map_err(HubError::write(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_pythons() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path().to_owned());
        let cached = cache.repository(&RepositoryId::parse("owner/na-me.v1").unwrap());
        let checksum = Checksum::GitBlob("1".repeat(40));
        let commit = "c".repeat(40);
        fs::create_dir_all(cached.blobs()).unwrap();
        fs::write(cached.blob(&checksum), "content").unwrap();
        for file in ["config.json", "spm/source.spm"] {
            for _ in 0..2 {
                cached.place(&commit, file, &checksum).unwrap();
            }
        }
        cached.set_commit("refs/pr/1", &commit).unwrap();
        let folder = root.path().join("models--owner--na-me.v1");
        let snapshot = folder.join("snapshots").join(&commit);
        for file in ["config.json", "spm/source.spm"] {
            assert_eq!(fs::read_to_string(snapshot.join(file)).unwrap(), "content");
        }
        assert_eq!(
            fs::read_to_string(folder.join("refs/refs/pr/1")).unwrap(),
            commit
        );
        assert_eq!(cached.commit("refs/pr/1"), Some(commit.clone()));
        assert_eq!(
            (cached.commit("main"), cached.commit(&commit)),
            (None, Some(commit))
        );
    }

    #[test]
    fn a_ref_that_is_no_commit_is_none() {
        let root = tempfile::tempdir().unwrap();
        let cached =
            Cache::new(root.path().to_owned()).repository(&RepositoryId::parse("a/b").unwrap());
        write_whole(&cached.refs().join("main"), b"../../etc").unwrap();
        assert_eq!(cached.commit("main"), None);
    }
}
