//! Marian (Junczys-Dowmunt et al. 2018) as `transformers` has it: OPUS-MT and its relatives (Tiedemann and
//! Thottingal 2020), of any depth, with one vocabulary or two.

use serde_json::Value;

use super::LoadError;
use super::encoder_decoder::EncoderDecoder;
use super::fairseq::{Blueprint, PositionKind, Style};
use super::weights::Weights;

/// Norms after the sums, sinusoidal positions.
const STYLE: Style = Style {
    norm_first: false,
    embedding_norm: false,
    positions: |_| Ok(PositionKind::Marian),
    vocabulary: 58_101,
    activation: "gelu",
    scale_embedding: false,
};

/// The model that a configuration describes.
pub fn build(config: &Value, weights: &Weights) -> Result<EncoderDecoder, LoadError> {
    // Settings of the original toolkit that conversion refuses and `transformers` does not read.
    for name in [
        "normalize_before",
        "normalize_embedding",
        "add_final_layer_norm",
    ] {
        if config[name] == true {
            return Err(LoadError::Config(format!(
                "a Marian model with {name} is not one that transformers runs"
            )));
        }
    }
    Blueprint::read(config, &STYLE)?.build(weights)
}
