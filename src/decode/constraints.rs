//! What the options forbid or force: changes of the scores of few tokens, given the tokens before.

use super::DecodeOptions;

/// Where a hypothesis stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its tokens so far, the prompt first.
    pub ids: &'a [u32],
    /// How many of them are the prompt.
    pub prompt: usize,
    /// New tokens that it may get in all.
    pub max_new_tokens: usize,
}

impl Place<'_> {
    fn new_tokens(&self) -> usize {
        self.ids.len() - self.prompt
    }
}

/// The options, made ready to be asked at every step.
pub struct Constraints<'a> {
    pub options: &'a DecodeOptions,
    /// Tokens that never come, rising.
    suppressed: Vec<u32>,
    /// Those and the ones that do not come first, rising.
    suppressed_first: Vec<u32>,
}

/// What the options leave of the next token's scores.
#[derive(Debug, Clone, PartialEq)]
pub enum Allowed<'a> {
    /// Nothing but these tokens, rising, each as if it were certain.
    Forced(Vec<u32>),
    /// Any token, but for these.
    Any {
        /// Tokens whose scores change, rising; none is suppressed.
        edits: Vec<(u32, Edit)>,
        /// Tokens that do not come, rising.
        suppressed: &'a [u32],
    },
}

/// A change of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edit {
    /// Makes it impossible.
    Forbid,
    /// Divides it if it is positive and multiplies it if it is negative.
    Penalise(f32),
}

impl Edit {
    /// The score after it.
    pub fn of(self, score: f32) -> f32 {
        match self {
            Edit::Forbid => f32::NEG_INFINITY,
            Edit::Penalise(penalty) if score < 0.0 => score * penalty,
            Edit::Penalise(penalty) => score / penalty,
        }
    }
}

impl<'a> Constraints<'a> {
    pub fn new(options: &'a DecodeOptions) -> Self {
        Constraints {
            options,
            suppressed: rising(options.suppressed.clone()),
            suppressed_first: rising([&*options.suppressed, &options.suppressed_first].concat()),
        }
    }

    /// What is allowed at a place. Options overrule one another in the order of `transformers`: what is forced may come
    /// although it is forbidden, unless it is suppressed.
    pub fn at(&self, place: Place) -> Allowed<'_> {
        let (options, new) = (self.options, place.new_tokens());
        let forced_first = options.forced_first.filter(|_| place.prompt == 1);
        let suppressed = match new == usize::from(forced_first.is_some()) {
            true => &self.suppressed_first,
            false => &self.suppressed,
        };
        let is_free = |token: &u32| suppressed.binary_search(token).is_err();
        let forced = match forced_first {
            _ if !options.forced_last.is_empty() && new + 1 == place.max_new_tokens => {
                Some(options.forced_last.clone())
            }
            Some(token) if new == 0 => Some(vec![token]),
            _ => None,
        };
        if let Some(mut forced) = forced {
            forced.retain(is_free);
            return Allowed::Forced(rising(forced));
        }
        let mut edits = Vec::new();
        self.forbid(place, &mut edits);
        if options.repetition_penalty != 1.0 {
            let edit = Edit::Penalise(options.repetition_penalty);
            edits.extend(place.ids.iter().map(|&token| (token, edit)));
        }
        edits.retain(|(token, _)| is_free(token));
        edits.sort_by_key(|&(token, _)| token); // a stable sort: what forbids stays before what penalises
        edits.dedup_by_key(|(token, _)| *token);
        Allowed::Any { edits, suppressed }
    }

    fn forbid(&self, place: Place, edits: &mut Vec<(u32, Edit)>) {
        let (options, ids) = (self.options, place.ids);
        let mut forbid = |token: u32| edits.push((token, Edit::Forbid));
        if options.no_repeat_ngram_size > 0 {
            repeated_ngrams(ids, options.no_repeat_ngram_size).for_each(&mut forbid);
        }
        completed_words(ids, &options.bad_words, &options.end_tokens).for_each(&mut forbid);
        if place.new_tokens() < options.min_new_tokens {
            options.end_tokens.iter().copied().for_each(forbid);
        }
    }
}

fn rising(mut tokens: Vec<u32>) -> Vec<u32> {
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// Every token that would complete a sequence of `size` tokens that is there already.
fn repeated_ngrams(ids: &[u32], size: usize) -> impl Iterator<Item = u32> {
    let suffix = &ids[(ids.len() + 1).saturating_sub(size)..];
    let repeated = ids.windows(size).filter(move |w| w.starts_with(suffix));
    repeated.filter_map(|w| w.last().copied())
}

/// Every token that would complete one of the words, but an end that is a word by itself.
fn completed_words(ids: &[u32], words: &[Vec<u32>], ends: &[u32]) -> impl Iterator<Item = u32> {
    words.iter().filter_map(move |word| {
        let (last, before) = word.split_last()?;
        let is_end = before.is_empty() && ends.contains(last);
        (!is_end && ids.ends_with(before)).then_some(*last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: f32 = f32::NEG_INFINITY;

    /// Scores of five tokens after `ids`, the first of which are the prompt.
    fn adjusted(ids: &[u32], prompt: usize, options: DecodeOptions) -> Vec<f32> {
        let scores = [-1.0, 2.0, -3.0, 4.0, 0.0];
        let place = Place {
            ids,
            prompt,
            max_new_tokens: 4,
        };
        let constraints = Constraints::new(&options);
        let adjust = |(token, score): (u32, f32)| match constraints.at(place) {
            Allowed::Forced(tokens) if tokens.contains(&token) => 0.0,
            Allowed::Forced(_) => NO,
            Allowed::Any { suppressed, .. } if suppressed.contains(&token) => NO,
            Allowed::Any { edits, .. } => match edits.iter().find(|edit| edit.0 == token) {
                Some((_, edit)) => edit.of(score),
                None => score,
            },
        };
        (0..).zip(scores).map(adjust).collect()
    }

    fn options() -> DecodeOptions {
        DecodeOptions {
            end_tokens: vec![0, 4],
            ..DecodeOptions::default()
        }
    }

    #[test]
    fn without_options_nothing_changes() {
        assert_eq!(
            adjusted(&[1, 1, 1], 1, options()),
            [-1.0, 2.0, -3.0, 4.0, 0.0]
        );
    }

    #[test]
    fn a_repeated_token_is_penalised_once_towards_less() {
        let penalised = |repetition_penalty| {
            let options = DecodeOptions {
                repetition_penalty,
                ..options()
            };
            // A token beyond the scores, as a separate source vocabulary can have them, is harmless.
            adjusted(&[2, 3, 3, 99], 1, options)
        };
        assert_eq!(penalised(2.0), [-1.0, 2.0, -6.0, 2.0, 0.0]);
        assert_eq!(penalised(0.5), [-1.0, 2.0, -1.5, 8.0, 0.0]);
    }

    #[test]
    fn an_ngram_comes_once() {
        let forbidden = |ids: &[u32], no_repeat_ngram_size| {
            let options = DecodeOptions {
                no_repeat_ngram_size,
                ..options()
            };
            let scores = adjusted(ids, 1, options).into_iter().enumerate();
            scores
                .filter_map(|(i, x)| (x == NO).then_some(i))
                .collect::<Vec<_>>()
        };
        assert_eq!(forbidden(&[1, 2, 1, 3, 1], 2), [2, 3]);
        assert_eq!(forbidden(&[1, 2, 1, 3, 1, 2], 3), [1]);
        assert_eq!(forbidden(&[1, 2, 2], 2), [2], "overlapping itself");
        assert_eq!(forbidden(&[1, 3], 1), [1, 3]);
        assert!(forbidden(&[1, 2], 3).is_empty());
        assert!(forbidden(&[1, 2], 9).is_empty());
    }

    #[test]
    fn an_end_waits_for_the_least_length() {
        let options = || DecodeOptions {
            min_new_tokens: 2,
            ..options()
        };
        assert_eq!(adjusted(&[1, 2], 1, options()), [NO, 2.0, -3.0, 4.0, NO]);
        assert_eq!(adjusted(&[1, 2, 3], 1, options())[0], -1.0);
    }

    #[test]
    fn first_and_last_can_be_forced() {
        let options = || DecodeOptions {
            forced_first: Some(2),
            forced_last: vec![4],
            bad_words: vec![vec![2]],
            ..options()
        };
        assert_eq!(adjusted(&[1], 1, options()), [NO, NO, 0.0, NO, NO]);
        assert_eq!(adjusted(&[1, 1], 2, options()), [-1.0, 2.0, NO, 4.0, 0.0]);
        assert_eq!(
            adjusted(&[1, 2, 3], 1, options()),
            [-1.0, 2.0, NO, 4.0, 0.0]
        );
        assert_eq!(adjusted(&[1, 2, 3, 3], 1, options()), [NO, NO, NO, NO, 0.0]);
        let several = DecodeOptions {
            forced_last: vec![4, 0, 77],
            ..options()
        };
        assert_eq!(adjusted(&[1, 2, 3, 3], 1, several), [0.0, NO, NO, NO, 0.0]);
    }

    #[test]
    fn bad_and_suppressed_tokens_do_not_come() {
        let bad = DecodeOptions {
            bad_words: vec![vec![1], vec![4], vec![77]],
            ..options()
        };
        assert_eq!(
            adjusted(&[1], 1, bad),
            [-1.0, NO, -3.0, 4.0, 0.0],
            "an end stays"
        );
        let words = DecodeOptions {
            bad_words: vec![
                vec![2, 3, 1],
                vec![3, 4],
                vec![1, 3, 2],
                vec![3, 3, 3, 3, 0],
            ],
            ..options()
        };
        assert_eq!(
            adjusted(&[2, 3], 1, words),
            [-1.0, NO, -3.0, 4.0, NO],
            "a word of several tokens is not completed, be it by an end"
        );
        let suppressed = DecodeOptions {
            suppressed: vec![1, 4, 77],
            ..options()
        };
        assert_eq!(adjusted(&[1], 1, suppressed), [-1.0, NO, -3.0, 4.0, NO]);
    }

    #[test]
    fn what_is_suppressed_first_may_come_later() {
        let options = |forced_first| DecodeOptions {
            suppressed_first: vec![3],
            forced_first,
            ..options()
        };
        assert_eq!(adjusted(&[1], 1, options(None))[3], NO);
        assert_eq!(adjusted(&[1, 1], 1, options(None))[3], 4.0);
        assert_eq!(
            adjusted(&[1, 2], 1, options(Some(2)))[3],
            NO,
            "after the forced one"
        );
        assert_eq!(adjusted(&[1, 2, 2], 1, options(Some(2)))[3], 4.0);
        assert_eq!(
            adjusted(&[1, 2], 2, options(Some(2)))[3],
            NO,
            "nothing is forced here"
        );
    }
}
