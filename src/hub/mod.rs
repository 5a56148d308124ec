//! Models on this machine: a catalogue to choose from, downloads from the Hugging Face Hub that can be trusted and
//! resumed, and the cache that Python's `huggingface_hub` and other programs share.
//!
//! A name goes one way: [`ModelReference`] (what the user typed) → [`Catalogue`] entry or repository → commit (pinned in
//! [`LockFile`]) → files in the [`Cache`]. [`Hub::locate`] goes it without network; [`Hub::pull`] fetches what is missing.
//!
//! The layout of the cache, its names and the addresses come from the crate hf-hub. Its download is not used: it checks
//! neither size nor checksum, appends whatever a server sends to a range request, and does not tell errors apart. The
//! transfer in `download.rs` does, and puts files in the same places.

mod cache;
mod catalogue;
mod checksum;
mod client;
mod download;
mod entry;
mod environment;
mod error;
mod files;
mod lock;
mod pack;
mod patience;
mod pull;
mod quantized;
mod reference;
mod remote;
mod remove;
mod verify;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use cache::Cache;
pub use catalogue::Catalogue;
pub use entry::{Decoding, Entry, Licence, Origin, Prompt, Quality, Size, Task};
pub use environment::{Environment, Token};
pub use error::{HubError, readable_size};
pub use lock::{LockFile, LockedFile, LockedModel};
pub use pack::Manifest;
pub use pull::Pulled;
pub use reference::{ModelReference, RepositoryId};
pub use remote::Found;
pub use remove::Removed;
pub use verify::{Verdict, Verified};

use files::Wanted;

/// Where models are looked for, and which are known by name.
#[derive(Debug, Clone)]
pub struct Hub {
    environment: Environment,
    catalogue: Catalogue,
    cache: Cache,
}

/// A model that is on this machine.
#[derive(Debug, Clone)]
pub struct Located {
    /// The folder with its files: a snapshot in the cache or a folder of it, or the user's own.
    pub folder: PathBuf,
    /// The one file of a GGUF model.
    pub file: Option<PathBuf>,
    /// The file for its weights rounded to 8 bits, which need not be there: see [`Hub::quantized`]. None of a GGUF model.
    pub quantized: Option<PathBuf>,
    /// What the catalogue says of it, where it is known by name.
    pub entry: Option<Entry>,
}

/// What a long operation tells while it goes on.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The licence that the model card names, before anything is fetched.
    Licence {
        /// Its name.
        name: &'a str,
    },
    /// What will be done, before it is begun.
    Plan {
        /// Files in all.
        files: usize,
        /// Bytes in all.
        bytes: u64,
        /// Bytes that are on the disk already.
        present: u64,
    },
    /// So many bytes of the plan are on the disk (or hashed, or packed) by now. May go back where a part was useless.
    Progress {
        /// Bytes.
        done: u64,
    },
    /// Another process fetches the file; it is waited for.
    Waiting {
        /// Path of the file in the repository.
        file: &'a str,
    },
    /// A request failed and is made again.
    Retry {
        /// Why it failed.
        reason: &'a str,
        /// The pause before.
        after: Duration,
    },
    /// Nothing new: only an occasion to stop.
    Tick,
}

/// Is told of events; from any thread, and often. `Break` ends the operation with [`HubError::Interrupted`].
pub type OnEvent<'a> = dyn Fn(Event) -> ControlFlow<()> + Sync + 'a;

/// What the user's words come to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// As the user typed it, for messages.
    name: String,
    place: Place,
    entry: Option<Entry>,
}

#[derive(Debug, Clone)]
enum Place {
    Local(PathBuf),
    Remote {
        repository: RepositoryId,
        revision: String,
        wanted: Wanted,
    },
}

impl Target {
    /// Repository, revision and files of a model of the Hub.
    fn remote(&self) -> Result<(&RepositoryId, &str, &Wanted), HubError> {
        match &self.place {
            Place::Remote {
                repository,
                revision,
                wanted,
            } => Ok((repository, revision, wanted)),
            Place::Local(_) => Err(HubError::LocalFolder {
                name: self.name.clone(),
            }),
        }
    }
}

impl Hub {
    /// As the environment says, with the embedded catalogue and the user's own entries.
    ///
    /// # Errors
    /// If the environment is contradictory or an entry of the user is not valid.
    pub fn from_env() -> Result<Hub, HubError> {
        Hub::new(Environment::from_env()?)
    }

    /// As told, with the embedded catalogue and the user's own entries.
    ///
    /// # Errors
    /// If an entry of the user is not valid.
    pub fn new(environment: Environment) -> Result<Hub, HubError> {
        Ok(Hub {
            catalogue: Catalogue::load(&environment.catalogue_folder())?,
            cache: Cache::new(environment.cache.clone()),
            environment,
        })
    }

    /// The models that are known by name.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Where things are kept, and what the network is.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The models that were pulled, with their commits and checksums.
    ///
    /// # Errors
    /// If the lock file cannot be read.
    pub fn installed(&self) -> Result<LockFile, HubError> {
        LockFile::read(&self.environment.lock_file())
    }

    /// Writes an entry into the user's catalogue and gives the path of its file; [`Hub::new`] reads it.
    ///
    /// # Errors
    /// If the entry is not valid or cannot be written.
    pub fn add(&self, entry: &Entry) -> Result<PathBuf, HubError> {
        Catalogue::add(&self.environment.catalogue_folder(), entry)
    }

    /// The files of a model on this machine: a catalogue name, `owner/name[@revision]`, or a path. Asks no network.
    ///
    /// # Errors
    /// If the name means nothing, or the model is not here or not whole; the message says how to get it.
    pub fn locate(&self, reference: &str) -> Result<Located, HubError> {
        let target = self.target(reference)?;
        match &target.place {
            Place::Local(path) => {
                let (folder, file) = local(path, &target)?;
                Ok(self.located(folder, file, target.entry))
            }
            Place::Remote { wanted, .. } => {
                let (folder, _) = self.snapshot(&target)?;
                let file = wanted.gguf(&folder).map(|name| folder.join(name));
                Ok(self.located(wanted.folder(folder), file, target.entry))
            }
        }
    }

    fn located(&self, folder: PathBuf, file: Option<PathBuf>, entry: Option<Entry>) -> Located {
        Located {
            quantized: match file {
                Some(_) => None,
                None => self.quantized(&folder),
            },
            folder,
            file,
            entry,
        }
    }

    fn target(&self, reference: &str) -> Result<Target, HubError> {
        let target = |entry: Option<Entry>, place| Target {
            name: reference.to_owned(),
            place,
            entry,
        };
        match ModelReference::parse(reference, &self.catalogue)? {
            ModelReference::Path(path) => Ok(target(None, Place::Local(path))),
            ModelReference::Named(entry) => {
                let place = match &entry.origin {
                    Origin::Folder(path) => Place::Local(path.clone()),
                    Origin::Repository { id, revision } => Place::Remote {
                        repository: id.clone(),
                        revision: revision.clone(),
                        wanted: Wanted::of(&entry),
                    },
                };
                Ok(target(Some(*entry), place))
            }
            ModelReference::Repository { id, revision } => {
                let place = Place::Remote {
                    repository: id,
                    revision,
                    wanted: Wanted::Automatic,
                };
                Ok(target(None, place))
            }
        }
    }

    /// The snapshot of a target and what the lock file says of it, if all its files are there.
    fn snapshot(&self, target: &Target) -> Result<(PathBuf, Option<LockedModel>), HubError> {
        let (repository, revision, wanted) = target.remote()?;
        let lock = self.installed()?;
        let locked = lock.get(repository, revision).cloned();
        let cached = self.cache.repository(repository);
        let pinned = locked.as_ref().map(|locked| locked.commit.clone());
        let not_here = || HubError::NotPulled {
            name: target.name.clone(),
        };
        let commit = pinned
            .or_else(|| cached.commit(revision))
            .ok_or_else(not_here)?;
        let folder = cached.snapshot(&commit);
        if !folder.is_dir() {
            return Err(not_here());
        }
        let missing = locked.as_ref().and_then(|locked| locked.missing(&folder));
        match missing.or_else(|| wanted.missing(&folder)) {
            Some(file) => Err(HubError::Incomplete {
                name: target.name.clone(),
                file,
            }),
            None => Ok((folder, locked)),
        }
    }
}

/// The folder of a model of the user, and its file where it is one of GGUF.
fn local(path: &Path, target: &Target) -> Result<(PathBuf, Option<PathBuf>), HubError> {
    if !path.exists() {
        return Err(HubError::NoFolder {
            path: path.to_owned(),
        });
    }
    let named = target.entry.as_ref().and_then(|entry| entry.file.as_ref());
    Ok(match path.is_file() {
        true => {
            let parent = path.parent().filter(|p| *p != Path::new(""));
            (
                parent.unwrap_or(Path::new(".")).to_owned(),
                Some(path.to_owned()),
            )
        }
        false => (path.to_owned(), named.map(|name| path.join(name))),
    })
}
