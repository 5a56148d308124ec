//! One layer: attention and feed-forward, each normalised before, and in some architectures after.

use candle_core::{Result, Tensor};

use super::rope::Angles;
use super::stacked::Stacked;
use super::tensors::Tensors;
use super::{Description, View};
use crate::kernel::{AttentionPlan, add_rms_norm, attention, rms_norm, rope};
use crate::model::linear::Linear;

/// The weights of a layer.
pub struct Layer {
    attention_norm: Tensor,
    qkv: Stacked,
    qkv_bias: Option<Tensor>,
    /// Norms of queries and keys.
    head_norms: Option<(Tensor, Tensor)>,
    output: Linear,
    post_attention_norm: Option<Tensor>,
    feed_forward_norm: Tensor,
    gate_up: Stacked,
    down: Linear,
    post_feed_forward_norm: Option<Tensor>,
    /// What it sees.
    pub view: View,
}

impl Layer {
    /// The layer with number `i`.
    ///
    /// # Errors
    /// If the file lacks a tensor, or one has another shape.
    pub fn load(tensors: &Tensors, description: &Description, i: usize) -> Result<Self> {
        let sizes = &description.sizes;
        let (width, d, feed_forward) = (sizes.width, sizes.head_width, sizes.feed_forward);
        let (q_width, k_width) = (sizes.heads * d, sizes.key_heads * d);
        let weight = |name: &str| format!("blk.{i}.{name}.weight");
        let norm = |name: &str, length| tensors.vector(&weight(name), length);
        let post_norm = |name: &str| {
            let has = description.has_post_norms;
            has.then(|| norm(name, width)).transpose()
        };
        let qkv = |kind: &str| {
            [("q", q_width), ("k", k_width), ("v", k_width)]
                .map(|(name, rows)| (format!("blk.{i}.attn_{name}.{kind}"), rows))
        };
        let qkv_bias = description
            .has_bias
            .then(|| tensors.joined(&qkv("bias")))
            .transpose()?;
        let head_norms = match description.has_head_norms {
            true => Some((norm("attn_q_norm", d)?, norm("attn_k_norm", d)?)),
            false => None,
        };
        let gate_up = [
            (weight("ffn_gate"), feed_forward),
            (weight("ffn_up"), feed_forward),
        ];
        Ok(Layer {
            attention_norm: norm("attn_norm", width)?,
            qkv: tensors.stacked(&qkv("weight"), width)?,
            qkv_bias,
            head_norms,
            output: tensors.linear(&weight("attn_output"), (width, q_width))?,
            post_attention_norm: post_norm("post_attention_norm")?,
            feed_forward_norm: norm("ffn_norm", width)?,
            gate_up: tensors.stacked(&gate_up, width)?,
            down: tensors.linear(&weight("ffn_down"), (width, feed_forward))?,
            post_feed_forward_norm: post_norm("post_ffw_norm")?,
            view: description.views[i],
        })
    }

    /// The layer's output for the tokens `x`: (tokens, width). `write` puts their keys and values into the caches.
    pub fn forward(
        &self,
        x: &Tensor,
        angles: &Angles,
        plan: &AttentionPlan,
        description: &Description,
        write: impl Fn(&Tensor, &Tensor) -> Result<()>,
        cache: (&Tensor, &Tensor),
    ) -> Result<Tensor> {
        let sizes = &description.sizes;
        let (rows, eps, d) = (x.dim(0)?, sizes.eps, sizes.head_width);
        let (q_width, k_width) = (sizes.heads * d, sizes.key_heads * d);
        let qkv = self.qkv.forward(&rms_norm(x, &self.attention_norm, eps)?)?;
        let qkv = match &self.qkv_bias {
            Some(bias) => qkv.broadcast_add(bias)?,
            None => qkv,
        };
        let heads = |start: usize, width: usize, norm: Option<&Tensor>| {
            let heads = qkv
                .narrow(1, start, width)?
                .contiguous()?
                .reshape((rows, width / d, d))?;
            let heads = match norm {
                Some(norm) => rms_norm(&heads, norm, eps)?,
                None => heads,
            };
            rope(&heads, &angles.cos, &angles.sin, description.rope_layout)
        };
        let (q_norm, k_norm) = self.head_norms.as_ref().map(|(q, k)| (q, k)).unzip();
        let q = heads(0, q_width, q_norm)?.reshape((rows, q_width))?;
        let k = heads(q_width, k_width, k_norm)?.reshape((rows, k_width))?;
        write(&k, &qkv.narrow(1, q_width + k_width, k_width)?)?;
        let scale = description.attention_scale;
        let attended = attention(&q, cache, sizes.heads, plan, self.view.window, scale)?;
        let attended = self.output.forward(&attended)?;
        let x = joined(x, &attended, self.post_attention_norm.as_ref(), eps)?;
        let gate_up = self
            .gate_up
            .forward(&rms_norm(&x, &self.feed_forward_norm, eps)?)?;
        let y = self.down.forward(&description.gate.gate(&gate_up)?)?;
        joined(&x, &y, self.post_feed_forward_norm.as_ref(), eps)
    }
}

/// A sub-layer's output, normalised where there is a norm for it, joins the residual stream.
fn joined(residual: &Tensor, x: &Tensor, norm: Option<&Tensor>, eps: f32) -> Result<Tensor> {
    match norm {
        Some(norm) => add_rms_norm(residual, x, norm, eps),
        None => residual + x,
    }
}
