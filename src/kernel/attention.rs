//! Attention of a ragged batch over slots of keys and values: causal, or of everything to everything.
//!
//! Tokens of all sequences stand one after another in the rows of `q`; keys and values stand in slots of a
//! shared cache, in any order. A sequence names its slots in order of position, so sequences of different
//! lengths need no padding, and hypotheses of a beam share the slots of what they have in common. The slots
//! of an encoder's self-attention are simply the rows of the keys and values it has just computed.

use std::ops::Range;
use std::sync::Arc;

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
    /// Slots of what it attends to, in order of position; where it attends to itself, those of `rows` last.
    pub slots: Vec<u32>,
}

/// What is added to a score for the distance from the token that attends to the one attended to, a value a head
/// and distance (Raffel et al. 2020, section 2.1).
pub struct PositionBias {
    /// Head after head, a value for each of `distances` distances.
    values: Vec<f32>,
    distances: usize,
    /// The place of distance 0; what lies before the first or after the last place has that place's value.
    zero: usize,
}

impl PositionBias {
    /// `values`: head after head, a value for each of the distances from `-zero` on, as many for each head.
    ///
    /// # Errors
    /// If they cannot be shared out among the heads or there is no place for distance 0.
    pub fn new(values: Vec<f32>, heads: usize, zero: usize) -> Result<Self> {
        let distances = values.len().checked_div(heads).unwrap_or(0);
        if zero >= distances || distances * heads != values.len() {
            bail!(
                "{} position biases for {heads} heads around {zero}",
                values.len()
            );
        }
        Ok(PositionBias {
            values,
            distances,
            zero,
        })
    }

    fn heads(&self) -> usize {
        self.values.len() / self.distances
    }

    /// The place of the distance from position `from` to position `to`.
    #[inline(always)]
    fn place(&self, from: usize, to: usize) -> usize {
        (self.zero + to)
            .saturating_sub(from)
            .min(self.distances - 1)
    }
}

/// Who attends to what, the same for all layers of a step.
pub struct AttentionPlan {
    spans: Vec<Span>,
    /// For each row of `q`: its span, and how many of the span's slots it sees.
    rows: Vec<(u32, u32)>,
    slots: usize,
    bias: Option<Arc<PositionBias>>,
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
    /// (sequences, heads, longest rows, longest context): what is added to the scores.
    bias: Option<Tensor>,
    sequences: usize,
}

impl AttentionPlan {
    /// Plans a step over `spans`, whose rows must follow one another from 0, for a cache of `slots` slots: each
    /// row sees the slots of its own token and of those before it.
    ///
    /// # Errors
    /// If the spans do not fit together or name slots that the cache has not.
    pub fn new(spans: Vec<Span>, slots: usize, device: &Device) -> Result<Self> {
        let seen =
            |span: &Span, row: usize| (span.slots.len() + row + 1).checked_sub(span.rows.len());
        Self::with_seen(spans, slots, seen, device)
    }

    /// The same, but each row sees all slots of its span, of which there may be fewer than rows: self-attention of
    /// an encoder, or cross-attention of a decoder.
    ///
    /// # Errors
    /// As [`AttentionPlan::new`], or if a span has no slots.
    pub fn full(spans: Vec<Span>, slots: usize, device: &Device) -> Result<Self> {
        Self::with_seen(spans, slots, |span, _| Some(span.slots.len()), device)
    }

    /// `seen`: how many of its slots the n-th row of a span sees.
    fn with_seen(
        spans: Vec<Span>,
        slots: usize,
        seen: impl Fn(&Span, usize) -> Option<usize>,
        device: &Device,
    ) -> Result<Self> {
        let mut rows = Vec::new();
        for (i, span) in spans.iter().enumerate() {
            let seen: Option<Vec<usize>> = (0..span.rows.len()).map(|r| seen(span, r)).collect();
            match seen {
                Some(seen)
                    if span.rows.start == rows.len()
                        && seen.iter().all(|&n| n > 0)
                        && span.slots.iter().all(|&s| (s as usize) < slots) =>
                {
                    rows.extend(seen.into_iter().map(|n| (i as u32, n as u32)));
                }
                _ => bail!(
                    "attention span {:?} of {} slots does not fit",
                    span.rows,
                    span.slots.len()
                ),
            }
        }
        let mut plan = AttentionPlan {
            spans,
            rows,
            slots,
            bias: None,
            padded: None,
        };
        if !device.is_cpu() {
            plan.padded = Some(plan.pad(device)?);
        }
        Ok(plan)
    }

    /// Adds `bias` to all scores. For attention of sequences to themselves: a span's rows are its last tokens.
    ///
    /// # Errors
    /// If a span has more rows than slots.
    pub fn with_bias(mut self, bias: Arc<PositionBias>, device: &Device) -> Result<Self> {
        if self.spans.iter().any(|s| s.rows.len() > s.slots.len()) {
            bail!("a position bias between different sequences");
        }
        if let Some(mut padded) = self.padded.take() {
            padded.bias = Some(self.padded_bias(&bias, device)?);
            self.padded = Some(padded);
        }
        self.bias = Some(bias);
        Ok(self)
    }

    /// The position in its sequence of a span's n-th row.
    fn position(span: &Span, row: usize) -> usize {
        span.slots.len() - span.rows.len() + row
    }

    /// (sequences, heads, longest rows, longest context), gathered on the device from the few values there are.
    fn padded_bias(&self, bias: &PositionBias, device: &Device) -> Result<Tensor> {
        let (rows, slots) = self.longest();
        let mut places = Vec::with_capacity(self.spans.len() * rows * slots);
        for span in &self.spans {
            for row in 0..rows {
                let from = Self::position(span, row.min(span.rows.len().saturating_sub(1)));
                places.extend((0..slots).map(|to| bias.place(from, to) as u32));
            }
        }
        let values = Tensor::new(bias.values.as_slice(), device)?;
        let values = values.reshape((bias.heads(), bias.distances))?;
        values
            .index_select(&Tensor::new(places, device)?, 1)?
            .reshape((bias.heads(), self.spans.len(), rows, slots))?
            .transpose(0, 1)?
            .contiguous()
    }

    /// The parts of the batch, which name slots below [`AttentionPlan::slots`].
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Rows of the batch.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Slots of the cache that it was made for.
    pub fn slots(&self) -> usize {
        self.slots
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
            bias: None,
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

/// Softmax(scale · q kᵀ + bias) v for every row and head.
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
        || plan.bias.as_ref().is_some_and(|bias| bias.heads() != heads)
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
    let scores = match &padded.bias {
        Some(bias) => (scores + bias)?,
        None => scores,
    };
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
            let span = &self.plan.spans[self.plan.rows[row].0 as usize];
            let seen = self.plan.seen(row, self.window);
            let bias = self.plan.bias.as_deref().map(|bias| RowBias {
                bias,
                position: AttentionPlan::position(span, row - span.rows.start),
                first: seen.start,
            });
            let q = &q[row * heads * d..][..heads * d];
            let slots = &span.slots[seen];
            attend(q, k, v, (width, d), slots, self.scale, bias.as_ref(), out);
        };
        if rayon::current_num_threads() == 1 {
            out.chunks_mut(heads * d).enumerate().for_each(row);
        } else {
            out.par_chunks_mut(heads * d).enumerate().for_each(row);
        }
        Ok((CpuStorage::F32(out), Shape::from((rows, heads * d))))
    }
}

/// The bias of one token at `position`, for slots from position `first` on.
struct RowBias<'a> {
    bias: &'a PositionBias,
    position: usize,
    first: usize,
}

/// One token: `q` and `out` hold its heads of `d` values, `k` and `v` the caches of `width` values a slot.
#[expect(clippy::too_many_arguments)]
#[multiversion(targets = "simd")]
fn attend(
    q: &[f32],
    k: &[f32],
    v: &[f32],
    (width, d): (usize, usize),
    slots: &[u32],
    scale: f32,
    bias: Option<&RowBias>,
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
        if let Some(row) = bias {
            let values = row.bias.values.chunks_exact(row.bias.distances);
            let values = values.skip(key_head * group);
            for (weights, values) in weights.chunks_exact_mut(slots.len()).zip(values) {
                for (weight, to) in weights.iter_mut().zip(row.first..) {
                    *weight += values[row.bias.place(row.position, to)];
                }
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
    // Free slots mostly follow one another: one copy a run.
    let mut start = 0;
    for run in slots.chunk_by(|a, b| a + 1 == *b) {
        let rows = rows.narrow(0, start, run.len())?.contiguous()?;
        cache.slice_set(&rows, 0, run[0] as usize)?;
        start += run.len();
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
        let mut padded = plan.pad(&Device::Cpu).unwrap();
        if let Some(bias) = &plan.bias {
            padded.bias = Some(plan.padded_bias(bias, &Device::Cpu).unwrap());
        }
        let q = wave(&[7, heads, d], 0.37);
        let (k, v) = (
            wave(&[12, key_heads * d], 0.51),
            wave(&[12, key_heads * d], 0.23),
        );
        let ours = attention(&q, &k, &v, plan, window, 0.3).unwrap();
        let mask = plan.mask(window, &Device::Cpu).unwrap();
        let theirs = padded_attention(&q, &k, &v, &padded, &mask, 0.3).unwrap();
        let off = (ours - theirs).unwrap().abs().unwrap().max_all().unwrap();
        let off = off.to_scalar::<f32>().unwrap();
        assert!(off < 1e-5, "{shape:?}, {window:?}: off by {off}");
    }

    #[test]
    fn kernel_and_padded_operations_agree() {
        for shape in [(4, 1, 32), (4, 2, 24), (3, 3, 8)] {
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
        let (q, k) = (wave(&[2, 1, 1], 0.1), wave(&[3, 1], 0.1));
        let v = Tensor::new(&[[10f32], [20.0], [30.0]], &Device::Cpu).unwrap();
        let out = attention(&q, &k, &v, &plan, None, 1.0).unwrap();
        assert_eq!(out.to_vec2::<f32>().unwrap(), [[20.0], [10.0]]);
        assert!(PositionBias::new(vec![0.0; 5], 2, 0).is_err());
        assert!(PositionBias::new(vec![0.0; 4], 2, 2).is_err());
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
        let empty = Span {
            rows: 0..1,
            slots: Vec::new(),
        };
        assert!(AttentionPlan::full(vec![empty], 4, &Device::Cpu).is_err());
    }
}
