//! A model whose answers can be computed by hand.

use std::sync::Mutex;

use anubad::decode::{Continuation, DecodeOptions, Request, generate_all};
use anubad::model::{KvCache, Limits, Model, Sequence};
use candle_core::{DType, Device, Result, Tensor, bail};

pub const END: u32 = 0;

/// A model whose logits are a hash of its source's sum and of the last tokens it was given, which it keeps in the
/// cache: a slot that is shared wrongly, lost or given to another sequence changes its answers.
pub struct Toy {
    pub vocabulary: usize,
    /// Tokens that the logits depend on.
    pub memory: usize,
    /// The largest logit but the end's.
    pub scale: f32,
    /// How much the position changes a logit at most.
    pub drift: f32,
    /// Added to the logit of the end.
    pub end_bias: f32,
    pub limits: Limits,
    /// What was asked of it.
    pub calls: Mutex<Vec<Call>>,
}

/// A call of the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    Cache {
        slots: usize,
        source_slots: usize,
    },
    Encode {
        lengths: Vec<usize>,
    },
    /// New tokens of each sequence, and whether every slot that is not of a sequence is free.
    Step {
        lengths: Vec<usize>,
        all_free: bool,
    },
}

impl Toy {
    /// A language model of seven tokens.
    pub fn new(end_bias: f32) -> Self {
        Toy {
            vocabulary: 7,
            memory: 4,
            scale: 4.0,
            drift: 0.0,
            end_bias,
            limits: Limits {
                source: 0,
                target: usize::MAX,
            },
            calls: Mutex::default(),
        }
    }

    /// The same with a source to read.
    pub fn encoder_decoder(end_bias: f32) -> Self {
        Toy {
            limits: Limits {
                source: 200,
                target: usize::MAX,
            },
            ..Toy::new(end_bias)
        }
    }

    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    pub fn logits(&self, source: &[u32], history: &[u32]) -> Vec<f32> {
        let sum = source.iter().map(|&t| u64::from(t)).sum::<u64>();
        let recent = history.iter().rev().take(self.memory);
        let state = hash(std::iter::once(sum).chain(recent.map(|&t| u64::from(t))));
        let place = hash([history.len() as u64]);
        let mut logits: Vec<f32> = (0..self.vocabulary as u64)
            .map(|i| fraction(state, i) * self.scale + fraction(place, i) * self.drift)
            .collect();
        logits[END as usize] += self.end_bias;
        logits
    }

    pub fn log_probs(&self, source: &[u32], history: &[u32]) -> Vec<f32> {
        let logits = self.logits(source, history);
        let sum = logits.iter().map(|x| x.exp()).sum::<f32>().ln();
        logits.into_iter().map(|x| x - sum).collect()
    }

    /// Where the last token of a history looks in a source.
    pub fn attention(&self, source: &[u32], history: &[u32]) -> Vec<f32> {
        let state = hash(history.iter().map(|&t| u64::from(t)));
        let looks: Vec<f32> = (0..source.len() as u64)
            .map(|i| fraction(state, i).powi(3))
            .collect();
        let sum: f32 = looks.iter().sum();
        looks.into_iter().map(|x| x / sum).collect()
    }

    /// What a sequence holds: its source and its tokens.
    fn stored(cache: &KvCache, sequence: &Sequence) -> Result<(Vec<u32>, Vec<u32>)> {
        let read = |tensor: &Tensor, slots: &[u32]| -> Result<Vec<u32>> {
            let stored = tensor.flatten_all()?.to_vec1::<f32>()?;
            Ok(slots.iter().map(|&s| stored[s as usize] as u32).collect())
        };
        let source = match sequence.source() {
            [] => Vec::new(),
            slots => read(cache.source_layer(0).0, slots)?,
        };
        Ok((source, read(cache.layer(0).0, sequence.slots())?))
    }

    fn append(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
    ) -> Result<Vec<(Vec<u32>, Vec<u32>)>> {
        let mut all = Vec::new();
        let (mut held, lengths) = (0, batch.iter().map(|b| b.1.len()).collect());
        for (sequence, tokens) in batch.iter_mut() {
            if tokens.is_empty() {
                bail!("a sequence gets no token");
            }
            let past = sequence.len();
            cache.extend(sequence, tokens.len())?;
            let values = column(tokens)?;
            cache.write(0, &values, &values, &sequence.slots()[past..])?;
            held += sequence.len();
            all.push(Self::stored(cache, sequence)?);
        }
        self.calls.lock().unwrap().push(Call::Step {
            lengths,
            all_free: cache.free_slots() + held == cache.slots(),
        });
        Ok(all)
    }

    fn rows(&self, all: &[(Vec<u32>, Vec<u32>)]) -> Result<Tensor> {
        let rows = all
            .iter()
            .flat_map(|(source, history)| self.logits(source, history));
        Tensor::from_vec(rows.collect(), (all.len(), self.vocabulary), &Device::Cpu)
    }
}

fn hash(values: impl IntoIterator<Item = u64>) -> u64 {
    values.into_iter().fold(17, |state, value| {
        (state ^ (value + 1))
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(23)
    })
}

/// A number from 0 to 1.
fn fraction(state: u64, i: u64) -> f32 {
    (state.wrapping_mul(2 * i + 3) >> 40) as f32 / (1 << 24) as f32
}

fn column(tokens: &[u32]) -> Result<Tensor> {
    let values: Vec<f32> = tokens.iter().map(|&t| t as f32).collect();
    Tensor::from_vec(values, (tokens.len(), 1), &Device::Cpu)
}

impl Model for Toy {
    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn device(&self) -> &Device {
        &Device::Cpu
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn new_cache(&self, slots: usize, source_slots: usize) -> Result<KvCache> {
        self.calls.lock().unwrap().push(Call::Cache {
            slots,
            source_slots,
        });
        KvCache::with_source(
            1,
            (slots, source_slots),
            1,
            (DType::F32, DType::F32),
            &Device::Cpu,
        )
    }

    fn encode(&self, cache: &mut KvCache, sources: &[&[u32]]) -> Result<Vec<Sequence>> {
        if self.limits.source == 0 {
            bail!("a language model reads no source");
        }
        self.calls.lock().unwrap().push(Call::Encode {
            lengths: sources.iter().map(|s| s.len()).collect(),
        });
        let mut sequences = Vec::new();
        for source in sources {
            let sequence = cache.begin(source.len())?;
            let values = column(source)?;
            cache.write_source(0, &values, &values, sequence.source())?;
            sequences.push(sequence);
        }
        Ok(sequences)
    }

    fn step(&self, cache: &mut KvCache, batch: &mut [(&mut Sequence, &[u32])]) -> Result<Tensor> {
        self.rows(&self.append(cache, batch)?)
    }

    fn step_with_attention(
        &self,
        cache: &mut KvCache,
        batch: &mut [(&mut Sequence, &[u32])],
    ) -> Result<(Tensor, Vec<Vec<f32>>)> {
        let all = self.append(cache, batch)?;
        let attention = all
            .iter()
            .map(|(source, history)| self.attention(source, history));
        Ok((self.rows(&all)?, attention.collect()))
    }

    fn align(&self, source: &[u32], target: &[u32]) -> Result<Tensor> {
        let rows = (1..=target.len()).flat_map(|n| self.attention(source, &target[..n]));
        Tensor::from_vec(rows.collect(), (target.len(), source.len()), &Device::Cpu)
    }
}

pub fn run(model: &Toy, options: &DecodeOptions, requests: &[Request]) -> Vec<Vec<Continuation>> {
    generate_all(model, options, requests).unwrap()
}

/// A request without a source.
pub fn request(prompt: &[u32], max_new_tokens: usize) -> Request {
    Request {
        source: Vec::new(),
        prompt: prompt.to_vec(),
        max_new_tokens,
    }
}

/// All hypotheses of a beam search that [`END`] ends.
pub fn beam(beam_size: usize) -> DecodeOptions {
    DecodeOptions {
        beam_size,
        n_best: beam_size,
        end_tokens: vec![END],
        ..DecodeOptions::default()
    }
}
