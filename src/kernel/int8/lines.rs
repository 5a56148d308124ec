//! Where the weights are: in memory, or in a file that is mapped.

use std::ops::Range;
use std::sync::Arc;

use candle_core::{Result, bail};

use super::{GROUP, WIDTH};
use crate::bytes::Bytes;

/// Four neighbouring inputs of 16 outputs: input i of output n at byte 4 n + i.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Line(pub [i8; WIDTH * GROUP]);

/// Lines one after another.
pub enum Lines {
    Owned(Vec<Line>),
    Mapped(Mapped),
}

/// Lines in part of a file.
pub struct Mapped {
    file: Arc<Bytes>,
    range: Range<usize>,
}

impl Lines {
    /// Those in a range of a file's bytes; they stay there.
    ///
    /// # Errors
    /// If the range reaches past the end, or is not one of whole lines that begin at a multiple of 64 in memory.
    pub fn mapped(file: Arc<Bytes>, range: Range<usize>) -> Result<Self> {
        match (*file).as_ref().get(range.clone()).map(whole_lines) {
            Some(([], _, [])) => Ok(Lines::Mapped(Mapped { file, range })),
            _ => bail!("bytes {range:?} of a file are no whole lines of weights"),
        }
    }

    /// The lines.
    pub fn as_slice(&self) -> &[Line] {
        match self {
            Lines::Owned(lines) => lines,
            Lines::Mapped(Mapped { file, range }) => {
                whole_lines(&(**file).as_ref()[range.clone()]).1
            }
        }
    }

    /// Their bytes.
    pub fn bytes(&self) -> &[u8] {
        let lines = self.as_slice();
        // Safety: lines are bytes without gaps.
        unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), size_of_val(lines)) }
    }
}

/// The lines in bytes, and what is left over on either side.
fn whole_lines(bytes: &[u8]) -> (&[u8], &[Line], &[u8]) {
    // Safety: any 64 bytes are a line.
    unsafe { bytes.align_to() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_file_are_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let bytes: Vec<u8> = (0..=255).collect();
        std::fs::write(&path, &bytes).unwrap();
        let file = Arc::new(Bytes::map(&path).unwrap());
        let lines = Lines::mapped(file.clone(), 64..192).unwrap();
        assert_eq!(lines.bytes(), &bytes[64..192]);
        assert_eq!(lines.as_slice()[1].0[3], bytes[131] as i8);
        let owned = Lines::Owned(lines.as_slice().to_vec());
        assert_eq!(owned.bytes(), lines.bytes());
        let reversed = Range {
            start: 128,
            end: 64,
        };
        for bad in [
            0..63,
            1..65,
            192..320,
            usize::MAX - 64..usize::MAX,
            reversed,
        ] {
            assert!(Lines::mapped(file.clone(), bad).is_err());
        }
        assert!(Lines::mapped(file, 64..64).unwrap().as_slice().is_empty());
    }
}
