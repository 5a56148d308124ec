//! mBART-50: languages such as `bn_IN`, before the text.
//!
//! The first mBART puts them after it and has no Bengali; its tokenizer is not read.

use super::codec::Parts;
use super::folder::Folder;
use super::{Languages, TokenizerError, fairseq};

/// The languages in the order of their ids.
const LANGUAGES: &str = "\
ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM ne_NP \
nl_XX ro_RO ru_RU si_LK tr_TR vi_VN zh_CN af_ZA az_AZ bn_IN fa_IR he_IL hr_HR id_ID ka_GE km_KH mk_MK ml_IN \
mn_MN mr_IN pl_PL ps_AF pt_XX sv_SE sw_KE ta_IN te_IN th_TH tl_XX uk_UA ur_PK xh_ZA gl_ES sl_SI";

pub(super) fn load(folder: &Folder, languages: &Languages) -> Result<Parts, TokenizerError> {
    let loaded = fairseq::load(folder, LANGUAGES, code)?;
    let (source, target) = loaded.languages.pair(languages)?;
    let (prefix, suffix) = (vec![source], vec![loaded.end]);
    Ok(loaded.parts(prefix, suffix, Some(target), folder.clean_up()))
}

/// Two letters and a country.
fn code(token: &str) -> Option<&str> {
    let (language, country) = token.split_once('_')?;
    let is_code = language.len() == 2
        && country.len() == 2
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && country.bytes().all(|b| b.is_ascii_uppercase());
    is_code.then_some(token)
}
