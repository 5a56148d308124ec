//! Where weights are kept that were rounded to 8 bits. The files are a cache of our own: what is in them, and whether it
//! still serves, is known to whoever loads a model.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Hub;
use super::error::HubError;
use super::reference::is_commit;
use crate::files::hex;

/// What names end in.
const EXTENSION: &str = "int8";
/// Characters of a name that say to a reader which model it is of, at most: of four bytes each, they leave room for the
/// rest of a name.
const LONGEST_LABEL: usize = 50;

impl Hub {
    /// The file for the weights of the model in a folder, there or not; none where there is no such folder.
    pub fn quantized(&self, folder: &Path) -> Option<PathBuf> {
        let folder = folder.canonicalize().ok()?;
        let digits = hex(&Sha256::digest(folder.as_os_str().as_encoded_bytes()));
        let name = format!("{}-{}.{EXTENSION}", label(&folder), &digits[..16]);
        Some(self.environment.quantized.join(name))
    }

    /// Removes the file for the weights of a model, which stays; gives the bytes that are free now.
    ///
    /// # Errors
    /// If the model is not here, or the file cannot be deleted.
    pub fn remove_quantized(&self, reference: &str) -> Result<u64, HubError> {
        match self.locate(reference)?.quantized {
            Some(path) => remove(&path),
            None => Ok(0),
        }
    }

    /// The same of the model in a folder.
    pub(super) fn remove_quantized_of(&self, folder: &Path) -> Result<u64, HubError> {
        self.quantized(folder).map_or(Ok(0), |path| remove(&path))
    }

    /// The same of all models.
    ///
    /// # Errors
    /// If a file cannot be deleted.
    pub fn remove_all_quantized(&self) -> Result<u64, HubError> {
        let items = fs::read_dir(&self.environment.quantized)
            .into_iter()
            .flatten();
        let paths = items.filter_map(|item| Some(item.ok()?.path()));
        let quantized = paths.filter(|path| path.extension().is_some_and(|e| e == EXTENSION));
        quantized.map(|path| remove(&path)).sum()
    }
}

/// The folder's name, or that of the repository that it is a snapshot of.
fn label(folder: &Path) -> String {
    let names = folder.iter().rev().map(|name| name.to_string_lossy());
    let mut telling = names.filter(|name| name != "snapshots" && !is_commit(name));
    let name = telling.next().unwrap_or_default();
    let safe = |c: char| match c.is_alphanumeric() || "-_.".contains(c) {
        true => c,
        false => '_',
    };
    name.chars().take(LONGEST_LABEL).map(safe).collect()
}

/// Deletes a file, if it is there, and gives its size.
fn remove(path: &Path) -> Result<u64, HubError> {
    let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(HubError::write(path)(error)),
        Ok(()) => Ok(size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_which_model_it_is() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let snapshot = format!("/hub/models--acme--mt-1.0/snapshots/{commit}");
        assert_eq!(label(Path::new(&snapshot)), "models--acme--mt-1.0");
        assert_eq!(label(Path::new("/home/আমার মডেল")), "আমার_মডেল");
        assert_eq!(label(Path::new("/")), "_");
        assert_eq!(label(Path::new(&"x".repeat(200))).len(), 50);
    }
}
