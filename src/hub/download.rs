//! The transfer of one file: taken up where it stopped, checked before it has a name that anybody trusts.
//!
//! The address names a commit, so that all parts are of one content; its checksum proves it at the end. A condition
//! (`If-Range`) would not help: the servers that the Hub redirects to have ETags of their own. What is compared of
//! every answer is the Hub's commit and checksum, and the range and the total size of the storage server.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::cache::CachedRepository;
use super::checksum::{Checksum, Digests};
use super::client::{About, Answer, COMMIT, Client, header, host};
use super::error::HubError;
use super::patience::{Failure, Patience, pause, stop};
use super::reference::RepositoryId;
use super::remote::RemoteFile;
use super::{Event, OnEvent};

const CHUNK: usize = 256 << 10;
/// Bytes that an attempt must bring for its failure to count as the first: a server that sends a byte and hangs up
/// does not keep us for ever.
const ADVANCE: u64 = 1 << 20;
/// How often a lock is tried that another process holds.
const LOCK_POLL: Duration = Duration::from_millis(100);

/// What is fetched, and how far all of it is.
pub(super) struct Download<'a> {
    pub(super) client: &'a Client,
    pub(super) cached: &'a CachedRepository,
    pub(super) id: &'a RepositoryId,
    pub(super) commit: &'a str,
    /// Bytes of all files that are on the disk.
    pub(super) done: AtomicU64,
    pub(super) on: &'a OnEvent<'a>,
}

/// A file on its way.
struct Part<'a> {
    file: &'a RemoteFile,
    out: File,
    /// Bytes that are there.
    have: u64,
}

impl CachedRepository {
    /// Bytes of a file that need not be fetched.
    pub(super) fn present(&self, file: &RemoteFile) -> u64 {
        let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        match length(&self.blob(&file.checksum)) == file.size {
            true => file.size,
            false => length(&self.incomplete(&file.checksum)).min(file.size),
        }
    }
}

impl Download<'_> {
    /// Fetches a file into the cache, or finds it there; gives its SHA-256. Content whose SHA-256 was `noted` when it
    /// was fetched is not hashed again.
    pub(super) fn fetch(&self, file: &RemoteFile, noted: Option<&str>) -> Result<String, HubError> {
        let mut counted = self.cached.present(file);
        let blob = self.cached.blob(&file.checksum);
        let _lock = self.lock(file)?;
        if fs::metadata(&blob).is_ok_and(|found| found.is_file() && found.len() == file.size) {
            self.count(&mut counted, file.size)?;
            if let Some(sha256) = noted {
                return Ok(sha256.to_owned());
            }
            // Another program put it there, which may not have looked.
            let digests = self.hash(&blob, file)?;
            if digests.digits == file.checksum.digits() {
                return Ok(digests.sha256);
            }
        }
        remove(&blob)?;
        let incomplete = self.cached.incomplete(&file.checksum);
        let mut found = String::new();
        // A part of an earlier run may be damaged: then it begins anew, once.
        for _ in 0..2 {
            self.transfer(file, &incomplete, &mut counted)?;
            let digests = self.hash(&incomplete, file)?;
            if digests.digits == file.checksum.digits() {
                fs::rename(&incomplete, &blob).map_err(HubError::write(&blob))?;
                return Ok(digests.sha256);
            }
            found = digests.digits;
            remove(&incomplete)?;
            self.count(&mut counted, 0)?;
        }
        Err(HubError::Damaged {
            file: format!("{} of {}", file.path, self.id),
            expected: file.checksum.digits().to_owned(),
            found,
            advice: "it came so twice and was not kept; ask who runs the network or the mirror"
                .to_owned(),
        })
    }

    /// Waits for the lock of a file, which is held until it is dropped.
    fn lock(&self, file: &RemoteFile) -> Result<File, HubError> {
        let lock = self.cached.lock(&file.checksum)?;
        let mut is_told = false;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                // A file system without locks: then there is only the care of renames.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(lock);
                }
                Err(TryLockError::Error(error)) => {
                    return Err(HubError::write(self.cached.blobs())(error));
                }
                Err(TryLockError::WouldBlock) if !is_told => {
                    is_told = true;
                    stop((self.on)(Event::Waiting { file: &file.path }))?;
                }
                Err(TryLockError::WouldBlock) => pause(LOCK_POLL, self.on)?,
            }
        }
    }

    /// Brings what is missing of a file.
    fn transfer(&self, file: &RemoteFile, to: &Path, counted: &mut u64) -> Result<(), HubError> {
        let open = || {
            fs::create_dir_all(self.cached.blobs())?;
            let options = File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(to);
            let mut out = options?;
            let mut have = out.seek(SeekFrom::End(0))?;
            if have > file.size {
                out.set_len(0)?;
                have = out.seek(SeekFrom::Start(0))?;
            }
            Ok(Part { file, out, have })
        };
        let mut part = open().map_err(HubError::write(to))?;
        self.count(counted, part.have)?;
        let mut patience = Patience::default();
        while part.have < file.size {
            let before = part.have;
            if let Err(failure) = self.attempt(&mut part, to, counted) {
                if part.have >= before + ADVANCE {
                    patience.renew();
                }
                patience.wait(failure, self.on)?;
            }
        }
        part.out.sync_all().map_err(HubError::write(to))
    }

    /// One request, as far as it goes.
    fn attempt(&self, part: &mut Part, to: &Path, counted: &mut u64) -> Result<(), Failure> {
        let file = part.file;
        let url = self.client.file_address(self.id, self.commit, &file.path);
        let about = About {
            repository: self.id,
            revision: self.commit,
            file: Some(&file.path),
        };
        let answer = self.client.get(&url, part.have, Some(about))?;
        self.check_identity(&answer, file)?;
        if self.starts_anew(&answer, part)? {
            let mut start = || part.out.set_len(0).and_then(|()| part.out.rewind());
            start().map_err(HubError::write(to))?;
            part.have = 0;
            self.count(counted, 0)?;
        }
        if answer.status == 416 {
            return Err(Failure::soon(self.broken(
                &url,
                part,
                "the range was refused",
            )));
        }
        let mut body = answer.body.into_reader().take(file.size - part.have);
        let mut chunk = vec![0; CHUNK];
        while part.have < file.size {
            let read = match body.read(&mut chunk) {
                Ok(0) => {
                    return Err(Failure::soon(self.broken(
                        &url,
                        part,
                        "the connection ended",
                    )));
                }
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let reason = format!("the connection broke ({error})");
                    return Err(Failure::soon(self.broken(&url, part, &reason)));
                }
            };
            part.out
                .write_all(&chunk[..read])
                .map_err(HubError::write(to))?;
            part.have += read as u64;
            self.count(counted, part.have)?;
        }
        Ok(())
    }

    /// Whether the Hub still speaks of the same commit and content.
    fn check_identity(&self, answer: &Answer, file: &RemoteFile) -> Result<(), HubError> {
        let changed = |reason: String| HubError::Changed {
            repository: self.id.to_string(),
            file: file.path.clone(),
            reason,
        };
        let commit = header(&answer.hub, COMMIT);
        if let Some(commit) = commit.filter(|commit| *commit != self.commit) {
            return Err(changed(format!("commit {commit}, not {}", self.commit)));
        }
        let etag = header(&answer.hub, "x-linked-etag").or(header(&answer.hub, "etag"));
        // Mirrors have ETags of other kinds.
        let checksum = etag.and_then(Checksum::parse);
        match checksum.filter(|checksum| *checksum != file.checksum) {
            Some(other) => Err(changed(format!("its checksum is {}", other.digits()))),
            None => Ok(()),
        }
    }

    /// Whether the answer begins at the first byte although we have some; an error if it is of another size.
    fn starts_anew(&self, answer: &Answer, part: &Part) -> Result<bool, HubError> {
        let other_size = |size: u64| HubError::Changed {
            repository: self.id.to_string(),
            file: part.file.path.clone(),
            reason: format!("{size} bytes, not {}", part.file.size),
        };
        let size = match answer.status {
            416 => return Ok(true),
            206 => {
                let range = header(&answer.headers, "content-range").and_then(content_range);
                match range {
                    Some((from, size)) if from == part.have => size,
                    _ => {
                        return Err(HubError::Protocol {
                            url: self
                                .client
                                .file_address(self.id, self.commit, &part.file.path),
                            reason: format!("it does not begin at byte {}", part.have),
                        });
                    }
                }
            }
            _ => header(&answer.headers, "content-length").and_then(|length| length.parse().ok()),
        };
        match size.filter(|size| *size != part.file.size) {
            Some(size) => Err(other_size(size)),
            None => Ok(answer.status != 206 && part.have > 0),
        }
    }

    fn broken(&self, url: &str, part: &Part, reason: &str) -> HubError {
        HubError::Unreachable {
            host: host(url),
            reason: format!(
                "{reason} at byte {} of {} of {}",
                part.have, part.file.size, part.file.path
            ),
        }
    }

    fn hash(&self, path: &Path, file: &RemoteFile) -> Result<Digests, HubError> {
        file.checksum.of_file(path, &mut |_| (self.on)(Event::Tick))
    }

    /// So many bytes of a file are there, of which `counted` were told.
    fn count(&self, counted: &mut u64, have: u64) -> Result<(), HubError> {
        let more = have.wrapping_sub(*counted);
        *counted = have;
        let done = self
            .done
            .fetch_add(more, Ordering::Relaxed)
            .wrapping_add(more);
        stop((self.on)(Event::Progress { done }))
    }
}

/// First byte and total size of `bytes FIRST-LAST/SIZE`; the size may be `*`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.parse().ok()?, size.parse().ok()))
}

fn remove(path: &Path) -> Result<(), HubError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(HubError::write(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        for wrong in ["", "bytes */10", "bytes 5/10", "items 5-9/10"] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }
}
