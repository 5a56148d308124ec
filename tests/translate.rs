//! The translator as a program that embeds it sees it.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use anubad::article::{Article, Part, Role};
use anubad::generate::OpenError;
use anubad::model::PackageError;
use anubad::summarize::{Length, Summarizer, SummaryOptions};
use anubad::translate::{ModelSource, TranslateError, TranslateOptions, Translation, Translator};

static TRANSLATOR: LazyLock<Translator> =
    LazyLock::new(|| Translator::load(TranslateOptions::default()).unwrap());

const REPORT: &str = "\
সেতুর কাজ শেষ হলো ছয় মাস আগেই

খুলনা, ৫ মার্চ ২০২৪: রূপসা নদীর ওপর সেতুর কাজ শেষ হয়েছে। সেতুটি ১ হাজার ২০০ মিটার লম্বা।

[বিজ্ঞাপন]

‘কোনো অনিয়ম হয়নি,’ বলেন প্রকৌশলী সালমা খাতুন। বিস্তারিত https://example.org/সেতু?id=৫ ঠিকানায়।

১২:৩০
";

fn article(text: &str) -> Article {
    Article::from_plain("report", None, text.to_owned())
}

fn translate(articles: &[Article]) -> Vec<Translation> {
    TRANSLATOR
        .translate(articles, &|_| ControlFlow::Continue(()))
        .unwrap()
}

#[test]
fn every_sentence_has_its_source_its_span_and_english() {
    let article = article(REPORT);
    let translation = translate(std::slice::from_ref(&article)).remove(0);
    assert_eq!(translation.paragraphs.len(), article.paragraphs.len());
    assert_eq!(
        translation.segments().count(),
        TRANSLATOR.segments(&article)
    );
    for segment in translation.segments() {
        let source = &segment.segment;
        assert_eq!(source.part, Part::Text);
        assert_eq!(source.text, REPORT[source.span.clone()]);
        let english = &segment.hypothesis.text;
        let bengali = english.replace("https://example.org/সেতু?id=৫", "");
        assert!(
            !english.is_empty()
                && bengali
                    .chars()
                    .all(|c| !('\u{980}'..='\u{9FF}').contains(&c)),
            "{english}"
        );
    }
    // Nothing between two segments but white space: no letter of a translated paragraph is lost.
    for (paragraph, source) in translation.paragraphs.iter().zip(&article.paragraphs) {
        let segments: String = paragraph
            .segments
            .iter()
            .map(|s| s.segment.text.as_str())
            .collect();
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        if source.role.is_translated() {
            assert_eq!(bare(&segments), bare(&source.text));
        } else {
            assert_eq!(
                (paragraph.segments.len(), paragraph.text()),
                (0, source.text.clone())
            );
        }
    }
    let english = |part: &str| {
        let of_part = translation
            .segments()
            .find(|s| s.segment.text.contains(part));
        of_part.map(|s| s.hypothesis.text.clone()).unwrap()
    };
    assert!(
        english("বিস্তারিত").contains("https://example.org/সেতু?id=৫"),
        "{}",
        english("বিস্তারিত")
    );
    assert!(english("১ হাজার").contains("1,200"), "{}", english("১ হাজার"));
    assert_eq!(english("১২:৩০"), "12:30");
    assert!(
        translation
            .paragraphs
            .iter()
            .any(|p| matches!(p.role, Role::Boilerplate(_)))
    );
    assert!(translation.title().is_some());
}

#[test]
fn results_do_not_depend_on_company_or_threads() {
    let articles = [
        article(REPORT),
        article("আজ ঢাকায় বৃষ্টি হয়নি।"),
        article("তিনি বলেন, ‘আমরা হারিনি।’"),
    ];
    let together = translate(&articles);
    let one_core = Translator::load(TranslateOptions {
        threads: 1,
        ..TranslateOptions::default()
    })
    .unwrap();
    for (article, expected) in articles.iter().zip(&together) {
        let alone =
            one_core.translate(
                std::slice::from_ref(article),
                &|_| ControlFlow::Continue(()),
            );
        assert_eq!(&alone.unwrap()[0], expected);
    }
}

#[test]
fn a_sentence_too_long_for_the_model_is_cut_at_clauses() {
    let clause = "সরকার জানিয়েছে যে নতুন সড়কের কাজ শিগগিরই শুরু হবে, ";
    let article = article(&format!("{}এবং কাজ শেষ হবে।", clause.repeat(12)));
    let translation = translate(std::slice::from_ref(&article)).remove(0);
    let segments: Vec<&str> = translation
        .segments()
        .map(|s| s.segment.text.as_str())
        .collect();
    assert!(segments.len() > 1, "{segments:?}");
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(bare(&segments.concat()), bare(&article.text));
    assert!(
        segments[..segments.len() - 1]
            .iter()
            .all(|s| s.ends_with(',')),
        "{segments:?}"
    );
}

#[test]
fn progress_counts_every_segment_and_may_stop_the_work() {
    let article = article(REPORT);
    let done = AtomicUsize::new(0);
    let count = |n| {
        done.fetch_add(n, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    TRANSLATOR
        .translate(std::slice::from_ref(&article), &count)
        .unwrap();
    assert_eq!(done.into_inner(), TRANSLATOR.segments(&article));
    let stopped = TRANSLATOR.translate(&[article], &|_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(TranslateError::Interrupted)));
}

#[test]
fn a_brief_by_the_model_cites_what_it_rests_on() {
    let translation = translate(&[article(REPORT)]).remove(0);
    let options = SummaryOptions {
        length: Length::Sentences(2),
    };
    let summarizer = Summarizer::prompted(options, TRANSLATOR.generator());
    let brief = summarizer
        .summarize(&translation, &|| ControlFlow::Continue(()))
        .unwrap();
    assert!((1..=2).contains(&brief.sentences.len()), "{brief:?}");
    let segments = translation.segments().count();
    for sentence in &brief.sentences {
        assert!(!sentence.citations.is_empty() && sentence.citations.iter().all(|&c| c < segments));
    }
}

#[test]
fn an_article_without_words_is_no_trouble() {
    let translations = translate(&[article("[বিজ্ঞাপন]"), article("")]);
    assert!(translations.iter().all(|t| t.segments().count() == 0));
    assert!(translate(&[]).is_empty());
}

#[test]
fn translators_and_summarizers_go_between_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Translator>();
    is_shared::<Summarizer>();
}

fn load_folder(folder: &Path) -> OpenError {
    let model = ModelSource::path(folder.to_owned());
    match Translator::load(TranslateOptions {
        model,
        ..TranslateOptions::default()
    }) {
        Err(TranslateError::Model(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a broken model was loaded"),
    }
}

fn manifest(weights: &str) -> String {
    format!(
        "name = \"x\"\narchitecture = \"gemma3\"\n\
         [weights]\nfile = \"{weights}\"\nbytes = 4\nsha256 = \"{}\"\n\
         [tokenizer]\nfile = \"tokenizer.json\"\nbytes = 2\nsha256 = \"{}\"\n",
        "0".repeat(64),
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", // of {}
    )
}

#[test]
fn missing_and_damaged_model_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = load_folder(folder.path()).to_string();
    assert!(
        error.contains("model.toml") && !error.contains('\n'),
        "{error}"
    );

    std::fs::write(folder.path().join("model.toml"), "name = 3").unwrap();
    assert!(matches!(
        load_folder(folder.path()),
        OpenError::Package(PackageError::Manifest { .. })
    ));
    std::fs::write(folder.path().join("model.toml"), manifest("../secret")).unwrap();
    assert!(matches!(
        load_folder(folder.path()),
        OpenError::Package(PackageError::Manifest { .. })
    ));

    std::fs::write(folder.path().join("model.toml"), manifest("model.gguf")).unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
    assert!(matches!(
        load_folder(folder.path()),
        OpenError::Package(PackageError::Unreadable { .. })
    ));
    std::fs::write(folder.path().join("model.gguf"), "GGU").unwrap();
    assert!(matches!(
        load_folder(folder.path()),
        OpenError::Package(PackageError::WrongSize {
            expected: 4,
            found: 3,
            ..
        })
    ));
    std::fs::write(folder.path().join("model.gguf"), "GGUF").unwrap();
    let error = load_folder(folder.path()).to_string();
    assert!(
        error.contains("model.gguf") && error.contains(&"0".repeat(64)),
        "{error}"
    );
    assert!(
        error.contains("9a7dc0f1") || error.matches(char::is_alphanumeric).count() > 128,
        "{error}"
    );
}
