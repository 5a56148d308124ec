//! The stack that all encoder-decoders share; what sets an architecture apart is in its parts.
//!
//! Batches are ragged: no padding, no mask. Sources are encoded one after another in the rows of one matrix, each
//! attending to its own rows. Keys and values of the sources are computed once for every layer of the decoder and
//! stay in the cache as long as a hypothesis is about them.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor, bail};

use super::embedding::Embedding;
use super::layers::{DecoderLayer, DecoderPlan, EncoderLayer};
use super::linear::Linear;
use super::norm::Norm;
use super::position::Positions;
use super::{KvCache, Limits, Model, Sequence};
use crate::kernel::{AttentionPlan, PositionBias, Span};

/// What stands on either side: embeddings, layers, norms.
pub struct Stack<L> {
    pub embedding: Embedding,
    pub positions: Positions,
    /// After token and position are added.
    pub embedding_norm: Option<Norm>,
    /// Added to the scores of self-attention in every layer.
    pub bias: Option<Arc<PositionBias>>,
    pub layers: Vec<L>,
    /// After the last layer.
    pub norm: Option<Norm>,
}

/// An encoder-decoder, ready to run.
pub struct EncoderDecoder {
    pub encoder: Stack<EncoderLayer>,
    pub decoder: Stack<DecoderLayer>,
    /// What the decoder's output is multiplied by before the head.
    pub head_scale: f64,
    pub head: Linear,
    pub vocabulary: usize,
    pub limits: Limits,
    pub device: Device,
}

impl<L> Stack<L> {
    fn embed(&self, tokens: &[u32], positions: &[usize]) -> Result<Tensor> {
        let x = self
            .positions
            .add_to(self.embedding.forward(tokens)?, positions)?;
        normalise(self.embedding_norm.as_ref(), x)
    }
}

fn normalise(norm: Option<&Norm>, x: Tensor) -> Result<Tensor> {
    match norm {
        Some(norm) => norm.forward(&x),
        None => Ok(x),
    }
}

impl EncoderDecoder {
    /// What the encoder makes of sources, one after another in rows.
    pub fn encoded(&self, sources: &[&[u32]]) -> Result<Tensor> {
        let tokens = sources.concat();
        let positions: Vec<usize> = sources.iter().flat_map(|s| 0..s.len()).collect();
        let mut start = 0;
        let spans = sources.iter().map(|source| {
            let rows = start..start + source.len();
            start = rows.end;
            Span {
                slots: rows.clone().map(|row| row as u32).collect(),
                rows,
            }
        });
        let mut plan = AttentionPlan::full(spans.collect(), tokens.len(), &self.device)?;
        if let Some(bias) = &self.encoder.bias {
            plan = plan.with_bias(bias.clone(), &self.device)?;
        }
        let mut x = self.encoder.embed(&tokens, &positions)?;
        for layer in &self.encoder.layers {
            x = layer.forward(&x, &plan)?;
        }
        normalise(self.encoder.norm.as_ref(), x)
    }

    /// Keys and values of encoded sources, for every layer of the decoder.
    fn write_sources(&self, cache: &KvCache, encoded: &Tensor, slots: &[u32]) -> Result<()> {
        for (i, layer) in self.decoder.layers.iter().enumerate() {
            let (k, v) = layer.cross.source(encoded)?;
            cache.write_source(i, &k, &v, slots)?;
        }
        Ok(())
    }

    /// Checks new tokens, takes slots for them, and embeds them: rows, what they attend to, and the last row of
    /// each sequence.
    fn begin_step(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
    ) -> Result<(Tensor, DecoderPlan, Vec<u32>)> {
        let needed: usize = batch.iter().map(|(_, new)| new.len()).sum();
        if needed > cache.free_slots() {
            bail!(
                "the cache has {} free slots, {needed} are needed",
                cache.free_slots()
            );
        }
        for (sequence, new) in batch.iter() {
            let (past, limit) = (sequence.len(), self.limits.target);
            if new.is_empty() || new.len() > limit.saturating_sub(past) {
                bail!(
                    "{} tokens after {past} do not fit into a target of 1 to {limit}",
                    new.len()
                );
            }
            if sequence.source().is_empty() {
                bail!("a sequence without a source: sequences of this model begin with `encode`");
            }
            self.decoder.embedding.check(new)?;
        }
        let (mut tokens, mut positions, mut slots) = (Vec::new(), Vec::new(), Vec::new());
        let (mut spans, mut source_spans, mut last) = (Vec::new(), Vec::new(), Vec::new());
        for (sequence, new) in batch.iter_mut() {
            let past = sequence.len();
            cache.extend(sequence, new.len())?;
            let rows = tokens.len()..tokens.len() + new.len();
            tokens.extend_from_slice(new);
            positions.extend(past..past + new.len());
            slots.extend_from_slice(&sequence.slots()[past..]);
            last.push(rows.end as u32 - 1);
            source_spans.push(Span {
                rows: rows.clone(),
                slots: sequence.source().to_vec(),
            });
            spans.push(Span {
                rows,
                slots: sequence.slots().to_vec(),
            });
        }
        let mut itself = AttentionPlan::new(spans, cache.slots(), &self.device)?;
        if let Some(bias) = &self.decoder.bias {
            itself = itself.with_bias(bias.clone(), &self.device)?;
        }
        let plan = DecoderPlan {
            slots,
            itself,
            source: AttentionPlan::full(source_spans, cache.source_slots(), &self.device)?,
        };
        Ok((self.decoder.embed(&tokens, &positions)?, plan, last))
    }
}

impl Model for EncoderDecoder {
    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn new_cache(&self, slots: usize, source_slots: usize) -> Result<KvCache> {
        let layers = &self.decoder.layers;
        let width = layers.first().map_or(0, |l| l.attention.heads.inner());
        KvCache::with_source(layers.len(), (slots, source_slots), width, &self.device)
    }

    fn encode(&self, cache: &mut KvCache, sources: &[&[u32]]) -> Result<Vec<Sequence>> {
        let needed: usize = sources.iter().map(|source| source.len()).sum();
        if needed > cache.free_source_slots() {
            bail!(
                "the cache has {} free source slots, {needed} are needed",
                cache.free_source_slots()
            );
        }
        for source in sources {
            if source.is_empty() || source.len() > self.limits.source {
                bail!(
                    "a source of {} tokens; this model reads 1 to {}",
                    source.len(),
                    self.limits.source
                );
            }
            self.encoder.embedding.check(source)?;
        }
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let encoded = self.encoded(sources)?;
        let sequences = sources.iter().map(|source| cache.begin(source.len()));
        let sequences = sequences.collect::<Result<Vec<_>>>()?;
        let slots: Vec<u32> = sequences.iter().flat_map(|s| s.source()).copied().collect();
        match self.write_sources(cache, &encoded, &slots) {
            Ok(()) => Ok(sequences),
            Err(error) => {
                sequences.into_iter().for_each(|s| cache.release(s));
                Err(error)
            }
        }
    }

    fn step(&self, cache: &mut KvCache, batch: &mut [(&mut Sequence, &[u32])]) -> Result<Tensor> {
        let (mut x, plan, last) = self.begin_step(cache, batch)?;
        for (i, layer) in self.decoder.layers.iter().enumerate() {
            x = layer.forward(&x, &plan, cache, i)?;
        }
        let x = x.index_select(&Tensor::new(last, &self.device)?, 0)?;
        let x = normalise(self.decoder.norm.as_ref(), x)?;
        match self.head_scale {
            1.0 => self.head.forward(&x),
            scale => self.head.forward(&(x * scale)?),
        }
    }

    fn align(&self, source: &[u32], target: &[u32]) -> Result<Tensor> {
        let mut cache = self.new_cache(target.len(), source.len())?;
        let mut sequences = self.encode(&mut cache, &[source])?;
        let Some((last, before)) = self.decoder.layers.split_last() else {
            bail!("a decoder without layers");
        };
        let batch = &mut [(&mut sequences[0], target)];
        let (mut x, plan, _) = self.begin_step(&mut cache, batch)?;
        for (i, layer) in before.iter().enumerate() {
            x = layer.forward(&x, &plan, &cache, i)?;
        }
        x = last.attend_to_itself(&x, &plan, &cache, before.len())?;
        // All slots of a fresh cache are this source's, in order.
        last.cross.weights(&x, cache.source_layer(before.len()).0)
    }
}
