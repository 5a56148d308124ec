//! Files that are read in place.

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;

/// Bytes that stay where they are: of a file that is mapped, of the program itself, or in memory.
pub struct Bytes(Kind);

enum Kind {
    /// Part of the program's own image.
    Program(&'static [u8]),
    File(Mmap),
    Heap(Vec<u8>),
}

impl Bytes {
    /// Maps a file. Nobody may change it in place while it is mapped: a file cut short ends the program by a
    /// signal, as with any reader that maps. Files that are replaced by renaming are safe.
    ///
    /// # Errors
    /// If it cannot be opened or mapped.
    pub fn map(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // Safety: the mapping is only read, and the caller was told to leave the file alone.
        Ok(Bytes(Kind::File(unsafe { Mmap::map(&file)? })))
    }

    /// Bytes of the program's image (`include_bytes!`), and of nothing else: their pages may be given back.
    pub(crate) fn program(bytes: &'static [u8]) -> Self {
        Bytes(Kind::Program(bytes))
    }

    /// Lets the system take back the memory that the pages of a file or of the program hold; they are read
    /// again when touched.
    pub(crate) fn release_pages(&self) {
        #[cfg(target_os = "linux")]
        if let Kind::Program(_) | Kind::File(_) = self.0 {
            use rustix::mm::{Advice, madvise};
            let page = rustix::param::page_size();
            let bytes = self.as_ref().as_ptr_range();
            // Whole pages only: what shares the first and the last may not be ours.
            let start = bytes.start.addr().next_multiple_of(page);
            let length = (bytes.end.addr() / page * page).saturating_sub(start);
            // Safety: both kinds are read-only mappings of a file, so the pages hold nothing else.
            let start = bytes.start.with_addr(start).cast_mut().cast();
            let _ = unsafe { madvise(start, length, Advice::LinuxDontNeed) };
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes(Kind::Heap(bytes))
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            Kind::Program(bytes) => bytes,
            Kind::File(map) => map,
            Kind::Heap(bytes) => bytes,
        }
    }
}
