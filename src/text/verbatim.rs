//! Passages that are not language and must come through translation byte for byte.

use std::ops::Range;

use linkify::{LinkFinder, LinkKind};

/// Ends of host names that count as an address without `https://` or `www.` in front.
const BARE_TOP_LEVEL: [&str; 16] = [
    "com", "org", "net", "gov", "edu", "info", "news", "int", "bd", "in", "uk", "io", "tv", "live",
    "app", "ai",
];

/// Bengali case endings that are written onto an address with a hyphen: `example.com-এর`.
const ENDINGS: [&str; 10] = [
    "এ",
    "এর",
    "এও",
    "এই",
    "তে",
    "র",
    "কে",
    "য়",
    "য\u{9BC}",
    "সহ",
];

/// Longest inline code, in bytes; further apart, two backticks are not a pair.
const MAX_CODE: usize = 500;

/// Byte ranges of URLs, e-mail addresses, `#hashtags` (of any script), `@mentions` and `` `inline code` ``
/// (with its backticks), in order and apart from one another.
///
/// Stops, closing quotation marks and hyphenated Bengali endings after an address are not part of it.
/// Time is linear in the length of the text.
pub fn verbatim(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    links(text, &mut found);
    tags(text, &mut found);
    code(text, &mut found);
    found.retain(|range: &Range<usize>| !range.is_empty());
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|range| {
        let apart = range.start >= end;
        end = end.max(range.end);
        apart
    });
    found
}

fn links(text: &str, found: &mut Vec<Range<usize>>) {
    // With a scheme, an address may hold letters of any script; without one, only ASCII is safe to take.
    if text.contains("://") || text.contains('@') {
        for link in LinkFinder::new().links(text) {
            let end = link.start() + address_len(link.as_str());
            found.push(link.start()..end);
        }
    }
    let mut finder = LinkFinder::new();
    finder
        .kinds(&[LinkKind::Url])
        .url_must_have_scheme(false)
        .url_can_be_iri(false);
    for link in finder.links(text) {
        let address = link.as_str();
        let glued = text[..link.start()]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '@');
        if !glued && !address.contains("://") && is_bare_address(address) {
            found.push(link.start()..link.end());
        }
    }
}

/// The length of an address without the Bengali that was written onto it.
fn address_len(address: &str) -> usize {
    let stop = |c: char| matches!(c, '।' | '॥' | '৷' | '’' | '‘' | '”' | '“' | '—' | '…');
    let address = &address[..address.find(stop).unwrap_or(address.len())];
    match address.rsplit_once('-') {
        Some((host, ending)) if ENDINGS.contains(&ending) => host.len(),
        _ => address.len(),
    }
}

fn is_bare_address(address: &str) -> bool {
    let host = address
        .split(['/', '?', '#', ':'])
        .next()
        .unwrap_or(address);
    let Some((name, top)) = host.rsplit_once('.') else {
        return false;
    };
    let lower = !host.contains(|c: char| c.is_ascii_uppercase());
    let named = name.chars().filter(|c| c.is_ascii_alphabetic()).count() >= 2;
    named
        && (host.starts_with("www.")
            || (lower && (address.contains('/') || BARE_TOP_LEVEL.contains(&top))))
}

/// Hashtags and mentions: a sign that does not follow a word, and the letters after it.
fn tags(text: &str, found: &mut Vec<Range<usize>>) {
    for (start, sign) in text.match_indices(['#', '@']) {
        if text[..start]
            .chars()
            .next_back()
            .is_some_and(|c| is_tag_char(c) || matches!(c, '#' | '@' | '/' | '&'))
        {
            continue;
        }
        let body = &text[start + 1..];
        let len = if sign == "#" {
            body.find(|c| !is_tag_char(c))
        } else {
            body.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))
        };
        let body =
            body[..len.unwrap_or(body.len())].trim_end_matches(['.', '\u{200C}', '\u{200D}']);
        let letters = body.chars().filter(|c| c.is_alphabetic()).count();
        if letters >= if sign == "#" { 1 } else { 2 } {
            found.push(start..start + 1 + body.len());
        }
    }
}

fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '_' | '\u{200C}' | '\u{200D}')
        || unicode_normalization::char::is_combining_mark(c)
}

/// Inline code as Markdown has it; an opening quotation mark typed as a backtick is not one.
fn code(text: &str, found: &mut Vec<Range<usize>>) {
    let mut ticks = text.match_indices('`').map(|(at, _)| at).peekable();
    while let Some(open) = ticks.next() {
        let Some(&close) = ticks.peek() else { break };
        let inner = &text[open + 1..close];
        let is_code = !inner.is_empty()
            && inner.len() <= MAX_CODE
            && inner.trim().len() == inner.len()
            && !inner.contains('\n')
            && inner.contains(|c: char| c.is_ascii_alphanumeric());
        if is_code {
            ticks.next();
            found.push(open..close + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        verbatim(text)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn addresses_end_before_bengali_punctuation_and_endings() {
        assert_eq!(
            found("বিস্তারিত https://example.com/খবর?id=৫।"),
            ["https://example.com/খবর?id=৫"]
        );
        assert_eq!(
            found("ফল www.example.gov.bd-এ পাওয়া যাবে।"),
            ["www.example.gov.bd"]
        );
        assert_eq!(
            found("ফল http://example.com/a-এর পাতায়"),
            ["http://example.com/a"]
        );
        assert_eq!(
            found("‘https://example.com/a’ ঠিকানায়"),
            ["https://example.com/a"]
        );
        assert_eq!(
            found("example24.com জানায়, bit.ly/3abc দেখুন।"),
            ["example24.com", "bit.ly/3abc"]
        );
        assert_eq!(found("লিখুন desk@example.com।"), ["desk@example.com"]);
        assert_eq!(
            found("লিখুন news.desk@example.com.bd-তে"),
            ["news.desk@example.com.bd"]
        );
    }

    #[test]
    fn abbreviations_and_decimals_are_no_addresses() {
        for text in [
            "মি. রহমান",
            "U.S.A এবং Mr.Khan",
            "৩.৫ ও 3.5",
            "এ.কে.এম. ফজলুল",
            "a.m. ও p.m.",
            "শেষ.তিনি",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn tags_of_any_script() {
        assert_eq!(
            found("তাঁরা #কোটাসংস্কার ও #SaveRivers লেখেন।"),
            ["#কোটাসংস্কার", "#SaveRivers"]
        );
        assert_eq!(
            found("(#নদী_বাঁচাও)। @bcb_tigers."),
            ["#নদী_বাঁচাও", "@bcb_tigers"]
        );
        assert!(found("#১, C# ও a#b, ৫ @ ৬").is_empty());
    }

    #[test]
    fn code_but_not_old_quotation_marks() {
        assert_eq!(found("কমান্ডটি `ls -l` চালান।"), ["`ls -l`"]);
        assert!(found("`ক' এবং `খ' দল").is_empty());
        assert!(found("`` ` ``").is_empty());
    }

    #[test]
    fn ranges_are_apart() {
        assert_eq!(
            found("https://example.com/#part @x `#a`"),
            ["https://example.com/#part", "`#a`"]
        );
    }
}
