//! M2M100 (Fan et al. 2020) and NLLB-200 (NLLB Team 2022).

use serde_json::Value;

use super::LoadError;
use super::encoder_decoder::EncoderDecoder;
use super::fairseq::{Blueprint, PositionKind, Style};
use super::weights::Weights;

/// Norms before sub-layers, fairseq's sinusoidal positions.
const STYLE: Style = Style {
    norm_first: true,
    embedding_norm: false,
    positions: |config| {
        Ok(PositionKind::Fairseq {
            padding: config.padding()?,
        })
    },
    vocabulary: 128_112,
    activation: "relu",
    scale_embedding: true,
};

/// The model that a configuration describes.
pub fn build(config: &Value, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
    Blueprint::read(config, &STYLE)?.build(weights)
}
