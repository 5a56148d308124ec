//! The weights of a model, by name, as its architecture asks for them: from a checkpoint, or from a file of weights that
//! were rounded before.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{Device, Tensor};
use thiserror::Error;

use super::Compute;
use super::checkpoint::{Checkpoint, Files};
use super::matrix::{Arithmetic, Matrix};
use super::pickle::PickleError;
use super::quantized::{Quantized, Record};

/// Why weights cannot be used.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The folder has none.
    #[error(
        "{0} holds no weights: looked for model.safetensors and pytorch_model.bin, whole or in shards"
    )]
    None(PathBuf),
    /// A file cannot be read.
    #[error("weights {path} cannot be read: {source}; download the model again")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not what its name says.
    #[error("weights {path} are damaged: {reason}; download the model again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A pickle is malformed or wants to run code.
    #[error("weights {path} cannot be used: {source}")]
    Pickle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PickleError,
    },
    /// A tensor is not there.
    #[error(
        "the weights hold no tensor {0}: the folder's config.json is of another model, or a shard is missing"
    )]
    Missing(String),
    /// A tensor has another shape than the configuration says.
    #[error("tensor {name} has shape {found:?}, but config.json makes it {expected:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// Shape by the configuration.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// The device has no room for a tensor.
    #[error("tensor {name} cannot be put on the device: {source}")]
    Device {
        /// The tensor.
        name: String,
        /// What candle says.
        source: candle_core::Error,
    },
}

/// The weights of a model.
pub struct Weights {
    source: Source,
    device: Device,
    arithmetic: Arithmetic,
    record: Option<Mutex<Record>>,
}

enum Source {
    Checkpoint(Checkpoint),
    Quantized(Quantized),
}

impl Weights {
    /// Finds the weights of a checkpoint folder; tensors will go to `device`.
    ///
    /// # Errors
    /// If there are none, or a file is unreadable, damaged, or wants to run code.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, WeightsError> {
        let checkpoint = Checkpoint::open(&Files::find(folder)?)?;
        Ok(Self::new(Source::Checkpoint(checkpoint), device))
    }

    /// Opens the one file of a training's checkpoint, as PyTorch Lightning writes it.
    ///
    /// # Errors
    /// As [`Weights::open`].
    pub fn open_training(path: &Path, device: &Device) -> Result<Self, WeightsError> {
        let checkpoint = Checkpoint::open_training(path)?;
        Ok(Self::new(Source::Checkpoint(checkpoint), device))
    }

    /// Those of a checkpoint on the CPU, with matrices of 8 bits; what is asked for is noted.
    pub(super) fn recorded(checkpoint: Checkpoint, record: Record) -> Self {
        Weights {
            arithmetic: Arithmetic::Int8,
            record: Some(Mutex::new(record)),
            ..Self::new(Source::Checkpoint(checkpoint), &Device::Cpu)
        }
    }

    /// Those of a file that was written before, on the CPU, with matrices of 8 bits.
    pub(super) fn quantized(quantized: Quantized) -> Self {
        Weights {
            arithmetic: Arithmetic::Int8,
            ..Self::new(Source::Quantized(quantized), &Device::Cpu)
        }
    }

    fn new(source: Source, device: &Device) -> Self {
        Weights {
            source,
            device: device.clone(),
            arithmetic: Arithmetic::Dense,
            record: None,
        }
    }

    /// The same weights, whose matrices will be in the arithmetic that `compute` asks for.
    pub fn with(self, compute: Compute) -> Self {
        let arithmetic = compute.arithmetic(&self.device);
        Weights { arithmetic, ..self }
    }

    /// What was asked for, if it was noted.
    pub(super) fn into_record(self) -> Record {
        let record = self.record.map(Mutex::into_inner);
        record.map_or_else(Record::default, |record| {
            record.unwrap_or_else(PoisonError::into_inner)
        })
    }

    fn note(&self, note: impl FnOnce(&mut Record)) {
        if let Some(record) = &self.record {
            note(&mut record.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Where tensors go.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        match &self.source {
            Source::Checkpoint(checkpoint) => checkpoint.contains(name),
            Source::Quantized(quantized) => quantized.contains(name),
        }
    }

    /// Whether two names are of the same numbers in the same file: a tied weight, saved once.
    pub fn are_one(&self, a: &str, b: &str) -> bool {
        match &self.source {
            Source::Checkpoint(checkpoint) => checkpoint.are_one(a, b),
            Source::Quantized(quantized) => quantized.are_one(a, b),
        }
    }

    /// A tensor in f32, whatever the file has it in.
    ///
    /// # Errors
    /// If it is not there or has another shape.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor, WeightsError> {
        let values = match &self.source {
            Source::Checkpoint(checkpoint) => self.read(checkpoint, name, shape)?,
            Source::Quantized(quantized) => quantized.tensor(name, shape)?,
        };
        let tensor = Tensor::from_vec(values, shape, &self.device);
        let tensor = tensor.map_err(|source| WeightsError::Device {
            name: name.to_owned(),
            source,
        })?;
        self.note(|record| record.tensor(name, &tensor));
        Ok(tensor)
    }

    /// Tensors of `rows` × `columns` each as one matrix, one under the other.
    ///
    /// # Errors
    /// If one is not there, has another shape, or is to be rounded and holds what is no number.
    pub fn matrix(
        &self,
        names: &[String],
        (rows, columns): (usize, usize),
    ) -> Result<Matrix, WeightsError> {
        let device = |source| WeightsError::Device {
            name: names.join(", "),
            source,
        };
        let tall = names.len() * rows;
        let checkpoint = match &self.source {
            Source::Checkpoint(checkpoint) => checkpoint,
            Source::Quantized(quantized) => {
                let weights = quantized.matrix(names, (tall, columns))?;
                return Ok(Matrix::Int8(Arc::new(weights)));
            }
        };
        let mut values = Vec::new();
        for name in names {
            let part = self.read(checkpoint, name, &[rows, columns])?;
            match values.is_empty() {
                true => values = part,
                false => values.extend(part),
            }
        }
        let matrix = Matrix::new(values, (tall, columns), self.arithmetic, &self.device);
        let matrix = matrix.map_err(device)?;
        if let Matrix::Int8(weights) = &matrix {
            self.note(|record| record.matrix(names, weights));
        }
        Ok(matrix)
    }

    fn read(
        &self,
        checkpoint: &Checkpoint,
        name: &str,
        shape: &[usize],
    ) -> Result<Vec<f32>, WeightsError> {
        let (values, bytes) = checkpoint.read(name, shape)?;
        self.note(|record| record.has_read(bytes));
        Ok(values)
    }
}
