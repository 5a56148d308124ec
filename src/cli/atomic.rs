//! A file that is there whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::interrupt::Interrupt;

/// A file under a temporary name in its folder until [`AtomicFile::commit`] gives it its own name.
/// Dropped before that, it is gone. What is no regular file (`/dev/null`, a pipe) is written directly.
pub struct AtomicFile {
    kind: Kind,
    interrupt: Interrupt,
}

enum Kind {
    Replace { file: NamedTempFile, to: PathBuf },
    Direct(File),
}

impl AtomicFile {
    /// Begins to write what is to be at `to`. A link is followed, so that it stays a link.
    pub fn create(to: &Path, interrupt: &Interrupt) -> io::Result<AtomicFile> {
        let interrupt = interrupt.clone();
        let metadata = std::fs::metadata(to);
        if metadata.as_ref().is_ok_and(|m| m.is_dir()) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if metadata.as_ref().is_ok_and(|m| !m.is_file()) {
            let file = File::options().write(true).open(to)?;
            return Ok(AtomicFile {
                kind: Kind::Direct(file),
                interrupt,
            });
        }
        let to = if to.is_symlink() {
            to.canonicalize()?
        } else {
            to.to_owned()
        };
        let folder = match to.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".anubad-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any new file: readable by whom the umask lets; tempfile alone keeps it to the user.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        if !folder.exists() {
            let advice = format!("folder {} does not exist; make it first", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, advice));
        }
        // The error itself would name the hidden file, which says nothing to the user.
        let file = builder
            .tempfile_in(folder)
            .map_err(|error| io::Error::from(error.kind()))?;
        if let Ok(metadata) = metadata {
            file.as_file().set_permissions(metadata.permissions())?;
        }
        interrupt.set_partial(Some(file.path()));
        Ok(AtomicFile {
            kind: Kind::Replace { file, to },
            interrupt,
        })
    }

    /// Puts the file in its place.
    pub fn commit(self) -> io::Result<()> {
        match self.kind {
            Kind::Direct(mut file) => file.flush(),
            Kind::Replace { file, to } => {
                file.as_file().sync_all()?;
                file.persist(to).map_err(|e| e.error)?;
                self.interrupt.set_partial(None);
                Ok(())
            }
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.kind {
            Kind::Replace { file, .. } => file.write(bytes),
            Kind::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.kind {
            Kind::Replace { file, .. } => file.flush(),
            Kind::Direct(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        names
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn dropped_before_its_end_it_leaves_nothing_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.txt");
        std::fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path, &Interrupt::default()).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["out.txt"]);
    }

    #[test]
    fn committed_it_is_there_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.txt");
        let mut file = AtomicFile::create(&path, &Interrupt::default()).unwrap();
        file.write_all(b"whole").unwrap();
        assert!(!path.exists());
        file.commit().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(names(folder.path()), ["out.txt"]);
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no");
        let error = AtomicFile::create(&missing.join("x.txt"), &Interrupt::default()).err();
        let expected = format!("folder {} does not exist; make it first", missing.display());
        assert_eq!(error.unwrap().to_string(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn it_has_the_rights_of_the_file_that_it_replaces_and_follows_a_link() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("out.txt"), folder.path().join("link"));
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut file = AtomicFile::create(&link, &Interrupt::default()).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }
}
