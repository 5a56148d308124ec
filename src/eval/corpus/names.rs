//! How systems are named after their files.

use std::path::{Component, Path, PathBuf};

use super::EvalError;
use super::file::wrong;

/// A file with the outputs of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemFile {
    /// The name of the system; none where it is to be that of the file.
    pub name: Option<String>,
    /// The file: a line a sentence, or SGML of WMT.
    pub path: PathBuf,
}

impl SystemFile {
    /// Reads `FILE` or `NAME=FILE`. What stands before the first `=` is a name unless it has a `/`, so that a file with a
    /// `=` in its name can be written `./a=b`.
    pub fn parse(text: &str) -> SystemFile {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !name.contains(['/', '\\']) => SystemFile {
                name: Some(name.to_owned()),
                path: PathBuf::from(path),
            },
            _ => SystemFile {
                name: None,
                path: PathBuf::from(text),
            },
        }
    }
}

/// The name of a file in reports: without folders, without `.gz`, and without its ending. Standard input, `-`, is "stdin".
pub(super) fn stem(path: &Path) -> String {
    if path == Path::new("-") {
        return "stdin".to_owned();
    }
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => name.to_owned(),
    }
}

/// Names of systems, each different: as they are given, else [`stem`], and where files have the same one, as much of
/// their paths as tells them apart.
pub(super) fn system_names(files: &[SystemFile]) -> Result<Vec<String>, EvalError> {
    let mut names: Vec<String> = files
        .iter()
        .map(|file| file.name.clone().unwrap_or_else(|| stem(&file.path)))
        .collect();
    let most = files
        .iter()
        .map(|file| file.path.components().count())
        .max();
    // Each round shows one more part of the paths whose names are not told apart yet.
    for parts in 1..=most.unwrap_or(0) {
        let same: Vec<usize> = (0..files.len())
            .filter(|i| files[*i].name.is_none() && has_twin(&names, *i))
            .collect();
        for i in same {
            names[i] = end_of(&files[i].path, parts);
        }
    }
    match (0..files.len()).find(|i| names[..*i].contains(&names[*i])) {
        Some(i) => Err(wrong(
            &files[i].path,
            format!(
                "is the second system named {:?}; name it with NAME=FILE",
                names[i]
            ),
        )),
        None => Ok(names),
    }
}

fn has_twin(names: &[String], i: usize) -> bool {
    (0..names.len()).any(|j| j != i && names[j] == names[i])
}

/// The last parts of a path, joined by `/`.
fn end_of(path: &Path, parts: usize) -> String {
    let all: Vec<String> = path
        .components()
        .filter(|part| !matches!(part, Component::RootDir))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    all[all.len().saturating_sub(parts)..].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[&str]) -> Result<Vec<String>, String> {
        let files: Vec<SystemFile> = files.iter().map(|file| SystemFile::parse(file)).collect();
        system_names(&files).map_err(|error| error.to_string())
    }

    #[test]
    fn a_system_is_named_after_its_file() {
        assert_eq!(
            names(&["a/nllb.en", "b/opus.en.gz"]).unwrap(),
            ["nllb", "opus"]
        );
        assert_eq!(
            names(&["dev.nllb.en", ".hidden", "x"]).unwrap(),
            ["dev.nllb", ".hidden", "x"]
        );
        assert_eq!(names(&["mine=a.en", "./a=b.en"]).unwrap(), ["mine", "a=b"]);
        assert_eq!(names(&["-", "a.en"]).unwrap(), ["stdin", "a"]);
    }

    #[test]
    fn files_of_one_name_show_their_folders() {
        assert_eq!(
            names(&["nllb/out.en", "opus/out.en", "other.en"]).unwrap(),
            ["nllb/out.en", "opus/out.en", "other"]
        );
        assert_eq!(
            names(&["/a/x/out.en", "/b/x/out.en"]).unwrap(),
            ["a/x/out.en", "b/x/out.en"]
        );
        assert_eq!(
            names(&["out.en", "out.txt"]).unwrap(),
            ["out.en", "out.txt"]
        );
    }

    #[test]
    fn two_systems_of_one_name_are_refused() {
        for files in [
            ["out.en", "out.en"],
            ["a=x", "a=y"],
            ["out.en=x", "out.en=y"],
        ] {
            let error = names(&files).unwrap_err();
            assert!(error.contains("name it with NAME=FILE"), "{error}");
        }
        // A file gives way to a name that was given.
        assert_eq!(names(&["nllb=x", "nllb.en"]).unwrap(), ["nllb", "nllb.en"]);
    }
}
