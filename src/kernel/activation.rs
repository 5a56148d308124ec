//! The feed-forward's non-linearity, alone or as a gate: of one half, times the other.

use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor, bail};
use multiversion::multiversion;
use rayon::prelude::*;

use super::f32_slice;

/// What a feed-forward does to its inner values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// x Φ(x), Φ the normal distribution (Hendrycks and Gimpel 2016).
    Gelu,
    /// The same with Φ approximated by a tanh, as the same paper has it.
    GeluTanh,
    /// x σ(x), also known as swish (Ramachandran et al. 2017).
    Silu,
}

impl Activation {
    /// Of every value.
    pub fn apply(self, x: &Tensor) -> Result<Tensor> {
        if x.device().is_cpu() {
            return x.apply_op1_no_bwd(&Activate {
                activation: self,
                gated: false,
            });
        }
        match self {
            Activation::Relu => x.relu(),
            Activation::Gelu => x.gelu_erf(),
            Activation::GeluTanh => x.gelu(),
            Activation::Silu => x.silu(),
        }
    }

    /// `activation(gate) × up` of rows that hold the gate's values and then as many of up's: (…, 2 n) → (…, n)
    /// (Shazeer 2020).
    pub fn gate(self, gate_up: &Tensor) -> Result<Tensor> {
        if gate_up.device().is_cpu() {
            return gate_up.apply_op1_no_bwd(&Activate {
                activation: self,
                gated: true,
            });
        }
        let halves = gate_up.chunk(2, D::Minus1)?;
        self.apply(&halves[0].contiguous()?)? * &halves[1]
    }
}

impl Activation {
    /// Of values in place, inlined into the caller's loop.
    #[inline(always)]
    pub(super) fn apply_to(self, values: &mut [f32]) {
        let values = values.iter_mut();
        match self {
            // What is not a number stays so.
            Activation::Relu => values.for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x }),
            Activation::Gelu => values.for_each(|x| *x = gelu(*x)),
            Activation::GeluTanh => values.for_each(|x| *x = gelu_tanh(*x)),
            Activation::Silu => values.for_each(|x| *x = silu(*x)),
        }
    }
}

struct Activate {
    activation: Activation,
    gated: bool,
}

impl CustomOp1 for Activate {
    fn name(&self) -> &'static str {
        "activate"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = f32_slice(storage, layout)?;
        let mut dims = layout.dims().to_vec();
        let Some(last) = dims.last_mut().filter(|last| **last > 0) else {
            bail!("activation of {dims:?}");
        };
        let width_in = *last;
        if self.gated {
            if !width_in.is_multiple_of(2) {
                bail!("a gate of {width_in} values, which cannot be halved");
            }
            *last /= 2;
        }
        let width = *last;
        let mut y = vec![0f32; dims.iter().product()];
        let row = |(y, x): (&mut [f32], &[f32])| {
            let (x, up) = x.split_at(width);
            activate_row(self.activation, x, y);
            if self.gated {
                y.iter_mut().zip(up).for_each(|(y, up)| *y *= up);
            }
        };
        if rayon::current_num_threads() == 1 {
            y.chunks_mut(width).zip(x.chunks(width_in)).for_each(row);
        } else {
            y.par_chunks_mut(width)
                .zip(x.par_chunks(width_in))
                .for_each(row);
        }
        Ok((CpuStorage::F32(y), Shape::from(dims)))
    }
}

#[multiversion(targets = "simd")]
fn activate_row(activation: Activation, x: &[f32], y: &mut [f32]) {
    y.copy_from_slice(x);
    activation.apply_to(y);
}

/// x σ(x).
#[inline(always)]
fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

/// x · σ(2u) = x · (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³).
#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769;
    x / (1.0 + exp(-TWICE_SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)))
}

/// x Φ(x) with 1 - Φ of |x| as Abramowitz and Stegun (1964, 7.1.26) have it, to 8e-8.
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let p = 1.061_405_4;
    let p = p * t - 1.453_152_1;
    let p = p * t + 1.421_413_8;
    let p = p * t - 0.284_496_72;
    let p = p * t + 0.254_829_6;
    let tail = 0.5 * p * t * exp(-z * z);
    x * if x < 0.0 { tail } else { 1.0 - tail }
}

/// e^x to 2 ulp, in a form that compiles to vector instructions, for x clamped to ±87: reduction to
/// ±½ ln 2 and a polynomial of degree six (coefficients as in Cephes, Moshier 1989).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 87.0);
    const MAGIC: f32 = 12_582_912.0; // 1.5 × 2^23: adding it rounds to the nearest integer
    let shifted = x * std::f32::consts::LOG2_E + MAGIC;
    let n = shifted - MAGIC;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_65;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    // The integer stands in the low bits of the shifted number: put it into the exponent.
    let power = shifted.to_bits().wrapping_add(127).wrapping_shl(23);
    p * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn exp_is_close_to_the_library_s() {
        for i in -8600..8600 {
            let x = i as f32 / 100.0;
            let off = (exp(x) / x.exp() - 1.0).abs();
            assert!(off < 4e-7, "exp({x}) is off by {off}");
        }
        assert!(exp(-1e30) < 1e-37 && exp(1e30).is_finite());
    }

    #[test]
    fn activations_are_candle_s() {
        let x: Vec<f32> = (0..3 * 2 * 100)
            .map(|i| (i as f32 * 0.77).sin() * 6.0)
            .collect();
        let x = Tensor::from_vec(x, (3, 200), &Device::Cpu).unwrap();
        for (activation, expected) in [
            (Activation::Relu, x.relu().unwrap()),
            (Activation::Gelu, x.gelu_erf().unwrap()),
            (Activation::GeluTanh, x.gelu().unwrap()),
            (Activation::Silu, x.silu().unwrap()),
        ] {
            let off = |got: Tensor, expected: &Tensor| {
                let off = (got - expected).unwrap().abs().unwrap();
                off.max_all().unwrap().to_scalar::<f32>().unwrap()
            };
            let alone = off(activation.apply(&x).unwrap(), &expected);
            let gate = expected.narrow(1, 0, 100).unwrap();
            let gated = (gate * x.narrow(1, 100, 100).unwrap()).unwrap();
            let gate = off(activation.gate(&x).unwrap(), &gated);
            assert!(
                alone < 2e-6 && gate < 1e-5,
                "{activation:?}: {alone}, {gate}"
            );
        }
        assert!(
            Activation::Relu
                .gate(&x.narrow(1, 0, 199).unwrap().contiguous().unwrap())
                .is_err()
        );
    }
}
