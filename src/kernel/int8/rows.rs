//! Activations to 8-bit integers.

use multiversion::multiversion;

use super::DEPTH;

/// How activations are rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// To 127 steps on either side of zero up to the largest magnitude of the row.
    Dynamic,
    /// To multiples of this, at most 127 of them on either side.
    Fixed(f32),
}

/// What is added to the integers of activations, as an instruction wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bias {
    /// Nothing: they are signed bytes.
    Zero,
    /// 128: they are unsigned bytes.
    Half,
}

/// Rows of activations as bytes: value = (byte - bias) × scale of its row.
pub struct Rows {
    /// Row after row, `depth` bytes each, in as many rows as a multiple of 16 has.
    bytes: Vec<u8>,
    scales: Vec<f32>,
    depth: usize,
}

/// Rows are padded to a multiple of this: what a tile of AMX takes.
const TALL: usize = 16;

impl Rows {
    /// Rounds rows of `inputs` values, each padded with zeros to a multiple of 64.
    pub fn new(values: &[f32], inputs: usize, step: Step, bias: Bias) -> Self {
        debug_assert!(inputs > 0 && values.len().is_multiple_of(inputs));
        let (count, depth) = (values.len() / inputs, inputs.next_multiple_of(DEPTH));
        let zero = match bias {
            Bias::Zero => 0,
            Bias::Half => 128,
        };
        let mut bytes = vec![zero; count.next_multiple_of(TALL) * depth];
        let mut scales = vec![0.0; count];
        let rows = values
            .chunks_exact(inputs)
            .zip(bytes.chunks_exact_mut(depth));
        for ((values, bytes), scale) in rows.zip(&mut scales) {
            *scale = round(values, step, zero, &mut bytes[..inputs]);
        }
        Rows {
            bytes,
            scales,
            depth,
        }
    }

    /// Rows without padding.
    pub fn count(&self) -> usize {
        self.scales.len()
    }

    /// Bytes of a row, a multiple of 64.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// All bytes from row `n` on, with those of the rows that pad.
    pub fn from(&self, n: usize) -> &[u8] {
        &self.bytes[n * self.depth..]
    }

    /// The step of each row.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }
}

/// Rounds a row and returns its step. What is not a number, or infinite, makes the step not a number or infinite, so that
/// it does not vanish.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
fn round(values: &[f32], step: Step, zero: u8, bytes: &mut [u8]) -> f32 {
    let (scale, inverse) = match step {
        Step::Fixed(step) => {
            let bad = values.iter().fold(0.0, |bad, v| bad + v * 0.0);
            (step + bad, 1.0 / step)
        }
        Step::Dynamic => {
            let scale = largest(values) / 127.0;
            (scale, if scale > 0.0 { 1.0 / scale } else { 0.0 })
        }
    };
    for (byte, v) in bytes.iter_mut().zip(values) {
        // Added to 1.5 × 2^23, a number is rounded to the nearest integer, which is in the low bits then.
        const MAGIC: f32 = 12_582_912.0;
        let rounded = (v * inverse).clamp(-127.0, 127.0) + MAGIC;
        *byte = (rounded.to_bits() as u8) ^ zero;
    }
    scale
}

/// The largest magnitude. Magnitudes sort as the integers that their bits are, what is not a number last.
#[inline(always)]
pub fn largest(values: &[f32]) -> f32 {
    let mut lanes = [0u32; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    let magnitude = |v: &f32| v.to_bits() & 0x7fff_ffff;
    for chunk in chunks {
        for (lane, v) in lanes.iter_mut().zip(chunk) {
            *lane = (*lane).max(magnitude(v));
        }
    }
    let rest = rest.iter().map(magnitude).fold(0, u32::max);
    f32::from_bits(lanes.into_iter().fold(rest, u32::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_within_half_a_step() {
        let values: Vec<f32> = (0..3 * 70)
            .map(|i| ((i * 37 % 101) as f32 - 50.0) * 0.37)
            .collect();
        for (step, bias, zero) in [
            (Step::Dynamic, Bias::Zero, 0),
            (Step::Dynamic, Bias::Half, 128),
            (Step::Fixed(0.2), Bias::Half, 128),
        ] {
            let rows = Rows::new(&values, 70, step, bias);
            assert_eq!(
                (rows.count(), rows.depth(), rows.from(0).len()),
                (3, 128, 16 * 128)
            );
            for (row, values) in values.chunks_exact(70).enumerate() {
                let (bytes, scale) = (rows.from(row), rows.scales()[row]);
                for (byte, v) in bytes.iter().zip(values) {
                    let back = f32::from((byte ^ zero) as i8) * scale;
                    assert!((back - v).abs() <= scale * 0.5001, "{v} became {back}");
                }
                assert!(bytes[70..128].iter().all(|&byte| byte == zero));
            }
        }
    }

    #[test]
    fn extremes_are_kept_and_what_is_no_number_shows() {
        let mut values = [0.0; 64];
        assert_eq!(
            Rows::new(&values, 64, Step::Dynamic, Bias::Zero).scales(),
            [0.0]
        );
        (values[1], values[2]) = (f32::MAX, -f32::MAX);
        let rows = Rows::new(&values, 64, Step::Dynamic, Bias::Zero);
        assert_eq!(rows.from(0)[1..3], [127, 127u8.wrapping_neg()]);
        let rows = Rows::new(&values, 64, Step::Fixed(0.1), Bias::Half);
        assert_eq!(rows.from(0)[1..3], [255, 1]);
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            values[40] = odd;
            for step in [Step::Dynamic, Step::Fixed(0.1)] {
                assert!(!Rows::new(&values, 64, step, Bias::Zero).scales()[0].is_finite());
            }
        }
    }
}
