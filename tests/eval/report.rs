//! Every form of a report, with text that is out to break it.

use anubad::eval::report::{
    Case, HtmlOptions, Report, TableOptions, html, is_hidden, junit, latex, markdown, table,
};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use quick_xml::Reader;
use quick_xml::events::Event as Xml;

/// Markup of each form, a terminal's commands, and a turn of direction.
const HOSTILE: &str = "</td></script><script>alert(1)</script> a|b \\ $x_1$ `c` **d** [e](f) {{ g }} %\n\u{1b}[2J\u{202e}#&\"'~^";

const TERMINAL: TableOptions = TableOptions {
    width: 80,
    styled: false,
    parts: true,
    verbose: true,
};

fn sample() -> Report {
    serde_json::from_str(include_str!("../data/eval/report.json")).unwrap()
}

/// The sample with all text of others' making replaced.
fn hostile() -> Report {
    let mut report = sample();
    let hostile = || HOSTILE.to_owned();
    report.test_set = hostile();
    report.tool = hostile();
    report.created = hostile();
    report.test_set_sha256 = hostile();
    for metric in &mut report.metrics {
        (metric.name, metric.signature) = (hostile(), hostile());
        metric.signature_short = hostile();
    }
    for system in &mut report.systems {
        system.name = hostile();
        system.scores[0].details = hostile();
        for finding in system.findings.iter_mut().flatten() {
            (finding.kind, finding.severity) = (hostile(), hostile());
        }
    }
    for group in &mut report.groups {
        group.by = hostile();
        group.parts[0].label = hostile();
    }
    for segment in &mut report.segments {
        (segment.id, segment.document) = (Some(hostile()), Some(hostile()));
        (segment.topic, segment.source) = (Some(hostile()), Some(hostile()));
        segment.references = vec![Some(hostile()), None, Some("plain".to_owned())];
        for output in &mut segment.outputs {
            output.hypothesis = hostile();
            for finding in &mut output.findings {
                (finding.severity, finding.message) = (hostile(), hostile());
            }
        }
    }
    report
}

/// Reports in which something is missing or out of the ordinary.
fn odd() -> Vec<(&'static str, Report)> {
    let change = |change: fn(&mut Report)| {
        let mut report = sample();
        change(&mut report);
        report
    };
    vec![
        ("no systems", change(|r| r.systems.clear())),
        ("one system", change(|r| r.systems.truncate(1))),
        ("no metrics", change(|r| r.metrics.clear())),
        ("no groups", change(|r| r.groups.clear())),
        ("no sentences", change(|r| r.segments.clear())),
        ("no outputs", change(|r| r.segments[0].outputs.clear())),
        (
            "no significance",
            change(|r| {
                r.significance = None;
                for score in r.systems.iter_mut().flat_map(|s| &mut s.scores) {
                    (score.mean, score.interval, score.p_value) = (None, None, None);
                }
            }),
        ),
        (
            "holes",
            change(|r| {
                r.systems[0].scores.clear();
                r.groups[0].parts[1].scores.clear();
                r.segments[1].references.clear();
                r.segments[2].outputs[1].scores.clear();
                (r.segments[3].source, r.segments[3].topic) = (None, None);
            }),
        ),
        (
            "no numbers",
            change(|r| {
                r.systems[0].scores[0].value = f64::NAN;
                r.systems[1].scores[1].value = f64::INFINITY;
                r.systems[1].seconds = Some(f64::NAN);
                r.groups[0].parts[0].scores[0][0] = f64::NEG_INFINITY;
                r.segments[0].outputs[0].scores[0] = f64::NAN;
                r.segments[1].outputs[0].scores[0] = f64::INFINITY;
                r.metrics[1].decimals = usize::MAX;
            }),
        ),
        (
            "greatest numbers",
            change(|r| {
                r.systems[0].scores[0].value = f64::MAX;
                r.systems[1].scores[0].value = f64::MIN;
                r.systems[0].seconds = Some(f64::MIN_POSITIVE);
                r.groups[0].parts[0].scores[0][0] = f64::MAX;
                r.groups[0].parts[1].scores[1][0] = f64::MIN;
                r.segments[0].outputs[0].scores[0] = f64::MAX;
                r.segments[1].outputs[0].scores[0] = f64::MIN;
            }),
        ),
    ]
}

fn page(report: &Report) -> String {
    html(report, &HtmlOptions::default()).unwrap()
}

/// Text of a page outside its style and script, entities resolved. Panics where a tag is not closed by its own, or
/// an element is one that the template does not write.
fn check_html(page: &str) -> String {
    const VOID: [&str; 3] = ["meta", "input", "br"];
    let page = page.strip_prefix("<!doctype html>\n").expect("a doctype");
    // XML, to be read as which the page lacks only the ends of the elements that have none in HTML.
    let mut closed = page
        .replace("<br>", "<br/>")
        .replace(" hidden>", " hidden=\"\">");
    closed = closed.replace(" open>", " open=\"\">");
    for element in ["<meta ", "<input "] {
        let mut from = 0;
        while let Some(start) = closed[from..].find(element) {
            let end = from + start + closed[from + start..].find('>').unwrap();
            closed.insert(end, '/');
            from = end;
        }
    }
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let start = closed.find(open).unwrap() + open.len();
        let end = start + closed[start..].find(close).unwrap();
        closed.replace_range(start..end, "");
    }
    let mut reader = Reader::from_str(&closed);
    let (mut text, mut scripts, mut open) = (String::new(), 0, Vec::new());
    loop {
        match reader.read_event().unwrap_or_else(|error| {
            let at = reader.error_position() as usize;
            panic!("{error} at {:?}", &closed[at.saturating_sub(200)..at])
        }) {
            Xml::Start(tag) => {
                let name = tag.name().as_ref().to_owned();
                scripts += usize::from(name == "script");
                for attribute in tag.attributes() {
                    let attribute = attribute.expect("attributes that are quoted and differ");
                    assert!(!attribute.key.as_ref().starts_with("on"), "{attribute:?}");
                }
                open.push(name);
            }
            Xml::Empty(tag) => {
                let name = tag.name().as_ref().to_owned();
                let drawn = ["path", "rect", "circle"];
                assert!(VOID.contains(&&*name) || drawn.contains(&&*name), "{name}");
            }
            Xml::End(tag) => assert_eq!(Some(tag.name().as_ref().to_owned()), open.pop()),
            Xml::Text(part) => text.push_str(&part),
            Xml::GeneralRef(entity) => match &*entity {
                "lt" => text.push('<'),
                "gt" => text.push('>'),
                "amp" => text.push('&'),
                "quot" => text.push('"'),
                "#x27" | "#39" | "apos" => text.push('\''),
                "#x2f" => text.push('/'),
                other => panic!("entity {other}"),
            },
            Xml::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(scripts, 1);
    text
}

fn assert_nothing_hidden(text: &str) {
    let hidden = text.chars().find(|&c| c != '\n' && is_hidden(c));
    assert_eq!(hidden, None);
}

#[test]
fn stored_and_read_a_report_is_the_same() {
    let report = sample();
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}

#[test]
fn scores_that_json_cannot_hold_are_read_as_no_number() {
    let mut report = sample();
    report.systems[0].scores[0].value = f64::INFINITY;
    report.groups[0].parts[0].scores[0][0] = f64::NAN;
    report.segments[0].outputs[0].scores[0] = f64::NAN;
    let json = serde_json::to_string(&report).unwrap();
    let read: Report = serde_json::from_str(&json).unwrap();
    assert!(read.systems[0].scores[0].value.is_nan());
    assert!(read.groups[0].parts[0].scores[0][0].is_nan());
    assert!(read.segments[0].outputs[0].scores[0].is_nan());
    assert_eq!(read.systems[0].scores[0].p_value, None);
}

#[test]
fn hostile_text_is_text_in_a_page() {
    let page = page(&hostile());
    let text = check_html(&page);
    let shown = "</td></script><script>alert(1)</script> a|b \\ $x_1$ `c` **d** [e](f) {{ g }} %␊␛[2J⟨U+202E⟩#&\"'~^";
    // Once in each heading, label, name, source, reference and finding at least.
    assert!(
        text.matches(shown).count() > 40,
        "{}",
        text.matches(shown).count()
    );
    assert_nothing_hidden(&page);
}

#[test]
fn hostile_text_is_text_in_markdown() {
    let markdown = markdown(&hostile());
    assert_nothing_hidden(&markdown);
    let (mut tables, mut cells, mut rows) = (0, Vec::new(), Vec::new());
    let mut text = String::new();
    for event in Parser::new_ext(&markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Table(_)) => tables += 1,
            Event::Start(Tag::TableCell) => text.clear(),
            Event::End(TagEnd::TableCell) => cells.push(text.clone()),
            Event::End(TagEnd::TableRow | TagEnd::TableHead) => {
                rows.push(std::mem::take(&mut cells))
            }
            Event::Text(part) => text.push_str(&part),
            Event::Html(html) | Event::InlineHtml(html) => assert_eq!(&*html, "<br>"),
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis) => {
                panic!("markup of others in {markdown}")
            }
            _ => {}
        }
    }
    // Scores, findings, and a group by each of two metrics.
    assert_eq!(tables, 4);
    assert!(rows[1][0].starts_with("</td></script>") && rows[1][0].ends_with("#&\"'~^"));
    assert_eq!(rows[1].len(), 4);
    assert!(
        markdown.contains("`` "),
        "code with backquotes has a longer fence"
    );
}

#[test]
fn hostile_text_is_text_in_latex() {
    let latex = latex(&hostile());
    assert_nothing_hidden(&latex);
    for line in latex.lines().skip(1) {
        let bare = line.replace("\\%", "").replace("\\$", "");
        assert!(!bare.contains('%'), "a comment: {line}");
        assert!(!bare.contains("$x"), "a formula: {line}");
    }
    assert!(latex.contains("a\\textbar{}b \\textbackslash{} \\$x\\_1\\$"));
    let count = |what: char| {
        let escaped = format!("\\{what}");
        latex.matches(what).count() - latex.matches(&escaped).count()
    };
    assert_eq!(count('{'), count('}'));
}

#[test]
fn hostile_text_cannot_command_a_terminal() {
    let plain = table(&hostile(), &TERMINAL);
    assert_nothing_hidden(&plain);
    let styled = TableOptions {
        styled: true,
        ..TERMINAL
    };
    let styled = table(&hostile(), &styled);
    let own = styled.matches("\u{1b}[1m").count() + styled.matches("\u{1b}[0m").count();
    assert_eq!(styled.matches('\u{1b}').count(), own);
    assert_nothing_hidden(&styled.replace('\u{1b}', ""));
}

#[test]
fn hostile_text_is_text_in_junit() {
    let case = |failure: Option<&str>| Case {
        suite: HOSTILE.to_owned(),
        name: HOSTILE.to_owned(),
        seconds: Some(f64::NAN),
        failure: failure.map(str::to_owned),
    };
    let xml = junit(HOSTILE, &[case(None), case(Some(HOSTILE))]).unwrap();
    let mut reader = Reader::from_str(&xml);
    let (mut cases, mut failures) = (0, 0);
    loop {
        match reader.read_event().unwrap() {
            Xml::Start(tag) | Xml::Empty(tag) => {
                cases += usize::from(tag.name().as_ref() == "testcase");
                failures += usize::from(tag.name().as_ref() == "failure");
                assert_ne!(tag.name().as_ref(), "script");
            }
            Xml::Eof => break,
            _ => {}
        }
    }
    assert_eq!((cases, failures), (2, 1));
    assert!(!xml.contains('\u{1b}'));
}

#[test]
fn junit_counts_by_suite() {
    let case = |suite: &str, name: &str, failure: Option<&str>| Case {
        suite: suite.to_owned(),
        name: name.to_owned(),
        seconds: Some(1.5),
        failure: failure.map(str::to_owned),
    };
    let failure = Some("BLEU 19.2 is below 20\nworst sentence: 3");
    let cases = [
        case("news", "BLEU", failure),
        case("sport", "BLEU", None),
        case("news", "chrF2", None),
    ];
    let xml = junit("anubad", &cases).unwrap();
    for part in [
        r#"<testsuites name="anubad" tests="3" skipped="0" failures="1" errors="0">"#,
        r#"<testsuite name="news" tests="2" skipped="0" errors="0" failures="1">"#,
        r#"<testcase name="chrF2" classname="news" time="1.500""#,
        r#"<failure message="BLEU 19.2 is below 20" type="bar">"#,
        "worst sentence: 3",
    ] {
        assert!(xml.contains(part), "no {part} in\n{xml}");
    }
}

#[test]
fn odd_reports_have_all_forms() {
    for (what, report) in odd() {
        println!("{what}");
        check_html(&page(&report));
        assert!(markdown(&report).starts_with("### toy\n"));
        assert!(latex(&report).ends_with("\\end{table}\n"));
        for width in [0, 1, 30, 80, 100_000] {
            let options = TableOptions { width, ..TERMINAL };
            assert!(table(&report, &options).starts_with("toy"));
        }
    }
}

#[test]
fn a_table_that_is_too_wide_is_divided_and_loses_nothing() {
    let mut report = sample();
    for i in 0..6 {
        let mut metric = report.metrics[0].clone();
        metric.name = format!("metric{i}");
        report.metrics.push(metric);
        for system in &mut report.systems {
            let mut score = system.scores[0].clone();
            score.value = f64::from(i) + 10.25;
            system.scores.push(score);
        }
    }
    let options = TableOptions {
        verbose: false,
        ..TERMINAL
    };
    let table = table(&report, &options);
    for line in table.lines() {
        assert!(textwrap::core::display_width(line) <= 80, "{line}");
    }
    for i in 0..6 {
        assert!(table.contains(&format!("metric{i} ↑")));
        assert!(
            table.contains(&format!(" {i}")) && table.contains("10.2 ("),
            "{table}"
        );
    }
}

#[test]
fn the_best_are_bold_in_each_form() {
    let report = sample();
    let styled = TableOptions {
        styled: true,
        ..TERMINAL
    };
    assert!(table(&report, &styled).contains("\u{1b}[1m33.2\u{1b}[0m (33.2 ± 1.2)"));
    assert!(markdown(&report).contains(r"| **33.2** (33.2 ± 1.2)<br>p = 0.0010\* |"));
    assert!(latex(&report).contains(r"\textbf{33.2}$^{*}$ (33.2 $\pm$ 1.2)"));
    assert!(
        page(&report)
            .contains("<b>33.2</b> <small>(33.2 ± 1.2)</small><br><small>p = 0.0010*</small>")
    );
}

#[test]
fn a_page_shows_what_an_output_has_otherwise() {
    let page = page(&sample());
    for part in [
        "<del>Five people</del><ins>People</ins> died in the flood.",
        // The second reference is nearer.
        "The water of the river has not <del>risen</del><ins>increased</ins>.",
        "against reference 2",
        "5 is not in the translation",
        "worse: −100.0",
        "better: +60.0",
        "<i class=\"dim\">(nothing)</i>",
        "lang=\"bn\" dir=\"auto\">নদীর পানি বাড়েনি।",
    ] {
        assert!(page.contains(part), "no {part}");
    }
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_page_lists_as_many_sentences_as_asked_and_folds_long_ones() {
    let mut report = sample();
    let segment = report.segments[1].clone();
    report.segments = (0..10_000)
        .map(|i| {
            let mut segment = segment.clone();
            segment.number = i + 1;
            segment.outputs[0].scores[0] = i as f64;
            segment
        })
        .collect();
    let long = "শব্দ ".repeat(1_000);
    report.segments[0].source = Some(long.clone());
    report.segments[0].outputs[0].hypothesis = long;
    let options = HtmlOptions {
        sentences: 5,
        metric: 0,
    };
    let page = html(&report, &options).unwrap();
    check_html(&page);
    // Worst of either system, and most changed.
    assert_eq!(page.matches("<article>").count(), 15);
    assert!(page.matches("<details class=\"fold\">").count() >= 2);
    assert!(page.len() < 200_000, "{}", page.len());
}
