//! IndicTrans2 (Gala et al. 2023): fairseq's Transformer with a vocabulary for each side. Its code is not part of
//! `transformers` but comes with its checkpoints (`trust_remote_code`), and so do the names of its settings.

use serde::Deserialize;
use serde_json::Value;

use super::LoadError;
use super::encoder_decoder::EncoderDecoder;
use super::fairseq::{Blueprint, DEEPEST, LONGEST, MOST_TOKENS, PositionKind, Side, WIDEST};
use super::loader::{parse, size};
use super::scope::activation;
use super::weights::Weights;

#[derive(Debug, Deserialize)]
struct Config {
    encoder_vocab_size: u64,
    decoder_vocab_size: u64,
    encoder_embed_dim: Option<u64>,
    decoder_embed_dim: Option<u64>,
    encoder_layers: Option<u64>,
    decoder_layers: Option<u64>,
    encoder_ffn_dim: Option<u64>,
    decoder_ffn_dim: Option<u64>,
    encoder_attention_heads: Option<u64>,
    decoder_attention_heads: Option<u64>,
    encoder_normalize_before: Option<bool>,
    decoder_normalize_before: Option<bool>,
    layernorm_embedding: Option<bool>,
    max_source_positions: Option<u64>,
    max_target_positions: Option<u64>,
    activation_function: Option<String>,
    scale_embedding: Option<bool>,
    pad_token_id: Option<u64>,
}

/// The model that a configuration describes.
pub fn build(config: &Value, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
    let config: Config = parse(config)?;
    let width = size("encoder_embed_dim", config.encoder_embed_dim, 512, WIDEST)?;
    if size("decoder_embed_dim", config.decoder_embed_dim, 512, WIDEST)? != width {
        return Err(LoadError::Config(
            "encoder_embed_dim and decoder_embed_dim differ".to_owned(),
        ));
    }
    let blueprint = Blueprint {
        width,
        encoder: Side {
            vocabulary: size(
                "encoder_vocab_size",
                Some(config.encoder_vocab_size),
                1,
                MOST_TOKENS,
            )?,
            layers: size("encoder_layers", config.encoder_layers, 6, DEEPEST)?,
            heads: size(
                "encoder_attention_heads",
                config.encoder_attention_heads,
                8,
                WIDEST,
            )?,
            feed_forward: size("encoder_ffn_dim", config.encoder_ffn_dim, 2048, LONGEST)?,
            longest: size(
                "max_source_positions",
                config.max_source_positions,
                210,
                LONGEST,
            )?,
            norm_first: config.encoder_normalize_before.unwrap_or(false),
        },
        decoder: Side {
            vocabulary: size(
                "decoder_vocab_size",
                Some(config.decoder_vocab_size),
                1,
                MOST_TOKENS,
            )?,
            layers: size("decoder_layers", config.decoder_layers, 6, DEEPEST)?,
            heads: size(
                "decoder_attention_heads",
                config.decoder_attention_heads,
                8,
                WIDEST,
            )?,
            feed_forward: size("decoder_ffn_dim", config.decoder_ffn_dim, 2048, LONGEST)?,
            longest: size(
                "max_target_positions",
                config.max_target_positions,
                210,
                LONGEST,
            )?,
            norm_first: config.decoder_normalize_before.unwrap_or(false),
        },
        positions: PositionKind::Fairseq {
            padding: size("pad_token_id", config.pad_token_id, 1, MOST_TOKENS)?,
        },
        embedding_norm: config.layernorm_embedding.unwrap_or(false),
        scale_embedding: config.scale_embedding.unwrap_or(true),
        activation: activation(config.activation_function.as_deref().unwrap_or("relu"))?,
        shared_embeddings: false,
    };
    blueprint.build(weights)
}
