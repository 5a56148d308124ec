//! candle's own Marian (`candle_transformers::models::marian`), as it comes.

use std::fs;
use std::path::Path;

use anyhow::Context;
use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::marian::{Config, MTModel};

/// A loaded model with what its decoder starts with.
pub struct Marian {
    model: MTModel,
    start: u32,
}

impl Marian {
    /// Reads a folder as the Hugging Face Hub has it.
    pub fn load(folder: &Path) -> anyhow::Result<Self> {
        let config = fs::read_to_string(folder.join("config.json")).context("config.json")?;
        let config: Config = serde_json::from_str(&config).context("config.json")?;
        let safetensors = folder.join("model.safetensors");
        let (dtype, device) = (DType::F32, Device::Cpu);
        let weights = match safetensors.is_file() {
            // SAFETY: nothing writes the file while it is mapped.
            true => unsafe { VarBuilder::from_mmaped_safetensors(&[safetensors], dtype, &device)? },
            false => VarBuilder::from_pth(folder.join("pytorch_model.bin"), dtype, &device)?,
        };
        Ok(Marian {
            model: MTModel::new(&config, weights)?,
            start: config.decoder_start_token_id,
        })
    }

    /// Decodes sources of one length together, greedily; the number of tokens written.
    pub fn decode(&mut self, sources: &[Vec<u32>], target_tokens: usize) -> Result<usize> {
        self.model.reset_kv_cache();
        let rows = sources.len();
        let source = Tensor::new(sources.to_vec(), &Device::Cpu)?;
        let source = self.model.encoder().forward(&source, 0)?;
        let mut newest = Tensor::full(self.start, (rows, 1), &Device::Cpu)?;
        for step in 0..target_tokens {
            let logits = self.model.decode(&newest, &source, step)?;
            newest = logits.argmax(D::Minus1)?;
        }
        Ok(rows * target_tokens)
    }
}
