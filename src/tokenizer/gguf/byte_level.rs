//! Byte-level BPE (Radford et al. 2019): text is cut into words by expressions, the bytes of a word are written as
//! visible characters, and merged in a given order.

use candle_core::quantized::gguf_file::Value;
use rustc_hash::FxHashSet;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::NFC;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{PreTokenizerWrapper, SplitDelimiterBehavior};

use super::{Parts, Vocabulary, around, array, invalid, malformed};
use crate::model::Gguf;
use crate::tokenizer::TokenizerError;

/// Merges at most: each makes one token of the vocabulary, and few tokens are made in several ways.
const MOST_MERGES: usize = 1 << 21;

/// How a family of models cuts text (`tokenizer.ggml.pre`).
struct Cut {
    names: &'static [&'static str],
    /// Each cuts the pieces that the one before left.
    patterns: &'static [&'static str],
    /// Whether text is composed first (NFC).
    composes: bool,
    /// Whether a word that is a token is taken whole, whatever the merges say.
    takes_whole_words: bool,
    /// Whether a sequence begins with a special token where the file does not say.
    has_start: bool,
}

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

const CUTS: [Cut; 5] = [
    Cut {
        names: &["llama-bpe", "llama3", "llama-v3"],
        patterns: &[
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
        composes: false,
        takes_whole_words: true,
        has_start: true,
    },
    Cut {
        names: &["qwen2", "deepseek-r1-qwen"],
        patterns: &[
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
        composes: true,
        takes_whole_words: false,
        has_start: false,
    },
    Cut {
        names: &["smollm", "starcoder"],
        patterns: &[r"\p{N}", GPT2],
        composes: false,
        takes_whole_words: false,
        has_start: false,
    },
    Cut {
        names: &["gpt-2"],
        patterns: &[GPT2],
        composes: false,
        takes_whole_words: false,
        has_start: false,
    },
    Cut {
        names: &["default"],
        patterns: &[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", r"[0-9][0-9][0-9]"],
        composes: false,
        takes_whole_words: false,
        has_start: false,
    },
];

/// The tokenizer of a file of this kind.
pub fn convert(gguf: &Gguf, vocabulary: &Vocabulary) -> Result<Parts, TokenizerError> {
    let pre = gguf.text("tokenizer.ggml.pre").map_err(invalid)?;
    let pre = pre.unwrap_or("default");
    let Some(cut) = CUTS.iter().find(|cut| cut.names.contains(&pre)) else {
        let names: Vec<&str> = CUTS.iter().flat_map(|cut| cut.names).copied().collect();
        return Err(malformed(format!(
            "text cut into words as {pre:?} is not known; known are {}",
            names.join(", ")
        )));
    };
    let bpe = BPE::builder()
        .vocab_and_merges(
            vocabulary
                .by_spelling()
                .collect::<tokenizers::models::bpe::Vocab>(),
            merges(gguf, vocabulary)?,
        )
        .ignore_merges(cut.takes_whole_words);
    let mut inner = around(bpe)?;
    if cut.composes {
        let composed = inner.with_normalizer(Some(NFC));
        composed.map_err(|e| malformed(e.to_string()))?;
    }
    let splits = cut.patterns.iter().map(|pattern| {
        let pattern = SplitPattern::Regex((*pattern).to_owned());
        let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
        Ok(split.map_err(|e| malformed(e.to_string()))?.into())
    });
    let mut steps = splits.collect::<Result<Vec<PreTokenizerWrapper>, TokenizerError>>()?;
    let bytes = ByteLevel::new(false, true, false);
    steps.push(bytes.into());
    inner.with_pre_tokenizer(Some(Sequence::new(steps)));
    inner.with_decoder(Some(bytes));
    Ok(Parts {
        inner,
        has_start: cut.has_start,
    })
}

/// Pairs of tokens, first merged first.
fn merges(gguf: &Gguf, vocabulary: &Vocabulary) -> Result<Vec<(String, String)>, TokenizerError> {
    let values = array(gguf, "tokenizer.ggml.merges")?;
    if values.len() > MOST_MERGES {
        return Err(malformed(format!("{} merges", values.len())));
    }
    let known: FxHashSet<&str> = vocabulary.tokens.iter().copied().collect();
    let merges = values.iter().map(|value| {
        let pair = match value {
            Value::String(pair) => pair.split_once(' '),
            _ => None,
        };
        match pair {
            Some((a, b))
                if known.contains(a)
                    && known.contains(b)
                    && known.contains(format!("{a}{b}").as_str()) =>
            {
                Ok((a.to_owned(), b.to_owned()))
            }
            _ => Err(malformed(format!("{value:?} is no merge of two tokens"))),
        }
    });
    merges.collect()
}
