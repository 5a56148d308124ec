//! The files of a model's folder, read within bounds, and what family they make it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::codec::Parts;
use super::library::{self, Library};
use super::sentencepiece::{self, SentencePiece};
use super::{Languages, TokenizerError, codec::Specials};
use super::{bart, indictrans2, m2m100, marian, mbart50, nllb, pegasus, t5, xlm_roberta};

/// The most a JSON file may have: a few times the largest `tokenizer.json` in use.
const MAX_JSON_BYTES: u64 = 128 << 20;

/// More tokens than any model has.
const MAX_TOKENS: u32 = 4 << 20;

const CONFIG: &str = "config.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const TOKENIZER: &str = "tokenizer.json";

/// Classes of Python that any tokenizer may have.
const ANY_CLASS: [&str; 3] = [
    "PreTrainedTokenizer",
    "PreTrainedTokenizerFast",
    "TokenizersBackend",
];

pub(super) struct Folder {
    path: PathBuf,
    model_type: String,
    pub config: TokenizerConfig,
}

/// The part of `config.json` that names the tokenizer.
#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    model_type: String,
    tokenizer_class: Option<String>,
}

/// The part of `tokenizer_config.json` that changes ids or text. Defaults are those of the Python classes.
#[derive(Default, Deserialize)]
pub(super) struct TokenizerConfig {
    tokenizer_class: Option<String>,
    pub clean_up_tokenization_spaces: Option<bool>,
    /// Marian: each side has a vocabulary of its own.
    pub separate_vocabs: Option<bool>,
    /// NLLB: the language stands after the text.
    pub legacy_behaviour: Option<bool>,
    /// M2M100: which list of languages.
    pub language_codes: Option<String>,
    /// T5: number of sentinel tokens.
    pub extra_ids: Option<u32>,
    /// Pegasus: number of tokens before those of SentencePiece.
    pub offset: Option<u32>,
    /// BART: whether the first word is as one after a space.
    pub add_prefix_space: Option<bool>,
}

/// A family of models whose tokenizers are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Bart,
    IndicTrans2,
    M2m100,
    Marian,
    Mbart50,
    Nllb,
    Pegasus,
    T5,
    XlmRoberta,
}

impl Family {
    const KNOWN: &str =
        "BART, IndicTrans2, M2M100, Marian, mBART-50, NLLB, Pegasus, T5 and XLM-RoBERTa";

    fn of_class(class: &str) -> Option<Self> {
        Some(match class.strip_suffix("Fast").unwrap_or(class) {
            "BartTokenizer" | "RobertaTokenizer" => Family::Bart,
            "IndicTransTokenizer" => Family::IndicTrans2,
            "M2M100Tokenizer" => Family::M2m100,
            "MarianTokenizer" => Family::Marian,
            "MBart50Tokenizer" => Family::Mbart50,
            "NllbTokenizer" => Family::Nllb,
            "PegasusTokenizer" => Family::Pegasus,
            "T5Tokenizer" | "MT5Tokenizer" => Family::T5,
            "XLMRobertaTokenizer" => Family::XlmRoberta,
            _ => return None,
        })
    }

    pub fn load(self, folder: &Folder, languages: &Languages) -> Result<Parts, TokenizerError> {
        match self {
            Family::Bart => bart::load(folder),
            Family::IndicTrans2 => indictrans2::load(folder, languages),
            Family::M2m100 => m2m100::load(folder, languages),
            Family::Marian => marian::load(folder, languages),
            Family::Mbart50 => mbart50::load(folder, languages),
            Family::Nllb => nllb::load(folder, languages),
            Family::Pegasus => pegasus::load(folder),
            Family::T5 => t5::load(folder, languages),
            Family::XlmRoberta => xlm_roberta::load(folder),
        }
    }
}

impl Folder {
    pub fn open(path: &Path) -> Result<Self, TokenizerError> {
        let mut folder = Folder {
            path: path.to_owned(),
            model_type: String::new(),
            config: TokenizerConfig::default(),
        };
        // One of the two is enough; a folder that is not there has neither.
        let mut config = Config::default();
        if folder.has(CONFIG) || !folder.has(TOKENIZER_CONFIG) {
            config = folder.json(CONFIG)?;
        }
        if folder.has(TOKENIZER_CONFIG) {
            folder.config = folder.json(TOKENIZER_CONFIG)?;
        }
        folder.model_type = config.model_type;
        if folder.config.tokenizer_class.is_none() {
            folder.config.tokenizer_class = config.tokenizer_class;
        }
        Ok(folder)
    }

    /// By the class of the Python tokenizer, or, where it is not named or any tokenizer's, by the type of the model.
    /// A class that is named and not known makes other ids than that type's own.
    pub fn family(&self) -> Result<Family, TokenizerError> {
        let class = self.config.tokenizer_class.as_deref();
        if let Some(class) = class.filter(|class| !ANY_CLASS.contains(class)) {
            return Family::of_class(class).ok_or_else(|| self.unsupported(class));
        }
        Ok(match self.model_type.as_str() {
            "bart" => Family::Bart,
            "IndicTrans" => Family::IndicTrans2,
            // NLLB is this model with another tokenizer.
            "m2m_100" if self.has(m2m100::VOCABULARY) => Family::M2m100,
            "m2m_100" => Family::Nllb,
            "marian" => Family::Marian,
            "mbart" => Family::Mbart50,
            "pegasus" => Family::Pegasus,
            "t5" | "mt5" => Family::T5,
            "xlm-roberta" => Family::XlmRoberta,
            other => return Err(self.unsupported(other)),
        })
    }

    fn unsupported(&self, named: &str) -> TokenizerError {
        TokenizerError::Unsupported {
            folder: self.path.clone(),
            named: match named {
                "" => "none".to_owned(),
                named => format!("{named:?}"),
            },
            known: Family::KNOWN,
        }
    }

    /// Whether decoded text loses the space before punctuation; only in transformers before 5 by default.
    pub fn clean_up(&self) -> bool {
        self.config.clean_up_tokenization_spaces.unwrap_or(false)
    }

    pub fn has(&self, name: &str) -> bool {
        self.path.join(name).is_file()
    }

    /// The bytes of a file of at most `limit`.
    pub fn bytes(&self, name: &str, limit: u64) -> Result<Vec<u8>, TokenizerError> {
        read(&self.path.join(name), limit)
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, TokenizerError> {
        let bytes = self.bytes(name, MAX_JSON_BYTES)?;
        serde_json::from_slice(&bytes)
            .map_err(|e| TokenizerError::Malformed(format!("{name}: {e}")))
    }

    /// A file of tokens with their ids.
    pub fn vocabulary(&self, name: &str) -> Result<FxHashMap<String, u32>, TokenizerError> {
        let vocabulary: FxHashMap<String, u32> = self.json(name)?;
        match vocabulary.iter().find(|(_, id)| **id >= MAX_TOKENS) {
            Some((token, id)) => Err(TokenizerError::Malformed(format!(
                "{name}: token {token:?} has the id {id}"
            ))),
            None => Ok(vocabulary),
        }
    }

    pub fn sentencepiece(&self, name: &str) -> Result<SentencePiece, TokenizerError> {
        let bytes = self.bytes(name, sentencepiece::MAX_BYTES)?;
        SentencePiece::from_bytes(&bytes).map_err(|e| in_file(name, e))
    }

    /// The `tokenizer.json`, if there is one, with the tokens that are no text.
    pub fn library(&self) -> Result<Option<(Library, Specials)>, TokenizerError> {
        if !self.has(TOKENIZER) {
            return Ok(None);
        }
        let bytes = self.bytes(TOKENIZER, MAX_JSON_BYTES)?;
        let read = library::read(&bytes).map_err(|e| in_file(TOKENIZER, e));
        read.map(Some)
    }
}

/// The bytes of a file of at most `limit`.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, TokenizerError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Err(source) => Err(TokenizerError::File {
            path: path.to_owned(),
            source,
        }),
        Ok(_) if bytes.len() as u64 > limit => Err(TokenizerError::Malformed(format!(
            "{} has more than {} MiB",
            path.file_name().unwrap_or_default().to_string_lossy(),
            limit >> 20
        ))),
        Ok(_) => Ok(bytes),
    }
}

/// An error that names the file.
pub(super) fn in_file(name: &str, error: TokenizerError) -> TokenizerError {
    match error {
        TokenizerError::Malformed(what) => TokenizerError::Malformed(format!("{name}: {what}")),
        other => other,
    }
}
