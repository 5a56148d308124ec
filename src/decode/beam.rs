//! Beam search over one request; with one beam, greedy search.

use std::sync::Arc;

use super::constraints::{Allowed, Constraints, Place};
use super::pool::Pool;
use super::{Continuation, DecodeError, DecodeOptions, EarlyStopping, Request};
use crate::kernel::log_sum_exp;
use crate::model::{Answer, KvCache, Query, Sequence};

/// Tokens that are looked at for a loop.
const LOOP: usize = 48;

/// A request in work.
pub struct BeamSearch<'a> {
    beams: Vec<Beam>,
    /// The tokens that there are; none: the whole vocabulary.
    among: Option<Arc<[u32]>>,
    /// What may come next in each beam, as the model was last asked for.
    allowed: Vec<Allowed<'a>>,
    pool: Pool,
    prompt: usize,
    max_new_tokens: usize,
    constraints: &'a Constraints<'a>,
    options: &'a DecodeOptions,
}

/// A hypothesis that goes on.
struct Beam {
    sequence: Sequence,
    /// The prompt and the new tokens; `sequence` does not hold the last of them yet.
    ids: Vec<u32>,
    /// Of the new tokens.
    token_log_probs: Vec<f32>,
    log_prob: f32,
    /// Cross-attention that each source token has got so far; empty where nobody asks.
    coverage: Vec<f32>,
}

/// A token that may come next.
struct Candidate {
    /// The place of the beam that it continues.
    beam: usize,
    token: u32,
    /// Of the token.
    token_log_prob: f32,
    /// Of all new tokens with it.
    log_prob: f32,
}

impl<'a> BeamSearch<'a> {
    /// Begins with the request's prompt; `sequence` is about its source.
    pub fn new(sequence: Sequence, request: Request, constraints: &'a Constraints) -> Self {
        let options = constraints.options;
        let shortlist = options.shortlist.as_ref();
        let prompt = request.prompt.len();
        let beam = Beam {
            sequence,
            ids: request.prompt,
            token_log_probs: Vec::new(),
            log_prob: 0.0,
            coverage: Vec::new(),
        };
        BeamSearch {
            beams: vec![beam],
            among: shortlist.and_then(|shortlist| shortlist.for_source(&request.source)),
            allowed: Vec::new(),
            pool: Pool::new(options.beam_size),
            prompt,
            max_new_tokens: request.max_new_tokens,
            constraints,
            options,
        }
    }

    /// What goes into the model's next step, one entry a beam: its newest token, or the next piece of the prompt.
    pub fn inputs(&mut self) -> impl Iterator<Item = (&mut Sequence, &[u32])> {
        let most = self.options.step_tokens.max(1);
        self.beams.iter_mut().map(move |beam| {
            let unread = &beam.ids[beam.sequence.len()..];
            let piece = unread.len().min(most);
            (&mut beam.sequence, &unread[..piece])
        })
    }

    /// What the model is asked after that step, for each of the inputs.
    pub fn queries(&mut self) -> impl Iterator<Item = Query<'a>> {
        let allowed = self.beams.iter().map(|beam| {
            self.constraints.at(Place {
                ids: &beam.ids,
                prompt: self.prompt,
                max_new_tokens: self.max_new_tokens,
            })
        });
        self.allowed = allowed.collect();
        let (k, among) = (self.drawn(), &self.among);
        self.allowed.iter().map(move |allowed| {
            let among = among.clone();
            match allowed {
                Allowed::Forced(_) => Query {
                    among,
                    ..Query::default()
                },
                Allowed::Any { edits, suppressed } => Query {
                    k,
                    edited: edits.iter().map(|(token, _)| *token).collect(),
                    suppressed,
                    among,
                },
            }
        })
    }

    /// Tokens of the prompt in [`BeamSearch::inputs`].
    pub fn prompt_tokens(&self) -> usize {
        match self.beams.as_slice() {
            [beam] if beam.token_log_probs.is_empty() => {
                (self.prompt - beam.sequence.len()).min(self.options.step_tokens.max(1))
            }
            _ => 0,
        }
    }

    /// Beams that go on: entries of [`BeamSearch::inputs`].
    pub fn width(&self) -> usize {
        self.beams.len()
    }

    /// New tokens of the best hypothesis that goes on.
    pub fn best(&self) -> &[u32] {
        self.beams.first().map_or(&[], |b| &b.ids[self.prompt..])
    }

    /// Takes the answers to [`BeamSearch::queries`] and returns whether the search is over; its cache slots are given
    /// back then. `attention` holds, for each input, the cross-attention of its last token, where it is asked for.
    ///
    /// As in `transformers`, so many more candidates than beams are drawn that enough of them go on whatever
    /// number ends; one that ends counts only if it is among the first `beam_size`.
    ///
    /// # Errors
    /// If logits are not numbers, or the options forbid every token.
    pub fn advance(
        &mut self,
        cache: &mut KvCache,
        answers: Vec<Answer>,
        attention: &[Vec<f32>],
    ) -> Result<bool, DecodeError> {
        if self
            .beams
            .iter()
            .any(|beam| beam.sequence.len() < beam.ids.len())
        {
            return Ok(false); // The prompt goes in pieces.
        }
        for (beam, attention) in self.beams.iter_mut().zip(attention) {
            beam.coverage.resize(attention.len(), 0.0);
            let pairs = beam.coverage.iter_mut().zip(attention);
            pairs.for_each(|(sum, x)| *sum += x);
        }
        let k = self.options.beam_size;
        let is_last = self.best().len() + 1 >= self.max_new_tokens;
        let mut next = Vec::with_capacity(k);
        for (rank, candidate) in self.candidates(answers)?.into_iter().enumerate() {
            let ends = self.options.end_tokens.contains(&candidate.token);
            if !ends && !is_last {
                next.push(candidate);
            } else if rank < k {
                let beam = &self.beams[candidate.beam];
                self.pool.add(self.finished(beam, Some(&candidate)));
            }
        }
        next.truncate(k);
        self.continue_with(cache, next);
        let over = self.is_over();
        if over {
            // A loop may leave hypotheses that go on and none that is finished: they are what there is then.
            let is_cut = self.pool.is_empty();
            for beam in std::mem::take(&mut self.beams) {
                if is_cut {
                    self.pool.add(self.finished(&beam, None));
                }
                cache.release(beam.sequence);
            }
        }
        Ok(over)
    }

    /// The finished hypotheses of a search that is over, best first.
    pub fn into_continuations(self) -> Vec<Continuation> {
        self.pool.into_best(self.options.n_best)
    }

    /// Tokens that are drawn from each beam, and of those from all beams.
    fn drawn(&self) -> usize {
        match self.options.beam_size {
            1 => 1,
            beams => beams * (1 + self.options.end_tokens.len()).max(2),
        }
    }

    /// The likeliest next tokens over all beams, likeliest first, at least one; of equals the better beam and the
    /// lower token first.
    fn candidates(&self, answers: Vec<Answer>) -> Result<Vec<Candidate>, DecodeError> {
        let mut candidates = Vec::with_capacity(answers.len() * self.drawn());
        let allowed = self.beams.iter().zip(&self.allowed);
        for (i, ((beam, allowed), answer)) in allowed.zip(answers).enumerate() {
            let likeliest = self.likeliest(allowed, &answer)?.into_iter();
            candidates.extend(likeliest.map(|(token, p)| Candidate {
                beam: i,
                token,
                token_log_prob: p,
                log_prob: beam.log_prob + p,
            }));
        }
        if candidates.is_empty() {
            return Err(DecodeError::NoChoice);
        }
        candidates.sort_by(|a, b| b.log_prob.total_cmp(&a.log_prob));
        candidates.truncate(self.drawn());
        Ok(candidates)
    }

    /// The likeliest next tokens of a beam with their log-probabilities, likeliest first, of equals the lower first.
    fn likeliest(
        &self,
        allowed: &Allowed,
        answer: &Answer,
    ) -> Result<Vec<(u32, f32)>, DecodeError> {
        let is_greedy = self.options.beam_size == 1;
        let sums = [answer.rest_log_sum, answer.suppressed_log_sum];
        let log_sum = log_sum_exp(&[&sums, answer.edited.as_slice()].concat());
        if !log_sum.is_finite() {
            return Err(DecodeError::NotANumber);
        }
        // Options change logits in greedy search, log-probabilities in beam search.
        let less = if is_greedy { 0.0 } else { log_sum };
        let (mut scores, left): (Vec<_>, f32) = match allowed {
            Allowed::Forced(tokens) => {
                let certain = tokens.iter().map(|&token| (token, 0.0));
                (certain.collect(), (tokens.len() as f32).ln())
            }
            Allowed::Any { edits, .. } => {
                let edited = edits.iter().zip(&answer.edited);
                let edited = edited.map(|((token, edit), x)| (*token, edit.of(x - less)));
                let sums = edited.clone().map(|(_, score)| score);
                let sums: Vec<f32> = sums.chain([answer.rest_log_sum - less]).collect();
                let best = answer.best.iter().map(|(token, x)| (*token, x - less));
                let possible = best.chain(edited).filter(|b| b.1 > f32::NEG_INFINITY);
                (possible.collect(), log_sum_exp(&sums))
            }
        };
        if left.is_nan() {
            return Err(DecodeError::NotANumber);
        }
        if is_greedy || self.options.renormalise {
            scores.iter_mut().for_each(|(_, score)| *score -= left);
        }
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        scores.truncate(self.drawn());
        Ok(scores)
    }

    /// A hypothesis that goes no further than the candidate, or than it has come.
    fn finished(&self, beam: &Beam, last: Option<&Candidate>) -> Continuation {
        let mut tokens = beam.ids[self.prompt..].to_vec();
        let mut token_log_probs = beam.token_log_probs.clone();
        let (mut log_prob, mut end) = (beam.log_prob, None);
        if let Some(last) = last {
            match self.options.end_tokens.contains(&last.token) {
                true => end = Some(last.token),
                false => tokens.push(last.token),
            }
            token_log_probs.push(last.token_log_prob);
            log_prob = last.log_prob;
        }
        let score = self.score(log_prob, token_log_probs.len());
        Continuation {
            score: score - self.uncovered(&beam.coverage),
            tokens,
            token_log_probs,
            log_prob,
            end,
        }
    }

    fn score(&self, log_prob: f32, length: usize) -> f32 {
        log_prob / (length as f32).powf(self.options.length_penalty)
    }

    /// The coverage penalty. A token that got nothing at all counts as one that got very little.
    fn uncovered(&self, coverage: &[f32]) -> f32 {
        let logs = coverage
            .iter()
            .map(|c| c.clamp(f32::MIN_POSITIVE, 1.0).ln());
        -self.options.coverage_penalty * logs.sum::<f32>()
    }

    /// Replaces the beams. The last continuation of a beam takes over its sequence, earlier ones fork it.
    fn continue_with(&mut self, cache: &mut KvCache, next: Vec<Candidate>) {
        let mut old: Vec<Option<Beam>> = self.beams.drain(..).map(Some).collect();
        let mut uses = vec![0; old.len()];
        next.iter().for_each(|c| uses[c.beam] += 1);
        for candidate in next {
            uses[candidate.beam] -= 1;
            let parent = &mut old[candidate.beam];
            let taken = match uses[candidate.beam] {
                0 => parent.take(),
                _ => parent.as_ref().map(|beam| beam.fork(cache)),
            };
            // A parent is there until its last use, so this is always one.
            self.beams.extend(taken.map(|beam| beam.with(&candidate)));
        }
        for beam in old.into_iter().flatten() {
            cache.release(beam.sequence);
        }
    }

    /// The rule by which the search stops.
    fn is_over(&self) -> bool {
        let Some(best) = self.beams.first() else {
            return true;
        };
        if self.options.stop_loops && is_loop(&best.ids[self.prompt..]) {
            return true;
        }
        let Some(bar) = self.pool.bar() else {
            return false;
        };
        let length = match self.options.early_stopping {
            EarlyStopping::AtOnce => return true,
            EarlyStopping::Never if self.options.length_penalty > 0.0 => self.max_new_tokens,
            EarlyStopping::Heuristic | EarlyStopping::Never => best.token_log_probs.len(),
        };
        self.score(best.log_prob, length) <= bar
    }
}

impl Beam {
    fn fork(&self, cache: &mut KvCache) -> Beam {
        Beam {
            sequence: cache.fork(&self.sequence),
            ids: self.ids.clone(),
            token_log_probs: self.token_log_probs.clone(),
            log_prob: self.log_prob,
            coverage: self.coverage.clone(),
        }
    }

    fn with(mut self, candidate: &Candidate) -> Beam {
        self.ids.push(candidate.token);
        self.token_log_probs.push(candidate.token_log_prob);
        self.log_prob = candidate.log_prob;
        self
    }
}

/// Whether the tokens have come to repeat themselves: the last [`LOOP`] go round in at most an eighth of that.
fn is_loop(tokens: &[u32]) -> bool {
    let Some(start) = tokens.len().checked_sub(LOOP) else {
        return false;
    };
    let tail = &tokens[start..];
    (1..=LOOP / 8).any(|period| tail[period..].iter().zip(tail).all(|(a, b)| a == b))
}
