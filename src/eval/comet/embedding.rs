//! Vectors of sequences: what the layers of the encoder say of each token, mixed and pooled.

use candle_core::{DType, Result, Tensor, bail};

use super::hparams::{Layer, Pool, Transformation};
use crate::model::{LoadError, Scope, XlmRoberta};

/// Added to the variance over a sequence.
const EPS: f64 = 1e-12;

/// An encoder that makes one vector of a sequence.
pub struct Embedder {
    pub encoder: XlmRoberta,
    mixture: Mixture,
    pool: Pool,
}

/// How much each layer counts.
struct Mixture {
    /// One a layer, that of the embeddings first.
    weights: Vec<f32>,
    /// Whether each layer's vectors are brought to mean 0 and variance 1 over the sequence first.
    norm: bool,
}

impl Embedder {
    /// Of an encoder, with the weights of its layers in `scope`.
    ///
    /// # Errors
    /// If these are missing, or the one layer is not there.
    pub fn load(
        encoder: XlmRoberta,
        layer: Layer,
        pool: Pool,
        scope: &Scope,
    ) -> std::result::Result<Self, LoadError> {
        let layers = encoder.layers() + 1;
        let mixture = match layer {
            Layer::One(one) if one < layers => Mixture {
                weights: (0..layers).map(|i| f32::from(u8::from(i == one))).collect(),
                norm: false,
            },
            Layer::One(one) => {
                let message = format!("layer {one} is none of the encoder's {layers}");
                return Err(LoadError::Config(message));
            }
            Layer::Mix {
                transformation,
                norm,
            } => {
                let scalar = |name: &str| -> std::result::Result<f32, LoadError> {
                    Ok(scope.get(name, &[1])?.to_vec1::<f32>()?[0])
                };
                let weights = (0..layers).map(|i| scalar(&format!("scalar_parameters.{i}")));
                let weights = weights.collect::<std::result::Result<Vec<_>, _>>()?;
                let weights = match transformation {
                    Transformation::Softmax => softmax(&weights),
                    Transformation::Sparsemax => sparsemax(&weights),
                };
                let gamma = scalar("gamma")?;
                Mixture {
                    weights: weights.iter().map(|w| gamma * w).collect(),
                    norm,
                }
            }
        };
        Ok(Embedder {
            encoder,
            mixture,
            pool,
        })
    }

    /// The vector of each sequence, which has its special tokens.
    ///
    /// # Errors
    /// As [`XlmRoberta::encode`].
    pub fn embed(&self, sequences: &[&[u32]]) -> Result<Vec<Vec<f32>>> {
        let mut starts = Vec::with_capacity(sequences.len());
        let mut rows = 0;
        for sequence in sequences {
            starts.push(rows);
            rows += sequence.len();
        }
        let lengths: Vec<usize> = sequences.iter().map(|s| s.len()).collect();
        let last = self.encoder.layers();
        let mut mixed: Option<Tensor> = None;
        self.encoder.encode(sequences, |layer, x| {
            if self.pool == Pool::FirstOfLast {
                if layer == last {
                    mixed = Some(x.clone());
                }
                return Ok(());
            }
            let weight = self.mixture.weights[layer];
            if weight == 0.0 {
                return Ok(());
            }
            let x = match self.mixture.norm {
                true => normalise(x, &lengths)?,
                false => x.clone(),
            };
            let x = (x * f64::from(weight))?;
            mixed = Some(match mixed.take() {
                Some(sum) => (sum + x)?,
                None => x,
            });
            Ok(())
        })?;
        let Some(mixed) = mixed else {
            bail!("no layer counts: all their weights are 0");
        };
        let pooled = match self.pool {
            Pool::First | Pool::FirstOfLast => {
                let starts: Vec<u32> = starts.iter().map(|&start| start as u32).collect();
                mixed.index_select(&Tensor::new(starts, mixed.device())?, 0)?
            }
            Pool::Average | Pool::Max => {
                let one = |(&start, &length): (&usize, &usize)| {
                    let rows = mixed.narrow(0, start, length)?;
                    match self.pool {
                        Pool::Max => rows.max(0),
                        _ => rows.mean(0),
                    }
                };
                let pooled = starts.iter().zip(&lengths).map(one);
                Tensor::stack(&pooled.collect::<Result<Vec<_>>>()?, 0)?
            }
        };
        pooled.to_dtype(DType::F32)?.to_vec2()
    }
}

/// Brings the vectors of each sequence, one after another in rows, to mean 0 and variance 1 over all their values.
fn normalise(x: &Tensor, lengths: &[usize]) -> Result<Tensor> {
    let (rows, width) = x.dims2()?;
    // A sequence's mean over what `values` says of each of its rows, for each of its rows.
    let spread = |values: Tensor| -> Result<Vec<f64>> {
        let values: Vec<f32> = values.to_vec1()?;
        let (mut spread, mut rest) = (Vec::with_capacity(rows), values.as_slice());
        for &length in lengths {
            let (own, after) = rest.split_at(length);
            let sum: f64 = own.iter().copied().map(f64::from).sum();
            let mean = sum / (length * width) as f64;
            spread.extend(std::iter::repeat_n(mean, length));
            rest = after;
        }
        Ok(spread)
    };
    let column = |values: Vec<f64>| -> Result<Tensor> {
        let values: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
        Tensor::from_vec(values, (rows, 1), x.device())
    };
    let centred = x.broadcast_sub(&column(spread(x.sum(1)?)?)?)?;
    let variance = spread(centred.sqr()?.sum(1)?)?;
    let scale = variance.into_iter().map(|v| (v + EPS).sqrt().recip());
    centred.broadcast_mul(&column(scale.collect())?)
}

fn softmax(weights: &[f32]) -> Vec<f32> {
    let greatest = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponents: Vec<f32> = weights.iter().map(|w| (w - greatest).exp()).collect();
    let sum: f32 = exponents.iter().sum();
    exponents.iter().map(|e| e / sum).collect()
}

/// The point of the simplex that is nearest to the weights (Martins and Astudillo 2016, algorithm 1).
fn sparsemax(weights: &[f32]) -> Vec<f32> {
    let mut sorted = weights.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut threshold) = (0.0, 0.0);
    for (i, weight) in sorted.iter().enumerate() {
        sum += weight;
        let count = (i + 1) as f32;
        if 1.0 + count * weight > sum {
            threshold = (sum - 1.0) / count;
        }
    }
    weights.iter().map(|w| (w - threshold).max(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn sparsemax_is_the_projection_onto_the_simplex() {
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        // Worked by hand: (0.5 + 0.2 - 1) / 2 = -0.15 is the threshold of two that count.
        assert!(close(&sparsemax(&[0.5, 0.2, -0.4]), &[0.65, 0.35, 0.0]));
        assert!(close(&sparsemax(&[3.0, 0.0]), &[1.0, 0.0]));
        assert!(close(&sparsemax(&[0.0; 4]), &[0.25; 4]));
        assert!(close(&softmax(&[0.0; 4]), &[0.25; 4]));
    }

    #[test]
    fn each_sequence_is_normalised_by_itself() {
        let x = Tensor::new(&[[1f32, 3.0], [5.0, 7.0], [2.0, 4.0]], &Device::Cpu).unwrap();
        let y = normalise(&x, &[2, 1]).unwrap().to_vec2::<f32>().unwrap();
        // Mean 4 and variance 5; mean 3 and variance 1.
        let root = 5f32.sqrt();
        let expected = [
            [-3.0 / root, -1.0 / root],
            [1.0 / root, 3.0 / root],
            [-1.0, 1.0],
        ];
        for (row, expected) in y.iter().zip(&expected) {
            for (value, expected) in row.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-6, "{y:?}");
            }
        }
    }
}
