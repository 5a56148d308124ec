//! The encoder-decoders that descend from fairseq's Transformer: BART, mBART, Pegasus, M2M100, Marian, IndicTrans2.
//! They share the names of tensors and of most settings, and differ in where norms stand and how positions are known.

use candle_core::Tensor;
use serde::Deserialize;
use serde_json::Value;

use super::embedding::Embedding;
use super::encoder_decoder::{EncoderDecoder, Stack};
use super::feed_forward::FeedForward;
use super::layers::{CrossAttention, DecoderLayer, EncoderLayer, Heads, Past, SelfAttention};
use super::linear::Linear;
use super::loader::{parse, size};
use super::matrix::Matrix;
use super::norm::Residual;
use super::position::Positions;
use super::scope::{Scope, Tables, activation};
use super::weights::Weights;
use super::{Limits, LoadError};
use crate::kernel::Activation;

/// Bounds of what a configuration may say.
pub const MOST_TOKENS: usize = 1 << 22;
pub const WIDEST: usize = 1 << 16;
pub const DEEPEST: usize = 1 << 10;
pub const LONGEST: usize = 1 << 20;

/// What sets one of these models apart from another.
pub struct Blueprint {
    pub width: usize,
    pub encoder: Side,
    pub decoder: Side,
    pub positions: PositionKind,
    /// Whether a norm follows the embeddings.
    pub embedding_norm: bool,
    /// Whether embeddings are multiplied by √width.
    pub scale_embedding: bool,
    pub activation: Activation,
    /// Whether source and target have one table of embeddings.
    pub shared_embeddings: bool,
}

/// Sizes of encoder or decoder.
pub struct Side {
    pub vocabulary: usize,
    pub layers: usize,
    pub heads: usize,
    pub feed_forward: usize,
    /// Tokens at most.
    pub longest: usize,
    /// Whether norms stand before sub-layers, with one more at the end, or after their sums.
    pub norm_first: bool,
}

/// How positions are known.
#[derive(Debug, Clone, Copy)]
pub enum PositionKind {
    /// [`Positions::marian`], or the same as a table.
    Marian,
    /// [`Positions::fairseq`].
    Fairseq {
        /// Number of the padding token.
        padding: usize,
    },
    /// A table whose first two rows stand for nothing (fairseq kept them for padding).
    Learned,
}

/// The settings that the configurations in `transformers` share, absent or null where they have their default.
#[derive(Debug, Deserialize)]
pub struct Config {
    vocab_size: Option<u64>,
    decoder_vocab_size: Option<u64>,
    d_model: Option<u64>,
    encoder_layers: Option<u64>,
    encoder_attention_heads: Option<u64>,
    encoder_ffn_dim: Option<u64>,
    decoder_layers: Option<u64>,
    decoder_attention_heads: Option<u64>,
    decoder_ffn_dim: Option<u64>,
    max_position_embeddings: Option<u64>,
    activation_function: Option<String>,
    scale_embedding: Option<bool>,
    share_encoder_decoder_embeddings: Option<bool>,
    pad_token_id: Option<u64>,
}

/// What of a [`Blueprint`] is the architecture's, not the configuration's.
pub struct Style {
    pub norm_first: bool,
    pub embedding_norm: bool,
    pub positions: fn(&Config) -> Result<PositionKind, LoadError>,
    /// Defaults of the configuration.
    pub vocabulary: usize,
    pub activation: &'static str,
    pub scale_embedding: bool,
}

impl Config {
    /// The number of the padding token.
    pub fn padding(&self) -> Result<usize, LoadError> {
        match self.pad_token_id.unwrap_or(1) {
            padding if padding < MOST_TOKENS as u64 => Ok(padding as usize),
            padding => Err(LoadError::Config(format!("pad_token_id is {padding}"))),
        }
    }
}

impl Blueprint {
    /// Of a configuration with the common names.
    pub fn read(config: &Value, style: &Style) -> Result<Self, LoadError> {
        let config: Config = parse(config)?;
        let vocabulary = size(
            "vocab_size",
            config.vocab_size,
            style.vocabulary,
            MOST_TOKENS,
        )?;
        let longest = size(
            "max_position_embeddings",
            config.max_position_embeddings,
            1024,
            LONGEST,
        )?;
        let side = |vocabulary, layers, heads, feed_forward| -> Result<Side, LoadError> {
            Ok(Side {
                vocabulary,
                layers: size("the number of layers", layers, 12, DEEPEST)?,
                heads: size("the number of heads", heads, 16, WIDEST)?,
                feed_forward: size("the feed-forward's width", feed_forward, 4096, LONGEST)?,
                longest,
                norm_first: style.norm_first,
            })
        };
        let shared_embeddings = config.share_encoder_decoder_embeddings.unwrap_or(true);
        let target_vocabulary = match shared_embeddings {
            true => vocabulary,
            false => size(
                "decoder_vocab_size",
                config.decoder_vocab_size,
                vocabulary,
                MOST_TOKENS,
            )?,
        };
        let name = config.activation_function.as_deref();
        Ok(Blueprint {
            width: size("d_model", config.d_model, 1024, WIDEST)?,
            encoder: side(
                vocabulary,
                config.encoder_layers,
                config.encoder_attention_heads,
                config.encoder_ffn_dim,
            )?,
            decoder: side(
                target_vocabulary,
                config.decoder_layers,
                config.decoder_attention_heads,
                config.decoder_ffn_dim,
            )?,
            positions: (style.positions)(&config)?,
            embedding_norm: style.embedding_norm,
            scale_embedding: config.scale_embedding.unwrap_or(style.scale_embedding),
            activation: activation(name.unwrap_or(style.activation))?,
            shared_embeddings,
        })
    }

    /// Builds the model from its weights.
    pub fn build(&self, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
        for side in [&self.encoder, &self.decoder] {
            if !self.width.is_multiple_of(side.heads) || self.width < 4 || self.width % 2 == 1 {
                return Err(LoadError::Config(format!(
                    "a width of {} cannot be shared out among {} heads",
                    self.width, side.heads
                )));
            }
        }
        // Some checkpoints were saved from inside the class with the head.
        let inside = weights.contains("model.encoder.layers.0.fc1.weight");
        let root = Scope::new(weights, if inside { "model." } else { "" });
        let tables = self.tables(&root, weights)?;
        let limits = Limits {
            source: self.encoder.longest,
            target: self.decoder.longest,
        };
        let bias = Self::head_bias(weights, self.decoder.vocabulary)?;
        let encoder = self.stack(&root.at("encoder"), &self.encoder, tables.source, |layer| {
            self.encoder_layer(layer, &self.encoder)
        })?;
        let decoder = self.stack(&root.at("decoder"), &self.decoder, tables.target, |layer| {
            self.decoder_layer(layer, &self.decoder)
        })?;
        Ok(EncoderDecoder {
            encoder,
            decoder,
            head_scale: 1.0,
            head: Linear::new(tables.head, bias),
            vocabulary: self.decoder.vocabulary,
            limits,
            device: weights.device().clone(),
        })
    }

    fn tables(&self, root: &Scope, weights: &Weights) -> Result<Tables, LoadError> {
        let head = "lm_head.weight".to_owned();
        let [source, target, shared] = ["encoder.embed_tokens", "decoder.embed_tokens", "shared"]
            .map(|module| root.name(&format!("{module}.weight")));
        let (sources, targets) = match self.shared_embeddings {
            true => (
                vec![&shared, &source, &target, &head],
                vec![&shared, &target, &source, &head],
            ),
            false => (vec![&source], vec![&target, &head]),
        };
        let heads = [&[&head], targets.as_slice()].concat();
        Tables::read(
            weights,
            self.width,
            (&sources, self.encoder.vocabulary),
            (&targets, self.decoder.vocabulary),
            &heads,
        )
    }

    /// `final_logits_bias`, unless it is all zeros, as it mostly is.
    fn head_bias(weights: &Weights, vocabulary: usize) -> Result<Option<Tensor>, LoadError> {
        const NAME: &str = "final_logits_bias";
        if !weights.contains(NAME) {
            return Ok(None);
        }
        let bias = weights.get(NAME, &[1, vocabulary])?.flatten_all()?;
        let is_zero = bias.abs()?.max_all()?.to_scalar::<f32>()? == 0.0;
        Ok((!is_zero).then_some(bias))
    }

    fn stack<L>(
        &self,
        scope: &Scope,
        side: &Side,
        table: Matrix,
        layer: impl Fn(&Scope) -> Result<L, LoadError>,
    ) -> Result<Stack<L>, LoadError> {
        let width = self.width;
        const TABLE: &str = "embed_positions.weight";
        let positions = match self.positions {
            // Older files hold the table, and the reference takes it from there, rounded to their precision.
            PositionKind::Marian if scope.contains(TABLE) => Positions::Table {
                table: scope.get(TABLE, &[side.longest, width])?,
                first: 0,
            },
            PositionKind::Marian => Positions::marian(width),
            PositionKind::Fairseq { padding } => Positions::fairseq(width, padding),
            PositionKind::Learned => Positions::Table {
                table: scope.get(TABLE, &[side.longest + 2, width])?,
                first: 2,
            },
        };
        let norm =
            |name: &str, wanted: bool| wanted.then(|| scope.layer_norm(name, width)).transpose();
        let scale = match self.scale_embedding {
            true => (width as f64).sqrt(),
            false => 1.0,
        };
        let layers = (0..side.layers).map(|i| layer(&scope.at(&format!("layers.{i}"))));
        Ok(Stack {
            embedding: Embedding::new(table, scale),
            positions,
            embedding_norm: norm("layernorm_embedding", self.embedding_norm)?,
            bias: None,
            layers: layers.collect::<Result<_, _>>()?,
            norm: norm("layer_norm", side.norm_first)?,
        })
    }

    fn heads(&self, side: &Side) -> Heads {
        let width = self.width / side.heads;
        Heads {
            count: side.heads,
            width,
            scale: (width as f32).sqrt().recip(),
        }
    }

    fn residual(&self, scope: &Scope, norm: &str, side: &Side) -> Result<Residual, LoadError> {
        Ok(Residual {
            norm: scope.layer_norm(norm, self.width)?,
            norm_first: side.norm_first,
        })
    }

    fn self_attention(&self, layer: &Scope, side: &Side) -> Result<SelfAttention, LoadError> {
        let (attention, square) = (layer.at("self_attn"), (self.width, self.width));
        Ok(SelfAttention {
            heads: self.heads(side),
            qkv: attention.linear(&["q_proj", "k_proj", "v_proj"], square, true)?,
            output: attention.linear(&["out_proj"], square, true)?,
            residual: self.residual(layer, "self_attn_layer_norm", side)?,
        })
    }

    fn cross_attention(&self, layer: &Scope, side: &Side) -> Result<CrossAttention, LoadError> {
        let (attention, square) = (layer.at("encoder_attn"), (self.width, self.width));
        Ok(CrossAttention {
            heads: self.heads(side),
            query: attention.linear(&["q_proj"], square, true)?,
            kv: attention.linear(&["k_proj", "v_proj"], square, true)?,
            output: attention.linear(&["out_proj"], square, true)?,
            residual: self.residual(layer, "encoder_attn_layer_norm", side)?,
        })
    }

    fn feed_forward(&self, layer: &Scope, side: &Side) -> Result<FeedForward, LoadError> {
        Ok(FeedForward {
            inner: layer.linear(&["fc1"], (side.feed_forward, self.width), true)?,
            outer: layer.linear(&["fc2"], (self.width, side.feed_forward), true)?,
            activation: self.activation,
            gated: false,
        })
    }

    fn encoder_layer(&self, layer: &Scope, side: &Side) -> Result<EncoderLayer, LoadError> {
        Ok(EncoderLayer {
            attention: self.self_attention(layer, side)?,
            feed_forward: self.feed_forward(layer, side)?,
            residual: self.residual(layer, "final_layer_norm", side)?,
        })
    }

    fn decoder_layer(&self, layer: &Scope, side: &Side) -> Result<DecoderLayer, LoadError> {
        Ok(DecoderLayer {
            past: Past::Attention(self.self_attention(layer, side)?),
            cross: self.cross_attention(layer, side)?,
            feed_forward: self.feed_forward(layer, side)?,
            residual: self.residual(layer, "final_layer_norm", side)?,
        })
    }
}
