//! Gemma 3 (Gemma Team 2025, arXiv:2503.19786), text only, from GGUF.
//!
//! Follows the reference implementation in `transformers` (`modeling_gemma3.py`): embeddings scaled by √d,
//! RMS norms before and after attention and feed-forward, RMS norms of queries and keys, rotary positions
//! with one base for layers that see a window and another for those that see everything, GELU in its
//! tanh form, output tied to the embeddings. The norms' "+ 1" is already in a GGUF file's weights.

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Result, Tensor, bail};

use super::linear::Linear;
use super::{Compute, Gguf, KvCache, Limits, Model, Sequence};
use crate::kernel::{
    AttentionPlan, Span, add_rms_norm, attention, dequantize_q5_0_row, gelu_mul, rms_norm, rope,
};

/// Every how many layers one sees everything (`sliding_window_pattern`; not in GGUF metadata).
const GLOBAL_EVERY: usize = 6;
/// Base of rotary angles in layers with a window (`rope_local_base_freq`; not in GGUF metadata).
const LOCAL_ROPE_BASE: f32 = 10_000.0;

/// The model, ready to run.
pub struct Gemma3 {
    gguf: Gguf,
    layers: Vec<Layer>,
    final_norm: Tensor,
    head: Linear,
    config: Config,
    device: Device,
}

#[derive(Debug, Clone)]
struct Config {
    layers: usize,
    width: usize,
    heads: usize,
    key_heads: usize,
    head_width: usize,
    feed_forward: usize,
    window: usize,
    context: usize,
    eps: f32,
    rope_base: f32,
    vocabulary: usize,
}

struct Layer {
    attention_norm: Tensor,
    qkv: Linear,
    query_norm: Tensor,
    key_norm: Tensor,
    output: Linear,
    post_attention_norm: Tensor,
    feed_forward_norm: Tensor,
    gate_up: Linear,
    down: Linear,
    post_feed_forward_norm: Tensor,
    is_global: bool,
}

/// Cosines and sines of the positions of a step's tokens, (tokens, head width / 2) each.
struct Angles {
    cos: Tensor,
    sin: Tensor,
}

impl Config {
    fn read(gguf: &Gguf) -> Result<Self> {
        let architecture = gguf.metadata("general.architecture")?.to_string()?;
        if architecture != "gemma3" {
            bail!("the GGUF file holds a model of architecture {architecture:?}, not \"gemma3\"");
        }
        let number = |key: &str| {
            Ok::<_, candle_core::Error>(gguf.metadata(&format!("gemma3.{key}"))?.to_u32()? as usize)
        };
        let real = |key: &str| gguf.metadata(&format!("gemma3.{key}"))?.to_f32();
        let config = Config {
            layers: number("block_count")?,
            width: number("embedding_length")?,
            heads: number("attention.head_count")?,
            key_heads: number("attention.head_count_kv")?,
            head_width: number("attention.key_length")?,
            window: number("attention.sliding_window")?,
            context: number("context_length")?,
            eps: real("attention.layer_norm_rms_epsilon")?,
            rope_base: real("rope.freq_base")?,
            feed_forward: number("feed_forward_length")?,
            vocabulary: match gguf.tensor("token_embd.weight")?.1 {
                [rows, columns] if *columns == number("embedding_length")? => *rows,
                dims => bail!("embeddings of shape {dims:?}"),
            },
        };
        // Far above any model of this kind, and far below what overflows when multiplied.
        const LARGEST: usize = 1 << 20;
        let sizes = [
            config.width,
            config.heads,
            config.key_heads,
            config.head_width,
            config.window,
            config.layers,
            config.feed_forward,
            config.context,
        ];
        if sizes.iter().any(|&size| size == 0 || size > LARGEST)
            || !config.heads.is_multiple_of(config.key_heads)
            || !config.head_width.is_multiple_of(2)
        {
            bail!("the GGUF file's metadata do not fit together: {config:?}");
        }
        Ok(config)
    }
}

impl Gemma3 {
    /// Loads the model onto a device.
    ///
    /// # Errors
    /// If the file holds another architecture, lacks a tensor, or the device has no room.
    pub fn load(mut gguf: Gguf, compute: Compute, device: &Device) -> Result<Self> {
        let config = Config::read(&gguf)?;
        gguf.drop_metadata();
        let Config {
            width,
            feed_forward,
            head_width,
            ..
        } = config;
        let q_width = config.heads * head_width;
        let k_width = config.key_heads * head_width;
        let linear = |names: &[&str], shape: (usize, usize), layer: usize| {
            let names: Vec<String> = names
                .iter()
                .map(|n| format!("blk.{layer}.{n}.weight"))
                .collect();
            Linear::load(&gguf, &names, shape, compute, device)
        };
        let layers = (0..config.layers).map(|i| {
            gguf.release_pages(); // those of the layer before
            let norm =
                |name: &str, length| gguf.vector(&format!("blk.{i}.{name}.weight"), length, device);
            Ok(Layer {
                attention_norm: norm("attn_norm", width)?,
                qkv: linear(
                    &["attn_q", "attn_k", "attn_v"],
                    (q_width + 2 * k_width, width),
                    i,
                )?,
                query_norm: norm("attn_q_norm", head_width)?,
                key_norm: norm("attn_k_norm", head_width)?,
                output: linear(&["attn_output"], (width, q_width), i)?,
                post_attention_norm: norm("post_attention_norm", width)?,
                feed_forward_norm: norm("ffn_norm", width)?,
                gate_up: linear(&["ffn_gate", "ffn_up"], (2 * feed_forward, width), i)?,
                down: linear(&["ffn_down"], (width, feed_forward), i)?,
                post_feed_forward_norm: norm("post_ffw_norm", width)?,
                is_global: (i + 1).is_multiple_of(GLOBAL_EVERY),
            })
        });
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let head = match gguf.tensor("output.weight") {
            Ok(_) => "output.weight",
            Err(_) => "token_embd.weight", // tied
        };
        let head = Linear::load(
            &gguf,
            &[head.to_owned()],
            (config.vocabulary, width),
            compute,
            device,
        )?;
        let final_norm = gguf.vector("output_norm.weight", width, device)?;
        gguf.release_pages();
        Ok(Gemma3 {
            layers,
            final_norm,
            head,
            config,
            device: device.clone(),
            gguf,
        })
    }

    /// Rows of the embedding matrix, times √width.
    fn embed(&self, tokens: &[u32]) -> Result<Tensor> {
        let width = self.config.width;
        let (dtype, _, bytes) = self.gguf.tensor("token_embd.weight")?;
        let mut rows = vec![0f32; tokens.len() * width];
        for (row, &token) in rows.chunks_exact_mut(width).zip(tokens) {
            match dtype {
                GgmlDType::Q5_0 => dequantize_q5_0_row(bytes, token as usize, row)?,
                GgmlDType::F32 => read_f32_row(bytes, token as usize, row)?,
                _ => bail!("embeddings of type {dtype:?} are not supported"),
            }
        }
        let scale = (width as f32).sqrt();
        rows.iter_mut().for_each(|x| *x *= scale);
        Tensor::from_vec(rows, (tokens.len(), width), &self.device)
    }

    fn angles(&self, positions: &[usize], base: f32) -> Result<Angles> {
        let half = self.config.head_width / 2;
        let frequency = |i: usize| 1.0 / base.powf(2.0 * i as f32 / self.config.head_width as f32);
        let frequencies: Vec<f32> = (0..half).map(frequency).collect();
        let angles = positions
            .iter()
            .flat_map(|&p| frequencies.iter().map(move |f| p as f32 * f));
        let angles = Tensor::from_iter(angles, &self.device)?.reshape((positions.len(), half))?;
        Ok(Angles {
            cos: angles.cos()?,
            sin: angles.sin()?,
        })
    }
}

impl Layer {
    fn forward(
        &self,
        x: &Tensor,
        angles: &Angles,
        plan: &AttentionPlan,
        config: &Config,
        write: impl Fn(&Tensor, &Tensor) -> Result<()>,
        (k_cache, v_cache): (&Tensor, &Tensor),
    ) -> Result<Tensor> {
        let (rows, eps, d) = (x.dim(0)?, config.eps, config.head_width);
        let (q_width, k_width) = (config.heads * d, config.key_heads * d);
        let qkv = self.qkv.forward(&rms_norm(x, &self.attention_norm, eps)?)?;
        let heads = |start: usize, width: usize, norm: &Tensor| {
            let heads = qkv
                .narrow(1, start, width)?
                .contiguous()?
                .reshape((rows, width / d, d))?;
            rope(&rms_norm(&heads, norm, eps)?, &angles.cos, &angles.sin)
        };
        let q = heads(0, q_width, &self.query_norm)?;
        let k = heads(q_width, k_width, &self.key_norm)?.reshape((rows, k_width))?;
        write(
            &k,
            &qkv.narrow(1, q_width + k_width, k_width)?.contiguous()?,
        )?;
        let window = (!self.is_global).then_some(config.window);
        let scale = (d as f32).sqrt().recip();
        let attended = attention(&q, k_cache, v_cache, plan, window, scale)?;
        let attended = self.output.forward(&attended)?;
        let x = add_rms_norm(x, &attended, &self.post_attention_norm, eps)?;
        let gate_up = self
            .gate_up
            .forward(&rms_norm(&x, &self.feed_forward_norm, eps)?)?;
        let y = self.down.forward(&gelu_mul(&gate_up)?)?;
        add_rms_norm(&x, &y, &self.post_feed_forward_norm, eps)
    }
}

impl Model for Gemma3 {
    fn vocabulary(&self) -> usize {
        self.config.vocabulary
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn limits(&self) -> Limits {
        Limits {
            source: 0,
            target: self.config.context,
        }
    }

    fn new_cache(&self, slots: usize, _: usize) -> Result<KvCache> {
        let width = self.config.key_heads * self.config.head_width;
        KvCache::new(self.config.layers, slots, width, &self.device)
    }

    fn step(&self, cache: &mut KvCache, batch: &mut [(&mut Sequence, &[u32])]) -> Result<Tensor> {
        let (mut tokens, mut positions, mut new_slots) = (Vec::new(), Vec::new(), Vec::new());
        let (mut spans, mut last) = (Vec::new(), Vec::new());
        for (sequence, new) in batch.iter_mut() {
            let past = sequence.len();
            if new.is_empty() || past + new.len() > self.config.context {
                bail!(
                    "{} tokens after {past} do not fit into a context of {}",
                    new.len(),
                    self.config.context
                );
            }
            cache.extend(sequence, new.len())?;
            let start = tokens.len();
            tokens.extend_from_slice(new);
            positions.extend(past..past + new.len());
            new_slots.extend_from_slice(&sequence.slots()[past..]);
            spans.push(Span {
                rows: start..tokens.len(),
                slots: sequence.slots().to_vec(),
            });
            last.push(tokens.len() as u32 - 1);
        }
        let plan = AttentionPlan::new(spans, cache.slots(), &self.device)?;
        let local = self.angles(&positions, LOCAL_ROPE_BASE)?;
        let global = self.angles(&positions, self.config.rope_base)?;
        let mut x = self.embed(&tokens)?;
        for (i, layer) in self.layers.iter().enumerate() {
            let angles = if layer.is_global { &global } else { &local };
            let write = |k: &Tensor, v: &Tensor| cache.write(i, k, v, &new_slots);
            x = layer.forward(&x, angles, &plan, &self.config, write, cache.layer(i))?;
        }
        let last = Tensor::new(last, &self.device)?;
        let x = rms_norm(
            &x.index_select(&last, 0)?,
            &self.final_norm,
            self.config.eps,
        )?;
        self.head.forward(&x)
    }
}

fn read_f32_row(bytes: &[u8], row: usize, out: &mut [f32]) -> Result<()> {
    let Some(bytes) = bytes.get(row * out.len() * 4..(row + 1) * out.len() * 4) else {
        bail!("row {row} lies outside the tensor");
    };
    for (out, bytes) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *out = f32::from_le_bytes(*bytes);
    }
    Ok(())
}
