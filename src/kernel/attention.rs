//! Causal attention of a ragged batch over a cache of key and value slots.
//!
//! Tokens of all sequences stand one after another in the rows of `q`; keys and values stand in slots of a
//! shared cache, in any order. A sequence names its slots in order of position, so sequences of different
//! lengths need no padding, and hypotheses of a beam share the slots of what they have in common.

use std::ops::Range;

use candle_core::{
    CpuStorage, CustomOp3, D, Device, InplaceOp2, Layout, Result, Shape, Tensor, bail,
};
use multiversion::multiversion;
use rayon::prelude::*;

use super::activation::exp;
use super::f32_slice;
use super::norm::dot;

/// The part of a batch that belongs to one sequence.
#[derive(Debug, Clone)]
pub struct Span {
    /// Rows of `q`: the sequence's newest tokens.
    pub rows: Range<usize>,
    /// Cache slots of all its tokens, oldest first, those of `rows` last.
    pub slots: Vec<u32>,
}

/// Who attends to what, the same for all layers of a step.
pub struct AttentionPlan {
    spans: Vec<Span>,
    /// For each row of `q`: its span, and how many of the span's slots it sees.
    rows: Vec<(u32, u32)>,
    slots: usize,
    padded: Option<Padded>,
}

/// The plan as index tensors, for devices without a kernel of ours: sequences are padded to one length.
struct Padded {
    /// (sequences × longest rows): row of `q`.
    queries: Tensor,
    /// (sequences × longest context): cache slot.
    keys: Tensor,
    /// (rows): place in `queries`.
    back: Tensor,
    sequences: usize,
}

impl AttentionPlan {
    /// Plans a step over `spans`, whose rows must follow one another from 0, for a cache of `slots` slots.
    ///
    /// # Errors
    /// If the spans do not fit together or name slots that the cache has not.
    pub fn new(spans: Vec<Span>, slots: usize, device: &Device) -> Result<Self> {
        let mut rows = Vec::new();
        for (i, span) in spans.iter().enumerate() {
            let (len, total) = (span.rows.len(), span.slots.len());
            if span.rows.start != rows.len()
                || len > total
                || span.slots.iter().any(|&s| s as usize >= slots)
            {
                bail!(
                    "attention span {:?} of {total} slots does not fit",
                    span.rows
                );
            }
            rows.extend((total - len + 1..=total).map(|seen| (i as u32, seen as u32)));
        }
        let mut plan = AttentionPlan {
            spans,
            rows,
            slots,
            padded: None,
        };
        if !device.is_cpu() {
            plan.padded = Some(plan.pad(device)?);
        }
        Ok(plan)
    }

    fn longest(&self) -> (usize, usize) {
        let rows = self.spans.iter().map(|s| s.rows.len()).max().unwrap_or(0);
        (
            rows,
            self.spans.iter().map(|s| s.slots.len()).max().unwrap_or(0),
        )
    }

    fn pad(&self, device: &Device) -> Result<Padded> {
        let (longest_rows, longest_slots) = self.longest();
        let (mut queries, mut keys, mut back) = (Vec::new(), Vec::new(), Vec::new());
        for (i, span) in self.spans.iter().enumerate() {
            back.extend((0..span.rows.len()).map(|r| (i * longest_rows + r) as u32));
            queries.extend(span.rows.clone().map(|r| r as u32));
            queries.resize((i + 1) * longest_rows, 0);
            keys.extend(&span.slots);
            keys.resize((i + 1) * longest_slots, 0);
        }
        Ok(Padded {
            queries: Tensor::new(queries, device)?,
            keys: Tensor::new(keys, device)?,
            back: Tensor::new(back, device)?,
            sequences: self.spans.len(),
        })
    }

    /// (sequences, 1, longest rows, longest context): 0 where a row sees a slot, -∞ where it does not.
    /// Rows that only pad see the first slot, so that their softmax is finite.
    fn mask(&self, window: Option<usize>, device: &Device) -> Result<Tensor> {
        let (rows, slots) = self.longest();
        let mut mask = vec![f32::NEG_INFINITY; self.spans.len() * rows * slots];
        for (i, span) in self.spans.iter().enumerate() {
            for r in 0..rows {
                let mask = &mut mask[(i * rows + r) * slots..][..slots];
                match span.rows.start + r {
                    row if row < span.rows.end => mask[self.seen(row, window)].fill(0.0),
                    _ => mask[0] = 0.0,
                }
            }
        }
        Tensor::from_vec(mask, (self.spans.len(), 1, rows, slots), device)
    }

    /// The places in its span's slots that a row sees.
    fn seen(&self, row: usize, window: Option<usize>) -> Range<usize> {
        let end = self.rows[row].1 as usize;
        window.map_or(0, |w| end.saturating_sub(w))..end
    }
}

/// Softmax(scale · q kᵀ) v for every row and head.
///
/// `q`: (rows, heads, d); `k`, `v`: (slots, key heads × d), key heads dividing heads; `window`: how many of
/// the newest tokens, itself included, a token sees. Returns (rows, heads × d).
pub fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    plan: &AttentionPlan,
    window: Option<usize>,
    scale: f32,
) -> Result<Tensor> {
    let (rows, heads, d) = q.dims3()?;
    let (slots, width) = k.dims2()?;
    let grouped = d > 0 && width >= d && width.is_multiple_of(d) && heads.is_multiple_of(width / d);
    let sees_itself = window != Some(0);
    if rows != plan.rows.len()
        || slots != plan.slots
        || !grouped
        || !sees_itself
        || v.dims() != k.dims()
    {
        bail!(
            "attention of {:?} over {:?}, planned for {} rows",
            q.dims(),
            k.dims(),
            plan.rows.len()
        );
    }
    match &plan.padded {
        None => q.apply_op3_no_bwd(
            k,
            v,
            &Attention {
                plan,
                window,
                scale,
            },
        ),
        Some(padded) => {
            let mask = plan.mask(window, q.device())?;
            padded_attention(q, k, v, padded, &mask, scale)
        }
    }
}

/// The same in candle's own operations.
fn padded_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    padded: &Padded,
    mask: &Tensor,
    scale: f32,
) -> Result<Tensor> {
    let (_, heads, d) = q.dims3()?;
    let (n, key_heads) = (padded.sequences, k.dim(1)? / d);
    // (n, heads, rows, d), each key head repeated for the heads of its group.
    let q = q
        .index_select(&padded.queries, 0)?
        .reshape((n, (), heads, d))?
        .transpose(1, 2)?;
    let gather = |cache: &Tensor| -> Result<Tensor> {
        let cache = cache
            .index_select(&padded.keys, 0)?
            .reshape((n, (), key_heads, d))?;
        let cache = cache.transpose(1, 2)?.contiguous()?;
        candle_transformers::utils::repeat_kv(cache, heads / key_heads)
    };
    let scores = (q
        .contiguous()?
        .matmul(&gather(k)?.transpose(2, 3)?.contiguous()?)?
        * f64::from(scale))?;
    let weights = candle_nn::ops::softmax(&scores.broadcast_add(mask)?, D::Minus1)?;
    let out = weights
        .matmul(&gather(v)?)?
        .transpose(1, 2)?
        .reshape(((), heads * d))?;
    out.index_select(&padded.back, 0)
}

struct Attention<'a> {
    plan: &'a AttentionPlan,
    window: Option<usize>,
    scale: f32,
}

impl CustomOp3 for Attention<'_> {
    fn name(&self) -> &'static str {
        "slot-attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, heads, d) = q_layout.shape().dims3()?;
        let width = k_layout.shape().dims2()?.1;
        let (q, k, v) = (
            f32_slice(q, q_layout)?,
            f32_slice(k, k_layout)?,
            f32_slice(v, v_layout)?,
        );
        let mut out = vec![0f32; q.len()];
        let row = |(row, out): (usize, &mut [f32])| {
            let slots = &self.plan.spans[self.plan.rows[row].0 as usize].slots;
            let slots = &slots[self.plan.seen(row, self.window)];
            let q = &q[row * heads * d..][..heads * d];
            attend(q, k, v, (width, d), slots, self.scale, out);
        };
        if rayon::current_num_threads() == 1 {
            out.chunks_mut(heads * d).enumerate().for_each(row);
        } else {
            out.par_chunks_mut(heads * d).enumerate().for_each(row);
        }
        Ok((CpuStorage::F32(out), Shape::from((rows, heads * d))))
    }
}

/// One token: `q` and `out` hold its heads of `d` values, `k` and `v` the caches of `width` values a slot.
#[multiversion(targets = "simd")]
fn attend(
    q: &[f32],
    k: &[f32],
    v: &[f32],
    (width, d): (usize, usize),
    slots: &[u32],
    scale: f32,
    out: &mut [f32],
) {
    let group = q.len() / width; // heads that share a key head
    let mut weights = vec![0f32; group * slots.len()];
    for key_head in 0..width / d {
        let start = |slot: u32| slot as usize * width + key_head * d;
        let heads = key_head * group * d..(key_head + 1) * group * d;
        let (q, out) = (&q[heads.clone()], &mut out[heads]);
        for (i, &slot) in slots.iter().enumerate() {
            let key = &k[start(slot)..][..d];
            for (head, q) in q.chunks_exact(d).enumerate() {
                weights[head * slots.len() + i] = dot(q, key) * scale;
            }
        }
        for weights in weights.chunks_exact_mut(slots.len()) {
            let largest = weights.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            weights.iter_mut().for_each(|w| *w = exp(*w - largest));
            let sum: f32 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w /= sum);
        }
        for (i, &slot) in slots.iter().enumerate() {
            let value = &v[start(slot)..][..d];
            for (head, out) in out.chunks_exact_mut(d).enumerate() {
                let weight = weights[head * slots.len() + i];
                for (out, value) in out.iter_mut().zip(value) {
                    *out += weight * value;
                }
            }
        }
    }
}

/// Writes row i of `rows` (n, width) into slot `slots[i]` of `cache` (slots, width), in place.
pub fn write_rows(cache: &Tensor, rows: &Tensor, slots: &[u32]) -> Result<()> {
    if cache.device().is_cpu() {
        return cache.inplace_op2(rows, &WriteRows { slots });
    }
    for (i, &slot) in slots.iter().enumerate() {
        cache.slice_set(&rows.narrow(0, i, 1)?.contiguous()?, 0, slot as usize)?;
    }
    Ok(())
}

struct WriteRows<'a> {
    slots: &'a [u32],
}

impl InplaceOp2 for WriteRows<'_> {
    fn name(&self) -> &'static str {
        "write-rows"
    }

    fn cpu_fwd(
        &self,
        cache: &mut CpuStorage,
        layout: &Layout,
        rows: &CpuStorage,
        rows_layout: &Layout,
    ) -> Result<()> {
        let (_, width) = layout.shape().dims2()?;
        let rows = f32_slice(rows, rows_layout)?;
        let (Some((start, end)), CpuStorage::F32(cache)) = (layout.contiguous_offsets(), cache)
        else {
            bail!("the cache must be contiguous f32");
        };
        let cache = &mut cache[start..end];
        if rows.len() != self.slots.len() * width
            || self
                .slots
                .iter()
                .any(|&s| s as usize >= cache.len() / width)
        {
            bail!(
                "{} values do not fit into {} slots of {width}",
                rows.len(),
                self.slots.len()
            );
        }
        for (row, &slot) in rows.chunks_exact(width).zip(self.slots) {
            cache[slot as usize * width..][..width].copy_from_slice(row);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(dims: &[usize], step: f32) -> Tensor {
        let values: Vec<f32> = (0..dims.iter().product())
            .map(|i| (i as f32 * step).sin() * 2.0)
            .collect();
        Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
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

    #[test]
    fn kernel_and_padded_operations_agree() {
        let plan = plan();
        let padded = plan.pad(&Device::Cpu).unwrap();
        for (heads, key_heads, d) in [(4, 1, 32), (4, 2, 24), (3, 3, 8)] {
            let q = wave(&[7, heads, d], 0.37);
            let (k, v) = (
                wave(&[12, key_heads * d], 0.51),
                wave(&[12, key_heads * d], 0.23),
            );
            for window in [None, Some(1), Some(2), Some(5)] {
                let ours = attention(&q, &k, &v, &plan, window, 0.3).unwrap();
                let mask = plan.mask(window, &Device::Cpu).unwrap();
                let theirs = padded_attention(&q, &k, &v, &padded, &mask, 0.3).unwrap();
                let off = (ours - theirs).unwrap().abs().unwrap().max_all().unwrap();
                let off = off.to_scalar::<f32>().unwrap();
                assert!(
                    off < 1e-5,
                    "{heads} heads, {key_heads} key heads, {window:?}: off by {off}"
                );
            }
        }
    }

    #[test]
    fn rows_are_written_to_their_slots_alone() {
        let cache = Tensor::zeros((5, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        let rows = Tensor::new(&[[1f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
        write_rows(&cache, &rows, &[4, 1]).unwrap();
        let expected = [[0f32, 0.0], [3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [1.0, 2.0]];
        assert_eq!(cache.to_vec2::<f32>().unwrap(), expected);
        assert!(write_rows(&cache, &rows, &[0, 5]).is_err());
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
    }
}
