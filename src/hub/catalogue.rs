//! Models that are known by a short name: one TOML file each in `models/catalog/`, and the user's own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cache::write_whole;
use super::entry::{Entry, Origin};
use super::error::HubError;

/// Largest file of an entry, in bytes.
const LARGEST: u64 = 64 << 10;

/// Path and text of entries.
macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        [$((
            concat!("models/catalog/", $name, ".toml"),
            include_str!(concat!("../../models/catalog/", $name, ".toml")),
        )),*]
    };
}

/// The embedded entries.
const EMBEDDED: &[(&str, &str)] = &embedded![
    "banglat5-nmt",
    "bart-large-cnn",
    "distilbart-cnn",
    "firefox-bn-en",
    "flan-t5-base",
    "gemma3-1b",
    "gemma3-4b",
    "indictrans2-1b",
    "indictrans2-200m",
    "m2m100-418m",
    "madlad-3b",
    "mbart50",
    "mt5-xlsum",
    "nllb-1.3b",
    "nllb-600m",
    "opus-mt",
    "opus-mt-big",
    "pegasus-cnn",
    "qwen3-0.6b",
    "qwen3-1.7b",
    "qwen3-4b",
    "smollm2-135m",
    "smollm2-1.7b",
    "translategemma-4b",
    "wmt20-comet-qe-da",
    "wmt22-comet-da",
    "wmt22-cometkiwi-da",
    "xlm-roberta-large",
];

/// All models that are known by name.
#[derive(Debug, Clone)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

impl Catalogue {
    /// The entries that the program carries.
    pub fn embedded() -> Catalogue {
        let parse = |(path, text): &(&str, &str)| {
            Entry::parse(text, Path::new(path)).expect("embedded entries are valid, as a test says")
        };
        let mut entries: Vec<Entry> = EMBEDDED.iter().map(parse).collect();
        entries.sort_by(|a, b| (a.task, &a.name).cmp(&(b.task, &b.name)));
        Catalogue { entries }
    }

    /// With the user's entries, `*.toml` in a folder that need not exist; one with the name of an embedded entry
    /// takes its place.
    ///
    /// # Errors
    /// If one of them cannot be read or is not valid.
    pub(super) fn load(folder: &Path) -> Result<Catalogue, HubError> {
        let mut catalogue = Catalogue::embedded();
        let listing = match fs::read_dir(folder) {
            Ok(listing) => listing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(catalogue),
            Err(source) => return Err(HubError::read(folder)(source)),
        };
        let mut paths: Vec<PathBuf> = listing.filter_map(|item| Some(item.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
        paths.sort();
        for path in paths {
            let size = fs::metadata(&path).map_err(HubError::read(&path))?.len();
            if size > LARGEST {
                return Err(HubError::Entry {
                    path,
                    reason: format!("larger than {LARGEST} bytes"),
                });
            }
            let text = fs::read_to_string(&path).map_err(HubError::read(&path))?;
            let mut entry = Entry::parse(&text, &path)?;
            entry.is_users = true;
            catalogue.entries.retain(|other| other.name != entry.name);
            catalogue.entries.push(entry);
        }
        Ok(catalogue)
    }

    /// All entries, by task and name, the user's last.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Models with what they need: each name, and after it the entries without which it cannot be used; none twice.
    pub fn with_needs<'a>(&'a self, names: &'a [String]) -> Vec<&'a str> {
        let mut all: Vec<&str> = Vec::new();
        for name in names {
            let needs = self.get(name).map_or(&[][..], |entry| &entry.needs);
            for name in std::iter::once(name).chain(needs) {
                if !all.contains(&name.as_str()) {
                    all.push(name);
                }
            }
        }
        all
    }

    /// The entries of a repository.
    pub fn of_repository<'a>(&'a self, repository: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries
            .iter()
            .filter(move |entry| match &entry.origin {
                Origin::Repository { id, .. } => id.as_str() == repository,
                Origin::Folder(_) => false,
            })
    }

    /// The entries that all words occur in: in name, repository, task, architecture, languages, licence or description.
    pub fn search(&self, words: &[String]) -> Vec<&Entry> {
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let has_all = |entry: &&Entry| {
            let repository = match &entry.origin {
                Origin::Repository { id, .. } => id.as_str().to_owned(),
                Origin::Folder(path) => path.display().to_string(),
            };
            let text = [
                &entry.name,
                &repository,
                entry.task.name(),
                &entry.architecture,
                &entry.licence.name,
                &entry.about,
                &entry.source_languages.join(" "),
                &entry.target_languages.join(" "),
            ]
            .join(" ")
            .to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        };
        self.entries.iter().filter(has_all).collect()
    }

    /// Where to look instead of a name that is not there.
    pub(super) fn advice(&self, name: &str) -> String {
        let name = name.to_lowercase();
        let mut near: Vec<(usize, &str)> = self
            .entries
            .iter()
            .map(|entry| (distance(&name, &entry.name), entry.name.as_str()))
            .filter(|(far, known)| *far <= 3 || (name.len() >= 3 && known.contains(&name)))
            .collect();
        near.sort();
        let names: Vec<&str> = near.iter().take(4).map(|(_, known)| *known).collect();
        let list = "`anubad models list` shows the names, and a repository is written owner/name";
        match names.as_slice() {
            [] => list.to_owned(),
            names => format!("is it {}? {list}", names.join(", ")),
        }
    }

    /// Writes a user's entry into a folder and gives the path of its file.
    pub(super) fn add(folder: &Path, entry: &Entry) -> Result<PathBuf, HubError> {
        let path = folder.join(format!("{}.toml", entry.name));
        let text = entry.to_toml();
        Entry::parse(&text, &path)?;
        write_whole(&path, text.as_bytes())?;
        Ok(path)
    }
}

/// Edits that lead from one short text to another (Levenshtein, 1966), bytewise.
fn distance(a: &str, b: &str) -> usize {
    let a = &a.as_bytes()[..a.len().min(64)];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(*x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::hub::{Prompt, Task};

    #[test]
    fn every_file_of_the_catalogue_is_embedded_valid_and_alone_with_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/catalog");
        let files: HashSet<String> = fs::read_dir(folder)
            .unwrap()
            .map(|item| item.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".toml"))
            .map(|name| format!("models/catalog/{name}"))
            .collect();
        let embedded: HashSet<String> = EMBEDDED.iter().map(|(p, _)| (*p).to_owned()).collect();
        assert_eq!(files, embedded);
        let mut names = HashSet::new();
        for (path, text) in EMBEDDED {
            let entry = Entry::parse(text, Path::new(path)).unwrap();
            assert_eq!(*path, format!("models/catalog/{}.toml", entry.name));
            assert!(names.insert(entry.name.clone()), "{path}");
            assert_eq!(
                Entry::parse(&entry.to_toml(), Path::new(path)).unwrap(),
                entry
            );
        }
    }

    #[test]
    fn every_entry_says_what_one_must_know_to_choose() {
        let catalogue = Catalogue::embedded();
        for entry in catalogue.entries() {
            let name = &entry.name;
            assert!(
                !entry.about.is_empty() && entry.about.len() <= 120,
                "{name}"
            );
            assert!(!entry.architecture.is_empty(), "{name}");
            assert!(!entry.licence.name.is_empty(), "{name}");
            assert!(
                entry.needs.iter().all(|need| catalogue.get(need).is_some()),
                "{name}"
            );
            let size = entry.size;
            // What others need is no model by itself.
            if catalogue
                .entries()
                .iter()
                .any(|other| other.needs.contains(name))
            {
                assert!(size.download.is_some(), "{name}");
                continue;
            }
            let (parameters, download, memory) = (
                size.parameters.unwrap(),
                size.download.unwrap(),
                size.memory.unwrap(),
            );
            assert!(parameters > 10_000_000 && memory >= download / 2, "{name}");
            assert!(
                download > parameters / 4 && download < parameters * 5,
                "{name}"
            );
            // Articles are taken for Bengali where a model that follows instructions names no language.
            let from = &entry.source_languages;
            assert_eq!(from.is_empty(), entry.target_languages.is_empty(), "{name}");
            match entry.task {
                Task::Instruct => {
                    assert!(from.is_empty() || from.iter().any(|l| l == "bn"), "{name}");
                }
                Task::Translate | Task::Summarize => assert!(!from.is_empty(), "{name}"),
                // They score whatever their encoder was taught, a hundred languages.
                Task::Evaluate => assert!(from.is_empty(), "{name}"),
            }
            assert!(
                entry
                    .quality
                    .iter()
                    .all(|q| !q.source.is_empty() && !q.test.is_empty()),
                "{name}"
            );
            let forbids = entry.licence.name.contains("-NC-");
            assert_eq!(forbids, entry.licence.non_commercial, "{name}");
        }
    }

    #[test]
    fn every_architecture_gets_the_tokens_it_needs() {
        for entry in Catalogue::embedded().entries() {
            let Prompt {
                prefix,
                source_language,
                target_language,
            } = &entry.prompt;
            let prefix = prefix.as_deref().unwrap_or("");
            let name = &entry.name;
            if entry.file.is_some() {
                assert!(
                    prefix.is_empty(),
                    "{name}: templates are in the file or in prompts/"
                );
                continue;
            }
            match (entry.architecture.as_str(), entry.task) {
                ("m2m_100" | "mbart" | "IndicTrans", _) => {
                    assert!(
                        source_language.is_some() && target_language.is_some(),
                        "{name}"
                    );
                    assert!(prefix.is_empty(), "{name}");
                }
                ("t5", _) if name.starts_with("madlad") => assert_eq!(prefix, "<2en> "),
                ("t5", Task::Summarize) => assert_eq!(prefix, "summarize: "),
                ("marian", _) if name == "opus-mt-big" => assert_eq!(prefix, ">>eng<< "),
                ("comet" | "xlm-roberta", Task::Evaluate)
                | ("bergamot" | "marian" | "bart" | "pegasus" | "mt5" | "t5", _) => {
                    assert!(prefix.is_empty() && source_language.is_none(), "{name}");
                }
                (other, _) => panic!("{name}: unknown architecture {other}"),
            }
        }
    }

    #[test]
    fn the_catalogue_has_what_was_promised() {
        let catalogue = Catalogue::embedded();
        for repository in [
            "Helsinki-NLP/opus-mt-bn-en",
            "Helsinki-NLP/opus-mt-tc-bible-big-inc-deu_eng_fra_por_spa",
            "facebook/nllb-200-distilled-600M",
            "facebook/nllb-200-distilled-1.3B",
            "csebuetnlp/banglat5_nmt_bn_en",
            "google/madlad400-3b-mt",
            "facebook/mbart-large-50-many-to-one-mmt",
            "facebook/m2m100_418M",
            "ai4bharat/indictrans2-indic-en-dist-200M",
            "ai4bharat/indictrans2-indic-en-1B",
            "midudev/firefox-translations",
            "facebook/bart-large-cnn",
            "sshleifer/distilbart-cnn-12-6",
            "google/pegasus-cnn_dailymail",
            "google/flan-t5-base",
            "csebuetnlp/mT5_multilingual_XLSum",
            "Unbabel/wmt22-comet-da",
            "Unbabel/wmt20-comet-qe-da",
            "Unbabel/wmt22-cometkiwi-da",
        ] {
            assert_eq!(
                catalogue.of_repository(repository).count(),
                1,
                "{repository}"
            );
        }
    }

    #[test]
    fn what_a_model_needs_comes_with_it_once() {
        let names = ["wmt22-comet-da", "owner/name", "wmt20-comet-qe-da"].map(str::to_owned);
        let all = [
            "wmt22-comet-da",
            "xlm-roberta-large",
            "owner/name",
            "wmt20-comet-qe-da",
        ];
        assert_eq!(Catalogue::embedded().with_needs(&names), all);
    }

    #[test]
    fn search_wants_all_words() {
        let catalogue = Catalogue::embedded();
        let names = |words: &[&str]| -> Vec<String> {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            catalogue
                .search(&words)
                .iter()
                .map(|entry| entry.name.clone())
                .collect()
        };
        assert_eq!(names(&["NLLB", "1.3b"]), ["nllb-1.3b"]);
        assert!(names(&["nllb", "qwen"]).is_empty());
        assert_eq!(names(&[]).len(), catalogue.entries().len());
    }
}
