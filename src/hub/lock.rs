//! `models.lock`: which commit of each repository was pulled, and what its files must be. It makes a model the same on
//! the next day and the next machine, however branches move.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cache::write_whole;
use super::checksum::Checksum;
use super::error::HubError;
use super::files::is_safe_path;
use super::reference::{RepositoryId, is_commit, is_hex, is_revision};

const VERSION: u32 = 1;
const HEADER: &str = "# Written by `anubad models`: the commits that were pulled, and the checksums of their files.\n";

/// All models that were pulled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LockFile {
    version: u32,
    /// The models, ordered by repository and revision.
    #[serde(default, rename = "model")]
    pub models: Vec<LockedModel>,
}

/// A revision of a repository, pinned to a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedModel {
    /// `owner/name`.
    pub repository: String,
    /// The branch, tag or commit that was asked for.
    pub revision: String,
    /// The commit that it is pinned to.
    pub commit: String,
    /// Its files.
    #[serde(rename = "file")]
    pub files: Vec<LockedFile>,
}

/// A file that was fetched and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedFile {
    /// Path in the repository.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Name of the content in the cache: the ETag that the Hub gives.
    pub blob: String,
}

impl LockFile {
    /// Reads a lock file; an empty one where there is none.
    ///
    /// # Errors
    /// If it cannot be read or is not valid.
    pub fn read(path: &Path) -> Result<LockFile, HubError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(LockFile {
                    version: VERSION,
                    models: Vec::new(),
                });
            }
            Err(source) => return Err(HubError::read(path)(source)),
        };
        let invalid = |reason: String| HubError::Lock {
            path: path.to_owned(),
            reason,
        };
        let lock: LockFile =
            toml::from_str(&text).map_err(|e| invalid(e.message().replace('\n', " ")))?;
        if lock.version != VERSION {
            return Err(invalid(format!("version {} is not known", lock.version)));
        }
        match lock.models.iter().find(|model| !model.is_valid()) {
            Some(model) => Err(invalid(format!("what it says of {:?}", model.repository))),
            None => Ok(lock),
        }
    }

    /// What is pinned for a revision.
    pub fn get(&self, id: &RepositoryId, revision: &str) -> Option<&LockedModel> {
        let is_it = |m: &&LockedModel| m.repository == id.as_str() && m.revision == revision;
        self.models.iter().find(is_it)
    }

    /// Changes the lock file on disk; two processes do not overwrite each other's changes.
    pub(super) fn change(
        path: &Path,
        change: impl FnOnce(&mut Vec<LockedModel>),
    ) -> Result<(), HubError> {
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).map_err(HubError::write(folder))?;
        let guard_path = path.with_extension("lock.guard");
        let guard = File::create(&guard_path).map_err(HubError::write(&guard_path))?;
        match guard.lock() {
            // A file system without locks: then there is only the care of renames.
            Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                return Err(HubError::write(guard_path)(error));
            }
            _ => {}
        }
        let mut lock = LockFile::read(path)?;
        change(&mut lock.models);
        lock.models
            .sort_by(|a, b| (&a.repository, &a.revision).cmp(&(&b.repository, &b.revision)));
        let text = toml::to_string(&lock).expect("plain data is TOML");
        write_whole(path, format!("{HEADER}{text}").as_bytes())
    }

    /// Notes a model, with the files that were noted of the same commit before.
    pub(super) fn note(path: &Path, mut model: LockedModel) -> Result<(), HubError> {
        LockFile::change(path, |models| {
            let same =
                |m: &LockedModel| m.repository == model.repository && m.revision == model.revision;
            if let Some(at) = models.iter().position(same) {
                let old = models.swap_remove(at);
                let is_new = |file: &LockedFile| model.files.iter().all(|f| f.path != file.path);
                if old.commit == model.commit {
                    let kept: Vec<_> = old.files.into_iter().filter(is_new).collect();
                    model.files.extend(kept);
                }
            }
            model.files.sort_by(|a, b| a.path.cmp(&b.path));
            models.push(model);
        })
    }
}

impl LockedModel {
    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        let sizes = self.files.iter().map(|file| file.size);
        sizes.fold(0, u64::saturating_add)
    }

    /// A file that is not in the folder with its size.
    pub(super) fn missing(&self, folder: &Path) -> Option<String> {
        let is_there = |file: &LockedFile| {
            let metadata = fs::metadata(folder.join(&file.path));
            metadata.is_ok_and(|m| m.is_file() && m.len() == file.size)
        };
        let missing = self.files.iter().find(|file| !is_there(file));
        missing.map(|file| file.path.clone())
    }

    /// Whether nothing in it leaves the cache or makes no sense.
    pub(super) fn is_valid(&self) -> bool {
        RepositoryId::parse(&self.repository).is_some()
            && is_revision(&self.revision)
            && is_commit(&self.commit)
            && self.files.iter().all(LockedFile::is_valid)
    }
}

impl LockedFile {
    fn is_valid(&self) -> bool {
        is_safe_path(&self.path)
            && self.checksum().is_some()
            && self.sha256.len() == 64
            && is_hex(&self.sha256)
    }

    /// The checksum that names it.
    pub(super) fn checksum(&self) -> Option<Checksum> {
        Checksum::parse(&self.blob).filter(|checksum| checksum.digits() == self.blob)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(revision: &str, commit: char, files: &[&str]) -> LockedModel {
        let file = |path: &&str| LockedFile {
            path: (*path).to_owned(),
            size: 3,
            sha256: "a".repeat(64),
            blob: "b".repeat(40),
        };
        LockedModel {
            repository: "owner/name".to_owned(),
            revision: revision.to_owned(),
            commit: commit.to_string().repeat(40),
            files: files.iter().map(file).collect(),
        }
    }

    #[test]
    fn files_of_a_commit_add_up_and_another_commit_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home/models.lock");
        let id = RepositoryId::parse("owner/name").unwrap();
        assert!(LockFile::read(&path).unwrap().models.is_empty());
        LockFile::note(&path, model("main", 'c', &["b.gguf"])).unwrap();
        LockFile::note(&path, model("v1", 'd', &["b.gguf"])).unwrap();
        LockFile::note(&path, model("main", 'c', &["a.gguf"])).unwrap();
        let lock = LockFile::read(&path).unwrap();
        assert_eq!(lock.models.len(), 2);
        assert_eq!(
            lock.get(&id, "main"),
            Some(&model("main", 'c', &["a.gguf", "b.gguf"]))
        );
        LockFile::note(&path, model("main", 'e', &["a.gguf"])).unwrap();
        let lock = LockFile::read(&path).unwrap();
        assert_eq!(
            lock.get(&id, "main"),
            Some(&model("main", 'e', &["a.gguf"]))
        );
    }

    #[test]
    fn what_leaves_the_cache_is_not_valid() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.lock");
        LockFile::note(&path, model("main", 'c', &["../../etc/passwd"])).unwrap();
        assert!(matches!(LockFile::read(&path), Err(HubError::Lock { .. })));
        fs::write(&path, "version = 2\n").unwrap();
        assert!(LockFile::read(&path).is_err());
    }

    #[test]
    fn many_writers_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.lock");
        std::thread::scope(|scope| {
            for n in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    let model = model(&format!("v{n}"), 'c', &["a"]);
                    LockFile::note(path, model).unwrap();
                });
            }
        });
        assert_eq!(LockFile::read(&path).unwrap().models.len(), 8);
    }
}
