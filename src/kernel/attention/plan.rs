//! Who attends to what in a step.

use std::ops::Range;
use std::sync::Arc;

use candle_core::{Device, Result, Tensor, bail};

use super::attend::RowBias;
use super::padded::Padded;

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

    pub(super) fn heads(&self) -> usize {
        self.values.len() / self.distances
    }

    /// Adds those of a head to the scores of a token at position `from`, the first of them for the token at `first`.
    #[inline(always)]
    pub(super) fn add_to(&self, head: usize, from: usize, first: usize, scores: &mut [f32]) {
        let values = &self.values[head * self.distances..][..self.distances];
        for (score, to) in scores.iter_mut().zip(first..) {
            *score += values[self.place(from, to)];
        }
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
        self.bias = Some(bias);
        if self.padded.is_some() {
            self.padded = Some(self.pad(device)?);
        }
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

    fn longest(&self) -> (usize, usize) {
        let rows = self.spans.iter().map(|s| s.rows.len()).max().unwrap_or(0);
        (
            rows,
            self.spans.iter().map(|s| s.slots.len()).max().unwrap_or(0),
        )
    }

    pub(super) fn pad(&self, device: &Device) -> Result<Padded> {
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
            bias: match &self.bias {
                Some(bias) => Some(self.padded_bias(bias, device)?),
                None => None,
            },
            sequences: self.spans.len(),
        })
    }

    /// (sequences, 1, longest rows, longest context): 0 where a row sees a slot, -∞ where it does not.
    /// Rows that only pad see the first slot, so that their softmax is finite.
    pub(super) fn mask(&self, window: Option<usize>, device: &Device) -> Result<Tensor> {
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
    pub(super) fn seen(&self, row: usize, window: Option<usize>) -> Range<usize> {
        let end = self.rows[row].1 as usize;
        window.map_or(0, |w| end.saturating_sub(w))..end
    }

    /// The parts of the batch, which name slots below [`AttentionPlan::slots`].
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Rows of `q`.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Slots of the cache that it was made for.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// The heads that the bias is for, where there is one.
    pub(super) fn heads(&self) -> Option<usize> {
        self.bias.as_ref().map(|bias| bias.heads())
    }

    /// The plan as index tensors, where the device wants it so.
    pub(super) fn padded(&self) -> Option<&Padded> {
        self.padded.as_ref()
    }

    /// The slots of a row's span.
    pub(super) fn slots_of(&self, row: usize) -> &[u32] {
        &self.spans[self.rows[row].0 as usize].slots
    }

    /// The bias of a row that sees its span's slots from place `first` on.
    pub(super) fn row_bias(&self, row: usize, first: usize) -> Option<RowBias<'_>> {
        let span = &self.spans[self.rows[row].0 as usize];
        self.bias.as_deref().map(|bias| RowBias {
            bias,
            position: Self::position(span, row - span.rows.start),
            first,
        })
    }
}
