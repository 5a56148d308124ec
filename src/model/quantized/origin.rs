//! What weights were made from: they are of use while that is as it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::files::hex;
use crate::model::checkpoint::Files;
use crate::model::loader::CONFIG;

/// The files of a checkpoint, as they were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The folder, which says the commit where it is a snapshot in the Hub's cache.
    pub folder: PathBuf,
    /// SHA-256 of `config.json`.
    config: String,
    files: Vec<Stamp>,
}

/// A file that holds weights, or tells where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    /// Where links lead: in the Hub's cache a name that is the content's checksum.
    path: PathBuf,
    size: u64,
    /// When it was last written, in nanoseconds since 1970.
    modified: u64,
}

impl Origin {
    /// That of the weights in a folder.
    ///
    /// # Errors
    /// If a file cannot be looked at.
    pub fn of(folder: &Path, files: &Files) -> io::Result<Self> {
        let stamps = files.index.iter().chain(&files.weights);
        Ok(Origin {
            folder: folder.canonicalize()?,
            config: hex(&Sha256::digest(fs::read(folder.join(CONFIG))?)),
            files: stamps
                .map(|path| Stamp::of(path))
                .collect::<io::Result<_>>()?,
        })
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH);
        Ok(Stamp {
            path: path.canonicalize()?,
            size: metadata.len(),
            modified: modified.map_or(0, |time| time.as_nanos() as u64),
        })
    }
}
