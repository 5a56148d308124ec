//! The estimator: from vectors of sequences to a score.

use candle_core::{DType, Device, Result, Tensor};

use super::hparams::{Activation, Hparams, Kind};
use crate::model::{Linear, LoadError, Scope};

/// Translations that are scored in one product.
pub const ROWS: usize = 128;

/// A feed-forward network with one output.
pub struct Estimator {
    hidden: Vec<Linear>,
    activation: Activation,
    output: Linear,
    final_activation: Option<Activation>,
    device: Device,
}

impl Estimator {
    /// The network that the hyper-parameters describe, for an encoder of that width.
    ///
    /// # Errors
    /// If a tensor is missing or has another shape.
    pub fn load(
        hparams: &Hparams,
        width: usize,
        scope: &Scope,
        device: &Device,
    ) -> std::result::Result<Self, LoadError> {
        let mut inputs = width * parts(hparams.kind);
        let mut hidden = Vec::with_capacity(hparams.hidden.len());
        // Between two layers stand a non-linearity and a dropout, which have numbers too.
        for (i, &outputs) in hparams.hidden.iter().enumerate() {
            let name = (3 * i).to_string();
            hidden.push(scope.linear(&[name.as_str()], (outputs, inputs), true)?);
            inputs = outputs;
        }
        let name = (3 * hidden.len()).to_string();
        Ok(Estimator {
            output: scope.linear(&[name.as_str()], (1, inputs), true)?,
            hidden,
            activation: hparams.activation,
            final_activation: hparams.final_activation,
            device: device.clone(),
        })
    }

    /// The score of each row of inputs.
    ///
    /// # Errors
    /// If the device fails.
    pub fn score(&self, inputs: &[Vec<f32>]) -> Result<Vec<f32>> {
        let mut scores = Vec::with_capacity(inputs.len());
        for rows in inputs.chunks(ROWS) {
            let width = rows[0].len();
            let mut x = Tensor::from_vec(rows.concat(), (rows.len(), width), &self.device)?;
            for layer in &self.hidden {
                x = self.activation.apply(&layer.forward(&x)?)?;
            }
            x = self.output.forward(&x)?;
            if let Some(activation) = self.final_activation {
                x = activation.apply(&x)?;
            }
            scores.extend(x.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()?);
        }
        Ok(scores)
    }
}

impl Activation {
    fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => candle_nn::ops::sigmoid(x),
        }
    }
}

/// Vectors that an input of the estimator consists of.
fn parts(kind: Kind) -> usize {
    match kind {
        Kind::Regression => 6,
        Kind::Referenceless => 4,
        Kind::Unified { .. } => 1,
    }
}

/// What of source, translation and reference the estimator sees (Rei et al. 2020, section 2.4).
pub fn compare_with_reference(source: &[f32], translation: &[f32], reference: &[f32]) -> Vec<f32> {
    let mut input = [translation, reference].concat();
    input.extend(product(translation, reference));
    input.extend(difference(translation, reference));
    input.extend(product(translation, source));
    input.extend(difference(translation, source));
    input
}

/// The same without a reference.
pub fn compare_with_source(source: &[f32], translation: &[f32]) -> Vec<f32> {
    let mut input = [translation, source].concat();
    input.extend(product(translation, source));
    input.extend(difference(translation, source));
    input
}

fn product(a: &[f32], b: &[f32]) -> impl Iterator<Item = f32> {
    a.iter().zip(b).map(|(a, b)| a * b)
}

fn difference(a: &[f32], b: &[f32]) -> impl Iterator<Item = f32> {
    a.iter().zip(b).map(|(a, b)| (a - b).abs())
}
