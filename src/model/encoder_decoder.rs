//! The stack that all encoder-decoders share; what sets an architecture apart is in its parts.
//!
//! Batches are ragged: no padding, no mask. Sources are encoded one after another in the rows of one matrix, each
//! attending to its own rows. Keys and values of the sources are computed once for every layer of the decoder and
//! stay in the cache as long as a hypothesis is about them.

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor, bail};

use super::embedding::Embedding;
use super::layers::{DecoderLayer, DecoderPlan, EncoderLayer, Past};
use super::linear::Linear;
use super::norm::Norm;
use super::partial_head::PartialHead;
use super::position::Positions;
use super::rows::Rows;
use super::{Answer, KvCache, Limits, Model, Query, Sequence};
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

impl Stack<EncoderLayer> {
    /// What the layers make of sequences, one after another in rows. `each` is shown the embeddings, as layer 0, and
    /// what each layer makes of them, the last with the norm after it.
    pub fn encode(
        &self,
        sequences: &[&[u32]],
        device: &Device,
        mut each: impl FnMut(usize, &Tensor) -> Result<()>,
    ) -> Result<Tensor> {
        let tokens = sequences.concat();
        let positions: Vec<usize> = sequences.iter().flat_map(|s| 0..s.len()).collect();
        let mut start = 0;
        let spans = sequences.iter().map(|sequence| {
            let rows = start..start + sequence.len();
            start = rows.end;
            Span {
                slots: rows.clone().map(|row| row as u32).collect(),
                rows,
            }
        });
        let mut plan = AttentionPlan::full(spans.collect(), tokens.len(), device)?;
        if let Some(bias) = &self.bias {
            plan = plan.with_bias(bias.clone(), device)?;
        }
        let mut x = self.embed(&tokens, &positions)?;
        for (i, layer) in self.layers.iter().enumerate() {
            each(i, &x)?;
            x = layer.forward(&x, &plan)?;
        }
        let x = normalise(self.norm.as_ref(), x)?;
        each(self.layers.len(), &x)?;
        Ok(x)
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
        self.encoder.encode(sources, &self.device, |_, _| Ok(()))
    }

    /// Keys and values of encoded sources, for every layer of the decoder.
    fn write_sources(&self, cache: &KvCache, encoded: &Tensor, slots: &[u32]) -> Result<()> {
        for (i, layer) in self.decoder.layers.iter().enumerate() {
            let (k, v) = layer.cross.source(encoded)?;
            cache.write_source(i, &k, &v, slots)?;
        }
        Ok(())
    }

    /// Takes new tokens in, and runs the decoder up to where the last layer attends to the sources.
    fn begin_step(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
    ) -> Result<Step<'_>> {
        for (sequence, new) in batch.iter() {
            if sequence.source().is_empty() {
                bail!("a sequence without a source: sequences of this model begin with `encode`");
            }
            self.decoder.embedding.check(new)?;
        }
        let Some((layer, before)) = self.decoder.layers.split_last() else {
            bail!("a decoder without layers");
        };
        let rows = Rows::take(cache, batch, self.limits.target)?;
        let sources = batch.iter().zip(&rows.spans);
        let sources = sources.map(|((sequence, _), span)| Span {
            rows: span.rows.clone(),
            slots: sequence.source().to_vec(),
        });
        let source = AttentionPlan::full(sources.collect(), cache.source_slots(), &self.device)?;
        let mut itself = AttentionPlan::new(rows.spans, cache.slots(), &self.device)?;
        if let Some(bias) = &self.decoder.bias {
            itself = itself.with_bias(bias.clone(), &self.device)?;
        }
        let plan = DecoderPlan {
            slots: rows.slots,
            itself,
            source,
        };
        let mut x = self.decoder.embed(&rows.tokens, &rows.positions)?;
        for (i, layer) in before.iter().enumerate() {
            x = layer.forward(&x, &plan, cache, i)?;
        }
        Ok(Step {
            x: layer.attend_to_itself(&x, &plan, cache, before.len())?,
            last: Tensor::new(rows.last, &self.device)?,
            layer,
            place: before.len(),
            plan,
        })
    }

    /// What the head makes logits of: the last token of each sequence.
    fn end_step(&self, step: &Step, cache: &KvCache) -> Result<Tensor> {
        let x = step
            .layer
            .attend_to_source(&step.x, &step.plan, cache, step.place)?;
        let x = x.index_select(&step.last, 0)?;
        let x = normalise(self.decoder.norm.as_ref(), x)?;
        match self.head_scale {
            1.0 => Ok(x),
            scale => x * scale,
        }
    }

    /// The answers to queries about rows before the head. Those about a list of tokens are answered by that part of the
    /// head which has the lists of all of them.
    fn answers(&self, cache: &mut KvCache, x: &Tensor, queries: &[Query]) -> Result<Vec<Answer>> {
        let is_listed = |i: &u32| queries[*i as usize].among.is_some();
        let (listed, others): (Vec<u32>, Vec<u32>) = (0..queries.len() as u32).partition(is_listed);
        if listed.is_empty() {
            return self.head.answers(x, queries);
        }
        let part = PartialHead::update(&mut cache.head, &self.head, queries)?;
        if others.is_empty() {
            return part.answers(x, queries);
        }
        let own = |rows: &[u32]| -> Result<(Tensor, Vec<Query>)> {
            let queries = rows.iter().map(|&i| queries[i as usize].clone());
            Ok((
                x.index_select(&Tensor::new(rows, &self.device)?, 0)?,
                queries.collect(),
            ))
        };
        let (x, queries) = own(&listed)?;
        let mut found: Vec<_> = listed
            .into_iter()
            .zip(part.answers(&x, &queries)?)
            .collect();
        let (x, queries) = own(&others)?;
        found.extend(others.into_iter().zip(self.head.answers(&x, &queries)?));
        found.sort_by_key(|(row, _)| *row);
        Ok(found.into_iter().map(|(_, answer)| answer).collect())
    }

    /// Where the last token of each sequence looks in its source.
    fn attention(
        &self,
        cache: &KvCache,
        step: &Step,
        batch: &[(&mut Sequence, &[u32])],
    ) -> Result<Vec<Vec<f32>>> {
        let spans = batch.iter().enumerate().map(|(i, (sequence, _))| Span {
            rows: i..i + 1,
            slots: sequence.source().to_vec(),
        });
        let spans: Vec<Span> = spans.collect();
        let looks = step.looks(&step.x.index_select(&step.last, 0)?, cache, &spans)?;
        let looks = looks.iter().map(|look| look.flatten_all()?.to_vec1());
        looks.collect()
    }
}

/// A step of the decoder before its last layer attends to the sources.
struct Step<'a> {
    /// (rows, width): the new tokens.
    x: Tensor,
    /// The last row of each sequence.
    last: Tensor,
    layer: &'a DecoderLayer,
    /// The place of the layer's keys and values in the cache.
    place: usize,
    plan: DecoderPlan,
}

impl Step<'_> {
    /// How much rows, as `x` has them, attend to the source slots of their spans: a tensor for each span.
    fn looks(&self, x: &Tensor, cache: &KvCache, spans: &[Span]) -> Result<Vec<Tensor>> {
        let (keys, _) = cache.source_layer(self.place);
        self.layer.cross.weights(x, keys, spans)
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
        let width = layers.first().map_or(0, |l| l.cache_width());
        // Where weights have 8 bits of precision, keys and values have no more; a recurrent state does, for errors would
        // add up.
        let source = match self.head.is_rounded() {
            true => DType::BF16,
            false => DType::F32,
        };
        let tokens = match layers.first().map(|layer| &layer.past) {
            Some(Past::Ssru(_)) => DType::F32,
            _ => source,
        };
        let (slots, dtypes) = ((slots, source_slots), (tokens, source));
        KvCache::with_source(layers.len(), slots, width, dtypes, &self.device)
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
        let step = self.begin_step(cache, batch)?;
        self.head.forward(&self.end_step(&step, cache)?)
    }

    fn step_with_attention(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
    ) -> Result<(Tensor, Vec<Vec<f32>>)> {
        let step = self.begin_step(cache, batch)?;
        let attention = self.attention(cache, &step, batch)?;
        Ok((self.head.forward(&self.end_step(&step, cache)?)?, attention))
    }

    fn step_best(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
        queries: &[Query],
    ) -> Result<Vec<Answer>> {
        let step = self.begin_step(cache, batch)?;
        let x = self.end_step(&step, cache)?;
        self.answers(cache, &x, queries)
    }

    fn step_best_with_attention(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
        queries: &[Query],
    ) -> Result<(Vec<Answer>, Vec<Vec<f32>>)> {
        let step = self.begin_step(cache, batch)?;
        let attention = self.attention(cache, &step, batch)?;
        let x = self.end_step(&step, cache)?;
        Ok((self.answers(cache, &x, queries)?, attention))
    }

    fn align(&self, source: &[u32], target: &[u32]) -> Result<Tensor> {
        let mut cache = self.new_cache(target.len(), source.len())?;
        let mut sequences = self.encode(&mut cache, &[source])?;
        let batch = &mut [(&mut sequences[0], target)];
        let step = self.begin_step(&mut cache, batch)?;
        let span = Span {
            rows: 0..target.len(),
            slots: batch[0].0.source().to_vec(),
        };
        Ok(step.looks(&step.x, &cache, &[span])?.remove(0))
    }
}
