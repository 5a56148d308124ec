//! The feed-forward's gate: an activation of one half times the other.

use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor, bail};
use multiversion::multiversion;
use rayon::prelude::*;

use super::f32_slice;

/// What a gate is put through (Shazeer 2020, arXiv:2002.05202).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// GELU in its tanh form (Hendrycks and Gimpel 2016), as Gemma 3 has it.
    Gelu,
    /// x · σ(x), also called swish.
    Silu,
}

/// `activation(gate) × up` of rows that hold the gate's values and then as many of up's: (…, 2 n) → (…, n).
pub fn gated(gate_up: &Tensor, gate: Gate) -> Result<Tensor> {
    if gate_up.device().is_cpu() {
        return gate_up.apply_op1_no_bwd(&Gated { gate });
    }
    let halves = gate_up.chunk(2, D::Minus1)?;
    let activated = match gate {
        Gate::Gelu => halves[0].gelu()?,
        Gate::Silu => halves[0].silu()?,
    };
    activated * &halves[1]
}

struct Gated {
    gate: Gate,
}

impl CustomOp1 for Gated {
    fn name(&self) -> &'static str {
        "gated"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = f32_slice(storage, layout)?;
        let mut dims = layout.dims().to_vec();
        let width = match dims.last_mut() {
            Some(last) if *last > 0 && last.is_multiple_of(2) => {
                *last /= 2;
                *last
            }
            _ => bail!("gate of {dims:?}, whose last dimension is not even"),
        };
        let mut y = vec![0f32; x.len() / 2];
        let activated = match self.gate {
            Gate::Gelu => gelu_mul_row,
            Gate::Silu => silu_mul_row,
        };
        let row = |(y, x): (&mut [f32], &[f32])| activated(x, y);
        if rayon::current_num_threads() == 1 {
            y.chunks_mut(width).zip(x.chunks(2 * width)).for_each(row);
        } else {
            y.par_chunks_mut(width)
                .zip(x.par_chunks(2 * width))
                .for_each(row);
        }
        Ok((CpuStorage::F32(y), Shape::from(dims)))
    }
}

#[multiversion(targets = "simd")]
fn gelu_mul_row(gate_up: &[f32], out: &mut [f32]) {
    let (gate, up) = gate_up.split_at(out.len());
    for ((out, &gate), &up) in out.iter_mut().zip(gate).zip(up) {
        *out = gelu(gate) * up;
    }
}

#[multiversion(targets = "simd")]
fn silu_mul_row(gate_up: &[f32], out: &mut [f32]) {
    let (gate, up) = gate_up.split_at(out.len());
    for ((out, &gate), &up) in out.iter_mut().zip(gate).zip(up) {
        *out = gate / (1.0 + exp(-gate)) * up;
    }
}

/// x · σ(2u) = x · (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³).
#[inline(always)]
fn gelu(x: f32) -> f32 {
    const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769;
    x / (1.0 + exp(-TWICE_SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)))
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
    fn a_gate_is_candle_s_activation_times_up() {
        let x: Vec<f32> = (0..3 * 2 * 100)
            .map(|i| (i as f32 * 0.77).sin() * 6.0)
            .collect();
        let x = Tensor::from_vec(x, (3, 200), &Device::Cpu).unwrap();
        let halves = x.chunk(2, 1).unwrap();
        for (gate, activated) in [
            (Gate::Gelu, halves[0].gelu().unwrap()),
            (Gate::Silu, halves[0].silu().unwrap()),
        ] {
            let expected = (activated * &halves[1]).unwrap();
            let off = (gated(&x, gate).unwrap() - expected)
                .unwrap()
                .abs()
                .unwrap();
            let off = off.max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(off < 1e-5, "{gate:?} is off by {off}");
        }
    }
}
