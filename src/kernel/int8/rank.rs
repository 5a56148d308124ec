//! A product with a vocabulary that never becomes a matrix of logits.

use candle_core::{Device, Result, Storage, Tensor, bail};

use super::WIDTH;
use super::linear::Int8Linear;
use super::path::Path;
use super::rows::Rows;
use crate::kernel::f32_slice;
use crate::kernel::then::{After, Matrix};
use crate::kernel::vocab::{Answer, Query, Ranking};

/// Panels whose logits are made before they are looked at: those of many rows stay in the second cache.
const PIECE: usize = 64;

impl Int8Linear {
    /// The answers to queries about rows of logits `x Wᵀ + b`, one a row of `x`, (rows, inputs), on one thread: piece by
    /// piece of the vocabulary, so that logits stay in the processor's caches.
    ///
    /// # Errors
    /// If shapes do not fit together, there are not as many queries as rows, or one is about a list of tokens.
    pub fn answers(
        &self,
        x: &Tensor,
        bias: Option<&Tensor>,
        queries: &[Query],
    ) -> Result<Vec<Answer>> {
        let (count, inputs) = x.dims2()?;
        if inputs != self.inputs()
            || count != queries.len()
            || queries.iter().any(|q| q.among.is_some())
        {
            bail!(
                "{} queries about logits of {count} rows of {inputs}",
                queries.len()
            );
        }
        let (x, bias) = (
            x.contiguous()?,
            bias.map(|bias| bias.flatten_all()).transpose()?,
        );
        let bias = bias.map(|bias| bias.to_vec1::<f32>()).transpose()?;
        if bias
            .as_ref()
            .is_some_and(|bias| bias.len() != self.outputs())
        {
            bail!("a bias for each of {} outputs is needed", self.outputs());
        }
        let (storage, layout) = x.storage_and_layout();
        let (Storage::Cpu(storage), Device::Cpu) = (&*storage, x.device()) else {
            bail!("an 8-bit product on another device");
        };
        let path = Path::fastest(count);
        let rows = Rows::new(
            f32_slice(storage, layout)?,
            inputs,
            self.step(),
            path.bias(),
        );
        let mut rankings: Vec<Ranking> = queries.iter().map(Ranking::new).collect();
        let panels = self.panels().count();
        let mut logits: Vec<f32> = Vec::with_capacity(count * PIECE * WIDTH);
        for start in (0..panels).step_by(PIECE) {
            let end = panels.min(start + PIECE);
            let columns = start * WIDTH..self.outputs().min(end * WIDTH);
            logits.clear();
            let matrix = Matrix::new(&mut logits, columns.clone());
            let after = After {
                bias: bias.as_deref(),
                ..After::default()
            };
            // Safety: there is room for `count` rows of so many columns, and nobody else uses it.
            unsafe { self.write(&rows, start..end, path, after, matrix) };
            // Safety: all of them have been written.
            unsafe { logits.set_len(count * columns.len()) };
            for (ranking, logits) in rankings
                .iter_mut()
                .zip(logits.chunks_exact_mut(columns.len()))
            {
                ranking.take(logits);
            }
        }
        Ok(rankings.into_iter().map(Ranking::finish).collect())
    }
}
