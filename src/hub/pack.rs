//! A model as one archive, for machines without a network: a tar file whose first entry is a manifest, so that unpacking
//! knows what must come, and takes nothing else.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tar::{Archive, Builder, EntryType, Header};
use tempfile::NamedTempFile;

use super::checksum::{Checksum, Hasher, copy_hashed};
use super::error::HubError;
use super::lock::{LockFile, LockedFile, LockedModel};
use super::patience::stop;
use super::reference::RepositoryId;
use super::verify::{files_of, linked};
use super::{Event, Hub, OnEvent};

const SCHEMA: u32 = 1;
const MANIFEST: &str = "anubad-model.json";
/// The folder of the files in the archive.
const FILES: &str = "files";
/// Largest manifest, in bytes.
const LARGEST_MANIFEST: u64 = 1 << 20;
/// Files of a model at most.
const MOST_FILES: usize = 1000;

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    schema: u32,
    /// The model with its files and checksums.
    pub model: LockedModel,
}

impl Hub {
    /// Writes a model of the cache as one archive. Files are hashed on the way: a damaged one is an error, and the
    /// archive is to be thrown away.
    ///
    /// # Errors
    /// If the model is not here and whole, a file is damaged, or the archive cannot be written.
    pub fn pack(
        &self,
        reference: &str,
        to: impl Write,
        on: &OnEvent,
    ) -> Result<Manifest, HubError> {
        let target = self.target(reference)?;
        let (folder, locked) = self.snapshot(&target)?;
        let (repository, revision, _) = target.remote()?;
        let model = match locked {
            Some(model) => model,
            None => describe(repository, revision, &folder, on)?,
        };
        let manifest = Manifest {
            schema: SCHEMA,
            model,
        };
        stop(on(Event::Plan {
            files: manifest.model.files.len(),
            bytes: manifest.model.size(),
            present: 0,
        }))?;
        let written = HubError::write("the archive");
        let mut archive = Builder::new(to);
        let text = serde_json::to_string_pretty(&manifest).expect("plain data is JSON");
        let begin = entry_header(MANIFEST, text.len() as u64)
            .and_then(|header| archive.append(&header, text.as_bytes()));
        begin.map_err(HubError::write("the archive"))?;
        let mut done = 0;
        for file in &manifest.model.files {
            append(&mut archive, &folder, file, &mut done, on)?;
        }
        archive
            .into_inner()
            .and_then(|mut to| to.flush())
            .map_err(written)?;
        Ok(manifest)
    }

    /// Puts the model of an archive into the cache and pins it as `pull` would. Nothing is placed before all of it was
    /// read and checked. `name` is the archive's, for messages.
    ///
    /// # Errors
    /// If it is no archive of [`Hub::pack`], or not whole; or the cache cannot be written.
    pub fn unpack(&self, name: &str, from: impl Read, on: &OnEvent) -> Result<Manifest, HubError> {
        let wrong = |reason: String| HubError::Archive {
            archive: name.to_owned(),
            reason,
        };
        let broken = |error: io::Error| match error.downcast() {
            Ok(error) => error,
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                HubError::write(self.cache.root())(error)
            }
            Err(error) => wrong(error.to_string()),
        };
        let mut archive = Archive::new(from);
        // Extended headers, links and the like come as entries of their own, and are none of ours.
        let mut entries = archive.entries().map_err(broken)?.raw(true);
        let first = entries
            .next()
            .ok_or_else(|| wrong("it is empty".to_owned()))?;
        let manifest = read_manifest(first.map_err(broken)?).map_err(&wrong)?;
        let model = &manifest.model;
        self.check_free(model.size())?;
        stop(on(Event::Plan {
            files: model.files.len(),
            bytes: model.size(),
            present: 0,
        }))?;
        let id = RepositoryId::parse(&model.repository).expect("the manifest is valid");
        let cached = self.cache.repository(&id);
        let blobs = cached.blobs();
        cached.sweep();
        let mut parts: Vec<Option<NamedTempFile>> = model.files.iter().map(|_| None).collect();
        let mut done = 0;
        for entry in entries {
            let mut entry = entry.map_err(broken)?;
            let at = announced(&entry, model).map_err(&wrong)?;
            let file = &model.files[at];
            if parts[at].is_some() {
                return Err(wrong(format!("{} comes twice", file.path)));
            }
            let mut part = cached.temporary()?;
            let checksum = file.checksum().expect("the manifest is valid");
            let mut hasher = Hasher::new(&checksum, file.size);
            let copied = copy_hashed(&mut entry, &mut part, &mut hasher, file.size, &mut |read| {
                done += read;
                on(Event::Progress { done })
            })
            .map_err(broken)?;
            let digests = hasher.finish();
            if copied != file.size {
                return Err(wrong(format!("{} is cut off", file.path)));
            }
            if digests.sha256 != file.sha256 || digests.digits != checksum.digits() {
                return Err(wrong(format!(
                    "{} has another checksum than the manifest says",
                    file.path
                )));
            }
            part.as_file().sync_all().map_err(HubError::write(&blobs))?;
            parts[at] = Some(part);
        }
        if let Some(at) = parts.iter().position(Option::is_none) {
            return Err(wrong(format!("{} is missing", model.files[at].path)));
        }
        for (file, part) in model.files.iter().zip(parts.into_iter().flatten()) {
            let checksum = file.checksum().expect("the manifest is valid");
            let blob = cached.blob(&checksum);
            share(part.as_file()).map_err(HubError::write(&blob))?;
            part.persist(&blob)
                .map_err(|e| HubError::write(&blob)(e.error))?;
            cached.place(&model.commit, &file.path, &checksum)?;
        }
        cached.set_commit(&model.revision, &model.commit)?;
        LockFile::note(&self.environment.lock_file(), model.clone())?;
        Ok(manifest)
    }
}

/// As any new file: tempfile alone keeps it to the user.
fn share(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}

/// A header that is the same at any time and for any user.
fn entry_header(path: &str, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(path)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

fn append(
    archive: &mut Builder<impl Write>,
    folder: &Path,
    file: &LockedFile,
    done: &mut u64,
    on: &OnEvent,
) -> Result<(), HubError> {
    let path = folder.join(&file.path);
    let from = File::open(&path).map_err(HubError::read(&path))?;
    let header = entry_header(&format!("{FILES}/{}", file.path), file.size);
    let header = header.map_err(HubError::write("the archive"))?;
    let expected = Checksum::Sha256(file.sha256.clone());
    let mut reader = Hashing {
        from: from.take(file.size),
        hasher: Hasher::new(&expected, file.size),
        done,
        on,
    };
    archive
        .append(&header, &mut reader)
        .map_err(|source| match source.downcast() {
            Ok(error) => error,
            Err(source) => HubError::write("the archive")(source),
        })?;
    let found = reader.hasher.finish().sha256;
    match found == file.sha256 {
        true => Ok(()),
        false => Err(HubError::Damaged {
            file: path.display().to_string(),
            expected: file.sha256.clone(),
            found,
            advice: "run `anubad models verify`, and pull again".to_owned(),
        }),
    }
}

/// Hashes what is read, and lets the user stop.
struct Hashing<'a, R> {
    from: R,
    hasher: Hasher,
    done: &'a mut u64,
    on: &'a OnEvent<'a>,
}

impl<R: Read> Read for Hashing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        *self.done += read as u64;
        match (self.on)(Event::Progress { done: *self.done }).is_break() {
            true => Err(io::Error::other(HubError::Interrupted)),
            false => Ok(read),
        }
    }
}

/// What a snapshot holds that another program fetched; its files are hashed and compared with their names.
fn describe(
    id: &RepositoryId,
    revision: &str,
    folder: &Path,
    on: &OnEvent,
) -> Result<LockedModel, HubError> {
    let mut files = Vec::new();
    for path in files_of(folder) {
        let full = folder.join(&path);
        let checksum = linked(&full).unwrap_or(Checksum::Sha256(String::new()));
        let digests = checksum.of_file(&full, &mut |_| on(Event::Tick))?;
        let is_named = !checksum.digits().is_empty();
        if is_named && digests.digits != checksum.digits() {
            return Err(HubError::Damaged {
                file: full.display().to_string(),
                expected: checksum.digits().to_owned(),
                found: digests.digits,
                advice: "run `anubad models verify`, and pull again".to_owned(),
            });
        }
        files.push(LockedFile {
            size: fs::metadata(&full).map_err(HubError::read(&full))?.len(),
            blob: digests.digits,
            sha256: digests.sha256,
            path,
        });
    }
    let commit = folder.file_name().and_then(|name| name.to_str());
    Ok(LockedModel {
        repository: id.to_string(),
        revision: revision.to_owned(),
        commit: commit.unwrap_or_default().to_owned(),
        files,
    })
}

fn read_manifest(entry: tar::Entry<impl Read>) -> Result<Manifest, String> {
    let is_manifest = entry.header().entry_type() == EntryType::Regular
        && *entry.path_bytes() == *MANIFEST.as_bytes();
    if !is_manifest {
        return Err(format!("it does not begin with {MANIFEST}"));
    }
    if entry.size() > LARGEST_MANIFEST {
        return Err(format!("{MANIFEST} is too large"));
    }
    let manifest: Manifest =
        serde_json::from_reader(entry).map_err(|e| format!("{MANIFEST}: {e}"))?;
    let files = &manifest.model.files;
    let mut paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    paths.sort_unstable();
    let is_valid = manifest.model.is_valid()
        && !files.is_empty()
        && files.len() <= MOST_FILES
        && paths.windows(2).all(|pair| pair[0] != pair[1])
        && files
            .iter()
            .try_fold(0u64, |sum, file| sum.checked_add(file.size))
            .is_some();
    match (manifest.schema, is_valid) {
        (SCHEMA, true) => Ok(manifest),
        (SCHEMA, false) => Err(format!(
            "{MANIFEST} makes no sense or leads out of the cache"
        )),
        (other, _) => Err(format!("schema {other} is not known; is anubad too old?")),
    }
}

/// Which file of the manifest an entry is.
fn announced(entry: &tar::Entry<impl Read>, model: &LockedModel) -> Result<usize, String> {
    let name = entry.path_bytes();
    let name = String::from_utf8_lossy(&name);
    if entry.header().entry_type() != EntryType::Regular {
        return Err(format!("{name} is no regular file"));
    }
    let path = name
        .strip_prefix(FILES)
        .and_then(|path| path.strip_prefix('/'));
    let at = model
        .files
        .iter()
        .position(|file| Some(file.path.as_str()) == path);
    let at = at.ok_or_else(|| format!("{name} is not in its manifest"))?;
    match entry.size() == model.files[at].size {
        true => Ok(at),
        false => Err(format!("{name} has another size than the manifest says")),
    }
}
