//! XLM-RoBERTa and InfoXLM: encoders of a hundred languages, with a token before the text and one after it.

use super::TokenizerError;
use super::codec::Parts;
use super::fairseq;
use super::folder::Folder;

pub(super) fn load(folder: &Folder) -> Result<Parts, TokenizerError> {
    let loaded = fairseq::load(folder, "", |_| None)?;
    let (prefix, suffix) = (vec![loaded.start()?], vec![loaded.end]);
    Ok(loaded.parts(prefix, suffix, None, folder.clean_up()))
}
