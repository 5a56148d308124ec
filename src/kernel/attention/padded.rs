//! The plan as index tensors and the attention in candle's own operations, for devices without a kernel of ours.

use candle_core::{D, Result, Tensor};

/// The plan as index tensors, for devices without a kernel of ours: sequences are padded to one length.
pub struct Padded {
    /// (sequences × longest rows): row of `q`.
    pub queries: Tensor,
    /// (sequences × longest context): cache slot.
    pub keys: Tensor,
    /// (rows): place in `queries`.
    pub back: Tensor,
    /// (sequences, heads, longest rows, longest context): what is added to the scores.
    pub bias: Option<Tensor>,
    pub sequences: usize,
}

/// The attention in candle's own operations.
pub fn padded_attention(
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
            .contiguous()?
            .index_select(&padded.keys, 0)?
            .to_dtype(q.dtype())?
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
