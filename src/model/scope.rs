//! Parts of a model from tensors whose names begin alike.

use candle_core::Tensor;

use super::LoadError;
use super::linear::Linear;
use super::matrix::Matrix;
use super::norm::Norm;
use super::weights::Weights;
use crate::kernel::Activation;

/// Variance below which PyTorch's LayerNorm does not go; no configuration of most models says otherwise.
const LAYER_NORM_EPS: f32 = 1e-5;

/// The tensors under a prefix.
#[derive(Clone)]
pub struct Scope<'a> {
    weights: &'a Weights,
    prefix: String,
}

impl<'a> Scope<'a> {
    /// All tensors whose names begin with `prefix`; it ends in a dot or is empty.
    pub fn new(weights: &'a Weights, prefix: &str) -> Self {
        Scope {
            weights,
            prefix: prefix.to_owned(),
        }
    }

    /// Those of a module inside.
    pub fn at(&self, module: &str) -> Self {
        Scope {
            weights: self.weights,
            prefix: format!("{}{module}.", self.prefix),
        }
    }

    /// The full name of a tensor.
    pub fn name(&self, tensor: &str) -> String {
        format!("{}{tensor}", self.prefix)
    }

    /// Whether there is such a tensor.
    pub fn contains(&self, tensor: &str) -> bool {
        self.weights.contains(&self.name(tensor))
    }

    /// A tensor.
    pub fn get(&self, tensor: &str, shape: &[usize]) -> Result<Tensor, LoadError> {
        Ok(self.weights.get(&self.name(tensor), shape)?)
    }

    /// The linear layers of several modules as one, their outputs one after another; each (out, in).
    pub fn linear(
        &self,
        modules: &[&str],
        (rows, columns): (usize, usize),
        has_bias: bool,
    ) -> Result<Linear, LoadError> {
        let names: Vec<String> = modules.iter().map(|m| self.at(m).name("weight")).collect();
        let weight = self.weights.matrix(&names, (rows, columns))?;
        let bias = || -> Result<Tensor, LoadError> {
            let parts = modules.iter().map(|m| self.at(m).get("bias", &[rows]));
            Ok(Tensor::cat(&parts.collect::<Result<Vec<_>, _>>()?, 0)?)
        };
        Ok(Linear::new(weight, has_bias.then(bias).transpose()?))
    }

    /// A norm by mean and variance.
    pub fn layer_norm(&self, module: &str, width: usize) -> Result<Norm, LoadError> {
        self.layer_norm_with(module, width, LAYER_NORM_EPS)
    }

    /// The same of a model that says below which variance it does not go.
    pub fn layer_norm_with(&self, module: &str, width: usize, eps: f32) -> Result<Norm, LoadError> {
        let scope = self.at(module);
        Ok(Norm::Layer {
            weight: scope.get("weight", &[width])?,
            bias: scope.get("bias", &[width])?,
            eps,
        })
    }

    /// A norm by the root of the mean square.
    pub fn rms_norm(&self, module: &str, width: usize, eps: f32) -> Result<Norm, LoadError> {
        Ok(Norm::Rms {
            weight: self.at(module).get("weight", &[width])?,
            eps,
        })
    }
}

/// A non-linearity by the name that `transformers` has for it.
pub fn activation(name: &str) -> Result<Activation, LoadError> {
    match name {
        "relu" => Ok(Activation::Relu),
        "gelu" => Ok(Activation::Gelu),
        "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
        "silu" | "swish" => Ok(Activation::Silu),
        _ => Err(LoadError::Config(format!(
            "the activation {name:?} is none of relu, gelu, gelu_new, silu, swish"
        ))),
    }
}

/// Tables of vectors of source and target tokens, and of the head over the target's vocabulary: one tensor where the
/// file has one.
pub struct Tables {
    pub source: Matrix,
    pub target: Matrix,
    pub head: Matrix,
}

impl Tables {
    /// Each is the first of its names that the file has, (vocabulary, width).
    pub fn read(
        weights: &Weights,
        width: usize,
        source: (&[&String], usize),
        target: (&[&String], usize),
        head: &[&String],
    ) -> Result<Self, LoadError> {
        let first = |names: &[&String]| {
            let present = names.iter().find(|name| weights.contains(name));
            present
                .or(names.first())
                .map_or_else(String::new, |name| (*name).clone())
        };
        let mut read: Vec<(String, Matrix)> = Vec::new();
        let mut table = |names: &[&String], vocabulary: usize| -> Result<Matrix, LoadError> {
            let name = first(names);
            let same =
                |(other, _): &&(String, Matrix)| *other == name || weights.are_one(other, &name);
            if let Some((_, matrix)) = read.iter().find(same)
                && matrix.dims()? == (vocabulary, width)
            {
                return Ok(matrix.clone());
            }
            let matrix = weights.matrix(std::slice::from_ref(&name), (vocabulary, width))?;
            read.push((name, matrix.clone()));
            Ok(matrix)
        };
        Ok(Tables {
            source: table(source.0, source.1)?,
            target: table(target.0, target.1)?,
            head: table(head, target.1)?,
        })
    }
}
