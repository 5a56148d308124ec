//! Pegasus (Zhang et al. 2020).

use serde_json::Value;

use super::LoadError;
use super::encoder_decoder::EncoderDecoder;
use super::fairseq::{Blueprint, PositionKind, Style};
use super::weights::Weights;

/// Norms before sub-layers, sinusoidal positions as Marian's.
const STYLE: Style = Style {
    norm_first: true,
    embedding_norm: false,
    positions: |_| Ok(PositionKind::Marian),
    vocabulary: 50_265,
    activation: "gelu",
    scale_embedding: false,
};

/// The model that a configuration describes.
pub fn build(config: &Value, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
    Blueprint::read(config, &STYLE)?.build(weights)
}
