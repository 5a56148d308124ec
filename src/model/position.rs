//! Where in its sequence a token stands: vectors added to embeddings, or biases added to attention scores.

use candle_core::{Device, Result, Tensor, bail};

use crate::kernel::PositionBias;

/// Vectors of positions, one way or another.
pub enum Positions {
    /// Sines, then cosines, of the position times falling frequencies (Vaswani et al. 2017, their order apart).
    Sinusoidal {
        /// One a sine.
        frequencies: Vec<f64>,
        /// Whether angles are products of f32 numbers, as in tensor2tensor: far from the start that shows.
        rounded: bool,
        /// What the first position counts as.
        first: usize,
    },
    /// A table, learned or not; the first position is its row `first`.
    Table { table: Tensor, first: usize },
    /// Positions act in the attention alone.
    None,
}

impl Positions {
    /// As `transformers` has them for Marian: frequency i of n is 10000^(-i/n).
    pub fn marian(width: usize) -> Self {
        let half = width / 2;
        let frequency = |i: usize| 1.0 / 10_000f64.powf(2.0 * i as f64 / width as f64);
        Positions::Sinusoidal {
            frequencies: (0..half).map(frequency).collect(),
            rounded: false,
            first: 0,
        }
    }

    /// As fairseq has them: as tensor2tensor's, but positions count from the one after the padding token's number.
    pub fn fairseq(width: usize, padding: usize) -> Self {
        Self::tensor2tensor_from(width, padding + 1)
    }

    /// As tensor2tensor has them, and Marian itself: frequency i of n is 10000^(-i/(n-1)).
    pub fn tensor2tensor(width: usize) -> Self {
        Self::tensor2tensor_from(width, 0)
    }

    fn tensor2tensor_from(width: usize, first: usize) -> Self {
        let half = width / 2;
        let step = -(10_000f64.ln() / (half as f64 - 1.0)) as f32;
        Positions::Sinusoidal {
            frequencies: (0..half).map(|i| (i as f32 * step).exp().into()).collect(),
            rounded: true,
            first,
        }
    }

    /// Adds the vectors of `positions` to `x`: (tokens, width).
    pub fn add_to(&self, x: Tensor, positions: &[usize]) -> Result<Tensor> {
        match self {
            Positions::None => Ok(x),
            Positions::Table { table, first } => {
                let rows: Vec<u32> = positions.iter().map(|p| (p + first) as u32).collect();
                let rows = Tensor::new(rows, x.device())?;
                x + table.index_select(&rows, 0)?
            }
            Positions::Sinusoidal { .. } => {
                let (tokens, width) = x.dims2()?;
                let mut vectors = vec![0f32; tokens * width];
                for (row, &position) in vectors.chunks_exact_mut(width).zip(positions) {
                    self.sinusoidal(position, row);
                }
                let vectors = Tensor::from_vec(vectors, (tokens, width), x.device())?;
                x + vectors
            }
        }
    }

    /// The vector of a position; zeros unless it is of sinusoids.
    fn sinusoidal(&self, position: usize, row: &mut [f32]) {
        let Positions::Sinusoidal {
            frequencies,
            rounded,
            first,
        } = self
        else {
            return;
        };
        let (sines, cosines) = row.split_at_mut(frequencies.len());
        let position = position + first;
        for ((sine, cosine), &frequency) in sines.iter_mut().zip(cosines).zip(frequencies) {
            let angle = match *rounded {
                true => f64::from(position as f32 * frequency as f32),
                false => position as f64 * frequency,
            };
            (*sine, *cosine) = (angle.sin() as f32, angle.cos() as f32);
        }
    }
}

/// How T5 buckets distances (Raffel et al. 2020, section 2.1): each its own up to half of the buckets, then in
/// logarithmic steps up to `max_distance`, beyond which all are one. An encoder keeps half of the buckets for what
/// lies after a token; for a decoder nothing does.
#[derive(Debug, Clone, Copy)]
pub struct Buckets {
    pub count: usize,
    pub max_distance: usize,
    pub bidirectional: bool,
}

impl Buckets {
    /// The bucket of what lies `distance` tokens before a token, or after it.
    fn bucket(self, distance: usize, after: bool) -> usize {
        let (count, start) = match self.bidirectional {
            true if after => (self.count / 2, self.count / 2),
            true => (self.count / 2, 0),
            false => (self.count, 0),
        };
        let distance = if after && !self.bidirectional {
            0
        } else {
            distance
        };
        let exact = count / 2;
        if distance < exact {
            return start + distance;
        }
        // In f32, as the reference has it: what is rounded decides on which side of a step a distance falls.
        let ratio = (distance as f32 / exact as f32).ln();
        let steps = ratio / (self.max_distance as f64 / exact as f64).ln() as f32;
        let bucket = exact + (steps * (count - exact) as f32) as usize;
        start + bucket.min(count - 1)
    }

    /// The biases of a table (buckets, heads), spread over all distances that differ.
    ///
    /// # Errors
    /// If there are too few buckets to tell distances apart.
    pub fn bias(self, table: &Tensor) -> Result<PositionBias> {
        let least = if self.bidirectional { 4 } else { 2 };
        if self.count < least || self.max_distance <= self.count {
            bail!("relative positions in {self:?} are not supported");
        }
        let table = table.to_device(&Device::Cpu)?.t()?.to_vec2::<f32>()?;
        let after = if self.bidirectional {
            self.max_distance
        } else {
            0
        };
        let mut values = Vec::with_capacity(table.len() * (self.max_distance + after + 1));
        for head in &table {
            let before = (0..=self.max_distance).rev();
            values.extend(before.map(|distance| head[self.bucket(distance, false)]));
            values.extend((1..=after).map(|distance| head[self.bucket(distance, true)]));
        }
        PositionBias::new(values, table.len(), self.max_distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(positions: &Positions, position: usize, width: usize) -> Vec<f32> {
        let zeros = Tensor::zeros((1, width), candle_core::DType::F32, &Device::Cpu).unwrap();
        let vectors = positions.add_to(zeros, &[position]).unwrap();
        vectors.to_vec2().unwrap().remove(0)
    }

    /// Expected: `transformers`, at the last position of OPUS-MT and of M2M100.
    #[test]
    fn sinusoids_are_exact_at_the_maximum_length() {
        let marian = vector(&Positions::marian(512), 511, 512);
        for (i, expected) in [
            (0, 0.881_770_4),
            (1, 0.283_995_7),
            (17, 0.675_434_23),
            (255, 0.052_947_17),
            (256, -0.471_678_88),
            (300, -0.303_367_8),
            (511, 0.998_597_3),
        ] {
            assert!((marian[i] - expected).abs() < 1e-7, "{i}: {}", marian[i]);
        }
        let fairseq = vector(&Positions::fairseq(1024, 1), 1023, 1024);
        for (i, expected) in [
            (0, 0.745_173_45),
            (1, 0.982_058_8),
            (17, 0.483_118_83),
            (511, 0.102_320_604),
            (512, 0.666_870_65),
            (600, -0.795_192),
            (1023, 0.994_751_45),
        ] {
            assert!((fairseq[i] - expected).abs() < 7e-5, "{i}: {}", fairseq[i]);
        }
    }

    /// Expected: distances at which the reference's `_relative_position_bucket` steps.
    #[test]
    fn buckets_step_where_the_reference_s_do() {
        let steps = |count, max_distance, bidirectional| {
            let buckets = Buckets {
                count,
                max_distance,
                bidirectional,
            };
            let mut last = 0;
            let step = |&d: &usize| {
                let bucket = buckets.bucket(d, false);
                std::mem::replace(&mut last, bucket) != bucket
            };
            (0..300).filter(step).collect::<Vec<_>>()
        };
        let exact =
            |n: usize, more: &[usize]| (1..n).chain(more.iter().copied()).collect::<Vec<_>>();
        assert_eq!(
            steps(32, 128, true),
            exact(9, &[12, 16, 23, 32, 46, 64, 91])
        );
        let far = [19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113];
        assert_eq!(steps(32, 128, false), exact(17, &far));
        assert_eq!(steps(8, 20, true), [1, 2, 7]);
        assert_eq!(steps(16, 64, true), exact(5, &[8, 16, 32]));
        assert_eq!(
            steps(32, 256, true),
            exact(9, &[13, 20, 30, 46, 70, 108, 166])
        );
        let both = Buckets {
            count: 32,
            max_distance: 128,
            bidirectional: true,
        };
        assert_eq!([both.bucket(1, true), both.bucket(12, true)], [17, 25]);
        let causal = Buckets {
            bidirectional: false,
            ..both
        };
        assert_eq!(causal.bucket(5, true), 0);
    }
}
