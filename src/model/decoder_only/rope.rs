//! Rotary positions: by what angle each pair of a head's values is turned at a position.

use candle_core::{Device, Result, Tensor, bail};

/// Angles a position, one for each pair of a head's values.
#[derive(Debug, Clone, PartialEq)]
pub struct Rope {
    frequencies: Vec<f32>,
}

/// Cosines and sines of the positions of a step's tokens, (tokens, head width / 2) each.
pub struct Angles {
    pub cos: Tensor,
    pub sin: Tensor,
}

impl Rope {
    /// Frequencies base^(-2 i / width) (Su et al. 2021, arXiv:2104.09864).
    ///
    /// # Errors
    /// If the base is not above 0.
    pub fn new(base: f32, head_width: usize) -> Result<Self> {
        if !base.is_finite() || base <= 0.0 {
            bail!("{base} is no base of rotary angles");
        }
        let frequency = |i: usize| 1.0 / base.powf(2.0 * i as f32 / head_width as f32);
        Ok(Rope {
            frequencies: (0..head_width / 2).map(frequency).collect(),
        })
    }

    /// All frequencies divided by one factor (Chen et al. 2023, arXiv:2306.15595).
    ///
    /// # Errors
    /// If the factor is not above 0.
    pub fn stretched(self, factor: f32) -> Result<Self> {
        let factors = vec![factor; self.frequencies.len()];
        self.divided(&factors)
    }

    /// Each frequency divided by its own factor: what llama.cpp stores as the tensor `rope_freqs`.
    ///
    /// # Errors
    /// If there are more or fewer factors than frequencies, or one is not above 0.
    pub fn divided(mut self, factors: &[f32]) -> Result<Self> {
        if factors.len() != self.frequencies.len()
            || factors.iter().any(|f| !f.is_finite() || *f <= 0.0)
        {
            bail!("the factors of the rotary angles do not fit the model's heads");
        }
        for (frequency, factor) in self.frequencies.iter_mut().zip(factors) {
            *frequency /= factor;
        }
        Ok(self)
    }

    /// The angles at some positions.
    pub fn angles(&self, positions: &[usize], device: &Device) -> Result<Angles> {
        let angles = positions
            .iter()
            .flat_map(|&p| self.frequencies.iter().map(move |f| p as f32 * f));
        let shape = (positions.len(), self.frequencies.len());
        let angles = Tensor::from_iter(angles, device)?.reshape(shape)?;
        Ok(Angles {
            cos: angles.cos()?,
            sin: angles.sin()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_slow_the_angles() {
        let rope = Rope::new(10_000.0, 4).unwrap();
        assert_eq!(rope.frequencies, [1.0, 0.01]);
        let stretched = rope.clone().stretched(8.0).unwrap();
        assert_eq!(stretched.frequencies, [0.125, 0.00125]);
        let divided = rope.clone().divided(&[1.0, 2.0]).unwrap();
        assert_eq!(divided.frequencies, [1.0, 0.005]);
        assert!(rope.clone().divided(&[1.0]).is_err());
        for bad in [0.0, -1.0, f32::NAN] {
            assert!(rope.clone().stretched(bad).is_err());
            assert!(Rope::new(bad, 4).is_err());
        }
    }
}
