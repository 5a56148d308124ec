//! Layers of an encoder-decoder Transformer (Vaswani et al. 2017), over ragged batches: the tokens of all sequences
//! stand one after another in the rows of a matrix.

use candle_core::{D, Result, Tensor};

use super::KvCache;
use super::feed_forward::FeedForward;
use super::linear::Linear;
use super::norm::Residual;
use super::ssru::Ssru;
use crate::kernel::{AttentionPlan, Span, attention};

/// Heads of an attention.
#[derive(Debug, Clone, Copy)]
pub struct Heads {
    pub count: usize,
    /// Values of a head.
    pub width: usize,
    /// What products of queries and keys are multiplied by.
    pub scale: f32,
}

impl Heads {
    /// Values of all heads.
    pub fn inner(self) -> usize {
        self.count * self.width
    }

    /// Part `n` of rows that hold several times the inner width, where it stands.
    fn part(self, x: &Tensor, n: usize) -> Result<Tensor> {
        x.narrow(1, n * self.inner(), self.inner())
    }

    fn attend(
        self,
        q: &Tensor,
        keys_and_values: (&Tensor, &Tensor),
        plan: &AttentionPlan,
    ) -> Result<Tensor> {
        attention(q, keys_and_values, self.count, plan, None, self.scale)
    }
}

/// Attention of a sequence to itself.
pub struct SelfAttention {
    pub heads: Heads,
    /// Queries, keys and values in one product.
    pub qkv: Linear,
    pub output: Linear,
    pub residual: Residual,
}

/// Attention of a target to its source.
pub struct CrossAttention {
    pub heads: Heads,
    pub query: Linear,
    /// Keys and values of a source, in one product.
    pub kv: Linear,
    pub output: Linear,
    pub residual: Residual,
}

/// A layer of the encoder.
pub struct EncoderLayer {
    pub attention: SelfAttention,
    pub feed_forward: FeedForward,
    pub residual: Residual,
}

/// How a layer of the decoder knows the tokens before one.
pub enum Past {
    Attention(SelfAttention),
    Ssru(Ssru),
}

/// A layer of the decoder.
pub struct DecoderLayer {
    pub past: Past,
    pub cross: CrossAttention,
    pub feed_forward: FeedForward,
    pub residual: Residual,
}

/// What the new tokens of a step attend to, the same for all layers.
pub struct DecoderPlan {
    /// The cache's slots for the new tokens.
    pub slots: Vec<u32>,
    pub itself: AttentionPlan,
    pub source: AttentionPlan,
}

impl EncoderLayer {
    /// `x`: (rows, width); the slots of `plan` are its rows.
    pub fn forward(&self, x: &Tensor, plan: &AttentionPlan) -> Result<Tensor> {
        let attention = &self.attention;
        let x = attention.residual.around(x, |residual, x| {
            let (heads, qkv) = (attention.heads, attention.qkv.forward(x)?);
            let (k, v) = (heads.part(&qkv, 1)?, heads.part(&qkv, 2)?);
            let attended = heads.attend(&heads.part(&qkv, 0)?, (&k, &v), plan)?;
            attention.output.added_to(residual, &attended)
        })?;
        self.residual
            .around(&x, |residual, x| self.feed_forward.added_to(residual, x))
    }
}

impl DecoderLayer {
    /// Values of a key, and of a value, of a token and of a source token.
    pub fn cache_width(&self) -> usize {
        self.cross.heads.inner()
    }

    /// `x`: (rows, width), the new tokens; `layer`: the place of this layer's keys and values in the cache.
    pub fn forward(
        &self,
        x: &Tensor,
        plan: &DecoderPlan,
        cache: &KvCache,
        layer: usize,
    ) -> Result<Tensor> {
        let x = self.attend_to_itself(x, plan, cache, layer)?;
        self.attend_to_source(&x, plan, cache, layer)
    }

    /// The first sub-layer: writes the new tokens' keys and values, then reads all.
    pub fn attend_to_itself(
        &self,
        x: &Tensor,
        plan: &DecoderPlan,
        cache: &KvCache,
        layer: usize,
    ) -> Result<Tensor> {
        let attention = match &self.past {
            Past::Attention(attention) => attention,
            Past::Ssru(ssru) => return ssru.forward(x, plan, cache, layer),
        };
        attention.residual.around(x, |residual, x| {
            let (heads, qkv) = (attention.heads, attention.qkv.forward(x)?);
            let (k, v) = (heads.part(&qkv, 1)?, heads.part(&qkv, 2)?);
            cache.write(layer, &k, &v, &plan.slots)?;
            let attended = heads.attend(&heads.part(&qkv, 0)?, cache.layer(layer), &plan.itself)?;
            attention.output.added_to(residual, &attended)
        })
    }

    /// The others: reads the sources' keys and values, then feeds forward.
    pub fn attend_to_source(
        &self,
        x: &Tensor,
        plan: &DecoderPlan,
        cache: &KvCache,
        layer: usize,
    ) -> Result<Tensor> {
        let cross = &self.cross;
        let x = cross.residual.around(x, |residual, x| {
            let q = cross.query.forward(x)?;
            let attended = cross
                .heads
                .attend(&q, cache.source_layer(layer), &plan.source)?;
            cross.output.added_to(residual, &attended)
        })?;
        self.residual
            .around(&x, |residual, x| self.feed_forward.added_to(residual, x))
    }
}

impl CrossAttention {
    /// Keys and values of sources as the encoder leaves them.
    pub fn source(&self, encoded: &Tensor) -> Result<(Tensor, Tensor)> {
        let kv = self.kv.forward(encoded)?;
        Ok((self.heads.part(&kv, 0)?, self.heads.part(&kv, 1)?))
    }

    /// How much the rows of `x` (target tokens, width) that each span names attend to each of the keys (slots, inner
    /// width) that it names: (target tokens, source tokens), the mean of the heads.
    pub fn weights(&self, x: &Tensor, keys: &Tensor, spans: &[Span]) -> Result<Vec<Tensor>> {
        let by_head = |x: &Tensor| {
            let shape = (x.dim(0)?, self.heads.count, self.heads.width);
            x.reshape(shape)?.transpose(0, 1)?.contiguous()
        };
        let q = self.query.forward(&self.residual.input(x)?)?;
        let weights = spans.iter().map(|span| {
            let q = by_head(&q.narrow(0, span.rows.start, span.rows.len())?)?;
            let slots = Tensor::new(span.slots.as_slice(), keys.device())?;
            let keys = keys.index_select(&slots, 0)?.to_dtype(q.dtype())?;
            let keys = by_head(&keys)?;
            let scores = q.matmul(&keys.transpose(1, 2)?.contiguous()?)?;
            let scores = (scores * f64::from(self.heads.scale))?;
            candle_nn::ops::softmax(&scores, D::Minus1)?.mean(0)
        });
        weights.collect()
    }
}
