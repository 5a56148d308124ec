//! The embedding matrix, left in the file: a step needs few of its rows.

use candle_core::{Device, Result, Tensor, bail};

use crate::model::Gguf;
use crate::model::gguf::quantized;

const NAME: &str = "token_embd.weight";

/// Rows of the embedding matrix, of whatever type, times a factor.
pub struct Embedding {
    gguf: Gguf,
    scale: f32,
}

impl Embedding {
    /// The embeddings of a file, each value multiplied by `scale`.
    pub fn new(gguf: Gguf, scale: f32) -> Self {
        Embedding { gguf, scale }
    }

    /// The rows of tokens, widened to f32: (tokens, width).
    ///
    /// # Errors
    /// If a token is not in the vocabulary.
    pub fn rows(&self, tokens: &[u32], device: &Device) -> Result<Tensor> {
        let (dtype, dims, bytes) = self.gguf.tensor(NAME)?;
        let [rows, width] = *dims else {
            bail!("embeddings of shape {dims:?}");
        };
        let length = bytes.len() / rows;
        // Room to move, since candle reads blocks in place and wants them at a multiple of four.
        let mut buffer = vec![0u8; tokens.len() * length + 3];
        let start = buffer.as_ptr().align_offset(4).min(3);
        let own = &mut buffer[start..][..tokens.len() * length];
        for (row, &token) in own.chunks_exact_mut(length).zip(tokens) {
            if token as usize >= rows {
                bail!("token {token} is not in the vocabulary of {rows}");
            }
            row.copy_from_slice(&bytes[token as usize * length..][..length]);
        }
        let x = quantized(dtype, own, &[tokens.len(), width], &Device::Cpu)?;
        let x = x.dequantize(&Device::Cpu)?;
        let x = match self.scale {
            1.0 => x,
            scale => (x * f64::from(scale))?,
        };
        x.to_device(device)
    }
}
