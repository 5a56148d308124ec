//! Codes of languages, each model's own among them.

use super::codec::Specials;
use super::{Languages, TokenizerError, marian, t5};

/// ISO 639-1 codes, each with its ISO 639-3 code and the codes of members of a macrolanguage that models use for it.
const CODES: &str = "\
af afr|am amh|ar ara arb|as asm|ast|az aze azj|ba bak|be bel|bg bul|bn ben|bo bod|br bre|bs bos|ca cat|ceb|\
cs ces|cy cym|da dan|de deu|el ell|en eng|eo epo|es spa|et est ekk|eu eus|fa fas pes|ff ful fuv|fi fin|fo fao|\
fr fra|fy fry|ga gle|gd gla|gl glg|gn grn|gu guj|ha hau|he heb iw|hi hin|hr hrv|ht hat|hu hun|hy hye|id ind|\
ig ibo|ilo|is isl|it ita|ja jpn|jv jav|ka kat|kk kaz|km khm|kn kan|ko kor|ku kur kmr|ky kir|lb ltz|lg lug|\
ln lin|lo lao|lt lit|lv lav lvs|mg mlg plt|mi mri|mk mkd|ml mal|mn mon khk|mr mar|ms msa zsm|mt mlt|my mya|\
ne nep npi|nl nld|nn nno|no nor nob nb|ns nso|ny nya|oc oci|om orm gaz|or ori ory|pa pan|pl pol|ps pus pbt|\
pt por|qu que quy|ro ron|ru rus|rw kin|sa san|sd snd|si sin|sk slk|sl slv|sm smo|sn sna|so som|sq sqi als|\
sr srp|ss ssw|st sot|su sun|sv swe|sw swa swh|ta tam|te tel|tg tgk|th tha|ti tir|tk tuk|tl tgl fil|tn tsn|\
tr tur|ts tso|tt tat|ug uig|uk ukr|ur urd|uz uzb uzn|vi vie|wo wol|xh xho|yi yid ydd|yo yor|zh zho cmn|zu zul";

/// How many codes a message names.
const NAMED: usize = 8;

/// The languages of a model: what it calls each and the token that says so.
pub(super) struct Known(Vec<(String, u32)>);

impl Known {
    /// Of tokens with their ids, those of which `code` makes a code.
    pub fn new<'a>(
        tokens: impl Iterator<Item = (&'a str, u32)>,
        code: impl Fn(&str) -> Option<&str>,
    ) -> Self {
        let codes = tokens.filter_map(|(token, id)| Some((code(token)?.to_owned(), id)));
        let mut codes: Vec<_> = codes.collect();
        codes.sort();
        Known(codes)
    }

    pub fn of_specials(specials: &Specials, code: impl Fn(&str) -> Option<&str>) -> Self {
        let tokens = specials.names();
        let tokens = tokens.filter_map(|name| Some((name, specials.get(name)?)));
        Self::new(tokens, code)
    }

    pub fn ids(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|&(_, id)| id)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The token of a language that must be given.
    pub fn find(&self, wanted: Option<&str>, side: &'static str) -> Result<u32, TokenizerError> {
        let Some(wanted) = wanted else {
            return Err(TokenizerError::NoLanguage {
                side,
                known: self.few(),
            });
        };
        let exact = self.0.iter().find(|(code, _)| code == wanted);
        let same = || self.0.iter().find(|(code, _)| is_same(code, wanted));
        let found = exact.or_else(same).map(|&(_, id)| id);
        found.ok_or_else(|| TokenizerError::UnknownLanguage {
            wanted: wanted.to_owned(),
            known: self.few(),
        })
    }

    /// The tokens of source and target, of which both must be given.
    pub fn pair(&self, languages: &Languages) -> Result<(u32, u32), TokenizerError> {
        let source = self.find(languages.source.as_deref(), "source")?;
        let target = self.find(languages.target.as_deref(), "target")?;
        Ok((source, target))
    }

    /// The code of a token found.
    pub fn code(&self, token: u32) -> &str {
        let found = self.0.iter().find(|&&(_, id)| id == token);
        found.map_or("", |(code, _)| code)
    }

    /// A few of the codes, for a message: Bengali and English where they are there.
    fn few(&self) -> String {
        let all = || self.0.iter().map(|(code, _)| code.as_str());
        let ours = |code: &&str| is_same(code, "bn") || is_same(code, "en");
        let few: Vec<_> = all()
            .filter(ours)
            .chain(all().filter(|code| !ours(code)))
            .take(NAMED)
            .collect();
        let list = few.join(", ");
        match self.0.len() - few.len() {
            0 if few.is_empty() => "none".to_owned(),
            0 => list,
            more => format!("{list} and {more} more"),
        }
    }
}

/// The language that a prefix names where it is a token such as `>>eng<<` or `<2en>`, as model cards tell one to write.
pub fn of_prefix(prefix: &str) -> Option<&str> {
    let token = prefix.trim();
    let code = marian::code(token).or_else(|| t5::code(token))?;
    let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    code.chars().all(is_code).then_some(code)
}

/// Whether two codes name the same language, in the same script where both say one.
pub fn is_same(a: &str, b: &str) -> bool {
    let scripts = script(a).zip(script(b));
    language(a) == language(b) && scripts.is_none_or(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// The first code of the row that a language has in the table, or the code itself.
fn language(code: &str) -> String {
    let primary = code.split(['_', '-']).next().unwrap_or(code);
    let primary = primary.to_ascii_lowercase();
    let row = CODES
        .split('|')
        .find(|row| row.split(' ').any(|known| known == primary));
    let first = row.and_then(|row| row.split(' ').next());
    first.map_or(primary.clone(), str::to_owned)
}

/// The four letters of ISO 15924.
fn script(code: &str) -> Option<&str> {
    code.split(['_', '-'])
        .skip(1)
        .find(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(codes: &[&str]) -> Known {
        Known::new(codes.iter().copied().zip(0..), |code| Some(code))
    }

    #[test]
    fn codes_of_all_kinds_are_the_same_language() {
        for code in ["bn", "ben", "bn_IN", "ben_Beng", "bn-BD", "BN"] {
            assert!(is_same(code, "ben_Beng"), "{code}");
            assert!(!is_same(code, "asm_Beng") && !is_same(code, "en_XX"));
        }
        assert!(is_same("fa", "pes_Arab") && is_same("nb", "no"));
        assert!(!is_same("ben_Latn", "ben_Beng"));
        assert!(is_same("mni_Beng", "mni") && !is_same("mni", "bn"));
    }

    #[test]
    fn a_prefix_may_name_a_language() {
        assert_eq!(of_prefix(">>eng<< "), Some("eng"));
        assert_eq!(of_prefix("<2en>"), Some("en"));
        for text in ["", "summarize: ", ">>eng<< translate: >>x<<", "<2 en>"] {
            assert_eq!(of_prefix(text), None, "{text}");
        }
    }

    #[test]
    fn an_unknown_language_names_a_few() {
        let codes = known(&["af", "bn", "en", "de", "fr", "hi", "it", "ja", "ko", "ru"]);
        assert_eq!(codes.find(Some("ben"), "source").unwrap(), 1);
        let error = codes.find(Some("xx"), "source").unwrap_err().to_string();
        let expected = "no language \"xx\"; it knows bn, en, af, de, fr, hi, it, ja and 2 more";
        assert!(error.ends_with(expected), "{error}");
        let error = codes.find(None, "target").unwrap_err().to_string();
        assert!(error.starts_with("the model needs a target language; it knows bn, en"));
    }

    #[test]
    fn the_same_script_is_preferred() {
        let codes = known(&["zho_Hans", "zho_Hant"]);
        assert_eq!(codes.find(Some("zh_Hant"), "target").unwrap(), 1);
        assert_eq!(codes.find(Some("zh"), "target").unwrap(), 0);
    }
}
