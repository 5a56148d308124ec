//! How sequences are searched for: what a caller may choose.

use std::sync::Arc;

use super::DecodeError;
use crate::shortlist::Shortlist;

/// How sequences are searched for.
///
/// With [`stop_loops`](DecodeOptions::stop_loops) off, results are those of `generate` of `transformers` 5.24 without
/// sampling, whose options have the same names where no other is given here. Of equal candidates the better beam and
/// then the lower token is taken, so that results are always the same.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodeOptions {
    /// Hypotheses kept at each step (`num_beams`); 1, the default, is greedy search.
    pub beam_size: usize,
    /// Hypotheses returned at most, best first (`num_return_sequences`); default 1, at most `beam_size`.
    pub n_best: usize,
    /// Exponent of the length, end included, by which a hypothesis's log-probability is divided when hypotheses are
    /// compared (Wu et al. 2016, arXiv:1609.08144, without its constant): 0 prefers short ones; 1, the default, is the
    /// mean of a token. No effect on greedy search.
    pub length_penalty: f32,
    /// β of the coverage penalty (Wu et al. 2016, section 7): a finished hypothesis loses β Σ ln(1 / min(c, 1)) over
    /// the source tokens, c being the cross-attention that a token has got from all steps. 0, the default, is none;
    /// 0.2 is theirs. Takes [`Model::step_with_attention`](crate::model::Model::step_with_attention); not in
    /// `transformers`. No effect on greedy search.
    pub coverage_penalty: f32,
    /// When a beam search with enough finished hypotheses stops.
    pub early_stopping: EarlyStopping,
    /// New tokens before an end token may come; default 0. `min_length` of `transformers` counts the prompt too.
    pub min_new_tokens: usize,
    /// No sequence of so many tokens, prompt included, may come twice (Paulus et al. 2018, arXiv:1705.04304); 0, the
    /// default, is none.
    pub no_repeat_ngram_size: usize,
    /// Divides positive scores of tokens that were there before, prompt included, and multiplies negative ones
    /// (Keskar et al. 2019, arXiv:1909.05858): logits in greedy search, log-probabilities in beam search. 1, the
    /// default, is none; above discourages repetition.
    pub repetition_penalty: f32,
    /// Tokens that end a sequence (`eos_token_id`); without any, the default, only `max_new_tokens` does.
    pub end_tokens: Vec<u32>,
    /// The first new token (`forced_bos_token_id`), such as a target language; only after a prompt of one token.
    pub forced_first: Option<u32>,
    /// The new token at `max_new_tokens` is one of these (`forced_eos_token_id`); none: any.
    pub forced_last: Vec<u32>,
    /// Sequences of tokens, of one at least, that never come unless forced (`bad_words_ids`); an end token alone is
    /// not forbidden.
    pub bad_words: Vec<Vec<u32>>,
    /// Tokens that never come (`suppress_tokens`); a forced one cannot be among them.
    pub suppressed: Vec<u32>,
    /// Tokens that do not come first, or, after a prompt of one token and a forced first, second
    /// (`begin_suppress_tokens`).
    pub suppressed_first: Vec<u32>,
    /// Whether what the options leave is made to sum to one again (`renormalize_logits`). Greedy search always does.
    pub renormalise: bool,
    /// What leaves few tokens for each source; none, the default: a sequence may have any. Probabilities are of those
    /// that are left. Not in `transformers`.
    pub shortlist: Option<Arc<Shortlist>>,
    /// Whether a search stops when its best hypothesis has come to repeat itself: the last 48 tokens go round in at
    /// most 6. A model that does so rarely finds the way out, and time is better spent on decoding again. On by
    /// default; not in `transformers`.
    pub stop_loops: bool,
    /// Tokens, prompts included, that sequences decoded together may hold in the cache, and as many source tokens: the
    /// more, the faster and the larger; default 1024. A request that needs more is decoded alone.
    pub batch_tokens: usize,
    /// Tokens of sources and prompts that are read in one step, so that no step takes long: work can be stopped between
    /// steps, and memory for activations stays small; default 128. Longer prompts go in pieces, a longer source alone.
    pub step_tokens: usize,
}

/// When a beam search stops that has as many finished hypotheses as beams (`early_stopping` of `transformers`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EarlyStopping {
    /// When the best that goes on, were it to end now, would be no better than the worst that is finished (`False`).
    #[default]
    Heuristic,
    /// At once (`True`).
    AtOnce,
    /// When the best that goes on can no longer become better than the worst that is finished: with a positive length
    /// penalty, at the full length without losing anything more (`"never"`).
    Never,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        DecodeOptions {
            beam_size: 1,
            n_best: 1,
            length_penalty: 1.0,
            coverage_penalty: 0.0,
            early_stopping: EarlyStopping::Heuristic,
            min_new_tokens: 0,
            no_repeat_ngram_size: 0,
            repetition_penalty: 1.0,
            end_tokens: Vec::new(),
            forced_first: None,
            forced_last: Vec::new(),
            bad_words: Vec::new(),
            suppressed: Vec::new(),
            suppressed_first: Vec::new(),
            renormalise: false,
            shortlist: None,
            stop_loops: true,
            batch_tokens: 1024,
            step_tokens: 128,
        }
    }
}

impl DecodeOptions {
    /// Whether they make sense for a vocabulary of so many tokens.
    ///
    /// # Errors
    /// [`DecodeError::Options`] naming the first that does not.
    pub fn check(&self, vocabulary: usize) -> Result<(), DecodeError> {
        let fail = |what: String| Err(DecodeError::Options(what));
        if self.beam_size == 0 {
            return fail("a beam has at least one hypothesis".to_owned());
        }
        if self.n_best == 0 || self.n_best > self.beam_size {
            return fail(format!(
                "{} hypotheses cannot come from a beam of {}",
                self.n_best, self.beam_size
            ));
        }
        if !self.length_penalty.is_finite() {
            return fail(format!("a length penalty of {}", self.length_penalty));
        }
        if !(self.coverage_penalty.is_finite() && self.coverage_penalty >= 0.0) {
            return fail(format!("a coverage penalty of {}", self.coverage_penalty));
        }
        if !(self.repetition_penalty.is_finite() && self.repetition_penalty > 0.0) {
            return fail(format!(
                "a repetition penalty of {}",
                self.repetition_penalty
            ));
        }
        if self.bad_words.iter().any(Vec::is_empty) {
            return fail("a sequence without tokens among those that never come".to_owned());
        }
        let mut forced = self.forced_first.iter().chain(&self.forced_last);
        if let Some(token) = forced.find(|token| self.suppressed.contains(token)) {
            return fail(format!("token {token} is both forced and suppressed"));
        }
        if let Some(shortlist) = &self.shortlist
            && shortlist.vocabulary() > vocabulary
        {
            return fail(format!(
                "a shortlist from {} tokens for a vocabulary of {vocabulary}",
                shortlist.vocabulary()
            ));
        }
        let written = self.end_tokens.iter();
        let written = written.chain(&self.forced_first).chain(&self.forced_last);
        match written.copied().find(|&token| token as usize >= vocabulary) {
            Some(token) => fail(format!(
                "token {token} is not in the vocabulary of {vocabulary}"
            )),
            None => Ok(()),
        }
    }

    /// Whether cross-attention is needed at each step.
    pub(super) fn needs_attention(&self) -> bool {
        self.coverage_penalty > 0.0 && self.beam_size > 1
    }
}
