//! Language models in GGUF files, whatever their architecture.

use candle_core::{Device, Result, bail};

use super::decoder_only::{DecoderOnly, Description};
use super::{Compute, Gguf, Model, gemma3, llama, qwen2, qwen3};

type Describe = fn(&Gguf) -> Result<Description>;

/// The architectures, by what GGUF calls them.
const ARCHITECTURES: [(&str, Describe); 4] = [
    ("gemma3", gemma3::describe),
    ("llama", llama::describe),
    ("qwen2", qwen2::describe),
    ("qwen3", qwen3::describe),
];

/// Loads a language model onto a device.
///
/// # Errors
/// If the file's architecture (`general.architecture`) is not one of those known, it lacks a tensor, its metadata do
/// not fit together, or the device has no room.
pub fn load_gguf(gguf: Gguf, compute: Compute, device: &Device) -> Result<Box<dyn Model>> {
    let architecture = gguf.text("general.architecture")?.unwrap_or_default();
    let known = ARCHITECTURES.iter().find(|(name, _)| *name == architecture);
    let Some((_, describe)) = known else {
        let names = ARCHITECTURES.map(|(name, _)| name).join(", ");
        bail!(
            "the GGUF file holds a model of architecture {architecture:?}; those that can be run are {names}"
        );
    };
    let description = describe(&gguf)?;
    let model = DecoderOnly::load(gguf, description, compute, device)?;
    Ok(Box::new(model))
}
