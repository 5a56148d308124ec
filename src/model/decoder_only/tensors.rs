//! Taking a model's tensors out of a GGUF file, with an eye on what is left in it.

use std::cell::RefCell;

use candle_core::{Device, Result, Tensor, bail};
use rustc_hash::FxHashSet;

use super::stacked::Stacked;
use crate::model::linear::Linear;
use crate::model::{Compute, Gguf};

/// The tensors of a file, on their way to a device.
pub struct Tensors<'a> {
    gguf: &'a Gguf,
    compute: Compute,
    device: &'a Device,
    taken: RefCell<FxHashSet<String>>,
}

impl<'a> Tensors<'a> {
    pub fn new(gguf: &'a Gguf, compute: Compute, device: &'a Device) -> Self {
        Tensors {
            gguf,
            compute,
            device,
            taken: RefCell::default(),
        }
    }

    /// Whether the file has such a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.gguf.tensor(name).is_ok()
    }

    /// A vector of `length` values, widened to f32.
    ///
    /// # Errors
    /// As [`Gguf::vector`].
    pub fn vector(&self, name: &str, length: usize) -> Result<Tensor> {
        self.take(name);
        self.gguf.vector(name, length, self.device)
    }

    /// Vectors joined to one.
    ///
    /// # Errors
    /// As [`Gguf::vector`].
    pub fn joined(&self, parts: &[(String, usize)]) -> Result<Tensor> {
        let parts = parts.iter().map(|(name, n)| self.vector(name, *n));
        Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 0)
    }

    /// A linear layer of `shape` = (out, in).
    ///
    /// # Errors
    /// As [`Linear::load`].
    pub fn linear(&self, name: &str, shape: (usize, usize)) -> Result<Linear> {
        self.take(name);
        let names = [name.to_owned()];
        Linear::load(self.gguf, &names, shape, self.compute, self.device)
    }

    /// Linear layers of one input of `columns` values, each with its name and its rows. Neighbours of one type
    /// become one product.
    ///
    /// # Errors
    /// As [`Linear::load`].
    pub fn stacked(&self, parts: &[(String, usize)], columns: usize) -> Result<Stacked> {
        let types = parts
            .iter()
            .map(|(name, _)| Ok(self.gguf.tensor(name)?.0))
            .collect::<Result<Vec<_>>>()?;
        let (mut layers, mut start) = (Vec::new(), 0);
        for group in types.chunk_by(|a, b| a == b) {
            let group = &parts[start..start + group.len()];
            start += group.len();
            let names: Vec<String> = group.iter().map(|(name, _)| name.clone()).collect();
            names.iter().for_each(|name| self.take(name));
            let rows = group.iter().map(|(_, rows)| rows).sum();
            let shape = (rows, columns);
            layers.push(Linear::load(
                self.gguf,
                &names,
                shape,
                self.compute,
                self.device,
            )?);
        }
        Ok(Stacked::new(layers))
    }

    /// Notes that a tensor is used without being loaded here.
    pub fn take(&self, name: &str) {
        self.taken.borrow_mut().insert(name.to_owned());
    }

    /// That nothing is left in the file: a bias or a norm that went unused would make a model that runs and is wrong.
    ///
    /// # Errors
    /// Naming a tensor that nobody took.
    pub fn none_left(&self) -> Result<()> {
        let taken = self.taken.borrow();
        match self
            .gguf
            .tensor_names()
            .filter(|n| !taken.contains(*n))
            .min()
        {
            None => Ok(()),
            Some(name) => {
                bail!("the GGUF file has a tensor {name:?}, which this architecture has no use for")
            }
        }
    }
}
