//! T5 (Raffel et al. 2020), v1.1 and what is of its shape: Flan-T5, BanglaT5, MADLAD-400, and mT5 (Xue et al. 2021).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::embedding::Embedding;
use super::encoder_decoder::{EncoderDecoder, Stack};
use super::fairseq::{DEEPEST, LONGEST, MOST_TOKENS, WIDEST};
use super::feed_forward::FeedForward;
use super::layers::{CrossAttention, DecoderLayer, EncoderLayer, Heads, Past, SelfAttention};
use super::linear::Linear;
use super::loader::{parse, size};
use super::matrix::Matrix;
use super::norm::Residual;
use super::position::{Buckets, Positions};
use super::scope::{Scope, Tables, activation};
use super::weights::Weights;
use super::{Limits, LoadError};
use crate::kernel::Activation;

/// A bias is kept for every head and distance: these bound it.
const MOST_HEADS: usize = 1 << 8;
const FARTHEST: usize = 1 << 14;

#[derive(Debug, Deserialize)]
struct Config {
    vocab_size: Option<u64>,
    d_model: Option<u64>,
    d_kv: Option<u64>,
    d_ff: Option<u64>,
    num_layers: Option<u64>,
    num_decoder_layers: Option<u64>,
    num_heads: Option<u64>,
    relative_attention_num_buckets: Option<u64>,
    relative_attention_max_distance: Option<u64>,
    layer_norm_epsilon: Option<f64>,
    feed_forward_proj: Option<String>,
    tie_word_embeddings: Option<bool>,
    scale_decoder_outputs: Option<bool>,
}

impl Config {
    /// Whether outputs are scaled before the head. Up to `transformers` 4, a head trained on its own said with that
    /// that they are not; 5 ties it whatever that setting says, and has one for this.
    fn scales_outputs(&self) -> bool {
        let scales = self.scale_decoder_outputs.or(self.tie_word_embeddings);
        scales.unwrap_or(true)
    }
}

/// A configuration's values, in range.
struct T5 {
    vocabulary: usize,
    width: usize,
    heads: Heads,
    feed_forward: usize,
    encoder_layers: usize,
    decoder_layers: usize,
    buckets: usize,
    max_distance: usize,
    eps: f32,
    activation: Activation,
    gated: bool,
    scaled_head: bool,
}

/// The T5 that a configuration describes.
pub fn build(config: &Value, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
    let config: Config = parse(config)?;
    T5::read(&config, config.scales_outputs())?.build(weights)
}

/// The mT5 that a configuration describes: a T5 whose outputs are never scaled.
pub fn build_mt5(config: &Value, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
    T5::read(&parse(config)?, false)?.build(weights)
}

impl T5 {
    fn read(config: &Config, scaled_head: bool) -> Result<Self, LoadError> {
        let name = config.feed_forward_proj.as_deref().unwrap_or("relu");
        let (gated, activation) = match name.strip_prefix("gated-") {
            // The files call the approximation by the function's name.
            Some("gelu") => (true, Activation::GeluTanh),
            Some(name) => (true, activation(name)?),
            None => (false, activation(name)?),
        };
        let eps = config.layer_norm_epsilon.unwrap_or(1e-6);
        if !(0.0..1.0).contains(&eps) {
            return Err(LoadError::Config(format!("layer_norm_epsilon is {eps}")));
        }
        let layers = size("num_layers", config.num_layers, 6, DEEPEST)?;
        Ok(T5 {
            vocabulary: size("vocab_size", config.vocab_size, 32_128, MOST_TOKENS)?,
            width: size("d_model", config.d_model, 512, WIDEST)?,
            heads: Heads {
                count: size("num_heads", config.num_heads, 8, MOST_HEADS)?,
                width: size("d_kv", config.d_kv, 64, WIDEST)?,
                scale: 1.0,
            },
            feed_forward: size("d_ff", config.d_ff, 2048, LONGEST)?,
            encoder_layers: layers,
            decoder_layers: size(
                "num_decoder_layers",
                config.num_decoder_layers,
                layers,
                DEEPEST,
            )?,
            buckets: size(
                "relative_attention_num_buckets",
                config.relative_attention_num_buckets,
                32,
                FARTHEST,
            )?,
            max_distance: size(
                "relative_attention_max_distance",
                config.relative_attention_max_distance,
                128,
                FARTHEST,
            )?,
            eps: eps as f32,
            activation,
            gated,
            scaled_head,
        })
    }

    fn build(&self, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
        let [shared, source, target, head] = [
            "shared",
            "encoder.embed_tokens",
            "decoder.embed_tokens",
            "lm_head",
        ]
        .map(|module| format!("{module}.weight"));
        let tables = Tables::read(
            weights,
            self.width,
            (&[&shared, &source, &target], self.vocabulary),
            (&[&shared, &target, &source], self.vocabulary),
            &[&head, &shared, &target, &source],
        )?;
        let encoder = Scope::new(weights, "encoder.");
        let decoder = Scope::new(weights, "decoder.");
        Ok(EncoderDecoder {
            encoder: self.stack(
                &encoder,
                tables.source,
                true,
                self.encoder_layers,
                |block| self.encoder_layer(block),
            )?,
            decoder: self.stack(
                &decoder,
                tables.target,
                false,
                self.decoder_layers,
                |block| self.decoder_layer(block),
            )?,
            head_scale: match self.scaled_head {
                true => (self.width as f64).sqrt().recip(),
                false => 1.0,
            },
            head: Linear::new(tables.head, None),
            vocabulary: self.vocabulary,
            limits: Limits {
                source: usize::MAX,
                target: usize::MAX,
            },
            device: weights.device().clone(),
        })
    }

    fn stack<L>(
        &self,
        scope: &Scope,
        table: Matrix,
        bidirectional: bool,
        layers: usize,
        layer: impl Fn(&Scope) -> Result<L, LoadError>,
    ) -> Result<Stack<L>, LoadError> {
        let buckets = Buckets {
            count: self.buckets,
            max_distance: self.max_distance,
            bidirectional,
        };
        // The first layer's biases serve for all.
        let table_of_biases = scope.get(
            "block.0.layer.0.SelfAttention.relative_attention_bias.weight",
            &[self.buckets, self.heads.count],
        )?;
        let layers = (0..layers).map(|i| layer(&scope.at(&format!("block.{i}"))));
        Ok(Stack {
            embedding: Embedding::new(table, 1.0),
            positions: Positions::None,
            embedding_norm: None,
            bias: Some(Arc::new(buckets.bias(&table_of_biases)?)),
            layers: layers.collect::<Result<_, _>>()?,
            norm: Some(scope.rms_norm("final_layer_norm", self.width, self.eps)?),
        })
    }

    /// The n-th sub-layer of a block has its norm before it.
    fn residual(&self, block: &Scope, n: usize) -> Result<Residual, LoadError> {
        let norm = format!("layer.{n}.layer_norm");
        Ok(Residual {
            norm: block.rms_norm(&norm, self.width, self.eps)?,
            norm_first: true,
        })
    }

    fn self_attention(&self, block: &Scope) -> Result<SelfAttention, LoadError> {
        let (attention, inner) = (block.at("layer.0.SelfAttention"), self.heads.inner());
        Ok(SelfAttention {
            heads: self.heads,
            qkv: attention.linear(&["q", "k", "v"], (inner, self.width), false)?,
            output: attention.linear(&["o"], (self.width, inner), false)?,
            residual: self.residual(block, 0)?,
        })
    }

    fn feed_forward(&self, block: &Scope, n: usize) -> Result<FeedForward, LoadError> {
        let scope = block.at(&format!("layer.{n}.DenseReluDense"));
        let inner: &[&str] = if self.gated {
            &["wi_0", "wi_1"]
        } else {
            &["wi"]
        };
        Ok(FeedForward {
            inner: scope.linear(inner, (self.feed_forward, self.width), false)?,
            outer: scope.linear(&["wo"], (self.width, self.feed_forward), false)?,
            activation: self.activation,
            gated: self.gated,
        })
    }

    fn encoder_layer(&self, block: &Scope) -> Result<EncoderLayer, LoadError> {
        Ok(EncoderLayer {
            attention: self.self_attention(block)?,
            feed_forward: self.feed_forward(block, 1)?,
            residual: self.residual(block, 1)?,
        })
    }

    fn decoder_layer(&self, block: &Scope) -> Result<DecoderLayer, LoadError> {
        let (attention, inner) = (block.at("layer.1.EncDecAttention"), self.heads.inner());
        Ok(DecoderLayer {
            past: Past::Attention(self.self_attention(block)?),
            cross: CrossAttention {
                heads: self.heads,
                query: attention.linear(&["q"], (inner, self.width), false)?,
                kv: attention.linear(&["k", "v"], (inner, self.width), false)?,
                output: attention.linear(&["o"], (self.width, inner), false)?,
                residual: self.residual(block, 1)?,
            },
            feed_forward: self.feed_forward(block, 2)?,
            residual: self.residual(block, 2)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn outputs_are_scaled_as_the_reference_does_by_old_settings_and_new() {
        let scales = |config| parse::<Config>(&config).unwrap().scales_outputs();
        assert!(scales(json!({})));
        assert!(!scales(json!({"tie_word_embeddings": false})));
        assert!(!scales(
            json!({"tie_word_embeddings": true, "scale_decoder_outputs": false})
        ));
    }

    #[test]
    fn feed_forwards_are_plain_or_gated() {
        let read = |name: &str| {
            let config = parse(&json!({"feed_forward_proj": name})).unwrap();
            T5::read(&config, true).map(|t5| (t5.gated, t5.activation))
        };
        assert_eq!(read("relu").unwrap(), (false, Activation::Relu));
        assert_eq!(read("gated-gelu").unwrap(), (true, Activation::GeluTanh));
        assert_eq!(read("gated-silu").unwrap(), (true, Activation::Silu));
        assert!(read("gated-softmax").is_err());
    }
}
