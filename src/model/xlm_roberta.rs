//! XLM-RoBERTa (Conneau et al. 2020), which InfoXLM shares, and XLM-RoBERTa-XL (Goyal et al. 2021): encoders alone,
//! whose vectors of tokens others build upon.

use candle_core::{Device, Result, Tensor, bail};
use serde::Deserialize;
use serde_json::Value;

use super::LoadError;
use super::embedding::Embedding;
use super::encoder_decoder::Stack;
use super::fairseq::{DEEPEST, LONGEST, MOST_TOKENS, WIDEST};
use super::feed_forward::FeedForward;
use super::layers::{EncoderLayer, Heads, SelfAttention};
use super::loader::{parse, size};
use super::matrix::Matrix;
use super::norm::{Norm, Residual};
use super::position::Positions;
use super::scope::{Scope, activation};
use crate::kernel::Activation;

/// An encoder, ready to run.
pub struct XlmRoberta {
    stack: Stack<EncoderLayer>,
    width: usize,
    longest: usize,
    device: Device,
}

/// The settings in `config.json`.
#[derive(Deserialize)]
struct Config {
    model_type: String,
    vocab_size: u64,
    hidden_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    intermediate_size: u64,
    hidden_act: String,
    layer_norm_eps: f32,
    max_position_embeddings: u64,
    type_vocab_size: u64,
    pad_token_id: Option<u64>,
    position_embedding_type: Option<String>,
}

/// What sets the two architectures apart.
struct Style {
    /// Whether norms stand before sub-layers, with one at the end, or after their sums and after the embeddings.
    norm_first: bool,
    attention_norm: &'static str,
    feed_forward_norm: &'static str,
}

const PLAIN: Style = Style {
    norm_first: false,
    attention_norm: "attention.output.LayerNorm",
    feed_forward_norm: "output.LayerNorm",
};
const XL: Style = Style {
    norm_first: true,
    attention_norm: "attention.self_attn_layer_norm",
    feed_forward_norm: "LayerNorm",
};

/// Sizes of a layer.
struct Shape {
    style: Style,
    width: usize,
    heads: Heads,
    feed_forward: usize,
    activation: Activation,
    eps: f32,
}

impl XlmRoberta {
    /// The encoder that a configuration describes, of the tensors in `scope`.
    ///
    /// # Errors
    /// If the configuration is of another architecture or makes no sense, or a tensor is missing.
    pub(crate) fn build(
        config: &Value,
        scope: &Scope,
        device: &Device,
    ) -> std::result::Result<Self, LoadError> {
        let config: Config = parse(config)?;
        let style = match config.model_type.as_str() {
            "xlm-roberta" => PLAIN,
            "xlm-roberta-xl" => XL,
            other => {
                return Err(LoadError::Unknown {
                    found: other.to_owned(),
                    known: "xlm-roberta, xlm-roberta-xl".to_owned(),
                });
            }
        };
        if let Some(kind) = config.position_embedding_type.filter(|k| k != "absolute") {
            let message = format!("position_embedding_type {kind:?} is not absolute");
            return Err(LoadError::Config(message));
        }
        let size = |name, value, largest| size(name, Some(value), 0, largest);
        let width = size("hidden_size", config.hidden_size, WIDEST)?;
        let heads = size("num_attention_heads", config.num_attention_heads, WIDEST)?;
        if !width.is_multiple_of(heads) {
            let message = format!("a width of {width} cannot be shared out among {heads} heads");
            return Err(LoadError::Config(message));
        }
        let shape = Shape {
            eps: config.layer_norm_eps,
            style,
            width,
            heads: Heads {
                count: heads,
                width: width / heads,
                scale: ((width / heads) as f32).sqrt().recip(),
            },
            feed_forward: size("intermediate_size", config.intermediate_size, LONGEST)?,
            activation: activation(&config.hidden_act)?,
        };
        // Positions count from the one after the padding token's number.
        let first = config.pad_token_id.unwrap_or(1).saturating_add(1);
        let positions = size(
            "max_position_embeddings",
            config.max_position_embeddings,
            LONGEST,
        )?;
        let Some(longest) = positions.checked_sub(first as usize).filter(|n| *n > 0) else {
            let message = format!("{positions} positions leave none after the first {first}");
            return Err(LoadError::Config(message));
        };
        let vocabulary = size("vocab_size", config.vocab_size, MOST_TOKENS)?;
        let kinds = size("type_vocab_size", config.type_vocab_size, MOST_TOKENS)?;
        let layers = size("num_hidden_layers", config.num_hidden_layers, DEEPEST)?;

        let (embeddings, encoder) = (scope.at("embeddings"), scope.at("encoder"));
        let table = |name: &str, rows| embeddings.at(name).get("weight", &[rows, width]);
        // All tokens are of the first kind.
        let kind = table("token_type_embeddings", kinds)?.narrow(0, 0, 1)?;
        let at_end = |scope: &Scope, wanted: bool| {
            wanted
                .then(|| scope.layer_norm_with("LayerNorm", width, shape.eps))
                .transpose()
        };
        let layer = |i: usize| shape.layer(&encoder.at(&format!("layer.{i}")));
        Ok(XlmRoberta {
            stack: Stack {
                embedding: Embedding::new(
                    Matrix::Dense(table("word_embeddings", vocabulary)?),
                    1.0,
                ),
                positions: Positions::Table {
                    table: table("position_embeddings", positions)?.broadcast_add(&kind)?,
                    first: first as usize,
                },
                embedding_norm: at_end(&embeddings, !shape.style.norm_first)?,
                bias: None,
                layers: (0..layers)
                    .map(layer)
                    .collect::<std::result::Result<_, _>>()?,
                norm: at_end(&encoder, shape.style.norm_first)?,
            },
            width,
            longest,
            device: device.clone(),
        })
    }

    /// Values of a token's vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of layers, not counting the embeddings.
    pub fn layers(&self) -> usize {
        self.stack.layers.len()
    }

    /// Tokens of a sequence at most, special ones included.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Number of tokens that have an embedding.
    ///
    /// # Errors
    /// If candle does not know.
    pub fn vocabulary(&self) -> Result<usize> {
        self.stack.embedding.vocabulary()
    }

    /// Where it runs.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Reads sequences, special tokens included. `each` is shown the vectors of all tokens, one sequence after another
    /// in rows (tokens, width): with 0 the embeddings, with n what layer n makes of them.
    ///
    /// # Errors
    /// If a sequence is empty or too long, a token is not in the vocabulary, or `each` fails.
    pub fn encode(
        &self,
        sequences: &[&[u32]],
        each: impl FnMut(usize, &Tensor) -> Result<()>,
    ) -> Result<()> {
        for sequence in sequences {
            if sequence.is_empty() || sequence.len() > self.longest {
                bail!(
                    "a sequence of {} tokens; this model reads 1 to {}",
                    sequence.len(),
                    self.longest
                );
            }
            self.stack.embedding.check(sequence)?;
        }
        self.stack.encode(sequences, &self.device, each)?;
        Ok(())
    }
}

impl Shape {
    fn layer(&self, scope: &Scope) -> std::result::Result<EncoderLayer, LoadError> {
        let (width, inner) = (self.width, self.feed_forward);
        let attention = scope.at("attention");
        Ok(EncoderLayer {
            attention: SelfAttention {
                heads: self.heads,
                qkv: attention.at("self").linear(
                    &["query", "key", "value"],
                    (width, width),
                    true,
                )?,
                output: attention.linear(&["output.dense"], (width, width), true)?,
                residual: self.residual(scope, self.style.attention_norm)?,
            },
            feed_forward: FeedForward {
                inner: scope.linear(&["intermediate.dense"], (inner, width), true)?,
                outer: scope.linear(&["output.dense"], (width, inner), true)?,
                activation: self.activation,
                gated: false,
            },
            residual: self.residual(scope, self.style.feed_forward_norm)?,
        })
    }

    fn residual(&self, scope: &Scope, norm: &str) -> std::result::Result<Residual, LoadError> {
        let norm: Norm = scope.layer_norm_with(norm, self.width, self.eps)?;
        Ok(Residual {
            norm,
            norm_first: self.style.norm_first,
        })
    }
}
