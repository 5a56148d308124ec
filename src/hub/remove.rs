//! `remove`: the files of a model go, and nothing that another model uses.

use std::collections::HashSet;
use std::fs::{self, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::cache::CachedRepository;
use super::checksum::Checksum;
use super::error::HubError;
use super::files::Wanted;
use super::lock::LockFile;
use super::reference::RepositoryId;
use super::verify::{files_of, linked};
use super::{Hub, Place};

/// What [`Hub::remove`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Bytes that are free now.
    pub freed: u64,
    /// The user's catalogue entry that went too.
    pub entry: Option<PathBuf>,
}

impl Hub {
    /// Removes a model from the cache and the lock file, its quantized weights, and its entry where the user added it. A
    /// folder of the user stays as it is.
    ///
    /// # Errors
    /// If there is nothing of it, somebody is fetching it, or it cannot be deleted.
    pub fn remove(&self, reference: &str) -> Result<Removed, HubError> {
        let target = self.target(reference)?;
        let entry = self.remove_entry(&target.entry)?;
        let freed = match &target.place {
            Place::Remote {
                repository,
                revision,
                wanted,
            } => {
                let freed = self.remove_files(repository, revision, wanted, &target.name);
                match (freed, &entry) {
                    (Err(HubError::NotPulled { .. }), Some(_)) => 0,
                    (freed, _) => freed?,
                }
            }
            Place::Local(path) if entry.is_some() => self.remove_quantized_of(path)?,
            Place::Local(_) => return Err(HubError::LocalFolder { name: target.name }),
        };
        Ok(Removed { freed, entry })
    }

    fn remove_entry(&self, entry: &Option<super::Entry>) -> Result<Option<PathBuf>, HubError> {
        let Some(entry) = entry.as_ref().filter(|entry| entry.is_users) else {
            return Ok(None);
        };
        let path = self
            .environment
            .catalogue_folder()
            .join(format!("{}.toml", entry.name));
        match fs::remove_file(&path) {
            Ok(()) => Ok(Some(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(HubError::write(path)(source)),
        }
    }

    fn remove_files(
        &self,
        id: &RepositoryId,
        revision: &str,
        wanted: &Wanted,
        name: &str,
    ) -> Result<u64, HubError> {
        let cached = self.cache.repository(id);
        let lock = self.installed()?;
        let locked = lock.get(id, revision);
        let commit = locked.map(|model| model.commit.clone());
        let commit = commit.or_else(|| cached.commit(revision));
        let snapshot = commit.as_ref().map(|commit| cached.snapshot(commit));
        if !cached.folder.is_dir() && locked.is_none() {
            return Err(HubError::NotPulled {
                name: name.to_owned(),
            });
        }
        check_idle(&cached, name)?;
        let quantized = snapshot.as_ref().map(|path| self.remove_quantized_of(path));
        let quantized = quantized.unwrap_or(Ok(0))?;
        let before = size_of(&cached.folder);
        if let (Some(commit), Some(snapshot)) = (&commit, &snapshot) {
            let paths = match wanted {
                Wanted::Files(paths) => paths.clone(),
                Wanted::Automatic => files_of(snapshot),
            };
            let lock_file = self.environment.lock_file();
            forget(&lock_file, id, revision, &paths)?;
            remove_links(&cached, snapshot, &paths)?;
            if files_of(snapshot).is_empty() {
                remove_folder(snapshot)?;
                remove_refs(&cached, commit)?;
            }
        }
        // Nothing is left but parts that were never finished.
        let has_snapshots =
            fs::read_dir(cached.snapshots()).is_ok_and(|mut all| all.next().is_some());
        if !has_snapshots {
            remove_folder(&cached.folder)?;
        }
        Ok(before.saturating_sub(size_of(&cached.folder)) + quantized)
    }
}

/// An error if somebody is fetching files of the repository.
fn check_idle(cached: &CachedRepository, name: &str) -> Result<(), HubError> {
    let Ok(blobs) = fs::read_dir(cached.blobs()) else {
        return Ok(());
    };
    for blob in blobs.filter_map(Result::ok) {
        let file_name = blob.file_name();
        let digits = file_name
            .to_str()
            .and_then(|name| name.strip_suffix(".incomplete"));
        let Some(checksum) = digits.and_then(Checksum::parse) else {
            continue;
        };
        if let Err(TryLockError::WouldBlock) = cached.lock(&checksum)?.try_lock() {
            return Err(HubError::Busy {
                name: name.to_owned(),
            });
        }
    }
    Ok(())
}

fn forget(
    lock: &Path,
    id: &RepositoryId,
    revision: &str,
    paths: &[String],
) -> Result<(), HubError> {
    LockFile::change(lock, |models| {
        for model in models.iter_mut() {
            if model.repository == id.as_str() && model.revision == revision {
                model.files.retain(|file| !paths.contains(&file.path));
            }
        }
        models.retain(|model| !model.files.is_empty());
    })
}

/// Takes files out of a snapshot, and their content where no other snapshot links to it.
fn remove_links(
    cached: &CachedRepository,
    snapshot: &Path,
    paths: &[String],
) -> Result<(), HubError> {
    let mut orphans = HashSet::new();
    for path in paths {
        let link = snapshot.join(path);
        orphans.extend(linked(&link));
        remove_file(&link)?;
    }
    let links = WalkDir::new(cached.snapshots())
        .into_iter()
        .filter_map(Result::ok);
    for link in links.filter(|item| item.path_is_symlink()) {
        if let Some(used) = linked(link.path()) {
            orphans.remove(&used);
        }
    }
    orphans
        .iter()
        .try_for_each(|blob| remove_file(&cached.blob(blob)))
}

fn remove_refs(cached: &CachedRepository, commit: &str) -> Result<(), HubError> {
    let refs = WalkDir::new(cached.refs())
        .into_iter()
        .filter_map(Result::ok);
    for item in refs.filter(|item| item.file_type().is_file()) {
        if fs::read_to_string(item.path()).is_ok_and(|text| text.trim() == commit) {
            remove_file(item.path())?;
        }
    }
    Ok(())
}

fn remove_file(path: &Path) -> Result<(), HubError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(HubError::write(path)(error)),
        _ => Ok(()),
    }
}

fn remove_folder(path: &Path) -> Result<(), HubError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(HubError::write(path)(error)),
        _ => Ok(()),
    }
}

/// Bytes of the regular files in a folder.
fn size_of(folder: &Path) -> u64 {
    let files = WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let sizes = files
        .filter(|item| item.file_type().is_file())
        .filter_map(|item| item.metadata().ok());
    sizes.map(|metadata| metadata.len()).sum()
}
