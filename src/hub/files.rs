//! Which files of a repository make a model.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::entry::Entry;
use super::error::HubError;
use super::reference::RepositoryId;
use super::remote::RemoteFile;

/// Largest index of sharded weights, in bytes.
const LARGEST_INDEX: u64 = 32 << 20;

/// The files that are wanted of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// These, no more.
    Files(Vec<String>),
    /// Configuration, tokenizer, and weights in the best form that there is.
    Automatic,
}

/// Forms of weights: the best first. A single file, its shards, and the index that names them.
const WEIGHTS: [(&str, &str, &str); 2] = [
    ("model.safetensors", "model-", ".safetensors"),
    ("pytorch_model.bin", "pytorch_model-", ".bin"),
];

impl Wanted {
    /// As a catalogue entry says.
    pub(super) fn of(entry: &Entry) -> Wanted {
        match (&entry.file, entry.files.is_empty()) {
            (Some(file), _) => Wanted::Files(vec![file.clone()]),
            (None, false) => Wanted::Files(entry.files.clone()),
            (None, true) => Wanted::Automatic,
        }
    }

    /// Chooses from the files of a repository.
    ///
    /// # Errors
    /// If one that is named is not there, or nothing is that could be run.
    pub(super) fn select(
        &self,
        id: &RepositoryId,
        files: &[RemoteFile],
    ) -> Result<Vec<RemoteFile>, HubError> {
        let find = |path: &str| files.iter().find(|file| file.path == path).cloned();
        match self {
            Wanted::Files(paths) => {
                let found = paths.iter().map(|path| {
                    find(path).ok_or_else(|| HubError::NoFile {
                        repository: id.to_string(),
                        file: path.clone(),
                        advice: similar(path, files),
                    })
                });
                found.collect()
            }
            Wanted::Automatic => automatic(id, files),
        }
    }

    /// A file that is wanted and not in the folder.
    pub(super) fn missing(&self, folder: &Path) -> Option<String> {
        let is_there = |name: &str| folder.join(name).is_file();
        match self {
            Wanted::Files(paths) => paths.iter().find(|path| !is_there(path)).cloned(),
            Wanted::Automatic if self.gguf(folder).is_some() => None,
            Wanted::Automatic if has_student(folder) => None,
            Wanted::Automatic if !is_there("config.json") => Some("config.json".to_owned()),
            Wanted::Automatic => missing_weights(folder),
        }
    }

    /// The folder with the model: in the snapshot, the one that all named files are in, where it is one.
    pub(super) fn folder(&self, snapshot: PathBuf) -> PathBuf {
        let Wanted::Files(paths) = self else {
            return snapshot;
        };
        let mut folders = paths
            .iter()
            .map(|path| path.rsplit_once('/').map(|(f, _)| f));
        match folders.next().flatten() {
            Some(first) if folders.all(|folder| folder == Some(first)) => snapshot.join(first),
            _ => snapshot,
        }
    }

    /// The GGUF file, where that is what the model is.
    pub(super) fn gguf(&self, folder: &Path) -> Option<String> {
        let is_gguf = |name: &String| name.ends_with(".gguf");
        match self {
            Wanted::Files(paths) => paths.iter().find(|path| is_gguf(path)).cloned(),
            Wanted::Automatic if folder.join("config.json").is_file() => None,
            Wanted::Automatic => {
                let entries = fs::read_dir(folder).ok()?;
                let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                let mut files = names.filter(is_gguf);
                let first = files.next()?;
                files.next().is_none().then_some(first)
            }
        }
    }
}

fn automatic(id: &RepositoryId, files: &[RemoteFile]) -> Result<Vec<RemoteFile>, HubError> {
    let none = |reason: String| HubError::NoWeights {
        repository: id.to_string(),
        reason,
    };
    let has = |path: &str| files.iter().any(|file| file.path == path);
    if !has("config.json") {
        if files.iter().any(|file| is_student(&file.path)) {
            let own = files.iter().filter(|file| is_of_student(&file.path));
            return Ok(own.cloned().collect());
        }
        let gguf: Vec<&RemoteFile> = files.iter().filter(|f| f.path.ends_with(".gguf")).collect();
        return match gguf.as_slice() {
            [] => Err(none(
                "there is neither config.json nor a GGUF file nor a Bergamot model".to_owned(),
            )),
            [file] => Ok(vec![(*file).clone()]),
            several => {
                let names: Vec<&str> = several.iter().take(12).map(|f| f.path.as_str()).collect();
                Err(none(format!(
                    "it has several GGUF files; choose one by `anubad models add NAME {id} --file FILE`: {}",
                    names.join(", ")
                )))
            }
        };
    }
    let weights: Vec<&RemoteFile> = WEIGHTS
        .iter()
        .map(|form| {
            let of_form = files.iter().filter(|file| is_weight(&file.path, *form));
            let single = has(form.0);
            // Where there are both, the shards are the same once more.
            of_form
                .filter(|file| !single || file.path == form.0)
                .collect::<Vec<_>>()
        })
        .find(|found| found.iter().any(|file| !file.path.ends_with(".json")))
        .ok_or_else(|| {
            none("there is neither model.safetensors nor pytorch_model.bin".to_owned())
        })?;
    let beside = files.iter().filter(|file| is_beside_weights(&file.path));
    Ok(beside.chain(weights).cloned().collect())
}

/// Whether a file is the model of a Bergamot student, such as `model.bnen.intgemm.alphas.bin`.
fn is_student(path: &str) -> bool {
    path.starts_with("model.") && path.contains(".intgemm") && path.ends_with(".bin")
}

/// Whether a file belongs to a Bergamot student: the model, its vocabularies, its shortlist, how it is searched.
fn is_of_student(path: &str) -> bool {
    let is = |start: &str, end: &str| path.starts_with(start) && path.ends_with(end);
    !path.contains('/')
        && (is_student(path)
            || path.ends_with(".spm")
            || is("lex.", ".bin")
            || is("config", ".yml"))
}

/// Whether the model of a Bergamot student is in a folder, where no `config.json` is.
fn has_student(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten();
    let mut names = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    !folder.join("config.json").is_file() && names.any(|name| is_student(&name))
}

/// Whether a file is the weights in this form, one of their shards, or their index.
fn is_weight(path: &str, (single, shard, end): (&str, &str, &str)) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_shard = || {
        let numbers = path.strip_prefix(shard)?.strip_suffix(end)?;
        let (at, of) = numbers.split_once("-of-")?;
        Some(number(at) && number(of))
    };
    path == single
        || path.strip_suffix(".index.json") == Some(single)
        || is_shard().unwrap_or(false)
}

/// Whether a file belongs to configuration or tokenizer. Code is not fetched, and nothing in folders is.
fn is_beside_weights(path: &str) -> bool {
    if path.contains('/') || path.starts_with('.') {
        return false;
    }
    let is_index = path.ends_with(".index.json");
    let is_dictionary = path.starts_with("dict.") || path == "model.SRC" || path == "model.TGT";
    let by_end = [".json", ".model", ".spm", ".jinja"]
        .iter()
        .any(|end| path.ends_with(end));
    !is_index && (by_end || is_dictionary || path == "merges.txt" || path == "vocab.txt")
}

fn missing_weights(folder: &Path) -> Option<String> {
    for (single, ..) in WEIGHTS {
        if folder.join(single).is_file() {
            return None;
        }
        let index = format!("{single}.index.json");
        if folder.join(&index).is_file() {
            let Some(shards) = shards(&folder.join(&index)) else {
                return Some(format!("what {index} should list"));
            };
            return shards.into_iter().find(|name| !folder.join(name).is_file());
        }
    }
    Some("the file with the weights".to_owned())
}

/// The files that an index of sharded weights names.
fn shards(index: &Path) -> Option<Vec<String>> {
    let size = fs::metadata(index).ok()?.len();
    if size > LARGEST_INDEX {
        return None;
    }
    let index: Value = serde_json::from_slice(&fs::read(index).ok()?).ok()?;
    let names = index.get("weight_map")?.as_object()?.values();
    let mut names = names
        .map(|name| name.as_str().map(str::to_owned))
        .collect::<Option<Vec<_>>>()?;
    names.sort();
    names.dedup();
    names.iter().all(|name| is_safe_path(name)).then_some(names)
}

/// Names of the same kind, for a file that is not there.
fn similar(path: &str, files: &[RemoteFile]) -> String {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    let same = |file: &&RemoteFile| file.path.rsplit_once('.').is_some_and(|(_, e)| e == end);
    let names: Vec<&str> = files
        .iter()
        .filter(same)
        .take(12)
        .map(|f| f.path.as_str())
        .collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("; it has {}", names.join(", ")),
    }
}

/// Whether the path of a file stays in its folder on every system.
pub(super) fn is_safe_path(path: &str) -> bool {
    let is_part = |part: &str| {
        let special = |c: char| c.is_control() || "\\:*?\"<>|".contains(c);
        !part.is_empty() && part != "." && part != ".." && !part.contains(special)
    };
    path.len() <= 500 && path.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::checksum::Checksum;

    fn chosen(paths: &[&str]) -> Result<Vec<String>, HubError> {
        let files: Vec<RemoteFile> = paths
            .iter()
            .map(|path| RemoteFile {
                path: (*path).to_owned(),
                size: 1,
                checksum: Checksum::GitBlob("0".repeat(40)),
            })
            .collect();
        let id = RepositoryId::parse("a/b").unwrap();
        let chosen = Wanted::Automatic.select(&id, &files)?;
        Ok(chosen.into_iter().map(|file| file.path).collect())
    }

    #[test]
    fn safetensors_win_and_other_frameworks_stay() {
        let all = [
            ".gitattributes",
            "README.md",
            "config.json",
            "generation_config.json",
            "vocab.json",
            "source.spm",
            "target.spm",
            "pytorch_model.bin",
            "model.safetensors",
            "tf_model.h5",
            "flax_model.msgpack",
            "rust_model.ot",
            "onnx/model.onnx",
            "onnx/config.json",
            "modeling_custom.py",
            "training_args.bin",
            "model.fp16.safetensors",
            "tf_model.h5.index.json",
        ];
        let expected = [
            "config.json",
            "generation_config.json",
            "vocab.json",
            "source.spm",
            "target.spm",
            "model.safetensors",
        ];
        assert_eq!(chosen(&all).unwrap(), expected);
    }

    #[test]
    fn shards_come_with_their_index_and_indic_dictionaries_too() {
        let shards = [
            "config.json",
            "model.SRC",
            "dict.TGT.json",
            "pytorch_model.bin.index.json",
            "pytorch_model-00001-of-00002.bin",
            "pytorch_model-00002-of-00002.bin",
        ];
        assert_eq!(chosen(&shards).unwrap(), shards);
        let both = [
            "config.json",
            "model.safetensors.index.json",
            "model-00001-of-00001.safetensors",
            "model.safetensors",
        ];
        assert_eq!(chosen(&both).unwrap(), ["config.json", "model.safetensors"]);
    }

    #[test]
    fn a_repository_of_gguf_files_gives_its_only_one() {
        assert_eq!(chosen(&["README.md", "a.gguf"]).unwrap(), ["a.gguf"]);
        let error = chosen(&["a.gguf", "b.gguf"]).unwrap_err().to_string();
        assert!(
            error.contains("a.gguf, b.gguf") && error.contains("--file"),
            "{error}"
        );
        assert!(chosen(&["config.json", "tf_model.h5"]).is_err());
        assert!(chosen(&["README.md"]).is_err());
    }

    #[test]
    fn a_bergamot_student_comes_with_all_its_files() {
        let files = [
            "README.md",
            "model.bnen.intgemm.alphas.bin",
            "vocab.bnen.spm",
            "lex.50.50.bnen.s2t.bin",
            "config.intgemm8bitalpha.yml",
        ];
        assert_eq!(chosen(&files).unwrap(), files[1..]);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(files[1]), "").unwrap();
        assert_eq!(Wanted::Automatic.missing(folder.path()), None);
        // In folders of several languages none is chosen.
        assert!(chosen(&["bn-en/model.bnen.intgemm.alphas.bin"]).is_err());
    }

    #[test]
    fn named_files_in_one_folder_make_it_the_model_s() {
        let folder = |paths: &[&str]| {
            let paths = paths.iter().map(|path| (*path).to_owned()).collect();
            Wanted::Files(paths).folder(PathBuf::from("snapshot"))
        };
        assert_eq!(folder(&["bn-en/a", "bn-en/b"]), Path::new("snapshot/bn-en"));
        assert_eq!(folder(&["a", "b"]), Path::new("snapshot"));
        assert_eq!(folder(&["bn-en/a", "b"]), Path::new("snapshot"));
        assert_eq!(folder(&["bn-en/a", "en-bn/b"]), Path::new("snapshot"));
    }

    #[test]
    fn a_folder_is_whole_when_all_shards_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let missing = || Wanted::Automatic.missing(folder.path());
        assert_eq!(missing().as_deref(), Some("config.json"));
        write("config.json", "{}");
        assert_eq!(missing().as_deref(), Some("the file with the weights"));
        write(
            "model.safetensors.index.json",
            r#"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#,
        );
        write("model-00001-of-00002.safetensors", "");
        assert_eq!(
            missing().as_deref(),
            Some("model-00002-of-00002.safetensors")
        );
        write("model-00002-of-00002.safetensors", "");
        assert_eq!(missing(), None);
    }

    #[test]
    fn no_path_leaves_its_folder() {
        for path in ["a.json", "onnx/a.json", "a..b"] {
            assert!(is_safe_path(path), "{path}");
        }
        for path in ["", "/a", "a//b", "../a", "a/../b", "c:\\a", "a\0", "a/"] {
            assert!(!is_safe_path(path), "{path}");
        }
    }
}
