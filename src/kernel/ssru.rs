//! The recurrence of the simpler simple recurrent unit (Kim et al. 2019) over a ragged batch.

use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor, bail};
use multiversion::multiversion;

use super::activation::exp;
use super::attention::AttentionPlan;
use super::f32_slice;

/// The cells c' = σ(f) c + (1 - σ(f)) w of new tokens, where c is the cell of the token before in the same sequence,
/// and zeros for the first.
///
/// `gates`: (rows, 2 width), each row's f and then its w; `cells`: (slots, width), those of past tokens; `plan` says
/// which rows follow which slots. Returns (rows, width). The arithmetic is on the CPU, wherever the tensors are: it is
/// next to nothing, and goes from token to token.
///
/// # Errors
/// If the shapes do not fit together.
pub fn ssru(gates: &Tensor, cells: &Tensor, plan: &AttentionPlan) -> Result<Tensor> {
    let ((rows, both), (slots, width)) = (gates.dims2()?, cells.dims2()?);
    if both != 2 * width || rows != plan.rows() || slots != plan.slots() {
        bail!(
            "cells of {:?} from gates of {:?}",
            cells.dims(),
            gates.dims()
        );
    }
    match gates.device() {
        Device::Cpu => gates.apply_op2_no_bwd(cells, &Recurrence { plan }),
        device => {
            let (gates, cells) = (
                gates.to_device(&Device::Cpu)?,
                cells.to_device(&Device::Cpu)?,
            );
            gates
                .apply_op2_no_bwd(&cells, &Recurrence { plan })?
                .to_device(device)
        }
    }
}

struct Recurrence<'a> {
    plan: &'a AttentionPlan,
}

impl CustomOp2 for Recurrence<'_> {
    fn name(&self) -> &'static str {
        "ssru"
    }

    fn cpu_fwd(
        &self,
        gates: &CpuStorage,
        gates_layout: &Layout,
        cells: &CpuStorage,
        cells_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, width) = (gates_layout.dims()[0], cells_layout.dims()[1]);
        let gates = f32_slice(gates, gates_layout)?;
        let cells = f32_slice(cells, cells_layout)?;
        let mut out = vec![0f32; rows * width];
        let zeros = vec![0f32; width];
        for span in self.plan.spans() {
            let past = span.slots.len() - span.rows.len();
            for (i, row) in span.rows.clone().enumerate() {
                let (done, new) = out.split_at_mut(row * width);
                let before = match (i, past) {
                    (0, 0) => &zeros,
                    (0, past) => &cells[span.slots[past - 1] as usize * width..][..width],
                    _ => &done[(row - 1) * width..],
                };
                step(
                    &gates[row * 2 * width..][..2 * width],
                    before,
                    &mut new[..width],
                );
            }
        }
        Ok((CpuStorage::F32(out), Shape::from((rows, width))))
    }
}

#[multiversion(targets = "simd")]
fn step(gates: &[f32], before: &[f32], cell: &mut [f32]) {
    let (forget, new) = gates.split_at(cell.len());
    for (((cell, &before), &f), &w) in cell.iter_mut().zip(before).zip(forget).zip(new) {
        let f = 1.0 / (1.0 + exp(-f));
        *cell = f * before + (1.0 - f) * w;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;

    fn sigmoid(x: f32) -> f32 {
        1.0 / (1.0 + (-x).exp())
    }

    #[test]
    fn cells_follow_those_of_their_own_sequence() {
        let (width, slots) = (3, 8);
        let wave = |rows: usize, columns: usize, step: f32| {
            let values = (0..rows * columns).map(|i| (i as f32 * step).sin() * 4.0);
            let values = Tensor::from_iter(values, &Device::Cpu).unwrap();
            values.reshape((rows, columns)).unwrap()
        };
        let spans = vec![
            Span {
                rows: 0..2,
                slots: vec![4, 1],
            },
            Span {
                rows: 2..3,
                slots: vec![6, 0, 2],
            },
            Span {
                rows: 3..5,
                slots: vec![6, 0, 3, 5],
            },
        ];
        let plan = AttentionPlan::new(spans, slots, &Device::Cpu).unwrap();
        let (gates, cells) = (wave(5, 2 * width, 0.7), wave(slots, width, 0.3));
        let got = ssru(&gates, &cells, &plan)
            .unwrap()
            .to_vec2::<f32>()
            .unwrap();
        let (gates, cells) = (
            gates.to_vec2::<f32>().unwrap(),
            cells.to_vec2::<f32>().unwrap(),
        );
        let mut expected: Vec<Vec<f32>> = Vec::new();
        for (row, before) in [None, Some(Err(0)), Some(Ok(0)), Some(Ok(0)), Some(Err(3))]
            .into_iter()
            .enumerate()
        {
            let before = match before {
                None => vec![0.0; width],
                Some(Ok(slot)) => cells[slot as usize].clone(),
                Some(Err(row)) => expected[row as usize].clone(),
            };
            let cell = (0..width).map(|i| {
                let f = sigmoid(gates[row][i]);
                f * before[i] + (1.0 - f) * gates[row][width + i]
            });
            expected.push(cell.collect());
        }
        for (got, expected) in got.iter().flatten().zip(expected.iter().flatten()) {
            assert!((got - expected).abs() < 1e-5, "{got} for {expected}");
        }
        let narrow = wave(slots, 2, 0.3);
        assert!(ssru(&wave(5, 6, 0.7), &narrow, &plan).is_err());
        assert!(ssru(&wave(4, 6, 0.7), &wave(slots, 3, 0.3), &plan).is_err());
    }
}
