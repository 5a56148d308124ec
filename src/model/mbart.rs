//! mBART (Liu et al. 2020) and mBART-50 (Tang et al. 2020).

use serde_json::Value;

use super::LoadError;
use super::encoder_decoder::EncoderDecoder;
use super::fairseq::{Blueprint, PositionKind, Style};
use super::weights::Weights;

/// Norms before sub-layers and after the embeddings, learned positions.
const STYLE: Style = Style {
    norm_first: true,
    embedding_norm: true,
    positions: |_| Ok(PositionKind::Learned),
    vocabulary: 50_265,
    activation: "gelu",
    scale_embedding: false,
};

/// The model that a configuration describes.
pub fn build(config: &Value, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
    Blueprint::read(config, &STYLE)?.build(weights)
}
