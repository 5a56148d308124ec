//! What the options forbid or force: adjustments of a row of scores, given the tokens before it.

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

/// Adjusts the scores of the next token in the order of `transformers`: later ones overrule earlier ones.
pub fn adjust(scores: &mut [f32], place: Place, options: &DecodeOptions) {
    let new = place.new_tokens();
    if options.repetition_penalty != 1.0 {
        penalise_repetition(scores, place.ids, options.repetition_penalty);
    }
    if options.no_repeat_ngram_size > 0 {
        forbid_repeated_ngrams(scores, place.ids, options.no_repeat_ngram_size);
    }
    let ends = &options.end_tokens;
    forbid_words(scores, place.ids, &options.bad_words, ends);
    if new < options.min_new_tokens {
        forbid(scores, ends);
    }
    let forced_first = options.forced_first.filter(|_| place.prompt == 1);
    if let Some(token) = forced_first.filter(|_| new == 0) {
        force(scores, &[token]);
    }
    if !options.forced_last.is_empty() && new + 1 == place.max_new_tokens {
        force(scores, &options.forced_last);
    }
    forbid(scores, &options.suppressed);
    if new == usize::from(forced_first.is_some()) {
        forbid(scores, &options.suppressed_first);
    }
}

/// Makes tokens that were there before less likely (above 1) or more (below).
fn penalise_repetition(scores: &mut [f32], ids: &[u32], penalty: f32) {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        if let Some(score) = scores.get_mut(id as usize) {
            *score = match *score < 0.0 {
                true => *score * penalty,
                false => *score / penalty,
            };
        }
    }
}

/// Forbids every token that would complete a sequence of `size` tokens that is there already.
fn forbid_repeated_ngrams(scores: &mut [f32], ids: &[u32], size: usize) {
    let Some(suffix) = (ids.len() + 1).checked_sub(size) else {
        return;
    };
    let suffix = &ids[suffix..];
    let repeated = ids.windows(size).filter(|w| w.starts_with(suffix));
    forbid(scores, repeated.filter_map(|w| w.last()));
}

/// Forbids every token that would complete one of the words, but an end that is a word by itself.
fn forbid_words(scores: &mut [f32], ids: &[u32], words: &[Vec<u32>], ends: &[u32]) {
    let completed = words.iter().filter_map(|word| {
        let (last, before) = word.split_last()?;
        let is_end = before.is_empty() && ends.contains(last);
        (!is_end && ids.ends_with(before)).then_some(last)
    });
    forbid(scores, completed);
}

fn forbid<'a>(scores: &mut [f32], tokens: impl IntoIterator<Item = &'a u32>) {
    for &token in tokens {
        if let Some(score) = scores.get_mut(token as usize) {
            *score = f32::NEG_INFINITY;
        }
    }
}

/// Leaves these tokens, each as if it were certain.
fn force(scores: &mut [f32], tokens: &[u32]) {
    scores.fill(f32::NEG_INFINITY);
    for &token in tokens {
        if let Some(score) = scores.get_mut(token as usize) {
            *score = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: f32 = f32::NEG_INFINITY;

    /// Scores of five tokens after `ids`, the first of which are the prompt.
    fn adjusted(ids: &[u32], prompt: usize, options: DecodeOptions) -> Vec<f32> {
        let mut scores = vec![-1.0, 2.0, -3.0, 4.0, 0.0];
        let place = Place {
            ids,
            prompt,
            max_new_tokens: 4,
        };
        adjust(&mut scores, place, &options);
        scores
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
