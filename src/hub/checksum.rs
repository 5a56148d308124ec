//! Checksums as the Hub gives them: SHA-256 of large files, git's own of small ones. A file in the cache is named by it.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::error::HubError;
use super::reference::is_hex;
use crate::files::hex;

const CHUNK: usize = 1 << 20;

/// The checksum that a file must have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Checksum {
    /// SHA-256 of the content, 64 hexadecimal digits: files in git-lfs.
    Sha256(String),
    /// SHA-1 of `blob SIZE\0` and the content, 40 digits: files in git itself.
    GitBlob(String),
}

impl Checksum {
    /// Reads an ETag (quotes and weakness are of no matter) or the name of a blob.
    pub(super) fn parse(etag: &str) -> Option<Checksum> {
        let text = etag.trim().trim_start_matches("W/").trim_matches('"');
        match text.len() {
            64 if is_hex(text) => Some(Checksum::Sha256(text.to_owned())),
            40 if is_hex(text) => Some(Checksum::GitBlob(text.to_owned())),
            _ => None,
        }
    }

    /// The digits, which are the name of the blob in the cache.
    pub(super) fn digits(&self) -> &str {
        match self {
            Checksum::Sha256(digits) | Checksum::GitBlob(digits) => digits,
        }
    }

    /// Hashes a file by its SHA-256, and by git's checksum where this is one.
    pub(super) fn of_file(
        &self,
        path: &Path,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Digests, HubError> {
        let open = || {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            Ok((file, size))
        };
        let (mut file, size) = open().map_err(HubError::read(path))?;
        let mut hasher = Hasher::new(self, size);
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = file.read(&mut chunk).map_err(HubError::read(path))?;
            if read == 0 {
                return Ok(hasher.finish());
            }
            hasher.update(&chunk[..read]);
            if progress(read as u64).is_break() {
                return Err(HubError::Interrupted);
            }
        }
    }
}

/// What a file's content comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digests {
    /// SHA-256, hexadecimal.
    pub(super) sha256: String,
    /// The digits of the kind of checksum that was asked for.
    pub(super) digits: String,
}

/// Hashes as content comes.
pub(super) struct Hasher {
    sha256: Sha256,
    git: Option<Sha1>,
}

impl Hasher {
    /// For content of `size` bytes and the kind of checksum that is `expected`.
    pub(super) fn new(expected: &Checksum, size: u64) -> Hasher {
        let git = matches!(expected, Checksum::GitBlob(_));
        Hasher {
            sha256: Sha256::new(),
            git: git.then(|| Sha1::new().chain_update(format!("blob {size}\0"))),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(git) = &mut self.git {
            git.update(bytes);
        }
    }

    pub(super) fn finish(self) -> Digests {
        let sha256 = hex(&self.sha256.finalize());
        let digits = self.git.map(|git| hex(&git.finalize()));
        Digests {
            digits: digits.unwrap_or_else(|| sha256.clone()),
            sha256,
        }
    }
}

/// Copies until the end, hashing; gives the number of bytes. More than `limit` bytes are not read.
pub(super) fn copy_hashed(
    from: &mut dyn Read,
    to: &mut dyn io::Write,
    hasher: &mut Hasher,
    limit: u64,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> io::Result<u64> {
    let mut from = from.take(limit);
    let mut chunk = vec![0; CHUNK];
    let mut copied = 0;
    loop {
        let read = from.read(&mut chunk)?;
        if read == 0 {
            return Ok(copied);
        }
        to.write_all(&chunk[..read])?;
        hasher.update(&chunk[..read]);
        copied += read as u64;
        if progress(read as u64).is_break() {
            return Err(io::Error::other(HubError::Interrupted));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_in_all_their_forms() {
        let sha256 = "a".repeat(64);
        let git = "0".repeat(40);
        assert_eq!(
            Checksum::parse(&format!("\"{sha256}\"")),
            Some(Checksum::Sha256(sha256))
        );
        assert_eq!(
            Checksum::parse(&format!("W/\"{git}\"")),
            Some(Checksum::GitBlob(git))
        );
        for other in ["", "\"\"", "abc", &"A".repeat(40), &"../x".repeat(10)] {
            assert_eq!(Checksum::parse(other), None, "{other}");
        }
    }

    #[test]
    fn gits_checksum_is_gits() {
        // `printf 'hello\n' | git hash-object --stdin`
        let expected = Checksum::parse("ce013625030ba8dba906f756967f9e9ca394464a").unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hello\n").unwrap();
        let digests = expected
            .of_file(file.path(), &mut |_| ControlFlow::Continue(()))
            .unwrap();
        assert_eq!(digests.digits, expected.digits());
        assert_eq!(digests.sha256, hex(&Sha256::digest("hello\n")));
    }
}
