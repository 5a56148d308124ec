//! How BLEU divides sentences into tokens: sacreBLEU's tokenizers, to the letter.
//!
//! Each calls a function with the tokens in order. None has whitespace in it; sacreBLEU's own join them with spaces
//! and split them again.

mod characters;
mod intl;
mod mteval;
mod sentencepiece;
mod v13a;
mod zh;

pub use sentencepiece::{Flores, SentencePieceTokenizer};

use super::whitespace::words;

/// A tokenizer of sacreBLEU.
#[derive(Debug, Clone, Default)]
pub enum Tokenizer {
    /// `13a`: that of WMT's `mteval-v13a.pl`, the usual one.
    #[default]
    V13a,
    /// `intl`: that of `mteval-v14.pl`, which knows the punctuation and symbols of all scripts.
    Intl,
    /// `char`: a token a code point.
    Char,
    /// `none`: words between whitespace; for text that is tokenized already.
    None,
    /// `zh`: Chinese characters alone, the rest as `13a`.
    Zh,
    /// `flores101` or `flores200`: pieces of a SentencePiece model; BLEU of them is known as spBLEU.
    SentencePiece(SentencePieceTokenizer),
}

impl Tokenizer {
    /// Its name in signatures.
    pub fn name(&self) -> &'static str {
        match self {
            Tokenizer::V13a => "13a",
            Tokenizer::Intl => "intl",
            Tokenizer::Char => "char",
            Tokenizer::None => "none",
            Tokenizer::Zh => "zh",
            Tokenizer::SentencePiece(tokenizer) => tokenizer.flores().name(),
        }
    }

    /// Calls `token` with each token of a line. Takes time in proportion to its length.
    pub fn tokenize(&self, line: &str, mut token: impl FnMut(&str)) {
        match self {
            Tokenizer::V13a => v13a::tokenize(line, token),
            Tokenizer::Intl => intl::tokenize(line, token),
            Tokenizer::Char => characters::tokenize(line, token),
            Tokenizer::None => words(line).for_each(token),
            Tokenizer::Zh => zh::tokenize(line, token),
            Tokenizer::SentencePiece(tokenizer) => tokenizer.tokenize(line, &mut token),
        }
    }
}

/// The tokens of a line, for tests.
#[cfg(test)]
fn tokens(tokenizer: &Tokenizer, line: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    tokenizer.tokenize(line, |token| tokens.push(token.to_owned()));
    tokens
}
