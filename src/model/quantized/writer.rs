//! Writing: what a model asked of its weights while it was built is what its file holds.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use candle_core::Tensor;
use sha2::{Digest, Sha256};

use super::keep::OnRead;
use super::{ALIGNMENT, Contents, MAGIC, MatrixEntry, Origin, TensorEntry, VERSION};
use crate::files::write_whole_with;
use crate::kernel::Int8Linear;
use crate::model::checkpoint::Checkpoint;

/// The weights that a model was built from.
#[derive(Default)]
pub struct Record {
    names: BTreeMap<String, usize>,
    matrices: BTreeMap<Vec<String>, Arc<Int8Linear>>,
    tensors: BTreeMap<String, Tensor>,
    /// Bytes of the checkpoint that have been read, and all.
    read: (u64, u64),
    on_read: Option<OnRead>,
}

impl Record {
    /// Of a checkpoint of which nothing has been read yet.
    pub fn new(checkpoint: &Checkpoint, on_read: Option<OnRead>) -> Self {
        let mut numbers = HashMap::new();
        let mut number = |place| {
            let next = numbers.len();
            *numbers.entry(place).or_insert(next)
        };
        // In order, so that the same weights make the same file.
        let tensors = BTreeMap::from_iter(checkpoint.tensors()).into_iter();
        if let Some(on_read) = &on_read {
            on_read(0, checkpoint.size());
        }
        Record {
            names: tensors
                .map(|(name, place)| (name.to_owned(), number(place)))
                .collect(),
            read: (0, checkpoint.size()),
            on_read,
            ..Record::default()
        }
    }

    /// Notes a matrix.
    pub fn matrix(&mut self, names: &[String], weights: &Arc<Int8Linear>) {
        self.matrices.insert(names.to_vec(), weights.clone());
    }

    /// Notes a tensor that stays as it is.
    pub fn tensor(&mut self, name: &str, tensor: &Tensor) {
        self.tensors.insert(name.to_owned(), tensor.clone());
    }

    /// Notes that so many bytes more were read.
    pub fn has_read(&mut self, bytes: u64) {
        self.read.0 += bytes;
        if let Some(on_read) = &self.on_read {
            on_read(self.read.0, self.read.1);
        }
    }

    /// Writes the file at `path`, which is there whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path, origin: &Origin) -> io::Result<()> {
        let text = serde_json::to_vec(&self.contents(origin.clone())?)?;
        write_whole_with(path, |file| {
            let mut file = BufWriter::with_capacity(1 << 20, file);
            file.write_all(MAGIC)?;
            file.write_all(&VERSION.to_le_bytes())?;
            file.write_all(&[0; 4])?;
            file.write_all(&(text.len() as u64).to_le_bytes())?;
            file.write_all(&Sha256::digest(&text))?;
            file.write_all(&[0; 8])?;
            write_padded(&mut file, &text)?;
            for weights in self.matrices.values() {
                let parts = weights.parts();
                file.write_all(parts.lines)?;
                let scales = parts.scales.iter().flat_map(|s| s.to_le_bytes());
                let offsets = parts.offsets.iter().flat_map(|o| o.to_le_bytes());
                let rest: Vec<u8> = scales.chain(offsets).collect();
                write_padded(&mut file, &rest)?;
            }
            for tensor in self.tensors.values() {
                let values = tensor.flatten_all().and_then(|t| t.to_vec1::<f32>());
                let values = values.map_err(io::Error::other)?;
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                write_padded(&mut file, &bytes)?;
            }
            file.flush()
        })
    }

    fn contents(&self, origin: Origin) -> io::Result<Contents> {
        let mut next = 0;
        let mut start = |length: usize| {
            let start = next;
            next += length.next_multiple_of(ALIGNMENT);
            start
        };
        let matrices = self.matrices.iter().map(|(names, weights)| {
            let parts = weights.parts();
            MatrixEntry {
                names: names.clone(),
                outputs: weights.outputs(),
                inputs: weights.inputs(),
                start: start(parts.lines.len() + size_of_val(parts.scales) * 2),
            }
        });
        let matrices = matrices.collect();
        let tensors = self.tensors.iter().map(|(name, tensor)| TensorEntry {
            name: name.clone(),
            shape: tensor.dims().to_vec(),
            start: start(tensor.elem_count() * size_of::<f32>()),
        });
        Ok(Contents {
            origin,
            names: self.names.clone(),
            tensors: tensors.collect(),
            matrices,
        })
    }
}

/// Writes bytes, and zeros up to a multiple of the alignment.
fn write_padded(file: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    let zeros = bytes.len().next_multiple_of(ALIGNMENT) - bytes.len();
    file.write_all(&[0; ALIGNMENT][..zeros])
}
