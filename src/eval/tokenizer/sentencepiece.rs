//! `flores101` and `flores200`: pieces of the SentencePiece models of those test sets.
//!
//! Goyal et al., The FLORES-101 Evaluation Benchmark (TACL 2022), <https://arxiv.org/abs/2106.03193>, and NLLB Team,
//! No Language Left Behind (2022), <https://arxiv.org/abs/2207.04672>. The models are not part of this program.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::eval::EvalError;
use crate::eval::whitespace::words;
use crate::files::hex;
use crate::tokenizer::SentencePiece;

/// The model of `flores200`, which is that of NLLB-200 too.
const FLORES200_SHA256: &str = "14bb8dfb35c0ffdea7bc01e56cea38b9e3d5efcdcb9c251d6b40538e1aab555a";

/// A test set that has a SentencePiece model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flores {
    /// FLORES-101.
    Flores101,
    /// FLORES-200.
    Flores200,
}

impl Flores {
    /// Its name in signatures.
    pub fn name(self) -> &'static str {
        match self {
            Flores::Flores101 => "flores101",
            Flores::Flores200 => "flores200",
        }
    }

    /// Where its model is to be had.
    pub fn origin(self) -> &'static str {
        match self {
            Flores::Flores101 => {
                "https://dl.fbaipublicfiles.com/fairseq/models/flores/sacrebleu_tokenizer_spm.model"
            }
            Flores::Flores200 => {
                "https://tinyurl.com/flores200sacrebleuspm, or sentencepiece.bpe.model of facebook/nllb-200-3.3B"
            }
        }
    }
}

/// A tokenizer with its model. Cheap to clone.
#[derive(Clone)]
pub struct SentencePieceTokenizer {
    flores: Flores,
    model: Arc<SentencePiece>,
}

impl SentencePieceTokenizer {
    /// Reads a model. That of FLORES-200 is checked against its SHA-256. sacreBLEU tells none of FLORES-101's: any
    /// model passes for it but that of FLORES-200.
    ///
    /// # Errors
    /// [`EvalError::File`] where the file cannot be read, is no SentencePiece model or is not the right one.
    pub fn open(flores: Flores, path: &Path) -> Result<Self, EvalError> {
        let error = |message: String| EvalError::File {
            path: path.to_owned(),
            message,
        };
        let limit = crate::tokenizer::MAX_SENTENCEPIECE_BYTES;
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
            .map_err(|e| error(e.to_string()))?;
        let is_flores200 = hex(&Sha256::digest(&bytes)) == FLORES200_SHA256;
        if bytes.len() as u64 > limit || is_flores200 != (flores == Flores::Flores200) {
            let (name, origin) = (flores.name(), flores.origin());
            return Err(error(format!(
                "not the model of {name}; get it from {origin}"
            )));
        }
        let model = SentencePiece::from_bytes(&bytes).map_err(|e| error(e.to_string()))?;
        Ok(SentencePieceTokenizer {
            flores,
            model: Arc::new(model),
        })
    }

    /// Whose model it is.
    pub fn flores(&self) -> Flores {
        self.flores
    }

    /// Calls `token` with each piece of a line; one that holds whitespace is divided there.
    pub(super) fn tokenize(&self, line: &str, mut token: impl FnMut(&str)) {
        self.model
            .encode(line, |_, piece| words(piece).for_each(&mut token));
    }
}

impl fmt::Debug for SentencePieceTokenizer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("SentencePieceTokenizer")
            .field(&self.flores)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_model_passes() {
        let open = |flores, path| SentencePieceTokenizer::open(flores, Path::new(path));
        let model = "tests/data/tokenizer/t5/spiece.model";
        let tokenizer = open(Flores::Flores101, model).unwrap();
        let mut pieces = Vec::new();
        tokenizer.tokenize("a b", |piece| pieces.push(piece.to_owned()));
        assert_eq!(pieces.concat(), "▁a▁b");
        for (flores, path, why) in [
            (Flores::Flores200, model, "flores200sacrebleuspm"),
            (Flores::Flores101, "Cargo.toml", "not SentencePiece"),
            (Flores::Flores101, "no/such.model", "no/such.model"),
        ] {
            let error = open(flores, path).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
