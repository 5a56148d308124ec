//! Attention of a ragged batch over slots of keys and values: causal, or of everything to everything.
//!
//! Tokens of all sequences stand one after another in the rows of `q`; keys and values stand in slots of a
//! shared cache, in any order. A sequence names its slots in order of position, so sequences of different
//! lengths need no padding, and hypotheses of a beam share the slots of what they have in common. The slots
//! of an encoder's self-attention are simply the rows of the keys and values it has just computed.

mod attend;
mod padded;
mod plan;
mod write;

pub use plan::{AttentionPlan, PositionBias, Span};
pub use write::write_rows;

use candle_core::{Result, Tensor, bail};

use attend::Attention;
use padded::padded_attention;

/// Softmax(scale · q kᵀ + bias) v for every row and head.
///
/// `q`: (rows, heads × d), f32; `k`, `v`: (slots, key heads × d), key heads dividing heads, both f32 or both bf16;
/// `window`: how many of the newest tokens, itself included, a token sees. Rows may be parts of longer ones. Returns
/// (rows, heads × d).
///
/// # Errors
/// If shapes do not fit together or to the plan.
pub fn attention(
    q: &Tensor,
    (k, v): (&Tensor, &Tensor),
    heads: usize,
    plan: &AttentionPlan,
    window: Option<usize>,
    scale: f32,
) -> Result<Tensor> {
    let (rows, q_width) = q.dims2()?;
    let (slots, width) = k.dims2()?;
    let d = q_width.checked_div(heads).unwrap_or(0);
    let grouped = d > 0
        && q_width.is_multiple_of(heads)
        && width >= d
        && width.is_multiple_of(d)
        && heads.is_multiple_of(width / d);
    let sees_itself = window != Some(0);
    if rows != plan.rows()
        || slots != plan.slots()
        || !grouped
        || !sees_itself
        || v.dims() != k.dims()
        || plan.heads().is_some_and(|of_bias| of_bias != heads)
    {
        bail!(
            "attention of {heads} heads of {:?} over {:?}, planned for {} rows",
            q.dims(),
            k.dims(),
            plan.rows()
        );
    }
    match plan.padded() {
        None => {
            let attention = Attention {
                plan,
                heads,
                window,
                scale,
            };
            q.apply_op3_no_bwd(k, v, &attention)
        }
        Some(padded) => {
            let mask = plan.mask(window, q.device())?;
            let q = q.reshape((rows, heads, d))?;
            padded_attention(&q, k, v, padded, &mask, scale)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use candle_core::{DType, Device};

    use super::*;

    fn wave(dims: &[usize], step: f32) -> Tensor {
        let values: Vec<f32> = (0..dims.iter().product())
            .map(|i| (i as f32 * step).sin() * 2.0)
            .collect();
        Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
    }

    fn difference(a: &Tensor, b: &Tensor) -> f32 {
        let off = (a - b).unwrap().abs().unwrap().max_all().unwrap();
        off.to_scalar().unwrap()
    }

    /// Three sequences: a prompt, one more token after a context, and two hypotheses' worth of shared slots.
    fn plan() -> AttentionPlan {
        let spans = vec![
            Span {
                rows: 0..4,
                slots: vec![7, 2, 0, 11],
            },
            Span {
                rows: 4..5,
                slots: vec![3, 1, 9, 4, 5, 6],
            },
            Span {
                rows: 5..7,
                slots: vec![3, 1, 9, 8, 10],
            },
        ];
        AttentionPlan::new(spans, 12, &Device::Cpu).unwrap()
    }

    /// Sources of an encoder, then targets longer and shorter than their sources.
    fn full_plan() -> AttentionPlan {
        let span = |rows, slots: &[u32]| Span {
            rows,
            slots: slots.to_vec(),
        };
        let spans = vec![
            span(0..4, &[7, 2]),
            span(4..5, &[3, 1, 9, 4, 5, 6]),
            span(5..7, &[11]),
        ];
        AttentionPlan::full(spans, 12, &Device::Cpu).unwrap()
    }

    fn assert_agree(plan: &AttentionPlan, window: Option<usize>, shape: (usize, usize, usize)) {
        let (heads, key_heads, d) = shape;
        let padded = plan.pad(&Device::Cpu).unwrap();
        let q = wave(&[7, heads * d], 0.37);
        let (k, v) = (
            wave(&[12, key_heads * d], 0.51),
            wave(&[12, key_heads * d], 0.23),
        );
        let ours = attention(&q, (&k, &v), heads, plan, window, 0.3).unwrap();
        let mask = plan.mask(window, &Device::Cpu).unwrap();
        let by_head = q.reshape((7, heads, d)).unwrap();
        let theirs = padded_attention(&by_head, &k, &v, &padded, &mask, 0.3).unwrap();
        let off = difference(&ours, &theirs);
        assert!(off < 1e-5, "{shape:?}, {window:?}: off by {off}");

        // As parts of longer rows, and in half the memory.
        let qk = Tensor::cat(&[&q, &q], 1).unwrap();
        let (q, kv) = (
            qk.narrow(1, heads * d, heads * d).unwrap(),
            Tensor::cat(&[&k, &v], 1).unwrap(),
        );
        let part = |n: usize| kv.narrow(1, n * key_heads * d, key_heads * d).unwrap();
        let again = attention(&q, (&part(0), &part(1)), heads, plan, window, 0.3).unwrap();
        assert_eq!(difference(&ours, &again), 0.0, "{shape:?}, {window:?}");
        let half = |x: &Tensor| x.to_dtype(DType::BF16).unwrap();
        let rounded = attention(&q, (&half(&k), &half(&v)), heads, plan, window, 0.3).unwrap();
        let off = difference(&ours, &rounded);
        assert!(off < 0.1, "{shape:?}, {window:?}: rounded, off by {off}");
    }

    #[test]
    fn kernel_and_padded_operations_agree() {
        for shape in [
            (4, 1, 32),
            (4, 2, 24),
            (3, 3, 8),
            (2, 1, 64),
            (2, 2, 128),
            (2, 1, 256),
        ] {
            for window in [None, Some(1), Some(2), Some(5)] {
                assert_agree(&plan(), window, shape);
            }
            assert_agree(&full_plan(), None, shape);
        }
    }

    #[test]
    fn kernel_and_padded_operations_agree_with_a_bias() {
        for (heads, key_heads, d) in [(4, 2, 24), (3, 3, 8)] {
            // Fewer distances than there are, on either side.
            let values = (0..heads * 5).map(|i| (i as f32 * 1.7).sin() * 3.0);
            let bias = Arc::new(PositionBias::new(values.collect(), heads, 3).unwrap());
            for window in [None, Some(2)] {
                let plan = plan().with_bias(bias.clone(), &Device::Cpu).unwrap();
                assert_agree(&plan, window, (heads, key_heads, d));
            }
            assert!(full_plan().with_bias(bias, &Device::Cpu).is_err());
        }
    }

    #[test]
    fn a_bias_is_that_of_the_distance() {
        let span = Span {
            rows: 0..2,
            slots: vec![1, 0, 2],
        };
        let plan = AttentionPlan::full(vec![span], 3, &Device::Cpu).unwrap();
        // Tokens 1 and 2 of three; so far above the rest that only the token one place before is left.
        let bias = PositionBias::new(vec![0.0, 200.0, 0.0, 0.0], 1, 2).unwrap();
        let plan = plan.with_bias(Arc::new(bias), &Device::Cpu).unwrap();
        let (q, k) = (wave(&[2, 1], 0.1), wave(&[3, 1], 0.1));
        let v = Tensor::new(&[[10f32], [20.0], [30.0]], &Device::Cpu).unwrap();
        let out = attention(&q, (&k, &v), 1, &plan, None, 1.0).unwrap();
        assert_eq!(out.to_vec2::<f32>().unwrap(), [[20.0], [10.0]]);
        assert!(PositionBias::new(vec![0.0; 5], 2, 0).is_err());
        assert!(PositionBias::new(vec![0.0; 4], 2, 2).is_err());
    }

    #[test]
    fn rows_are_written_to_their_slots_alone() {
        let rows = Tensor::new(&[[9f32, 1.0, 2.0], [9.0, 3.0, 4.0]], &Device::Cpu).unwrap();
        let rows = rows.narrow(1, 1, 2).unwrap();
        for dtype in [DType::F32, DType::BF16] {
            let cache = Tensor::zeros((5, 2), dtype, &Device::Cpu).unwrap();
            write_rows(&cache, &rows, &[4, 1]).unwrap();
            let expected = [[0f32, 0.0], [3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [1.0, 2.0]];
            let cache = cache.to_dtype(DType::F32).unwrap();
            assert_eq!(cache.to_vec2::<f32>().unwrap(), expected);
            assert!(write_rows(&cache, &rows, &[0, 5]).is_err());
        }
    }

    #[test]
    fn plans_that_do_not_fit_are_refused() {
        let refused = |rows, slots: &[u32]| {
            let span = Span {
                rows,
                slots: slots.to_vec(),
            };
            assert!(AttentionPlan::new(vec![span], 4, &Device::Cpu).is_err());
        };
        refused(1..2, &[0, 1]);
        refused(0..3, &[0, 1]);
        refused(0..1, &[4]);
        let empty = Span {
            rows: 0..1,
            slots: Vec::new(),
        };
        assert!(AttentionPlan::full(vec![empty], 4, &Device::Cpu).is_err());
    }
}
