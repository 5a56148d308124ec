//! Decoder-only language models from GGUF: one stack, which an architecture describes.
//!
//! RMS norms before attention and feed-forward, rotary positions, key heads shared by groups of heads, a gated
//! feed-forward, no biases but for queries, keys and values: what Llama, Qwen and Gemma have in common. How they
//! differ stands in a [`Description`].

mod embedding;
mod layer;
mod rope;
mod sizes;
mod stacked;
mod tensors;

use candle_core::{Device, Result, Tensor};

use super::linear::Linear;
use super::rows::Rows;
use super::{Compute, Gguf, KvCache, Limits, Model, Sequence};
use crate::kernel::{Activation, AttentionPlan, RopeLayout, rms_norm};
use embedding::Embedding;
use layer::Layer;
use tensors::Tensors;

pub use rope::Rope;
pub use sizes::{Header, Sizes};

/// What sets an architecture apart from others.
#[derive(Debug, Clone)]
pub struct Description {
    pub sizes: Sizes,
    /// Factor of the embeddings.
    pub embedding_scale: f32,
    /// Factor of the products of queries and keys.
    pub attention_scale: f32,
    pub rope_layout: RopeLayout,
    /// The rotary positions that layers choose among.
    pub ropes: Vec<Rope>,
    /// What each layer sees, first layer first.
    pub views: Vec<View>,
    /// The activation of the feed-forward.
    pub gate: Activation,
    /// Whether queries, keys and values have biases.
    pub has_bias: bool,
    /// Whether queries and keys are normalised head by head.
    pub has_head_norms: bool,
    /// Whether the outputs of attention and feed-forward are normalised.
    pub has_post_norms: bool,
}

/// What a layer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Which of [`Description::ropes`] it has.
    pub rope: usize,
    /// How many of the newest tokens it sees; none: all of them.
    pub window: Option<usize>,
}

impl Description {
    /// An architecture without any of the extras, whose layers see everything; the activation is SiLU.
    pub fn plain(sizes: Sizes, rope: Rope, rope_layout: RopeLayout) -> Self {
        let everything = View {
            rope: 0,
            window: None,
        };
        Description {
            embedding_scale: 1.0,
            attention_scale: (sizes.head_width as f32).sqrt().recip(),
            rope_layout,
            ropes: vec![rope],
            views: vec![everything; sizes.layers],
            gate: Activation::Silu,
            has_bias: false,
            has_head_norms: false,
            has_post_norms: false,
            sizes,
        }
    }
}

/// A language model, ready to run.
pub struct DecoderOnly {
    embedding: Embedding,
    layers: Vec<Layer>,
    final_norm: Tensor,
    head: Linear,
    description: Description,
    device: Device,
}

impl DecoderOnly {
    /// Loads the tensors of a model onto a device.
    ///
    /// # Errors
    /// If the file lacks a tensor of the architecture or has one more, or the device has no room.
    pub fn load(
        mut gguf: Gguf,
        description: Description,
        compute: Compute,
        device: &Device,
    ) -> Result<Self> {
        gguf.drop_metadata();
        let tensors = Tensors::new(&gguf, compute, device);
        let sizes = &description.sizes;
        let layers = (0..sizes.layers).map(|i| {
            gguf.release_pages(); // those of the layer before
            Layer::load(&tensors, &description, i)
        });
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let head = match tensors.has("output.weight") {
            true => "output.weight",
            false => "token_embd.weight", // tied
        };
        let head = tensors.linear(head, (sizes.vocabulary, sizes.width))?;
        let final_norm = tensors.vector("output_norm.weight", sizes.width)?;
        tensors.take("token_embd.weight");
        tensors.take("rope_freqs.weight"); // part of the description
        tensors.none_left()?;
        gguf.release_pages();
        Ok(DecoderOnly {
            layers,
            final_norm,
            head,
            device: device.clone(),
            embedding: Embedding::new(gguf, description.embedding_scale),
            description,
        })
    }
}

impl Model for DecoderOnly {
    fn vocabulary(&self) -> usize {
        self.description.sizes.vocabulary
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn limits(&self) -> Limits {
        Limits {
            source: 0,
            target: self.description.sizes.context,
        }
    }

    fn new_cache(&self, slots: usize, _: usize) -> Result<KvCache> {
        let sizes = &self.description.sizes;
        let width = sizes.key_heads * sizes.head_width;
        KvCache::new(sizes.layers, slots, width, &self.device)
    }

    fn step(&self, cache: &mut KvCache, batch: &mut [(&mut Sequence, &[u32])]) -> Result<Tensor> {
        let sizes = &self.description.sizes;
        let rows = Rows::take(cache, batch, sizes.context)?;
        let plan = AttentionPlan::new(rows.spans, cache.slots(), &self.device)?;
        let angles = self.description.ropes.iter();
        let angles = angles.map(|rope| rope.angles(&rows.positions, &self.device));
        let angles = angles.collect::<Result<Vec<_>>>()?;
        let mut x = self.embedding.rows(&rows.tokens, &self.device)?;
        for (i, layer) in self.layers.iter().enumerate() {
            let write = |k: &Tensor, v: &Tensor| cache.write(i, k, v, &rows.slots);
            let angles = &angles[layer.view.rope];
            x = layer.forward(&x, angles, &plan, &self.description, write, cache.layer(i))?;
        }
        let last = Tensor::new(rows.last, &self.device)?;
        let x = x.index_select(&last, 0)?;
        self.head
            .forward(&rms_norm(&x, &self.final_norm, sizes.eps)?)
    }
}
