//! What names a model in a signature, so that a score can be had again.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::files::hex;

/// Digits of a commit or checksum that are written.
const DIGITS: usize = 12;
/// Bytes that are hashed at a time.
const CHUNK: usize = 1 << 20;

/// `owner/name@commit` of a folder in the Hub's cache, else the folder's name with the SHA-256 of the weights.
///
/// # Errors
/// If the weights cannot be read.
pub fn identity(folder: &Path, weights: &Path) -> io::Result<String> {
    if let Some(name) = of_cache(folder) {
        return Ok(name);
    }
    let mut hasher = Sha256::new();
    let (mut file, mut chunk) = (File::open(weights)?, vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            read => hasher.update(&chunk[..read]),
        }
    }
    let digits = hex(&hasher.finalize()[..DIGITS / 2]);
    let absolute = folder.canonicalize()?;
    let name = absolute.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{name}@sha256-{digits}"))
}

/// Of `models--owner--name/snapshots/commit`.
fn of_cache(folder: &Path) -> Option<String> {
    let name = |path: &Path| path.file_name().and_then(|n| n.to_str()).map(str::to_owned);
    let commit = name(folder)?;
    let snapshots = folder.parent().filter(|p| p.ends_with("snapshots"))?;
    let repository = name(snapshots.parent()?)?;
    let repository = repository.strip_prefix("models--")?.replacen("--", "/", 1);
    Some(format!("{repository}@{}", commit.get(..DIGITS)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_model_of_the_hub_is_named_by_its_commit_and_another_by_its_weights() {
        let home = tempfile::tempdir().unwrap();
        let cached = home
            .path()
            .join("models--Unbabel--wmt22-comet-da/snapshots");
        let cached = cached.join("2760a223ac957f30acfb18c8aa649b01cf1d75f2");
        let none = home.path().join("none");
        let name = identity(&cached, &none).unwrap();
        assert_eq!(name, "Unbabel/wmt22-comet-da@2760a223ac95");
        let own = home.path().join("own");
        fs::create_dir(&own).unwrap();
        fs::write(own.join("w"), "abc").unwrap();
        let name = identity(&own, &own.join("w")).unwrap();
        assert_eq!(name, "own@sha256-ba7816bf8f01");
        assert!(identity(&own, &none).is_err());
    }
}
