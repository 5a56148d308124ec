//! `pull`: from a name to a whole, checked snapshot in the cache.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::cache::CachedRepository;
use super::client::Client;
use super::download::Download;
use super::error::{HubError, readable_size};
use super::lock::{LockFile, LockedFile, LockedModel};
use super::patience::stop;
use super::reference::RepositoryId;
use super::remote::{Listing, RemoteFile};
use super::{Event, Hub, Located, OnEvent, Place, Target};

/// Files that are fetched at once.
const PARALLEL: usize = 4;
/// Room that is left on the disk, in bytes.
const RESERVE: u64 = 64 << 20;

/// What [`Hub::pull`] did.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// Where the model is.
    pub located: Located,
    /// The commit.
    pub commit: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// Whether nothing had to be done.
    pub was_here: bool,
}

impl Hub {
    /// Fetches a model, or what is missing of it, and pins it to a commit. `update` moves a pinned model to what its
    /// revision means now. May be stopped at any moment and called again: what is there is not fetched twice.
    ///
    /// # Errors
    /// See [`HubError`]: no name, no network, no access, no room, or content that is not what it must be.
    pub fn pull(&self, reference: &str, update: bool, on: &OnEvent) -> Result<Pulled, HubError> {
        let target = self.target(reference)?;
        let (repository, revision, wanted) = target.remote()?;
        let cached = self.cache.repository(repository);
        let lock = self.installed()?;
        let pinned = lock.get(repository, revision);
        if let Some(pinned) = pinned.filter(|_| !update)
            && let Ok((folder, _)) = self.snapshot(&target)
        {
            return Ok(Pulled {
                located: self.pulled(&target, folder),
                commit: pinned.commit.clone(),
                bytes: pinned.size(),
                was_here: true,
            });
        }
        if self.environment.offline {
            return Err(HubError::Offline { name: target.name });
        }
        let client = Client::new(&self.environment)?;
        let asked = match pinned {
            Some(pinned) if !update => &pinned.commit,
            _ => revision,
        };
        let listing = client.listing(repository, asked, on);
        let listing = listing.map_err(|error| match (error, pinned) {
            (HubError::NoRevision { repository, revision, .. }, Some(_)) if !update => {
                HubError::NoRevision {
                    repository,
                    revision,
                    advice: "; it was pinned when the model was pulled: `anubad models pull --update` takes the present one",
                }
            }
            (error, _) => error,
        })?;
        if let Some(name) = &listing.licence {
            stop(on(Event::Licence { name }))?;
        }
        cached.sweep();
        let files = wanted.select(repository, &listing.files)?;
        let noted = noted(pinned, &listing);
        self.check_room(&cached, &files)?;
        let sha256 = fetch_all(&client, &cached, repository, &listing, &files, &noted, on)?;
        check_pins(&target, &files, &sha256, &noted)?;
        for file in &files {
            cached.place(&listing.commit, &file.path, &file.checksum)?;
        }
        if asked == revision {
            cached.set_commit(revision, &listing.commit)?;
        }
        let locked = locked(repository, revision, &listing.commit, &files, &sha256);
        let bytes = locked.size();
        LockFile::note(&self.environment.lock_file(), locked)?;
        Ok(Pulled {
            located: self.pulled(&target, cached.snapshot(&listing.commit)),
            commit: listing.commit,
            bytes,
            was_here: false,
        })
    }

    /// Looks for repositories on the Hub.
    ///
    /// # Errors
    /// If the Hub cannot be asked.
    pub fn search(&self, words: &[String], on: &OnEvent) -> Result<Vec<super::Found>, HubError> {
        let words = words.join(" ");
        if self.environment.offline {
            return Err(HubError::SearchOffline);
        }
        Client::new(&self.environment)?.search(&words, on)
    }

    fn pulled(&self, target: &Target, folder: PathBuf) -> Located {
        let (file, model) = match &target.place {
            Place::Remote { wanted, .. } => (wanted.gguf(&folder), wanted.folder(folder.clone())),
            Place::Local(_) => (None, folder.clone()),
        };
        let file = file.map(|name| folder.join(name));
        self.located(model, file, target.entry.clone())
    }

    /// Whether the disk has room for what is missing of the files.
    fn check_room(&self, cached: &CachedRepository, files: &[RemoteFile]) -> Result<(), HubError> {
        let missing = files.iter().map(|file| file.size - cached.present(file));
        let missing = missing.fold(0, u64::saturating_add);
        match missing {
            0 => Ok(()),
            missing => self.check_free(missing),
        }
    }

    /// Whether the disk of the cache has room for so many bytes more.
    pub(super) fn check_free(&self, bytes: u64) -> Result<(), HubError> {
        let root = self.cache.root();
        fs::create_dir_all(root).map_err(HubError::write(root))?;
        let free = fs4::available_space(root).map_err(HubError::read(root))?;
        match bytes.saturating_add(RESERVE) > free {
            true => Err(HubError::DiskFull {
                folder: root.to_owned(),
                needed: readable_size(bytes),
                free: readable_size(free),
            }),
            false => Ok(()),
        }
    }
}

/// SHA-256 of the files of a commit that were checked when it was pulled before.
fn noted(pinned: Option<&LockedModel>, listing: &Listing) -> HashMap<String, String> {
    let same = pinned.filter(|pinned| pinned.commit == listing.commit);
    let files = same.into_iter().flat_map(|pinned| &pinned.files);
    files
        .map(|file| (file.path.clone(), file.sha256.clone()))
        .collect()
}

/// Fetches files side by side, the largest first; gives the SHA-256 of each, in their order.
fn fetch_all(
    client: &Client,
    cached: &CachedRepository,
    id: &RepositoryId,
    listing: &Listing,
    files: &[RemoteFile],
    noted: &HashMap<String, String>,
    on: &OnEvent,
) -> Result<Vec<String>, HubError> {
    let present: u64 = files.iter().map(|file| cached.present(file)).sum();
    stop(on(Event::Plan {
        files: files.len(),
        bytes: files.iter().fold(0, |sum, file| sum + file.size),
        present,
    }))?;
    let has_failed = AtomicBool::new(false);
    let on_or_stop = |event: Event| match has_failed.load(Ordering::Relaxed) {
        true => std::ops::ControlFlow::Break(()),
        false => on(event),
    };
    let download = Download {
        client,
        cached,
        id,
        commit: &listing.commit,
        done: AtomicU64::new(present),
        on: &on_or_stop,
    };
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(files[*at].size));
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![None; files.len()]);
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL.min(files.len()) {
            scope.spawn(|| {
                while let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let file = &files[at];
                    let known = noted.get(&file.path).map(String::as_str);
                    match download.fetch(file, known) {
                        Ok(sha256) => lock(&results)[at] = Some(sha256),
                        Err(error) => {
                            // The others stop because of the first, which alone is told.
                            if !has_failed.swap(true, Ordering::Relaxed) {
                                *lock(&failure) = Some(error);
                            }
                            return;
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = lock(&failure).take() {
        return Err(error);
    }
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results
        .into_iter()
        .collect::<Option<_>>()
        .ok_or(HubError::Interrupted)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether content is what the catalogue and an earlier pull of the same commit say.
fn check_pins(
    target: &Target,
    files: &[RemoteFile],
    sha256: &[String],
    noted: &HashMap<String, String>,
) -> Result<(), HubError> {
    let of_entry = target.entry.iter().flat_map(|entry| &entry.sha256);
    let of_entry = of_entry.map(|(path, digits)| (path, digits, "the catalogue"));
    let of_lock = noted
        .iter()
        .map(|(path, digits)| (path, digits, "models.lock"));
    for (path, expected, source) in of_entry.chain(of_lock) {
        let found = files
            .iter()
            .position(|file| file.path == *path)
            .map(|at| &sha256[at]);
        if let Some(found) = found.filter(|found| *found != expected) {
            return Err(HubError::Damaged {
                file: format!("{path} of {}", target.name),
                expected: expected.clone(),
                found: found.clone(),
                advice: format!("{source} has the first; do not use the model until you know why"),
            });
        }
    }
    Ok(())
}

fn locked(
    id: &RepositoryId,
    revision: &str,
    commit: &str,
    files: &[RemoteFile],
    sha256: &[String],
) -> LockedModel {
    let file = |(file, sha256): (&RemoteFile, &String)| LockedFile {
        path: file.path.clone(),
        size: file.size,
        sha256: sha256.clone(),
        blob: file.checksum.digits().to_owned(),
    };
    LockedModel {
        repository: id.to_string(),
        revision: revision.to_owned(),
        commit: commit.to_owned(),
        files: files.iter().zip(sha256).map(file).collect(),
    }
}
