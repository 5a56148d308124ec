//! Test sets in the formats of the field. Expected texts of lines, SGML and XML are those that sacreBLEU 2.6 reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anubad::eval::{
    Column, Corpus, EvalError, Format, Languages, Layout, SystemFile, TestSetFiles, read_lines,
    read_parallel, read_systems, read_test_set,
};
use tempfile::TempDir;

fn data(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/eval/corpus");
    folder.join(name)
}

fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

/// Reads a file with all sides from its content.
fn parallel(name: &str, content: impl AsRef<[u8]>) -> Result<Corpus, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, name, content);
    let message = |error: EvalError| error.to_string().replace(&path.display().to_string(), name);
    read_parallel(&path, &Layout::default()).map_err(message)
}

fn sources(corpus: &Corpus) -> Vec<&str> {
    let segments = corpus.test_set.segments.iter();
    segments.map(|s| s.source.as_deref().unwrap()).collect()
}

fn references(corpus: &Corpus) -> Vec<Vec<Option<&str>>> {
    let segments = corpus.test_set.segments.iter();
    segments
        .map(|s| s.references.iter().map(Option::as_deref).collect())
        .collect()
}

fn systems(corpus: &Corpus) -> Vec<(&str, Vec<&str>)> {
    corpus
        .systems
        .iter()
        .map(|system| {
            let hypotheses = system.hypotheses.iter().map(String::as_str);
            (system.name.as_str(), hypotheses.collect())
        })
        .collect()
}

#[test]
fn lines_are_those_of_sacrebleu() {
    assert_eq!(
        read_lines(&data("odd.txt")).unwrap(),
        [
            "নদীর পানি বিপৎসীমার ওপরে।",
            "",
            "one\u{2028}line\u{85}still\x0cthe\x1esame\rline",
            "  leading space stays, trailing goes",
            "",
            "ড়\u{200d}",
            "last line without an end",
        ]
    );
}

#[test]
fn files_of_one_test_set_agree_in_length() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(&folder, "dev.bn", "এক\nদুই\n");
    let reference = file(&folder, "dev.en", "one\ntwo\n");
    let mut files = TestSetFiles {
        source: Some(source),
        references: vec![reference.clone(), reference],
        documents: Some(file(&folder, "docs.tsv", "d1\tflood\nd2\n")),
    };
    let test_set = read_test_set(&files).unwrap();
    assert_eq!(test_set.name, "dev");
    assert_eq!(test_set.segments[1].source.as_deref(), Some("দুই"));
    assert_eq!(test_set.segments[1].references(), ["two", "two"]);
    assert_eq!(test_set.segments[0].topic.as_deref(), Some("flood"));
    assert_eq!(test_set.segments[1].document.as_deref(), Some("d2"));
    assert_eq!(test_set.segments[1].topic, None);

    let outputs = [
        file(&folder, "nllb/out.en", "ONE\nTWO\n"),
        file(&folder, "opus/out.en", "1\n2"),
    ];
    let outputs = outputs.map(|path| SystemFile { name: None, path });
    let systems = read_systems(&outputs, &test_set).unwrap();
    assert_eq!(systems[0].name, "nllb/out.en");
    assert_eq!(systems[1].name, "opus/out.en");
    assert_eq!(systems[1].hypotheses, ["1", "2"]);

    let short = file(&folder, "short.en", "ONE\n");
    let error = read_systems(
        &[SystemFile {
            name: None,
            path: short.clone(),
        }],
        &test_set,
    );
    assert!(matches!(
        error,
        Err(EvalError::Length {
            found: 1,
            expected: 2,
            ..
        })
    ));
    files.documents = Some(short.clone());
    assert!(matches!(
        read_test_set(&files),
        Err(EvalError::Length { .. })
    ));
    files.references.push(short);
    assert!(matches!(
        read_test_set(&files),
        Err(EvalError::Length { .. })
    ));
    assert!(matches!(
        read_test_set(&TestSetFiles::default()),
        Err(EvalError::Empty)
    ));
}

#[test]
fn sgml_of_wmt_is_read_side_by_side_and_in_one_order() {
    let files = TestSetFiles {
        source: Some(data("news.src.sgm")),
        references: vec![data("news.ref.sgm")],
        documents: None,
    };
    let test_set = read_test_set(&files).unwrap();
    let first = &test_set.segments[0];
    assert_eq!(first.source.as_deref(), Some("ঢাকায় ভারী বৃষ্টি; তাপমাত্রা < ২০°।"));
    assert_eq!(
        first.references(),
        ["Heavy rain in Dhaka; temperature &lt; 20° & falling."]
    );
    assert_eq!(first.document.as_deref(), Some("bdnews.1"));
    assert_eq!(first.topic.as_deref(), Some("weather"));
    assert_eq!(test_set.segments[2].id.as_deref(), Some("1"));
    assert_eq!(test_set.segments[2].document.as_deref(), Some("bdnews.2"));

    let folder = tempfile::tempdir().unwrap();
    let plain = file(&folder, "out.en", "a\nb\nc\n");
    let system = SystemFile {
        name: Some("mine".to_owned()),
        path: plain,
    };
    assert_eq!(
        read_systems(&[system], &test_set).unwrap()[0].hypotheses,
        ["a", "b", "c"]
    );

    let text = fs::read_to_string(data("news.ref.sgm")).unwrap();
    let strange = file(&folder, "x.sgm", text.replace("bdnews.2", "bdnews.3"));
    let error = read_systems(
        &[SystemFile {
            name: None,
            path: strange,
        }],
        &test_set,
    );
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("sentence 3 is segment 1 of document bdnews.3, and segment 1 of"),
        "{message}"
    );
    let xml = SystemFile::parse(data("news.xml").to_str().unwrap());
    let message = read_systems(&[xml], &test_set).unwrap_err().to_string();
    assert!(message.contains("is XML"), "{message}");
}

#[test]
fn xml_of_wmt_is_read_as_sacrebleu_reads_it() {
    let corpus = read_parallel(&data("news.xml"), &Layout::default()).unwrap();
    assert_eq!(corpus.test_set.name, "news");
    assert_eq!(
        sources(&corpus),
        ["পদ্মা সেতু খুলেছে।", "৩৫টি স্প্যান & দুই পাশ।", "শেষ খবর"]
    );
    assert_eq!(
        references(&corpus),
        [
            [
                Some("The Padma bridge has opened."),
                Some("Padma Bridge opens.")
            ],
            [Some("35 spans <and> two sides."), Some("")],
            [Some("Last news"), None],
        ]
    );
    assert_eq!(
        systems(&corpus),
        [
            (
                "online-A",
                vec!["Padma bridge opened.", "35 spans.", "End news"]
            ),
            ("নিজের", vec!["The bridge", "", "last"]),
        ]
    );
    assert_eq!(
        corpus.left_out, 2,
        "one has no reference, one is of a test suite"
    );
    let last = &corpus.test_set.segments[2];
    assert_eq!(
        (last.document.as_deref(), last.topic.as_deref()),
        (Some("d2"), None)
    );
    assert_eq!(corpus.test_set.segments[1].topic.as_deref(), Some("news"));
    assert_eq!(corpus.test_set.segments[1].id.as_deref(), Some("2"));
}

#[test]
fn xml_that_is_not_what_it_should_be_is_refused_with_its_line() {
    let good = fs::read_to_string(data("news.xml")).unwrap();
    for (from, to, message) in [
        (
            "<src lang=\"bn\">",
            "<src lang=\"hi\">",
            "source texts in several languages (bn, hi)",
        ),
        (
            "id=\"2\"",
            "id=\"1\"",
            "line 9: segment 1 stands there for the second time",
        ),
        (
            "id=\"2\"",
            "id=\"two\"",
            "line 7: the id \"two\" of <seg> is not a number",
        ),
        (
            "id=\"2\"",
            "id=\"9\"",
            "segment 2 of document d1 has no source",
        ),
        (
            "system=\"online-A\"",
            "",
            "line 21: <hyp> has no attribute system",
        ),
        ("&amp;", "&nbsp;", "line 8: the entity &nbsp; is not known"),
        (
            "</dataset>",
            "",
            "the file ends before all elements are closed",
        ),
        ("</collection>", "</dataset>", "is not valid XML"),
        ("<hyp ", "<ref><hyp ", "stand inside each other"),
        (
            "<seg id=\"1\">End news</seg>",
            "",
            "system \"online-A\" has no output for segment 1 of document d2",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let result = parallel("x.xml", good.replacen(from, to, 1));
        let error = result.unwrap_err();
        assert!(error.contains(message), "{from} {to}: {error}");
    }
    let error = parallel("x.xml", fs::read(data("memory.tmx")).unwrap()).unwrap_err();
    assert!(error.contains("is TMX"), "{error}");
}

#[test]
fn a_translation_memory_gives_pairs_of_two_languages() {
    let layout = |source: &str, target: &str| Layout {
        languages: Languages {
            source: source.to_owned(),
            target: target.to_owned(),
        },
        ..Layout::default()
    };
    let corpus = read_parallel(&data("memory.tmx"), &Layout::default()).unwrap();
    assert_eq!(
        sources(&corpus),
        ["সরকার বলেছে, দাম বাড়বে না।", "বন্যায় ১২ জন নিহত"]
    );
    assert_eq!(
        references(&corpus),
        [
            [
                Some("The government said prices will not rise."),
                Some("Prices won't rise, says government.")
            ],
            [Some("12 killed in floods"), None],
        ]
    );
    assert_eq!(corpus.test_set.segments[0].id.as_deref(), Some("u1"));
    assert_eq!(corpus.left_out, 1);
    let corpus = read_parallel(&data("memory.tmx"), &layout("ben_Beng", "de")).unwrap();
    assert_eq!(
        references(&corpus),
        [[Some("12 Tote bei Überschwemmungen")]]
    );
    let corpus = read_parallel(&data("memory.tmx"), &layout("en-US", "bn"));
    assert_eq!(
        sources(&corpus.unwrap())[0],
        "The government said prices will not rise."
    );
    let message = |source, target| {
        let error = read_parallel(&data("memory.tmx"), &layout(source, target));
        error.unwrap_err().to_string()
    };
    let error = message("en", "bn");
    assert!(
        error.contains("line 12: the unit has two texts in en (en-US, en-GB)"),
        "{error}"
    );
    let error = message("bn", "fr");
    assert!(
        error.contains(
            "no unit in both bn and fr; its languages are EN, bn, bn-BD, de, en, en-GB, en-US"
        ),
        "{error}"
    );
}

#[test]
fn tab_separated_values_are_not_quoted() {
    let content = "id\tsrc\tref1\tref2\thyp:A\turl\tdomain\tdocument\r\n\
        7\t\"উদ্ধৃতি\" আছে \t\"Quote\"\t\t a\tx\tnews\td1\r\n\
        \t\t\t\t\t\t\t\r\n";
    let corpus = parallel("dev.tsv", content).unwrap();
    assert_eq!(sources(&corpus), ["\"উদ্ধৃতি\" আছে", ""]);
    assert_eq!(
        references(&corpus),
        [[Some("\"Quote\""), Some("")], [Some(""), Some("")]]
    );
    assert_eq!(systems(&corpus), [("A", vec![" a", ""])]);
    let first = &corpus.test_set.segments[0];
    assert_eq!(first.id.as_deref(), Some("7"));
    assert_eq!(
        (first.document.as_deref(), first.topic.as_deref()),
        (Some("d1"), Some("news"))
    );
    assert_eq!(corpus.test_set.segments[1].id, None);

    for (content, message) in [
        ("", "is empty"),
        ("src\tref\n", "has no sentences"),
        ("src\tref\nক\n", "line 2: has 1 fields, and 2 are needed"),
        ("src\tref\nক\ta\tb\n", "line 2: has 3 fields"),
        ("ক\tখ\n", "no column for source or references"),
        ("src\tsource\n", "column 2 is the second source"),
        (
            "src\tref\thyp:a\tsys:a\n",
            "column 4 is the second system named \"a\"",
        ),
    ] {
        let error = parallel("x.tsv", content).unwrap_err();
        assert!(error.contains(message), "{error}");
    }

    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "bare.tsv", "১\tone\tx\tun\n");
    let layout = Layout {
        columns: Some(["src", "ref", "-", "NLLB"].map(Column::parse).to_vec()),
        ..Layout::default()
    };
    let corpus = read_parallel(&path, &layout).unwrap();
    assert_eq!(sources(&corpus), ["১"]);
    assert_eq!(systems(&corpus), [("NLLB", vec!["un"])]);
}

#[test]
fn json_lines_keep_the_order_of_systems_and_what_is_missing() {
    let content = r#"{"id": 1, "doc": "d", "topic": "flood", "src": "এক ", "refs": ["one", null], "hyps": {"z": "1", "a": "eins"}, "url": {"x": [1]}}

{"source": "দুই\nলাইন", "reference": null, "refs": [null, "two", ""], "hyps": {"a": "zwei", "z": "2"}}
{"ref": "three", "hyps": {"a": "drei", "z": "3"}}
"#;
    let corpus = parallel("x.jsonl", content).unwrap();
    assert_eq!(corpus.test_set.segments[0].id.as_deref(), Some("1"));
    assert_eq!(corpus.test_set.segments[0].source.as_deref(), Some("এক "));
    assert_eq!(
        corpus.test_set.segments[1].source.as_deref(),
        Some("দুই\nলাইন")
    );
    assert_eq!(corpus.test_set.segments[2].source, None);
    assert_eq!(
        references(&corpus),
        [
            [Some("one"), None, None],
            [None, Some("two"), Some("")],
            [Some("three"), None, None],
        ]
    );
    assert_eq!(
        systems(&corpus),
        [
            ("z", vec!["1", "2", "3"]),
            ("a", vec!["eins", "zwei", "drei"])
        ]
    );
    let one = parallel("x.jsonl", "{\"src\": \"ক\", \"hyp\": \"k\"}").unwrap();
    assert_eq!(systems(&one), [("hyp", vec!["k"])]);

    let first = r#"{"src": "ক", "hyps": {"a": "k"}}"#;
    for (line, message) in [
        (r#"{"src": "খ"}"#, "line 2: has no output of \"a\""),
        (
            r#"{"src": "খ", "hyps": {"b": "x"}}"#,
            "line 2: has an output of \"b\", and the first line has none",
        ),
        (
            r#"{"src": "খ", "hyps": {"a": "x", "a": "y"}}"#,
            "line 2: has two outputs of \"a\"",
        ),
        (
            r#"{"src": "খ", "hyps": {"a": null}}"#,
            "line 2: invalid type: null",
        ),
        (
            r#"{"src": "খ", "ref": "x", "refs": []}"#,
            "line 2: has both ref and refs",
        ),
        (r#"{"hyps": {"a": "x"}}"#, "line 2: has neither src nor ref"),
        (r#"{"src": "খ", "source": "গ"}"#, "line 2: duplicate field"),
        (
            r#"{"src": "খ""#,
            "line 2: is not JSON: EOF while parsing an object at column 13",
        ),
        (r#"{"src": "\ud800"}"#, "line 2: is not JSON"),
        (r#"["src"]"#, "line 2: "),
        (
            r#"{"schema": 1, "title": "x", "paragraphs": []}"#,
            "line 2: is an article as `anubad translate`",
        ),
    ] {
        let error = parallel("x.jsonl", format!("{first}\n{line}\n")).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn formats_can_be_named_and_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "data.txt", "src\tref\nক\tk\n");
    assert!(read_parallel(&path, &Layout::default()).is_err());
    let layout = Layout {
        format: Some(Format::Tsv),
        ..Layout::default()
    };
    assert_eq!(read_parallel(&path, &layout).unwrap().test_set.name, "data");
    assert!(read_parallel(&folder.path().join("none.tsv"), &Layout::default()).is_err());
}

/// Pseudo-random numbers (Marsaglia 2003, xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Reads a file as everything that it could be; only whether it comes back is of interest.
fn read_every_way(path: &Path) {
    let _ = read_lines(path);
    let _ = read_systems(
        &[SystemFile {
            name: None,
            path: path.to_owned(),
        }],
        &Default::default(),
    );
    let both = TestSetFiles {
        source: Some(path.to_owned()),
        references: vec![path.to_owned()],
        documents: Some(path.to_owned()),
    };
    let _ = read_test_set(&both);
    for format in Format::ALL {
        let layout = Layout {
            format: Some(format),
            ..Layout::default()
        };
        let _ = read_parallel(path, &layout);
    }
}

#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["news.xml", "memory.tmx", "news.ref.sgm", "odd.txt"];
    let mut seeds: Vec<Vec<u8>> = names
        .iter()
        .map(|name| fs::read(data(name)).unwrap())
        .collect();
    seeds.push("id\tsrc\tref\thyp:a\n1\tক\tk\tx\n".into());
    seeds.push("{\"src\": \"ক\", \"refs\": [null, \"k\"], \"hyps\": {\"a\": \"x\"}}\n".into());
    seeds.push(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..400 {
        let mut bytes = seeds[round % seeds.len()].clone();
        match random.below(4) {
            0 => bytes.truncate(random.below(bytes.len())),
            1 => {
                bytes = (0..random.below(400))
                    .map(|_| random.below(256) as u8)
                    .collect()
            }
            2 => {
                for _ in 0..1 + random.below(8) {
                    let at = random.below(bytes.len());
                    bytes[at] = b"<>&\"/=\t\n\0\xff"[random.below(10)];
                }
            }
            _ => {
                let from = random.below(bytes.len());
                let until = from + random.below(bytes.len() - from);
                let part = bytes[from..until].to_vec();
                let at = random.below(bytes.len());
                bytes.splice(at..at, part);
            }
        }
        let name = ["x", "x.sgm", "x.gz"][random.below(3)];
        read_every_way(&file(&folder, name, &bytes));
    }
}

#[test]
fn files_that_are_made_to_hurt_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let lol = "<!DOCTYPE tmx [<!ENTITY a \"লল\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
        <!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    for entity in ["&b;", "&x;"] {
        let tmx = format!(
            "{lol}<tmx><body><tu><tuv xml:lang=\"bn\"><seg>{entity}</seg></tuv></tu></body></tmx>"
        );
        let error = parallel("x.tmx", tmx).unwrap_err();
        assert!(
            error.contains("line 1: the entity") && error.contains("not known"),
            "{error}"
        );
    }
    let deep = "<a>".repeat(200_000);
    let error = parallel("x.xml", &deep).unwrap_err();
    assert!(error.contains("nested more than 64 deep"), "{error}");
    let nested = format!("{{\"src\": {}", "[".repeat(200_000));
    assert!(parallel("x.jsonl", nested).is_err());

    let name = "x".repeat(1 << 20);
    let error = parallel("x.xml", format!("<dataset><doc id=\"{name}\"/></dataset>")).unwrap_err();
    assert!(error.contains("id is longer than 512 bytes"), "{error}");
    let path = file(
        &folder,
        "x.sgm",
        format!("<doc docid={name}>\n<seg id=1>a</seg>"),
    );
    let error = read_systems(
        &[SystemFile::parse(path.to_str().unwrap())],
        &Default::default(),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("longer than 512 bytes")
    );

    let megabytes = 4 << 20;
    let attributes = format!("<dataset {}/>", "a=\"\" ".repeat(megabytes / 5));
    for content in [
        "<".repeat(megabytes),
        "\t".repeat(megabytes),
        "<seg ".repeat(megabytes / 5),
        format!("<seg id=\"1\">{}", "<seg".repeat(megabytes / 4)),
        format!("<seg id=\"1\">{}", "<seg\n".repeat(megabytes / 5)),
        "<doc docid=1>".repeat(megabytes / 13),
        format!("<seg {}>", "a=b ".repeat(megabytes / 4)),
        attributes.clone(),
        attributes.replace("dataset", "doc"),
        "&amp;".repeat(megabytes / 5),
        format!("<a>{}</a>", "&amp;".repeat(megabytes / 5)),
        "\u{3000}".repeat(megabytes / 3),
        "ক".repeat(megabytes / 3),
    ] {
        let path = file(&folder, "x.sgm", &content);
        read_every_way(&path);
        let path = file(&folder, "x.txt", &content);
        assert_eq!(read_lines(&path).unwrap().len(), content.lines().count());
    }
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "{:?}",
        begin.elapsed()
    );
}
