//! Vectors of tokens.

use candle_core::{Result, Tensor, bail};

use super::matrix::Matrix;

/// A table of vectors, one a token, each times `scale`.
pub struct Embedding {
    table: Matrix,
    scale: f64,
    /// Whether the token after the last has a vector, of zeros.
    has_start: bool,
}

impl Embedding {
    /// `table`: (vocabulary, width).
    pub fn new(table: Matrix, scale: f64) -> Self {
        Embedding {
            table,
            scale,
            has_start: false,
        }
    }

    /// The same, with one more token, whose vector is zeros: what a decoder of Marian starts with.
    pub fn with_start(self) -> Self {
        Embedding {
            has_start: true,
            ..self
        }
    }

    /// (tokens, width).
    pub fn forward(&self, tokens: &[u32]) -> Result<Tensor> {
        let start = self.table.dims()?.0 as u32;
        let vectors = if self.has_start && tokens.contains(&start) {
            let known: Vec<u32> = tokens.iter().map(|t| (*t).min(start - 1)).collect();
            let vectors = self.table.rows(&known)?;
            let kept = tokens.iter().map(|&t| f32::from(u8::from(t != start)));
            let kept = Tensor::from_iter(kept, vectors.device())?.unsqueeze(1)?;
            vectors.broadcast_mul(&kept)?
        } else {
            self.table.rows(tokens)?
        };
        match self.scale {
            1.0 => Ok(vectors),
            scale => vectors * scale,
        }
    }

    /// Number of tokens.
    pub fn vocabulary(&self) -> Result<usize> {
        Ok(self.table.dims()?.0 + usize::from(self.has_start))
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

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn the_start_is_a_token_of_zeros_where_there_is_one() {
        let table = Tensor::new(&[[1f32, 2.0], [3.0, -4.0]], &Device::Cpu).unwrap();
        let table = Matrix::Dense(table);
        let plain = Embedding::new(table.clone(), 2.0);
        assert!(plain.check(&[0, 2]).is_err());
        let started = Embedding::new(table, 2.0).with_start();
        assert!(started.check(&[0, 2]).is_ok() && started.check(&[3]).is_err());
        let vectors = |tokens: &[u32]| started.forward(tokens).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(vectors(&[2, 1, 2]), [[0.0, 0.0], [6.0, -8.0], [0.0, 0.0]]);
        assert_eq!(vectors(&[0]), [[2.0, 4.0]]);
    }
}
