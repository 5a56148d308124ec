//! The languages of a test set.

/// From which language to which. Codes are as in files of the field: `bn`, `ben`, `bn-BD`, `ben_Beng`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Languages {
    /// The language that is translated.
    pub source: String,
    /// The language of the references and outputs.
    pub target: String,
}

impl Default for Languages {
    /// Bengali to English.
    fn default() -> Languages {
        Languages {
            source: "bn".to_owned(),
            target: "en".to_owned(),
        }
    }
}

/// Whether the language of a text is the one that is wanted: `bn` is wanted and `bn-BD` or `ben_Beng` stands there, or
/// the other way round, but not `bn-IN` for `bn-BD`.
pub(super) fn matches(wanted: &str, found: &str) -> bool {
    let (wanted, wanted_rest) = divide(wanted);
    let (found, found_rest) = divide(found);
    wanted == found
        && (wanted_rest.is_empty() || found_rest.is_empty() || wanted_rest == found_rest)
}

/// Language and the rest (script, region) of a code, in small letters. Codes of ISO 639-3 become those of ISO 639-1 for
/// the languages of this program.
fn divide(code: &str) -> (String, String) {
    let code = code.trim().to_lowercase().replace('_', "-");
    let (language, rest) = code.split_once('-').unwrap_or((&code, ""));
    let language = match language {
        "ben" => "bn",
        "eng" => "en",
        other => other,
    };
    (language.to_owned(), rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_match_in_all_their_forms() {
        for found in ["bn", "BN", "bn-BD", "bn_IN", "ben", "ben_Beng"] {
            assert!(matches("bn", found) && matches(found, "bn"), "{found}");
        }
        assert!(matches("bn-BD", "bn_bd") && !matches("bn-BD", "bn-IN"));
        for found in ["", "b", "bnn", "en", "as-BD"] {
            assert!(!matches("bn", found), "{found}");
        }
    }
}
