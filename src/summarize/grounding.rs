//! What a sentence that a model wrote rests on, and what in it rests on nothing.

use rustc_hash::{FxHashMap, FxHashSet};

use super::opposites::Pole;
use super::words::{Kind, Word, words};

/// The source of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounding {
    /// Numbers of the segments that the sentence rests on, ascending; none if it has too little in
    /// common with the article.
    pub citations: Vec<usize>,
    /// Its numbers, names and denials, as written, that no cited segment has, and words that the cited segments deny or
    /// say the opposite of.
    pub unsupported: Vec<String>,
}

impl Grounding {
    /// Whether the sentence rests on something, every number, name and denial in it does, and nothing contradicts it.
    pub fn is_grounded(&self) -> bool {
        !self.citations.is_empty() && self.unsupported.is_empty()
    }
}

/// A brief sentence joins facts of two or three sentences of its article; more would prove anything.
const MOST_CITATIONS: usize = 3;
/// Words that each citation must add: with one, any sentence of the article that has the number or
/// the name would vouch for it.
const LEAST_ADDED: usize = 2;
/// Share of a sentence's words that its citations must hold. Of 1,548 hand-written brief sentences
/// 95% reach it in their own article, and 0.2% in another one.
const LEAST_COVER: f32 = 0.5;
/// The same of its words that are no names and no numbers: "the quake was felt in Russia" does not rest on a sentence
/// about Russia. Of 1,594 hand-written brief sentences 93% have citations with it.
const LEAST_PLAIN_COVER: f32 = 0.3;
/// Words on either side of a number of which one must be near it in the segment too. With three, of
/// 881 numbers exchanged for others of the same article 90% were found out.
const REACH: usize = 3;
/// Words after a denial among which the one that it denies is.
const DENIAL_REACH: usize = 3;
/// Stems of words that deny without "not": "the flood claimed no lives" may become "avoided deaths".
const RELUCTANT: [&str; 8] = [
    "avoid", "deni", "deny", "fail", "lack", "prevent", "refus", "reject",
];

/// The segments of an article, ready to vouch for sentences about it.
pub struct Sources(Vec<Source>);

impl Sources {
    /// Reads the segments; citations are places in this list.
    pub fn new(segments: &[&str]) -> Sources {
        let sources = segments.iter().map(|segment| Source::new(segment));
        Sources(sources.collect())
    }

    /// Finds the segments that a sentence rests on: the few that together hold most of its words,
    /// numbers and names counting double (greedy set cover).
    ///
    /// Words are compared by stem, numbers by value ("2.5 million" is "2,500,000"), names with
    /// their capital. The first word of a sentence has a capital in any case and is taken for a
    /// name unless a cited segment has it or it carries no meaning. A number or a denial must stand near one of
    /// the same words as in the segment. What the segments only deny, a sentence without a denial may not
    /// say, and of words of opposite meaning none whose opposite alone is in the segments.
    ///
    /// The check errs on the side of doubt: a third of the sentences that people wrote about our
    /// corpus have something that it calls unsupported ("UN" for "United Nations", a sum, a new
    /// first word). The time taken grows with the segments times the words of the sentence.
    pub fn ground(&self, sentence: &str) -> Grounding {
        let words = words(sentence);
        let citations = cite(&words, &self.0);
        let is_supported = |place: usize, word: &Word| {
            let around = around(&words, place);
            citations.iter().any(|&i| self.0[i].supports(word, &around))
        };
        let denies =
            |word: &Word| word.kind == Kind::Negation || RELUCTANT.contains(&word.key.as_str());
        let affirms = !words.iter().any(denies);
        let cited = || citations.iter().map(|&i| &self.0[i]);
        let is_contradicted = |word: &Word| {
            let is_denied = || {
                let mut having = cited().filter(|s| s.keys.contains(&word.key)).peekable();
                having.peek().is_some() && having.all(|s| s.denied.contains(&word.key))
            };
            let is_reversed = |pole: Pole| {
                let says = |pole| cited().any(|s| s.poles.contains(&pole));
                !says(pole) && says(pole.opposite())
            };
            affirms && is_denied() || Pole::of(&word.key).is_some_and(is_reversed)
        };
        let unsupported = words
            .iter()
            .enumerate()
            .filter(|(place, word)| match word.kind {
                Kind::Stop => false,
                Kind::Plain => is_contradicted(word),
                _ => !is_supported(*place, word) || is_contradicted(word),
            })
            .map(|(_, word)| word.text.to_owned())
            .collect();
        Grounding {
            citations,
            unsupported,
        }
    }
}

/// Numbers of the sources that together hold enough of the words, ascending, or none.
fn cite(words: &[Word], sources: &[Source]) -> Vec<usize> {
    let mut uncovered: FxHashMap<&str, u32> = FxHashMap::default();
    for word in words {
        let weight = match word.kind {
            Kind::Number | Kind::Name => 2,
            Kind::Opener | Kind::Plain => 1,
            Kind::Negation | Kind::Stop => continue,
        };
        let most = uncovered.entry(&word.key).or_default();
        *most = weight.max(*most);
    }
    let plain = |weights: &FxHashMap<&str, u32>| weights.values().filter(|&&w| w == 1).count();
    let total_plain = plain(&uncovered);
    let total: u32 = uncovered.values().sum();
    let mut citations = Vec::new();
    while citations.len() < MOST_CITATIONS {
        // (weight, words) that a source would add
        let gain = |source: &Source| {
            let added = uncovered
                .iter()
                .filter(|(key, _)| source.keys.contains(**key));
            added.fold((0, 0), |(weight, words), (_, w)| (weight + w, words + 1))
        };
        let gains = sources.iter().map(gain).enumerate();
        let best = gains.reduce(|a, b| if b.1 > a.1 { b } else { a });
        let Some((best, _)) = best.filter(|&(_, (_, words))| words >= LEAST_ADDED) else {
            break;
        };
        uncovered.retain(|key, _| !sources[best].keys.contains(*key));
        citations.push(best);
    }
    let covered = total - uncovered.values().sum::<u32>();
    let covered_plain = total_plain - plain(&uncovered);
    if (covered as f32) < LEAST_COVER * total as f32
        || (covered_plain as f32) < LEAST_PLAIN_COVER * total_plain as f32
    {
        citations.clear();
    }
    citations.sort();
    citations
}

/// Keys of the words that carry meaning within reach of the one at `place`, numbers left out.
fn around<'a>(words: &'a [Word], place: usize) -> Vec<&'a str> {
    let is_meaningful = |word: &&Word| !matches!(word.kind, Kind::Stop | Kind::Number);
    let before = words[..place]
        .iter()
        .rev()
        .filter(is_meaningful)
        .take(REACH);
    let after = words[place + 1..].iter().filter(is_meaningful).take(REACH);
    before.chain(after).map(|word| word.key.as_str()).collect()
}

/// The place of the word that a denial at `place` denies, if there is a denial: the first after it that carries meaning.
fn denied(words: &[Word], place: usize) -> Option<usize> {
    let is_denial = words[place].kind == Kind::Negation;
    let mut after = (place + 1..words.len()).take(DENIAL_REACH);
    let is_limit = |word: &Word| matches!(word.key.as_str(), "only" | "just"); // not only
    if !is_denial || words.get(place + 1).is_some_and(is_limit) {
        return None;
    }
    after.find(|&i| !matches!(words[i].kind, Kind::Stop | Kind::Number | Kind::Negation))
}

/// What a segment can support.
struct Source {
    /// Words that carry meaning.
    keys: FxHashSet<String>,
    /// Those of them with a capital.
    names: FxHashSet<String>,
    /// Its numbers and denials, each with the words around it.
    placed: Vec<(String, Vec<String>)>,
    /// Words that it has in denials alone: "reached" where it says "has not reached".
    denied: FxHashSet<String>,
    /// What its words say of which there is an opposite.
    poles: FxHashSet<Pole>,
}

impl Source {
    fn new(segment: &str) -> Source {
        let words = words(segment);
        let keys_of = |is_wanted: fn(Kind) -> bool| {
            words
                .iter()
                .filter(|word| is_wanted(word.kind))
                .map(|word| word.key.clone())
                .collect()
        };
        let placed = words
            .iter()
            .enumerate()
            .filter(|(_, word)| matches!(word.kind, Kind::Number | Kind::Negation));
        let with_neighbours = |(place, word): (usize, &Word)| {
            let neighbours = around(&words, place).into_iter().map(str::to_owned);
            (word.key.clone(), neighbours.collect())
        };
        let denied: FxHashSet<usize> = (0..words.len()).filter_map(|i| denied(&words, i)).collect();
        let affirmed: FxHashSet<&str> = (0..words.len())
            .filter(|place| !denied.contains(place))
            .map(|place| words[place].key.as_str())
            .collect();
        let only_denied = denied.iter().map(|&place| &words[place].key);
        let only_denied = only_denied.filter(|key| !affirmed.contains(key.as_str()));
        Source {
            denied: only_denied.cloned().collect(),
            poles: words.iter().filter_map(|w| Pole::of(&w.key)).collect(),
            keys: keys_of(|kind| kind != Kind::Stop),
            names: keys_of(|kind| matches!(kind, Kind::Name | Kind::Opener)),
            placed: placed.map(with_neighbours).collect(),
        }
    }

    /// Whether the segment has the word; a name must be a name there too.
    fn supports(&self, word: &Word, around: &[&str]) -> bool {
        let has_name = || self.names.iter().any(|name| is_same_name(name, &word.key));
        match word.kind {
            Kind::Number | Kind::Negation => self.placed.iter().any(|(key, near)| {
                *key == word.key && near.iter().any(|word| around.contains(&word.as_str()))
            }),
            Kind::Name => has_name(),
            Kind::Opener => self.keys.contains(&word.key) || has_name(),
            _ => self.keys.contains(&word.key),
        }
    }
}

/// Whether two stems are of one name, or of a place and its people: Korea and Korean, Japan and
/// Japanese, Iraq and Iraqi. "-ian" is not among the endings, for Nigerians are not from Niger.
fn is_same_name(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short)
        .is_some_and(|ending| matches!(ending, "" | "n" | "es" | "i" | "is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENTS: [&str; 4] = [
        "Floods in Sylhet have displaced 2.5 million people since Monday, the relief ministry said.",
        "Rice prices rose by 12 percent in the markets of Dhaka.",
        "No deaths have been reported in the district so far.",
        "South Korea's foreign minister promised three cargo planes of medicine.",
    ];

    fn ground(sentence: &str, segments: &[&str]) -> Grounding {
        Sources::new(segments).ground(sentence)
    }

    fn unsupported(sentence: &str) -> Vec<String> {
        ground(sentence, &SEGMENTS).unsupported
    }

    #[test]
    fn a_sentence_cites_what_it_was_made_of() {
        let grounding = ground("Floods displaced 2,500,000 people in Sylhet.", &SEGMENTS);
        assert_eq!(
            grounding,
            Grounding {
                citations: vec![0],
                unsupported: vec![]
            }
        );
        assert!(grounding.is_grounded());
    }

    #[test]
    fn a_sentence_of_two_facts_cites_both_in_order() {
        let grounding = ground(
            "Rice prices rose 12 percent in Dhaka as floods displaced people in Sylhet.",
            &SEGMENTS,
        );
        assert_eq!(grounding.citations, [0, 1]);
        assert!(grounding.is_grounded());
    }

    #[test]
    fn a_changed_number_is_named() {
        assert_eq!(
            unsupported("Floods in Sylhet have displaced 2.5 billion people."),
            ["2.5 billion"]
        );
        assert_eq!(
            unsupported("Rice prices rose by 21 percent in Dhaka."),
            ["21"]
        );
    }

    #[test]
    fn a_number_of_another_segment_does_not_count() {
        let sentence = "Floods in Sylhet have displaced 12 people since Monday.";
        let expected = Grounding {
            citations: vec![0],
            unsupported: vec!["12".to_owned()],
        };
        assert_eq!(ground(sentence, &SEGMENTS), expected);
    }

    #[test]
    fn a_number_beside_other_words_is_named() {
        let segments = [
            "Police arrested 12 traders in Dhaka on charges of hoarding onions, and a mobile court \
             fined the owner of a warehouse 500 taka.",
        ];
        let right = "Police arrested 12 traders for hoarding onions, and a warehouse owner was fined 500 taka.";
        let wrong = "Police arrested 500 traders for hoarding onions, and a warehouse owner was fined 12 taka.";
        assert!(ground(right, &segments).is_grounded());
        assert_eq!(ground(wrong, &segments).unsupported, ["500", "12"]);
    }

    #[test]
    fn a_changed_name_is_named_and_a_people_is_not() {
        assert_eq!(
            unsupported("Floods in Khulna have displaced 2.5 million people."),
            ["Khulna"]
        );
        assert_eq!(
            unsupported("Khulna floods have displaced 2.5 million people."),
            ["Khulna"]
        );
        assert_eq!(
            unsupported("The South Korean minister promised three cargo planes."),
            Vec::<String>::new()
        );
        assert!(!is_same_name("niger", "nigerian"));
        assert!(!is_same_name("niger", "nigeria"));
    }

    #[test]
    fn a_common_word_is_no_proof_of_a_name() {
        let grounding = ground(
            "Rice prices, said Rose, went up in the markets of Dhaka.",
            &["The rose is a flower."],
        );
        assert!(!grounding.is_grounded());
        assert_eq!(
            ground(
                "The minister Rose spoke.",
                &["The minister spoke of a rose."]
            )
            .unsupported,
            ["Rose"]
        );
    }

    #[test]
    fn an_invented_denial_is_named() {
        assert_eq!(
            unsupported("Rice prices did not rise in the markets of Dhaka."),
            ["not"]
        );
        assert_eq!(
            unsupported("There were no deaths reported in the district."),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_denial_beside_other_words_is_named() {
        let segments = [
            "Relief has not reached the villages of Hatibandha, but medicine came to the schools there.",
        ];
        let wrong = "Medicine did not come to the schools there.";
        assert_eq!(ground(wrong, &segments).unsupported, ["not"]);
        assert!(
            ground(
                "Relief did not reach the villages of Hatibandha.",
                &segments
            )
            .is_grounded()
        );
    }

    #[test]
    fn a_lost_denial_is_named() {
        let segments = [
            "Government relief has not reached many villages of Hatibandha yet.",
            "The loss is not less than 125 million taka, and no family would be excluded, he said.",
            "Not only rice but medicine was sent to Hatibandha.",
        ];
        for (sentence, lost) in [
            (
                "Government relief has reached many villages of Hatibandha.",
                "reached",
            ),
            ("The loss is less than 125 million taka.", "less"),
            ("A family would be excluded, he said.", "family"),
        ] {
            assert_eq!(ground(sentence, &segments).unsupported, [lost]);
        }
        for sentence in [
            "Government relief failed to reach many villages of Hatibandha.",
            "Many villages of Hatibandha got no government relief.",
            "The loss is at least 125 million taka.",
            "Rice and medicine was sent to Hatibandha.",
        ] {
            let grounding = ground(sentence, &segments);
            assert_eq!(grounding.unsupported, Vec::<String>::new(), "{sentence}");
        }
    }

    #[test]
    fn the_opposite_is_named() {
        for (sentence, wrong) in [
            (
                "Rice prices fell by 12 percent in the markets of Dhaka.",
                "fell",
            ),
            (
                "Falling rice prices came to 12 percent in the markets of Dhaka.",
                "Falling",
            ),
        ] {
            assert_eq!(unsupported(sentence), [wrong]);
        }
        let hurt = ["Three people were injured when a bus fell into a canal in Savar."];
        let killed = ground(
            "Three people were killed when a bus fell into a canal in Savar.",
            &hurt,
        );
        assert_eq!(killed.unsupported, ["killed"]);
    }

    #[test]
    fn another_story_cites_nothing() {
        let grounding = ground(
            "Bangladesh beat Sri Lanka by 20 runs in the final.",
            &SEGMENTS,
        );
        assert_eq!(grounding.citations, Vec::<usize>::new());
        assert_eq!(grounding.unsupported, ["Bangladesh", "Sri", "Lanka", "20"]);
    }

    #[test]
    fn names_alone_do_not_vouch_for_what_is_said_of_them() {
        let segments = ["Russia and Ukraine exchanged prisoners on Monday."];
        let wrong = ground("The quake was felt in Russia and Ukraine.", &segments);
        assert_eq!(wrong.citations, Vec::<usize>::new());
        assert!(ground("Prisoners of Russia and Ukraine were exchanged.", &segments).is_grounded());
    }

    #[test]
    fn nothing_rests_on_nothing() {
        for (sentence, segments) in [
            ("", &SEGMENTS[..]),
            ("Floods in Sylhet.", &[]),
            ("It was.", &SEGMENTS[..]),
        ] {
            assert!(!ground(sentence, segments).is_grounded(), "{sentence:?}");
        }
    }

    #[test]
    fn a_long_article_is_read_once() {
        let sentence =
            |i: usize| format!("Village {i} of Sylhet lost {} houses to the flood.", i % 97);
        let segments: Vec<String> = (0..5000).map(sentence).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let start = std::time::Instant::now();
        let sources = Sources::new(&segments);
        for i in 0..200 {
            assert_eq!(sources.ground(segments[i * 25]).citations, [i * 25]);
        }
        let taken = start.elapsed();
        assert!(taken < std::time::Duration::from_secs(5), "{taken:?}");
    }
}
