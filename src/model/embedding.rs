//! Vectors of tokens.

use candle_core::{Result, Tensor, bail};

use super::matrix::Matrix;

/// A table of vectors, one a token, each times `scale`.
pub struct Embedding {
    table: Matrix,
    scale: f64,
}

impl Embedding {
    /// `table`: (vocabulary, width).
    pub fn new(table: Matrix, scale: f64) -> Self {
        Embedding { table, scale }
    }

    /// (tokens, width).
    pub fn forward(&self, tokens: &[u32]) -> Result<Tensor> {
        let vectors = self.table.rows(tokens)?;
        match self.scale {
            1.0 => Ok(vectors),
            scale => vectors * scale,
        }
    }

    /// Number of tokens.
    pub fn vocabulary(&self) -> Result<usize> {
        Ok(self.table.dims()?.0)
    }

    /// # Errors
    /// If a token is not in the vocabulary.
    pub fn check(&self, tokens: &[u32]) -> Result<()> {
        let vocabulary = self.vocabulary()?;
        match tokens.iter().find(|&&t| t as usize >= vocabulary) {
            Some(token) => bail!("token {token} is not among the vocabulary's {vocabulary}"),
            None => Ok(()),
        }
    }
}
