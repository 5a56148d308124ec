//! SentencePiece BPE (Kudo and Richardson 2018): spaces are written as "▁", and the neighbours whose union has the
//! highest score are merged first. Characters without a token of their own become their bytes.

use candle_core::quantized::gguf_file::Value;
use rustc_hash::FxHashMap;
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::sequence::Sequence as Decoders;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::{Prepend, Replace, Sequence};
use tokenizers::{DecoderWrapper, NormalizerWrapper};

use super::{Kind, Parts, Vocabulary, around, array, invalid, malformed};
use crate::model::Gguf;
use crate::tokenizer::TokenizerError;

const SPACE: &str = "▁";

/// Bytes of a token that is made by merging at most: SentencePiece itself makes none of more than a few dozen.
const LONGEST_MERGED: usize = 256;

/// The tokenizer of a file of this kind.
pub fn convert(gguf: &Gguf, vocabulary: &Vocabulary) -> Result<Parts, TokenizerError> {
    let unknown = vocabulary.id(gguf, "unknown_token_id")?;
    let unknown = unknown.map(|id| vocabulary.tokens[id as usize].to_owned());
    let mut bpe = BPE::builder()
        .vocab_and_merges(
            vocabulary
                .by_spelling()
                .collect::<tokenizers::models::bpe::Vocab>(),
            merges(
                &vocabulary.tokens,
                &vocabulary.kinds,
                &scores(gguf, vocabulary)?,
            ),
        )
        .byte_fallback(true)
        .fuse_unk(true);
    if let Some(unknown) = unknown {
        bpe = bpe.unk_token(unknown);
    }
    let mut inner = around(bpe)?;
    let replace =
        |from: &str, to: &str| Replace::new(from, to).map_err(|e| malformed(e.to_string()));
    let begins_with_space = gguf
        .flag("tokenizer.ggml.add_space_prefix")
        .map_err(invalid)?
        .unwrap_or(true);
    let mut normalizers: Vec<NormalizerWrapper> = Vec::new();
    let mut decoders: Vec<DecoderWrapper> = vec![
        replace(SPACE, " ")?.into(),
        ByteFallback::new().into(),
        Fuse::new().into(),
    ];
    if begins_with_space {
        normalizers.push(Prepend::new(SPACE.to_owned()).into());
        decoders.push(tokenizers::decoders::strip::Strip::new(' ', 1, 0).into());
    }
    normalizers.push(replace(" ", SPACE)?.into());
    let normalized = inner.with_normalizer(Some(Sequence::new(normalizers)));
    normalized.map_err(|e| malformed(e.to_string()))?;
    inner.with_decoder(Some(Decoders::new(decoders)));
    Ok(Parts {
        inner,
        has_start: true,
    })
}

fn scores(gguf: &Gguf, vocabulary: &Vocabulary) -> Result<Vec<f32>, TokenizerError> {
    let values = array(gguf, "tokenizer.ggml.scores")?;
    let scores = values.iter().map(|value| match value {
        Value::F32(score) if !score.is_nan() => Ok(*score),
        _ => Err(malformed(format!("{value:?} is no score of a token"))),
    });
    let scores = scores.collect::<Result<Vec<_>, _>>()?;
    match scores.len() == vocabulary.tokens.len() {
        true => Ok(scores),
        false => Err(malformed(format!(
            "{} tokens have {} scores",
            vocabulary.tokens.len(),
            scores.len()
        ))),
    }
}

/// The ways in which normal tokens are made of two others, best score first; of equal scores, as `transformers` orders
/// them when it converts such a vocabulary, the longest first part and then the longest second part first.
fn merges(tokens: &[&str], kinds: &[Kind], scores: &[f32]) -> Vec<(String, String)> {
    let is_part = |i: &usize| matches!(kinds[*i], Kind::Normal | Kind::UserDefined);
    let ids: FxHashMap<&str, usize> = (0..tokens.len())
        .rev()
        .filter(is_part)
        .map(|i| (tokens[i], i))
        .collect();
    let mut merges: Vec<(f32, usize, &str, &str)> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if kinds[i] != Kind::Normal || token.len() > LONGEST_MERGED || ids[token] != i {
            continue;
        }
        let cuts = token
            .char_indices()
            .skip(1)
            .map(|(at, _)| token.split_at(at));
        let mut ways: Vec<(usize, usize, &str, &str)> = cuts
            .filter_map(|(a, b)| Some((*ids.get(a)?, *ids.get(b)?, a, b)))
            .collect();
        ways.sort_unstable();
        merges.extend(ways.into_iter().map(|(_, _, a, b)| (scores[i], i, a, b)));
    }
    let length = |s: &str| s.chars().count();
    merges.sort_by(|x, y| {
        let by_score = y.0.total_cmp(&x.0);
        by_score
            .then_with(|| length(y.2).cmp(&length(x.2)))
            .then_with(|| length(y.3).cmp(&length(x.3)))
    });
    let pairs = merges.into_iter();
    pairs
        .map(|(_, _, a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_are_ordered_by_score_and_never_make_a_special_token() {
        let tokens = ["<s>", "<", "s", ">", "<s", "a", "sa", "as", "asa"];
        let mut kinds = [Kind::Normal; 9];
        kinds[0] = Kind::Control;
        let scores = [0.0, -9.0, -9.0, -9.0, -3.0, -9.0, -2.0, -1.0, -4.0];
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            merges(&tokens, &kinds, &scores),
            [
                pair("a", "s"),
                pair("s", "a"),
                pair("<", "s"),
                pair("as", "a"),
                pair("a", "sa"),
            ]
        );
    }
}
