//! The tensors of a checkpoint folder as the Hugging Face Hub has it, by name.
//!
//! Read are `model.safetensors` or, where there is none, `pytorch_model.bin`, whole or in shards. Files are
//! mapped and only their tables of contents are read; a tensor is copied and widened to f32 when it is asked for.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use safetensors::SafeTensors;
use serde::Deserialize;

use super::number::NumberType;
use super::torch;
use super::weights::WeightsError;
use crate::bytes::Bytes;

/// Files that hold weights, in the order in which they are looked for.
const SAFETENSORS: &str = "model.safetensors";
const TORCH: &str = "pytorch_model.bin";
/// An index of shards is a list of some hundred names.
const LONGEST_INDEX: u64 = 16 << 20;

/// Where a tensor's numbers are in a file, checked to lie inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Type of its numbers.
    pub number: NumberType,
    /// Dimensions.
    pub shape: Vec<usize>,
    /// Numbers from one place of a dimension to the next.
    pub strides: Vec<usize>,
    /// Byte of the file where its first number starts.
    pub start: usize,
}

/// The tensors of a folder, or of one file.
#[derive(Default)]
pub struct Checkpoint {
    files: Vec<Bytes>,
    tensors: HashMap<String, (usize, Extent)>,
}

/// The files that a folder's weights are in, and how they are read.
pub struct Files {
    /// An index of shards, where there is one.
    pub index: Option<PathBuf>,
    /// What holds tensors.
    pub weights: Vec<PathBuf>,
    read: Reader,
}

/// `*.index.json`: which shard a tensor is in.
#[derive(Deserialize)]
struct Index {
    weight_map: HashMap<String, String>,
}

impl Files {
    /// Finds the weights of a folder.
    ///
    /// # Errors
    /// If there are none, or an index is unreadable or damaged.
    pub fn find(folder: &Path) -> Result<Self, WeightsError> {
        for (name, read) in [
            (SAFETENSORS, read_safetensors as Reader),
            (TORCH, torch::read as Reader),
        ] {
            let whole = folder.join(name);
            if whole.is_file() {
                return Ok(Files {
                    index: None,
                    weights: vec![whole],
                    read,
                });
            }
            let index = folder.join(format!("{name}.index.json"));
            if index.is_file() {
                let shards = shards(&index)?.into_iter();
                return Ok(Files {
                    weights: shards.map(|shard| folder.join(shard)).collect(),
                    index: Some(index),
                    read,
                });
            }
        }
        Err(WeightsError::None(folder.to_owned()))
    }
}

impl Checkpoint {
    /// Opens the files of a folder.
    ///
    /// # Errors
    /// If one is unreadable, damaged, or wants to run code.
    pub fn open(files: &Files) -> Result<Self, WeightsError> {
        let mut checkpoint = Checkpoint::default();
        for path in &files.weights {
            checkpoint.add(path, files.read)?;
        }
        Ok(checkpoint)
    }

    /// Opens the one file of a training's checkpoint, as PyTorch Lightning writes it.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn open_training(path: &Path) -> Result<Self, WeightsError> {
        let mut checkpoint = Checkpoint::default();
        checkpoint.add(path, torch::read_training)?;
        Ok(checkpoint)
    }

    fn add(&mut self, path: &Path, read: Reader) -> Result<(), WeightsError> {
        // A pipe would wait for its other end for ever.
        let is_file = fs::metadata(path).map(|m| m.is_file());
        let map = || match is_file? {
            true => Bytes::map(path),
            false => Err(io::Error::other("not a regular file")),
        };
        let bytes = map().map_err(|source| WeightsError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let tensors = read(bytes.as_ref(), path)?;
        let file = self.files.len();
        let tensors = tensors.into_iter();
        self.tensors
            .extend(tensors.map(|(name, extent)| (name, (file, extent))));
        self.files.push(bytes);
        Ok(())
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files
            .iter()
            .map(|file| file.as_ref().len() as u64)
            .sum()
    }

    /// Names of all tensors, each with where its numbers are: the file and the place in it.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &(usize, Extent))> {
        self.tensors
            .iter()
            .map(|(name, place)| (name.as_str(), place))
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Whether two names are of the same numbers in the same file: a tied weight, saved once.
    pub fn are_one(&self, a: &str, b: &str) -> bool {
        self.contains(a) && self.tensors.get(a) == self.tensors.get(b)
    }

    /// The numbers of a tensor, widened to f32 whatever the file has them in, and how many bytes it has there.
    ///
    /// # Errors
    /// If it is not there or has another shape.
    pub fn read(&self, name: &str, shape: &[usize]) -> Result<(Vec<f32>, u64), WeightsError> {
        let Some((file, extent)) = self.tensors.get(name) else {
            return Err(WeightsError::Missing(name.to_owned()));
        };
        if extent.shape != shape {
            return Err(WeightsError::Shape {
                name: name.to_owned(),
                expected: shape.to_vec(),
                found: extent.shape.clone(),
            });
        }
        let values = widen(self.files[*file].as_ref(), extent);
        self.files[*file].release_pages();
        let bytes = values.len() * extent.number.size();
        Ok((values, bytes as u64))
    }
}

/// Reads a file's table of contents.
type Reader = fn(&[u8], &Path) -> Result<Vec<(String, Extent)>, WeightsError>;

/// The shards that an index names, each once.
fn shards(index: &Path) -> Result<BTreeSet<String>, WeightsError> {
    let damaged = |reason: String| WeightsError::Damaged {
        path: index.to_owned(),
        reason,
    };
    let read = || match fs::metadata(index)?.len() {
        length if length <= LONGEST_INDEX => fs::read(index),
        length => Err(io::Error::other(format!("{length} bytes are too many"))),
    };
    let text = read().map_err(|source| WeightsError::Unreadable {
        path: index.to_owned(),
        source,
    })?;
    let parsed: Index = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    let shards: BTreeSet<String> = parsed.weight_map.into_values().collect();
    for shard in &shards {
        let mut parts = Path::new(shard).components();
        if !matches!(
            (parts.next(), parts.next()),
            (Some(Component::Normal(_)), None)
        ) {
            return Err(damaged(format!(
                "{shard:?} is not the name of a file in the folder"
            )));
        }
    }
    match shards.is_empty() {
        true => Err(damaged("it names no file".to_owned())),
        false => Ok(shards),
    }
}

fn read_safetensors(bytes: &[u8], path: &Path) -> Result<Vec<(String, Extent)>, WeightsError> {
    let damaged = |reason: String| WeightsError::Damaged {
        path: path.to_owned(),
        reason,
    };
    // The crate checks that tensors lie inside the file, one after another, and are as long as their shapes.
    let read = SafeTensors::read_metadata(bytes);
    let (header, metadata) = read.map_err(|e| damaged(e.to_string()))?;
    let start = header + 8; // the length of the header
    if bytes.len() < start + metadata.data_len() {
        return Err(damaged("it is cut short".to_owned()));
    }
    let tensor = |(name, info): (String, &safetensors::tensor::TensorInfo)| {
        // A type that no model here uses is no reason to refuse the rest.
        let number = NumberType::of_safetensors(info.dtype)?;
        let extent = Extent {
            number,
            strides: row_major(&info.shape),
            shape: info.shape.clone(),
            start: start + info.data_offsets.0,
        };
        Some((name, extent))
    };
    Ok(metadata.tensors().into_iter().filter_map(tensor).collect())
}

/// Strides of a tensor whose last dimension is dense.
pub fn row_major(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for i in (1..shape.len()).rev() {
        // Beyond what can be counted only where another dimension is zero: then no stride is used.
        strides[i - 1] = strides[i].saturating_mul(shape[i]);
    }
    strides
}

/// The numbers of a tensor in row-major order.
fn widen(file: &[u8], extent: &Extent) -> Vec<f32> {
    let count: usize = extent.shape.iter().product();
    let size = extent.number.size();
    if extent.strides == row_major(&extent.shape) {
        return extent.number.widen(&file[extent.start..][..count * size]);
    }
    // A transposed or cut-out tensor: number by number.
    let mut values = Vec::with_capacity(count);
    let mut index = vec![0; extent.shape.len()];
    for _ in 0..count {
        let offset: usize = index.iter().zip(&extent.strides).map(|(i, s)| i * s).sum();
        let number = &file[extent.start + offset * size..][..size];
        values.extend(extent.number.widen(number));
        for (i, &n) in index.iter_mut().zip(&extent.shape).rev() {
            *i += 1;
            if *i < n {
                break;
            }
            *i = 0;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn error(files: &[(&str, &[u8])]) -> String {
        let folder = folder(files);
        let opened = Files::find(folder.path()).and_then(|files| Checkpoint::open(&files));
        opened.err().expect("an error").to_string()
    }

    #[test]
    fn a_shard_is_a_plain_file_name() {
        for shard in ["../x.safetensors", "/etc/passwd", "a/b", ".", ""] {
            let index = format!(r#"{{"weight_map": {{"w": "{shard}"}}}}"#);
            let error = error(&[("model.safetensors.index.json", index.as_bytes())]);
            assert!(error.contains("is not the name of a file"), "{error}");
        }
        let index = br#"{"weight_map": {"w": "model-1.safetensors"}}"#;
        let error = error(&[("model.safetensors.index.json", index)]);
        assert!(
            error.contains("model-1.safetensors cannot be read"),
            "{error}"
        );
    }

    #[test]
    fn a_folder_without_weights_says_what_was_looked_for() {
        assert!(error(&[]).contains("looked for model.safetensors and pytorch_model.bin"));
        assert!(error(&[("pytorch_model.bin", b"")]).contains("damaged"));
        assert!(
            error(&[("model.safetensors", b"\xff\xff\xff\xff\xff\xff\xff\x7f{}")])
                .contains("damaged")
        );
    }

    #[test]
    fn strided_tensors_come_in_row_major_order() {
        let bytes: Vec<u8> = (0..6u8).collect();
        let extent = |shape: &[usize], strides: &[usize], start| Extent {
            number: NumberType::U8,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
            start,
        };
        // The transpose of 2 × 3, and a column of it.
        let transposed = widen(&bytes, &extent(&[3, 2], &[1, 3], 0));
        assert_eq!(transposed, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(widen(&bytes, &extent(&[2], &[3], 1)), [1.0, 4.0]);
        assert_eq!(widen(&bytes, &extent(&[], &[], 5)), [5.0]);
    }
}
