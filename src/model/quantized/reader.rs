//! Reading: the contents are parsed, the lines of matrices stay in the file, all else is copied.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    ALIGNMENT, Contents, LONGEST_CONTENTS, MAGIC, MatrixEntry, Origin, TensorEntry, VERSION,
};
use crate::bytes::Bytes;
use crate::kernel::{Int8Linear, Int8Parts};
use crate::model::WeightsError;

/// Why a file cannot be used, and is made anew.
#[derive(Debug, Error)]
pub enum Unusable {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is something else")]
    Foreign,
    #[error("it is of another version")]
    Version,
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("it was made from other weights")]
    Stale,
}

/// An open file of quantized weights.
pub struct Quantized {
    file: Arc<Bytes>,
    /// Where the data begins.
    data: usize,
    names: BTreeMap<String, usize>,
    matrices: HashMap<Vec<String>, MatrixEntry>,
    tensors: HashMap<String, TensorEntry>,
}

impl Quantized {
    /// Opens the file at `path`, if it was made from `origin`.
    ///
    /// # Errors
    /// If there is none that can be used.
    pub fn open(path: &Path, origin: &Origin) -> Result<Self, Unusable> {
        let (file, contents, data) = read_contents(path)?;
        if contents.origin != *origin {
            return Err(Unusable::Stale);
        }
        let matrices = contents.matrices.into_iter();
        let tensors = contents.tensors.into_iter();
        Ok(Quantized {
            file: Arc::new(file),
            data,
            names: contents.names,
            matrices: matrices.map(|m| (m.names.clone(), m)).collect(),
            tensors: tensors.map(|t| (t.name.clone(), t)).collect(),
        })
    }

    /// Whether the checkpoint had a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Whether two names are of the same numbers in the checkpoint.
    pub fn are_one(&self, a: &str, b: &str) -> bool {
        self.contains(a) && self.names.get(a) == self.names.get(b)
    }

    /// The numbers of a tensor.
    ///
    /// # Errors
    /// If it is not in the file or has another shape there.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let missing = || WeightsError::Missing(name.to_owned());
        let entry = self.tensors.get(name).ok_or_else(missing)?;
        if entry.shape != shape {
            return Err(WeightsError::Shape {
                name: name.to_owned(),
                expected: shape.to_vec(),
                found: entry.shape.clone(),
            });
        }
        let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        let bytes = count.and_then(|count| self.part(entry.start, count.checked_mul(4)?));
        let (values, _) = bytes.ok_or_else(missing)?.as_chunks();
        Ok(values
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect())
    }

    /// The matrix of some tensors, outputs × inputs in all.
    ///
    /// # Errors
    /// If it is not in the file or has another shape there.
    pub fn matrix(
        &self,
        names: &[String],
        (outputs, inputs): (usize, usize),
    ) -> Result<Int8Linear, WeightsError> {
        let missing = || WeightsError::Missing(names.join(", "));
        let entry = self.matrices.get(names).ok_or_else(missing)?;
        if (entry.outputs, entry.inputs) != (outputs, inputs) {
            return Err(WeightsError::Shape {
                name: names.join(", "),
                expected: vec![outputs, inputs],
                found: vec![entry.outputs, entry.inputs],
            });
        }
        let places = || {
            let (lines, tall) = Int8Parts::sizes(outputs, inputs)?;
            let rest = tall.checked_mul(8)?;
            let whole = self.range(entry.start, lines.checked_add(rest)?)?;
            let rest = self.part(entry.start.checked_add(lines)?, rest)?;
            Some((whole.start..whole.start + lines, rest.split_at(tall * 4)))
        };
        let (lines, (scales, offsets)) = places().ok_or_else(missing)?;
        let scales = scales.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
        let offsets = offsets.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b));
        let place = (self.file.clone(), lines);
        let (scales, offsets) = (scales.collect(), offsets.collect());
        Int8Linear::from_parts(place, scales, offsets, (outputs, inputs)).map_err(|source| {
            WeightsError::Device {
                name: names.join(", "),
                source,
            }
        })
    }

    /// Bytes of the file that are `length` bytes of the data, if they are inside.
    fn range(&self, start: usize, length: usize) -> Option<Range<usize>> {
        let start = self.data.checked_add(start)?;
        let end = start.checked_add(length)?;
        (end <= (*self.file).as_ref().len()).then_some(start..end)
    }

    fn part(&self, start: usize, length: usize) -> Option<&[u8]> {
        (*self.file).as_ref().get(self.range(start, length)?)
    }
}

/// A file, its contents, and where its data begins.
pub(super) fn read_contents(path: &Path) -> Result<(Bytes, Contents, usize), Unusable> {
    // A pipe would wait for its other end for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(Unusable::Foreign);
    }
    let file = Bytes::map(path)?;
    let (contents, data) = parse(file.as_ref())?;
    Ok((file, contents, data))
}

fn parse(file: &[u8]) -> Result<(Contents, usize), Unusable> {
    let damaged = |what: &str| Unusable::Damaged(what.to_owned());
    let Some((header, rest)) = file.split_first_chunk::<ALIGNMENT>() else {
        return Err(Unusable::Foreign);
    };
    if header[..8] != *MAGIC {
        return Err(Unusable::Foreign);
    }
    if header[8..12] != VERSION.to_le_bytes() {
        return Err(Unusable::Version);
    }
    let length = header[16..24]
        .try_into()
        .map_or(u64::MAX, u64::from_le_bytes);
    if length > LONGEST_CONTENTS {
        return Err(damaged("its contents are too long"));
    }
    let Some(text) = rest.get(..length as usize) else {
        return Err(damaged("it is cut short"));
    };
    if Sha256::digest(text)[..] != header[24..56] {
        return Err(damaged("its contents have another checksum"));
    }
    let contents = serde_json::from_slice(text);
    let contents = contents.map_err(|error| Unusable::Damaged(error.to_string()))?;
    Ok((
        contents,
        (ALIGNMENT + text.len()).next_multiple_of(ALIGNMENT),
    ))
}
