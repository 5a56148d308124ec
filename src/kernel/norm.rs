//! Normalisation and rotary positions.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use multiversion::multiversion;

use super::{f32_slice, lanes};

/// `x / √(mean(x²) + eps) × weight` over the last dimension (Zhang and Sennrich 2019).
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f32) -> Result<Tensor> {
    if x.device().is_cpu() {
        x.apply_op2_no_bwd(weight, &RmsNorm { eps })
    } else {
        candle_nn::ops::rms_norm(x, weight, eps)
    }
}

/// `residual + rms_norm(x)`: how a sub-layer's output, normalised, joins the residual stream.
pub fn add_rms_norm(residual: &Tensor, x: &Tensor, weight: &Tensor, eps: f32) -> Result<Tensor> {
    if x.device().is_cpu() {
        residual.apply_op3_no_bwd(x, weight, &RmsNorm { eps })
    } else {
        residual + candle_nn::ops::rms_norm(x, weight, eps)?
    }
}

/// `(x - mean(x)) / √(variance(x) + eps) × weight + bias` over the last dimension (Ba et al. 2016).
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f32) -> Result<Tensor> {
    if x.device().is_cpu() {
        x.apply_op3_no_bwd(weight, bias, &LayerNorm { eps })
    } else {
        candle_nn::ops::layer_norm(x, weight, bias, eps)
    }
}

/// Which values of a head turn together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RopeLayout {
    /// Value i and value i + d/2 (llama.cpp's NEOX).
    Halves,
    /// Value 2 i and value 2 i + 1 (llama.cpp's NORM).
    Pairs,
}

/// Turns pairs of each head's values by the angles of its token's position (Su et al. 2021).
/// `x`: (tokens, heads, d); `cos`, `sin`: (tokens, d/2).
pub fn rope(x: &Tensor, cos: &Tensor, sin: &Tensor, layout: RopeLayout) -> Result<Tensor> {
    if x.device().is_cpu() {
        x.apply_op3_no_bwd(cos, sin, &Rope { layout })
    } else {
        let (tokens, heads, d) = x.dims3()?;
        let (cos, sin) = (cos.unsqueeze(1)?, sin.unsqueeze(1)?);
        let x = x.reshape((tokens, heads, 1, d))?;
        let turned = match layout {
            RopeLayout::Halves => candle_nn::rotary_emb::rope(&x, &cos, &sin)?,
            RopeLayout::Pairs => candle_nn::rotary_emb::rope_i(&x, &cos, &sin)?,
        };
        turned.reshape((tokens, heads, d))
    }
}

struct RmsNorm {
    eps: f32,
}

/// `y += x / √(mean(x²) + eps) × weight`, row by row.
#[multiversion(targets = "simd")]
fn add_normalised(y: &mut [f32], x: &[f32], weight: &[f32], eps: f32) {
    for (x, y) in x
        .chunks_exact(weight.len())
        .zip(y.chunks_exact_mut(weight.len()))
    {
        let factor = 1.0 / (dot(x, x) / x.len() as f32 + eps).sqrt();
        for ((y, &x), &w) in y.iter_mut().zip(x).zip(weight) {
            *y += x * factor * w;
        }
    }
}

fn check_width(x: &Layout, weight: &[f32]) -> Result<()> {
    match x.dims().last() {
        Some(&width) if width == weight.len() && width > 0 => Ok(()),
        _ => bail!("norm of {:?} with {} weights", x.dims(), weight.len()),
    }
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight) = (f32_slice(x, x_layout)?, f32_slice(weight, weight_layout)?);
        check_width(x_layout, weight)?;
        let mut y = vec![0f32; x.len()];
        add_normalised(&mut y, x, weight, self.eps);
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }
}

impl CustomOp3 for RmsNorm {
    fn name(&self) -> &'static str {
        "add-rms-norm"
    }

    fn cpu_fwd(
        &self,
        residual: &CpuStorage,
        residual_layout: &Layout,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        if residual_layout.dims() != x_layout.dims() {
            bail!(
                "add-rms-norm of {:?} to {:?}",
                x_layout.dims(),
                residual_layout.dims()
            );
        }
        check_width(x_layout, f32_slice(weight, weight_layout)?)?;
        let mut y = f32_slice(residual, residual_layout)?.to_vec();
        let (x, weight) = (f32_slice(x, x_layout)?, f32_slice(weight, weight_layout)?);
        add_normalised(&mut y, x, weight, self.eps);
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }
}

struct LayerNorm {
    eps: f32,
}

/// The variance is that around the mean, not the difference of two large numbers.
#[multiversion(targets = "simd")]
fn layer_norm_row(x: &[f32], weight: &[f32], bias: &[f32], eps: f32, y: &mut [f32]) {
    let mean = sum(x) / x.len() as f32;
    for (y, &x) in y.iter_mut().zip(x) {
        *y = x - mean;
    }
    let factor = 1.0 / (dot(y, y) / x.len() as f32 + eps).sqrt();
    for ((y, &w), &b) in y.iter_mut().zip(weight).zip(bias) {
        *y = *y * factor * w + b;
    }
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight) = (f32_slice(x, x_layout)?, f32_slice(weight, weight_layout)?);
        let bias = f32_slice(bias, bias_layout)?;
        check_width(x_layout, weight)?;
        check_width(x_layout, bias)?;
        let mut y = vec![0f32; x.len()];
        let width = weight.len();
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            layer_norm_row(x, weight, bias, self.eps, y);
        }
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }
}

struct Rope {
    layout: RopeLayout,
}

impl CustomOp3 for Rope {
    fn name(&self) -> &'static str {
        "rope"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        cos: &CpuStorage,
        cos_layout: &Layout,
        sin: &CpuStorage,
        sin_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (tokens, heads, d) = x_layout.shape().dims3()?;
        let x = f32_slice(x, x_layout)?;
        let (cos, sin) = (f32_slice(cos, cos_layout)?, f32_slice(sin, sin_layout)?);
        if d == 0 || !d.is_multiple_of(2) || cos.len() != tokens * d / 2 || sin.len() != cos.len() {
            bail!("rope of {:?} with {} angles", x_layout.dims(), cos.len());
        }
        let mut y = vec![0f32; x.len()];
        let rotate = match self.layout {
            RopeLayout::Halves => rotate_halves,
            RopeLayout::Pairs => rotate_pairs,
        };
        rotate(x, cos, sin, heads, d, &mut y);
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }
}

#[multiversion(targets = "simd")]
fn rotate_halves(x: &[f32], cos: &[f32], sin: &[f32], heads: usize, d: usize, y: &mut [f32]) {
    let half = d / 2;
    for (head, (x, y)) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)).enumerate() {
        let token = head / heads * half;
        let (cos, sin) = (&cos[token..token + half], &sin[token..token + half]);
        let (x0, x1) = x.split_at(half);
        let (y0, y1) = y.split_at_mut(half);
        for i in 0..half {
            y0[i] = x0[i] * cos[i] - x1[i] * sin[i];
            y1[i] = x1[i] * cos[i] + x0[i] * sin[i];
        }
    }
}

#[multiversion(targets = "simd")]
fn rotate_pairs(x: &[f32], cos: &[f32], sin: &[f32], heads: usize, d: usize, y: &mut [f32]) {
    let half = d / 2;
    for (head, (x, y)) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)).enumerate() {
        let token = head / heads * half;
        let (cos, sin) = (&cos[token..token + half], &sin[token..token + half]);
        let (x, y) = (x.as_chunks::<2>().0, y.as_chunks_mut::<2>().0);
        for i in 0..half {
            let [a, b] = x[i];
            y[i] = [a * cos[i] - b * sin[i], b * cos[i] + a * sin[i]];
        }
    }
}

/// Σ aᵢ bᵢ in 16 partial sums, which the compiler keeps in vector registers.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let (a_chunks, a_rest) = a.as_chunks::<16>();
    let (b_chunks, b_rest) = b.as_chunks::<16>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for i in 0..16 {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes::sum(sums) + rest
}

/// Σ xᵢ, likewise.
#[inline(always)]
fn sum(x: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let (chunks, rest) = x.as_chunks::<16>();
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x;
        }
    }
    lanes::sum(sums) + rest.iter().sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn wave(dims: &[usize], step: f32) -> Tensor {
        let values: Vec<f32> = (0..dims.iter().product())
            .map(|i| (i as f32 * step).sin())
            .collect();
        Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
    }

    fn difference(a: &Tensor, b: &Tensor) -> f32 {
        (a - b)
            .unwrap()
            .abs()
            .unwrap()
            .max_all()
            .unwrap()
            .to_scalar()
            .unwrap()
    }

    #[test]
    fn rms_norm_is_candle_s() {
        let (x, w) = (wave(&[3, 5, 70], 0.7), wave(&[70], 0.3));
        let expected = candle_nn::ops::rms_norm(&x, &w, 1e-6).unwrap();
        assert!(difference(&rms_norm(&x, &w, 1e-6).unwrap(), &expected) < 1e-6);
        let residual = wave(&[3, 5, 70], 0.9);
        let added = add_rms_norm(&residual, &x, &w, 1e-6).unwrap();
        assert!(difference(&added, &(residual + expected).unwrap()) < 1e-6);
    }

    #[test]
    fn layer_norm_is_candle_s_and_exact_far_from_zero() {
        let (x, w, b) = (wave(&[3, 5, 70], 0.7), wave(&[70], 0.3), wave(&[70], 0.2));
        let expected = candle_nn::ops::layer_norm_slow(&x, &w, &b, 1e-5).unwrap();
        assert!(difference(&layer_norm(&x, &w, &b, 1e-5).unwrap(), &expected) < 1e-5);
        let far = layer_norm(&(x + 4096.0).unwrap(), &w, &b, 1e-5).unwrap();
        assert!(difference(&far, &expected) < 2e-3);
        assert!(layer_norm(&far, &w, &wave(&[69], 0.2), 1e-5).is_err());
    }

    #[test]
    fn rope_is_candle_s_with_a_position_for_each_token() {
        let (x, cos, sin) = (
            wave(&[4, 3, 8], 0.7),
            wave(&[4, 4], 0.3),
            wave(&[4, 4], 0.4),
        );
        type Turn = fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>;
        let both: [(_, Turn); 2] = [
            (RopeLayout::Halves, candle_nn::rotary_emb::rope),
            (RopeLayout::Pairs, candle_nn::rotary_emb::rope_i),
        ];
        for (layout, candle) in both {
            let turned = rope(&x, &cos, &sin, layout).unwrap();
            for t in 0..4 {
                let row = |x: &Tensor| x.narrow(0, t, 1).unwrap();
                let alone = row(&x).reshape((1, 3, 1, 8)).unwrap();
                let expected = candle(&alone, &row(&cos), &row(&sin)).unwrap();
                let expected = expected.reshape((1, 3, 8)).unwrap();
                assert!(difference(&row(&turned), &expected) < 1e-6);
            }
        }
    }
}
