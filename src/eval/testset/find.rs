//! The files of a test set in a folder that a user has unpacked.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::EvalError;
use super::corpus::{unreadable, wrong};

/// Folders that are searched, one inside the other, at most.
const DEEPEST: usize = 12;
/// Files and folders that are looked at, at most.
const MOST: usize = 1_000_000;
/// Largest file of a test set, in bytes.
const LARGEST: u64 = 64 << 20;

/// The files of a folder.
pub(super) struct Folder {
    path: PathBuf,
    files: Vec<PathBuf>,
}

impl Folder {
    /// Lists a folder and all folders in it.
    pub(super) fn open(path: &Path) -> Result<Folder, EvalError> {
        if path.is_file() {
            let message =
                "is a file; unpack it and give the folder, however deep the test set lies in it";
            return Err(wrong(path, message));
        }
        let path = std::path::absolute(path).map_err(unreadable(path))?;
        let mut files = Vec::new();
        let walk = WalkDir::new(&path).max_depth(DEEPEST).sort_by_file_name();
        for (i, item) in walk.into_iter().enumerate() {
            if i == MOST {
                let message =
                    format!("has more than {MOST} files; give the folder of the test set");
                return Err(wrong(&path, message));
            }
            let item = item.map_err(|error| wrong(&path, format!("cannot be read: {error}")))?;
            if !item.file_type().is_dir() {
                files.push(item.into_path());
            }
        }
        Ok(Folder { path, files })
    }

    /// The file whose path ends so; none if there is none. Two such files must be the same.
    pub(super) fn find(&self, end: &str) -> Result<Option<&Path>, EvalError> {
        let mut found = self.files.iter().filter(|file| file.ends_with(end));
        let Some(first) = found.next() else {
            return Ok(None);
        };
        for other in found {
            if read(other)? != read(first)? {
                let (first, other) = (first.display(), other.display());
                let message = format!(
                    "has two files {end} that differ, {first} and {other}; give the folder of one"
                );
                return Err(wrong(&self.path, message));
            }
        }
        read(first)?;
        Ok(Some(first))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, EvalError> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unreadable(path))?;
    let mut file = file.take(LARGEST + 1);
    file.read_to_end(&mut bytes).map_err(unreadable(path))?;
    match bytes.len() as u64 > LARGEST {
        true => Err(wrong(
            path,
            "is larger than the 64 MiB that a test set may have",
        )),
        false => Ok(bytes),
    }
}
