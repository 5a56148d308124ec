//! Beam search over one request; with one beam, greedy search.

use candle_core::{Result, bail};

use super::{Continuation, DecodeOptions, Request};
use crate::kernel::log_probs;
use crate::model::{KvCache, Sequence};

/// Tokens of a prompt that go into one step. Longer prompts take several, so that no step takes long: work can be
/// stopped between steps, and memory for activations stays small.
pub const PROMPT_PIECE: usize = 128;

/// Tokens that are looked at for a loop.
const LOOP: usize = 48;

/// A request in work.
pub struct BeamSearch {
    beams: Vec<Beam>,
    /// Hypotheses that the model has ended, best first, at most `beam_size`.
    ended: Vec<Continuation>,
    /// Hypotheses that went on when the search was over, best first.
    cut: Vec<Continuation>,
    max_new_tokens: usize,
    options: DecodeOptions,
    end: u32,
}

/// A hypothesis that goes on.
struct Beam {
    sequence: Sequence,
    /// Tokens that `sequence` does not hold yet: the prompt at first, later the newest token.
    pending: Vec<u32>,
    tokens: Vec<u32>,
    log_prob: f32,
}

impl BeamSearch {
    /// Begins with the request's prompt.
    pub fn new(request: Request, options: DecodeOptions, end: u32) -> Self {
        let beam = Beam {
            sequence: Sequence::default(),
            pending: request.prompt,
            tokens: Vec::new(),
            log_prob: 0.0,
        };
        BeamSearch {
            beams: vec![beam],
            ended: Vec::new(),
            cut: Vec::new(),
            max_new_tokens: request.max_new_tokens.max(1),
            options,
            end,
        }
    }

    /// Cache slots that a request may come to need: its prompt once, and the new tokens of every beam.
    pub fn most_slots(request: &Request, options: &DecodeOptions) -> usize {
        request.prompt.len() + options.beam_size * request.max_new_tokens.max(1)
    }

    /// What goes into the model's next step, one entry a beam: its newest token, or the next piece of the prompt.
    pub fn inputs(&mut self) -> impl Iterator<Item = (&mut Sequence, &[u32])> {
        self.beams.iter_mut().map(|b| {
            let piece = b.pending.len().min(PROMPT_PIECE);
            (&mut b.sequence, &b.pending[..piece])
        })
    }

    /// Tokens of the prompt in [`BeamSearch::inputs`].
    pub fn prompt_tokens(&self) -> usize {
        match self.beams.as_slice() {
            [beam] if beam.tokens.is_empty() => beam.pending.len().min(PROMPT_PIECE),
            _ => 0,
        }
    }

    /// Beams that go on: entries of [`BeamSearch::inputs`].
    pub fn width(&self) -> usize {
        self.beams.len()
    }

    /// Takes the logits after the step, a row for each of the inputs, and returns whether the search is over;
    /// its cache slots are given back then.
    ///
    /// As in `transformers`, twice as many candidates as beams are drawn, so that enough of them go on whatever
    /// number ends; one that ends counts only if it is among the first `beam_size`.
    ///
    /// # Errors
    /// If logits are not numbers.
    pub fn advance(&mut self, cache: &mut KvCache, logits: &[&[f32]]) -> Result<bool> {
        if let [beam] = self.beams.as_mut_slice()
            && beam.pending.len() > PROMPT_PIECE
        {
            beam.pending.drain(..PROMPT_PIECE);
            return Ok(false);
        }
        let k = self.options.beam_size;
        let drawn = if k == 1 { 1 } else { 2 * k };
        let mut candidates = Vec::with_capacity(self.beams.len() * drawn);
        for (i, (beam, row)) in self.beams.iter().zip(logits).enumerate() {
            let best = log_probs(row, drawn);
            if best.is_empty() {
                bail!("the model's output is not a number");
            }
            candidates.extend(
                best.into_iter()
                    .map(|(token, p)| (i, token, beam.log_prob + p)),
            );
        }
        // A stable sort: of equals the better beam and the lower token first, so the search is deterministic.
        candidates.sort_by(|a, b| b.2.total_cmp(&a.2));
        candidates.truncate(drawn);

        let mut next: Vec<(usize, u32, f32)> = Vec::with_capacity(k);
        for (rank, (beam, token, log_prob)) in candidates.into_iter().enumerate() {
            if token != self.end {
                if next.len() < k {
                    next.push((beam, token, log_prob));
                }
            } else if rank < k {
                let tokens = self.beams[beam].tokens.clone();
                self.add_ended(Continuation {
                    tokens,
                    log_prob,
                    ended: true,
                });
            }
        }
        self.continue_with(cache, next);
        let over = self.is_over();
        if over {
            for beam in self.beams.drain(..) {
                cache.release(beam.sequence);
                self.cut.push(Continuation {
                    tokens: beam.tokens,
                    log_prob: beam.log_prob,
                    ended: false,
                });
            }
        }
        Ok(over)
    }

    /// The hypotheses of a search that is over, best first: those that ended, or, where none did, those that
    /// were cut off.
    pub fn into_hypotheses(self) -> Vec<Continuation> {
        if self.ended.is_empty() {
            self.cut
        } else {
            self.ended
        }
    }

    /// Replaces the beams. The last continuation of a beam takes over its sequence, earlier ones fork it.
    fn continue_with(&mut self, cache: &mut KvCache, next: Vec<(usize, u32, f32)>) {
        let mut old: Vec<Option<Beam>> = self.beams.drain(..).map(Some).collect();
        for (i, &(from, token, log_prob)) in next.iter().enumerate() {
            let is_last = next[i + 1..].iter().all(|n| n.0 != from);
            let beam = match old[from].take() {
                Some(beam) if is_last => beam,
                Some(beam) => {
                    let (sequence, tokens) = (cache.fork(&beam.sequence), beam.tokens.clone());
                    old[from] = Some(beam);
                    Beam {
                        sequence,
                        pending: Vec::new(),
                        tokens,
                        log_prob,
                    }
                }
                None => unreachable!("a beam is taken by its last continuation"),
            };
            let Beam {
                sequence,
                mut tokens,
                ..
            } = beam;
            tokens.push(token);
            self.beams.push(Beam {
                sequence,
                pending: vec![token],
                tokens,
                log_prob,
            });
        }
        old.into_iter()
            .flatten()
            .for_each(|beam| cache.release(beam.sequence));
    }

    fn add_ended(&mut self, hypothesis: Continuation) {
        let rank = hypothesis.rank(self.options.length_penalty);
        let better = |h: &Continuation| h.rank(self.options.length_penalty) >= rank;
        let at = self.ended.partition_point(better);
        self.ended.insert(at, hypothesis);
        self.ended.truncate(self.options.beam_size);
    }

    fn is_over(&self) -> bool {
        let Some(best) = self.beams.first() else {
            return true;
        };
        if best.tokens.len() >= self.max_new_tokens || is_loop(&best.tokens) {
            return true;
        }
        if self.ended.len() < self.options.beam_size {
            return false;
        }
        // The best that goes on, were it to end now, against the worst that has ended.
        let length = best.tokens.len() as f32;
        let reachable = best.log_prob / length.powf(self.options.length_penalty);
        self.options.beam_size == 1
            || self
                .ended
                .last()
                .is_none_or(|w| w.rank(self.options.length_penalty) >= reachable)
    }
}

/// Whether the tokens have come to repeat themselves: the last [`LOOP`] go round in at most an eighth of that. A model
/// that does so rarely finds the way out, and time is better spent on decoding again.
fn is_loop(tokens: &[u32]) -> bool {
    let Some(start) = tokens.len().checked_sub(LOOP) else {
        return false;
    };
    let tail = &tokens[start..];
    (1..=LOOP / 8).any(|period| tail[period..].iter().zip(tail).all(|(a, b)| a == b))
}
