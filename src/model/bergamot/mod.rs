//! Bergamot's students: the small 8-bit models that Firefox translates pages with (Bogoychev et al. 2020 on how they
//! are made, <https://aclanthology.org/2020.ngt-1.26>), as Marian saves them.
//!
//! The encoder is a Transformer's. The decoder attends to the source as a Transformer's does, but each of its layers
//! knows its past by a recurrent cell alone (`ssru.rs`). A folder (`files.rs`) holds the weights with their
//! configuration (`binary.rs`, `config.rs`) and SentencePiece vocabularies.
//!
//! Marian's decoders start with no token but with zeros; here the token after the last of the vocabulary stands for
//! that.
//!
//! The file also says by which factor the inputs of each product are to be multiplied before they are rounded to 8 bits.
//! That is not used: rounding each row of inputs by its own largest value comes closer to f32. Of 60 sentences, 50 were
//! translated by it to the letter as in f32, and 47 with the file's factors (English to Portuguese, greedy).

mod binary;
mod config;
mod files;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use thiserror::Error;

pub use files::BergamotFiles;

use super::embedding::Embedding;
use super::encoder_decoder::{EncoderDecoder, Stack};
use super::feed_forward::FeedForward;
use super::layers::{CrossAttention, DecoderLayer, EncoderLayer, Heads, Past, SelfAttention};
use super::linear::Linear;
use super::matrix::{Arithmetic, Matrix};
use super::norm::{Norm, Residual};
use super::position::Positions;
use super::ssru::Ssru;
use super::{Compute, Limits, Model};
use crate::kernel::{self, Int8Linear};
use binary::{Binary, Integers};
use config::{Activation, Config, Tables};

/// What Marian adds to the variance in its layer norms.
const LAYER_NORM_EPS: f32 = 1e-6;

/// Why a student cannot be used.
#[derive(Debug, Error)]
pub enum BergamotError {
    /// The folder does not hold one whole model.
    #[error("{folder} is no Bergamot model that can be run: {reason}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}; download the model again")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not what its name says.
    #[error("{path} is damaged: {reason}; download the model again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A model of another kind than can be run.
    #[error("{path} cannot be run: {what}; students of Firefox and Bergamot are known")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What is not supported.
        what: String,
    },
    /// The device has no room for a tensor.
    #[error("the model does not fit on the device: {0}")]
    Device(#[from] candle_core::Error),
}

/// Loads a student onto a device. Its decoder starts with the token after the last of the vocabulary.
///
/// On the CPU the file's integers are used as they are unless `compute` is [`Compute::F32`], which widens them.
///
/// # Errors
/// If the file is damaged, or holds a model of another kind.
pub fn load(
    files: &BergamotFiles,
    compute: Compute,
    device: &Device,
) -> Result<Box<dyn Model>, BergamotError> {
    let path = &files.model;
    let binary = Binary::open(path)?;
    let config = binary.config()?;
    let config = Config::read(config).map_err(|what| BergamotError::Unsupported {
        path: path.to_owned(),
        what,
    })?;
    let builder = Builder {
        binary: &binary,
        config: &config,
        device,
        arithmetic: compute.arithmetic(device),
    };
    Ok(Box::new(builder.model()?))
}

/// Makes the parts of a model from the items of a file.
struct Builder<'a> {
    binary: &'a Binary,
    config: &'a Config,
    device: &'a Device,
    arithmetic: Arithmetic,
}

impl Builder<'_> {
    fn model(&self) -> Result<EncoderDecoder, BergamotError> {
        let config = self.config;
        let [source, target] = match config.tables {
            Tables::Shared => ["Wemb"; 2],
            Tables::Separate => ["encoder_Wemb", "decoder_Wemb"],
        };
        let [words, target_words] = config.vocabularies;
        let source_table = self.table(source, words)?;
        let target_table = match config.tables {
            Tables::Shared => source_table.clone(),
            Tables::Separate => self.table(target, target_words)?,
        };
        let bias = self.vector("decoder_ff_logit_out_b", target_words)?;
        let encoder = (1..=config.encoder_layers).map(|n| self.encoder_layer(n));
        let decoder = config.decoder_layers.iter().map(|&n| self.decoder_layer(n));
        let scale = (config.width as f64).sqrt();
        Ok(EncoderDecoder {
            encoder: self.stack(
                Embedding::new(source_table, scale),
                encoder.collect::<Result<_, _>>()?,
            ),
            decoder: self.stack(
                Embedding::new(target_table.clone(), scale).with_start(),
                decoder.collect::<Result<_, _>>()?,
            ),
            head_scale: 1.0,
            head: Linear::new(target_table, Some(bias)),
            vocabulary: target_words,
            limits: Limits {
                source: usize::MAX,
                target: usize::MAX,
            },
            device: self.device.clone(),
        })
    }

    fn stack<L>(&self, embedding: Embedding, layers: Vec<L>) -> Stack<L> {
        Stack {
            embedding,
            positions: Positions::tensor2tensor(self.config.width),
            embedding_norm: None,
            bias: None,
            layers,
            norm: None,
        }
    }

    fn encoder_layer(&self, n: usize) -> Result<EncoderLayer, BergamotError> {
        let (name, width) = (format!("encoder_l{n}"), self.config.width);
        let own = format!("{name}_self");
        let qkv = ["q", "k", "v"].map(|part| self.attention_part(&own, part));
        Ok(EncoderLayer {
            attention: SelfAttention {
                heads: self.heads(),
                qkv: self.linear(&qkv, (width, width))?,
                output: self.linear(&[self.attention_part(&own, "o")], (width, width))?,
                residual: self.residual(&format!("{own}_Wo"))?,
            },
            feed_forward: self.feed_forward(&name, self.config.inner[0])?,
            residual: self.residual(&format!("{name}_ffn_ffn"))?,
        })
    }

    fn decoder_layer(&self, n: usize) -> Result<DecoderLayer, BergamotError> {
        let (name, width) = (format!("decoder_l{n}"), self.config.width);
        let (context, rnn) = (format!("{name}_context"), format!("{name}_rnn"));
        let square = (width, width);
        let kv = ["k", "v"].map(|part| self.attention_part(&context, part));
        let gates = [
            (format!("{rnn}_Wf"), Some(format!("{rnn}_bf"))),
            (format!("{rnn}_W"), None),
        ];
        Ok(DecoderLayer {
            past: Past::Ssru(Ssru {
                gates: self.linear(&gates, square)?,
                residual: self.residual(&format!("{rnn}_ffn"))?,
            }),
            cross: CrossAttention {
                heads: self.heads(),
                query: self.linear(&[self.attention_part(&context, "q")], square)?,
                kv: self.linear(&kv, square)?,
                output: self.linear(&[self.attention_part(&context, "o")], square)?,
                residual: self.residual(&format!("{context}_Wo"))?,
            },
            feed_forward: self.feed_forward(&name, self.config.inner[1])?,
            residual: self.residual(&format!("{name}_ffn_ffn"))?,
        })
    }

    fn heads(&self) -> Heads {
        let width = self.config.width / self.config.heads;
        Heads {
            count: self.config.heads,
            width,
            scale: 1.0 / (width as f32).sqrt(),
        }
    }

    /// Names of weight and bias of a part of an attention.
    fn attention_part(&self, attention: &str, part: &str) -> (String, Option<String>) {
        (
            format!("{attention}_W{part}"),
            Some(format!("{attention}_b{part}")),
        )
    }

    fn feed_forward(&self, layer: &str, inner: usize) -> Result<FeedForward, BergamotError> {
        let width = self.config.width;
        let part = |n: usize| {
            let bias = format!("{layer}_ffn_b{n}");
            [(format!("{layer}_ffn_W{n}"), Some(bias))]
        };
        Ok(FeedForward {
            inner: self.linear(&part(1), (inner, width))?,
            outer: self.linear(&part(2), (width, inner))?,
            activation: match self.config.activation {
                Activation::Relu => kernel::Activation::Relu,
                Activation::Swish => kernel::Activation::Silu,
            },
            gated: false,
        })
    }

    /// The norm after a sub-layer is added.
    fn residual(&self, name: &str) -> Result<Residual, BergamotError> {
        Ok(Residual {
            norm: Norm::Layer {
                weight: self.vector(&format!("{name}_ln_scale"), self.config.width)?,
                bias: self.vector(&format!("{name}_ln_bias"), self.config.width)?,
                eps: LAYER_NORM_EPS,
            },
            norm_first: false,
        })
    }

    /// Products with the same inputs as one, their outputs one after another: names of weights and biases, and the
    /// shape of each, (out, in).
    fn linear(
        &self,
        parts: &[(String, Option<String>)],
        shape: (usize, usize),
    ) -> Result<Linear, BergamotError> {
        let weights = parts
            .iter()
            .map(|(name, _)| self.binary.weights(name, shape));
        let weight = self.matrix(&weights.collect::<Result<Vec<_>, _>>()?, shape)?;
        let mut biases = Vec::with_capacity(parts.len() * shape.0);
        for (_, bias) in parts {
            match bias {
                Some(bias) => biases.extend(self.binary.vector(bias, shape.0)?),
                None => biases.resize(biases.len() + shape.0, 0.0),
            }
        }
        let bias = Tensor::from_vec(biases, parts.len() * shape.0, self.device)?;
        Ok(Linear::new(weight, Some(bias)))
    }

    fn table(&self, name: &str, words: usize) -> Result<Matrix, BergamotError> {
        let shape = (words, self.config.width);
        self.matrix(&[self.binary.table(name, shape)?], shape)
    }

    /// Weights of `rows` × `columns` each as one matrix, one under the other.
    fn matrix(
        &self,
        parts: &[Integers],
        (rows, columns): (usize, usize),
    ) -> Result<Matrix, BergamotError> {
        let outputs = parts.len() * rows;
        if self.arithmetic == Arithmetic::Int8 {
            let integers: Vec<i8> = parts.iter().flat_map(|p| p.values).copied().collect();
            let scales = parts.iter().map(|p| 1.0 / p.multiplier);
            let scales: Vec<f32> = scales.flat_map(|s| std::iter::repeat_n(s, rows)).collect();
            let linear = Int8Linear::new(&integers, &scales, outputs, columns)?;
            return Ok(Matrix::Int8(Arc::new(linear)));
        }
        let widened = parts.iter().flat_map(|part| {
            let widen = |&x: &i8| f32::from(x) / part.multiplier;
            part.values.iter().map(widen)
        });
        let (values, shape) = (widened.collect(), (outputs, columns));
        Ok(Matrix::new(values, shape, self.arithmetic, self.device)?)
    }

    fn vector(&self, name: &str, width: usize) -> Result<Tensor, BergamotError> {
        let values = self.binary.vector(name, width)?;
        Ok(Tensor::from_vec(values, width, self.device)?)
    }
}
