//! Words whose dot is not a full stop.

/// Abbreviations of Bengali news, without their last dot.
const BENGALI: &str = "ড ডা মো মোঃ মোসা মু মুহা মোহা মি রু পৃ নং লি কো প্রা প্রফ অধ্যা অ্যাড এড অ্যাডভো ইঞ্জি প্রকৌ ব্যারি মাও আলহা \
    লে লেঃ ব্রি জে মে মেজ ক্যা কর্নে সার্জে কনস্ট রে খ্রি খ্রী ইং বাং হি পূ তাং বি দ্র বিদ্র সং সম্পা অনু প্রকা মৃ আনু সা ডি \
    কি সেমি মিমি কিমি কেজি গ্রা ফু ধা উপা";

/// Names of Latin letters as Bengali spells them: initials such as `এ.কে.এম.` and degrees such as `বি.এ.`.
const LETTER_NAMES: &str = "এ বি সি ডি ই এফ জি এইচ আই জে কে এল এম এন ও পি কিউ আর এস টি ইউ ভি ডব্লিউ ডব্লু এক্স ওয়াই জেড এসসি কম ফিল পিএইচ";

/// English abbreviations, in lower case.
const ENGLISH: &str = "mr mrs ms dr prof st jr sr hon rev fr gen maj col lt capt cdr sgt gov sen rep pres md mt vs etc eg ie cf al \
    inc ltd co corp bros dept univ assn est approx fig vol pp eds op cit tk rs re usd jan feb mar apr jun jul \
    aug sep sept oct nov dec tue wed thu fri ave rd blvd";

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::normalise::for_lookup;

static WORDS: LazyLock<FxHashSet<String>> = LazyLock::new(|| {
    let lists = [BENGALI, LETTER_NAMES, ENGLISH];
    lists
        .iter()
        .flat_map(|list| list.split_whitespace())
        .map(|word| for_lookup(word).into_owned())
        .collect()
});

/// Whether a word (the letters before a dot) is an abbreviation or an initial.
pub(super) fn is_abbreviation(word: &str) -> bool {
    let mut chars = word.chars();
    let single = chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none();
    single || WORDS.contains(for_lookup(word).to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_units_and_initials() {
        for word in [
            "ড",
            "ডা",
            "মো",
            "রু",
            "কে",
            "এইচ",
            "ওয়াই",
            "মি",
            "J",
            "Dr",
            "vs",
        ] {
            assert!(is_abbreviation(word), "{word}");
        }
        for word in ["এসেছেন", "ঢাকা", "the", "said", "দেশ", ""] {
            assert!(!is_abbreviation(word), "{word}");
        }
    }
}
