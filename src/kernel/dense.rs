//! f32 products with a matrix of weights for a few rows, where reading the weights is what takes the time.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use multiversion::multiversion;
use rayon::prelude::*;

use super::f32_slice;
use super::norm::dot;

/// Rows up to which the weights are read once for all of them; candle's product reads them once for each.
const FEW: usize = 8;
/// Outputs that a thread computes in one go.
const CHUNK: usize = 128;

/// `x Wᵀ`. `x`: (rows, in), `weight`: (out, in) → (rows, out).
pub fn dense(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() && x.dim(0)? <= FEW {
        x.apply_op2_no_bwd(weight, &FewRows)
    } else {
        x.matmul(&weight.t()?)
    }
}

struct FewRows;

impl CustomOp2 for FewRows {
    fn name(&self) -> &'static str {
        "dense-few-rows"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, width) = x_layout.shape().dims2()?;
        let (outputs, weight_width) = weight_layout.shape().dims2()?;
        if width != weight_width || width == 0 || rows == 0 {
            bail!("a product of {rows} rows of {width} with weights of width {weight_width}");
        }
        let (x, weight) = (f32_slice(x, x_layout)?, f32_slice(weight, weight_layout)?);
        // An output's values for all rows side by side, as they are computed.
        let mut by_output = vec![0f32; outputs * rows];
        let chunk = |(y, weight): (&mut [f32], &[f32])| products(x, weight, width, y);
        if rayon::current_num_threads() == 1 {
            by_output
                .chunks_mut(CHUNK * rows)
                .zip(weight.chunks(CHUNK * width))
                .for_each(chunk);
        } else {
            by_output
                .par_chunks_mut(CHUNK * rows)
                .zip(weight.par_chunks(CHUNK * width))
                .for_each(chunk);
        }
        let y = match rows {
            1 => by_output,
            _ => {
                let value = |i: usize| by_output[i % outputs * rows + i / outputs];
                (0..rows * outputs).map(value).collect()
            }
        };
        Ok((CpuStorage::F32(y), Shape::from((rows, outputs))))
    }
}

#[multiversion(targets = "simd")]
fn products(x: &[f32], weight: &[f32], width: usize, y: &mut [f32]) {
    let rows = x.len() / width;
    for (weight, y) in weight.chunks_exact(width).zip(y.chunks_exact_mut(rows)) {
        for (y, x) in y.iter_mut().zip(x.chunks_exact(width)) {
            *y = dot(x, weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn few_rows_are_candle_s_product_and_do_not_depend_on_one_another() {
        let wave = |rows: usize, width: usize, step: f32| {
            let values = (0..rows * width).map(|i| (i as f32 * step).sin());
            Tensor::from_iter(values, &Device::Cpu)
                .unwrap()
                .reshape((rows, width))
                .unwrap()
        };
        for (outputs, width) in [(1, 1), (300, 70), (129, 16)] {
            let weight = wave(outputs, width, 0.37);
            for rows in 1..=FEW + 1 {
                let x = wave(rows, width, 0.71);
                let y = dense(&x, &weight).unwrap();
                let expected = x.matmul(&weight.t().unwrap()).unwrap();
                let off = (&y - expected).unwrap().abs().unwrap().max_all().unwrap();
                assert!(off.to_scalar::<f32>().unwrap() < 1e-5);
                if rows <= FEW {
                    let last = x.narrow(0, rows - 1, 1).unwrap().contiguous().unwrap();
                    let alone = dense(&last, &weight).unwrap().to_vec2::<f32>().unwrap();
                    assert_eq!(y.to_vec2::<f32>().unwrap()[rows - 1], alone[0]);
                }
            }
        }
        assert!(dense(&wave(2, 3, 0.1), &wave(2, 4, 0.1)).is_err());
    }
}
