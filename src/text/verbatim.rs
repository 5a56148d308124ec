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

/// Byte ranges of URLs, e-mail addresses (both also with hosts and paths in Bengali), `#hashtags` (of any
/// script), `@mentions` and `` `inline code` `` (with its backticks), in order and apart from one another.
///
/// Stops, closing quotation marks and hyphenated Bengali endings after an address or tag are not part of it.
/// Time is linear in the length of the text.
pub fn verbatim(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    links(text, &mut found);
    bengali_hosts(text, &mut found);
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
    // With a scheme, an address may hold letters of any script; without one, only an ASCII host is safe to take.
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
    let mut last_end = 0;
    for link in finder.links(text) {
        let address = link.as_str();
        let glued = text[..link.start()]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '@');
        if link.start() >= last_end
            && !glued
            && !address.contains("://")
            && is_bare_address(address)
        {
            // Behind a host, what is written without a space is path or query in any script.
            let tail = if address.contains(['/', '?', '#']) {
                tail_len(text, link.start(), link.end())
            } else {
                0
            };
            last_end = link.end() + tail;
            let len = if tail > 0 {
                address_len(&text[link.start()..last_end])
            } else {
                address.len()
            };
            found.push(link.start()..link.start() + len);
        }
    }
}

/// `www.বাংলা.com/…` and `info@প্রথমআলো.বাংলা`: hosts whose first own label is not ASCII. Elsewhere a dot between
/// Bengali words is a full stop without its space.
fn bengali_hosts(text: &str, found: &mut Vec<Range<usize>>) {
    let mut last_end = 0;
    for (at, sign) in text.match_indices("www.").chain(text.match_indices('@')) {
        let own = at + sign.len();
        if !text[own..].starts_with(|c: char| !c.is_ascii() && is_tag_char(c)) {
            continue;
        }
        let before = &text[..at];
        let mailbox = before.len()
            - before
                .trim_end_matches(|c| is_tag_char(c) || matches!(c, '.' | '+' | '-'))
                .len();
        let is_mail = sign == "@";
        let glued = before.ends_with(|c| c != '(' && is_tail_char(c));
        if is_mail != (mailbox > 0) || !is_mail && (glued || at < last_end) {
            continue;
        }
        let host = &text[own..];
        let host = &host[..host
            .find(|c| !(is_tag_char(c) || matches!(c, '.' | '-')))
            .unwrap_or(host.len())];
        let host = host.trim_end_matches(['.', '-']);
        let Some((_, top)) = host.rsplit_once('.') else {
            continue;
        };
        if host.contains("..") || top.chars().filter(|c| c.is_alphabetic()).count() < 2 {
            continue;
        }
        let (start, mut end) = (at - mailbox, own + host.len());
        if !is_mail && text[end..].starts_with(['/', '?', '#', ':']) {
            end += tail_len(text, start, end);
        }
        last_end = end;
        found.push(start..start + address_len(&text[start..end]));
    }
}

/// How many bytes of path and query, in any script, follow the address `text[start..end]`.
fn tail_len(text: &str, start: usize, end: usize) -> usize {
    let mut open =
        text[start..end].matches('(').count() as i64 - text[start..end].matches(')').count() as i64;
    let tail = &text[end..];
    let len = tail.find(|c| {
        open += i64::from(c == '(') - i64::from(c == ')');
        open < 0 || !is_tail_char(c)
    });
    tail[..len.unwrap_or(tail.len())]
        .trim_end_matches(['.', ':', '?', '-', '(', '\u{200C}', '\u{200D}'])
        .len()
}

/// Commas and semicolons are not among them: in a Bengali path they are more often those of the sentence.
fn is_tail_char(c: char) -> bool {
    is_tag_char(c)
        || matches!(
            c,
            '-' | '.' | '/' | '?' | '#' | '=' | '&' | '%' | '~' | '+' | ':' | '@' | '(' | ')'
        )
}

/// The length of an address without the Bengali that was written onto it.
fn address_len(address: &str) -> usize {
    let stop = |c: char| matches!(c, '।' | '॥' | '৷' | '’' | '‘' | '”' | '“' | '—' | '…');
    let address = &address[..address.find(stop).unwrap_or(address.len())];
    without_ending(address).len()
}

/// An address or tag without the case ending that a hyphen ties to it.
fn without_ending(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((name, ending)) if ENDINGS.contains(&ending) => name,
        _ => name,
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

/// Hashtags and mentions: a sign that does not follow a word, and the letters after it; in a hashtag also the
/// hyphens between them (`#কোভিড-১৯`).
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
            body.find(|c| !(is_tag_char(c) || c == '-'))
        } else {
            body.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))
        };
        let mut body = &body[..len.unwrap_or(body.len())];
        if let Some(double) = body.find("--") {
            body = &body[..double];
        }
        let body = without_ending(body.trim_end_matches(['.', '-', '\u{200C}', '\u{200D}']));
        let letters = body.chars().filter(|c| c.is_alphabetic()).count();
        if letters >= if sign == "#" { 1 } else { 2 } {
            found.push(start..start + 1 + body.len());
        }
    }
}

fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric() && c != '৷'
        || matches!(c, '_' | '\u{200C}' | '\u{200D}')
        || unicode_normalization::char::is_combining_mark(c)
}

/// Inline code as Markdown has it, between two runs of as many backticks; an opening quotation mark typed as a
/// backtick is not one.
fn code(text: &str, found: &mut Vec<Range<usize>>) {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('`') {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    let mut next = 0;
    while let Some(open) = runs.get(next) {
        next += 1;
        let close = runs[next..]
            .iter()
            .take_while(|run| run.start - open.end <= MAX_CODE)
            .position(|run| run.len() == open.len());
        let Some(close) = close.map(|i| next + i) else {
            continue;
        };
        let inner = &text[open.end..runs[close].start];
        // A single backtick, and two of them, are also quotation marks; three are not.
        let is_code = match open.len() {
            1 => inner.trim().len() == inner.len() && has_ascii_word(inner),
            2 => has_ascii_word(inner),
            _ => true,
        };
        if is_code && !inner.contains('\n') {
            found.push(open.start..runs[close].end);
            next = close + 1;
        }
    }
}

fn has_ascii_word(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_alphanumeric())
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
    fn addresses_keep_their_bengali_tails_and_hosts() {
        for address in [
            "prothomalo.com/ক/খ?x=১",
            "www.prothomalo.com/খবর-১২",
            "www.bbc.com/bengali/articles-২০২৪",
            "example.com/a?খোঁজ=নদী&পাতা=%20২",
            "example.com/নদী_(পদ্মা)",
            "https://example.com/খবর-১২?x=১",
            "info@প্রথমআলো.বাংলা",
            "www.বাংলা.com/খ-৯",
            "www.বাংলা.com",
        ] {
            for after in ["", "।", ",", ")", "-এর", "’", " ", ", তিনি", "?", "."] {
                let text = format!("দেখুন ({address}{after} পরে");
                assert_eq!(found(&text), [address], "{text}");
            }
        }
        assert!(found("www.শেষ এবং ক@খ").is_empty());
        assert_eq!(found("example.com/a,তিনি"), ["example.com/a"]);
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
        assert_eq!(
            found("#কোভিড-১৯, #covid-19। #SaveRivers-এ #নদী- #ক--খ"),
            ["#কোভিড-১৯", "#covid-19", "#SaveRivers", "#নদী", "#ক"]
        );
        assert!(found("#১, C# ও a#b, ৫ @ ৬").is_empty());
    }

    #[test]
    fn code_but_not_old_quotation_marks() {
        assert_eq!(found("কমান্ডটি `ls -l` চালান।"), ["`ls -l`"]);
        assert_eq!(found("মান ```x = ১``` হবে"), ["```x = ১```"]);
        assert_eq!(found("মান `` a`b `` হবে"), ["`` a`b ``"]);
        assert!(found("``ক'' এবং ``খ'' দল").is_empty());
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
