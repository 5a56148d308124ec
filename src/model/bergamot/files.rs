//! Which files of a folder make a student.

use std::fs;
use std::path::{Path, PathBuf};

use super::BergamotError;
use super::binary::Binary;

/// The files of a student, by the names that they are published under; `xx` and `yy` are languages (ISO 639-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BergamotFiles {
    /// `model.xxyy.intgemm.alphas.bin`: weights and configuration.
    pub model: PathBuf,
    /// `vocab.xxyy.spm`, or `srcvocab.xxyy.spm` where the target has another: SentencePiece.
    pub source_vocabulary: PathBuf,
    /// The same file, or `trgvocab.xxyy.spm`.
    pub target_vocabulary: PathBuf,
    /// `lex.50.50.xxyy.s2t.bin`: which words of the target may come of those of a source.
    pub shortlist: Option<PathBuf>,
    /// `config.*.yml`: how the model is meant to be searched.
    pub config: Option<PathBuf>,
}

impl BergamotFiles {
    /// The student in a folder; none if there is no model of this kind.
    ///
    /// # Errors
    /// If there are several models, or the vocabulary is not there.
    pub fn find(folder: &Path) -> Result<Option<Self>, BergamotError> {
        let Ok(listing) = fs::read_dir(folder) else {
            return Ok(None);
        };
        let names = listing.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        let all = |start: &str, end: &str| -> Vec<PathBuf> {
            let named = |name: &&String| name.starts_with(start) && name.ends_with(end);
            let paths = names.iter().filter(named).map(|name| folder.join(name));
            paths.filter(|path| path.is_file()).collect()
        };
        let fault = |reason: String| BergamotError::Folder {
            folder: folder.to_owned(),
            reason,
        };
        let mut models = all("model", ".bin");
        models.retain(|path| Binary::is_at(path));
        let model = match models.as_slice() {
            [] if all("model", ".bin.gz").is_empty() => return Ok(None),
            [] => return Err(fault("its files are packed; run gunzip on them".to_owned())),
            [model] => model.clone(),
            _ => return Err(fault("it holds more than one model.*.bin".to_owned())),
        };
        let one = |what: &str, files: Vec<PathBuf>| match files.as_slice() {
            [] => Ok(None),
            [file] => Ok(Some(file.clone())),
            _ => Err(fault(format!("it holds more than one {what}"))),
        };
        let shared = one("vocab.*.spm", all("vocab", ".spm"))?;
        let source = one("srcvocab.*.spm", all("srcvocab", ".spm"))?.or(shared.clone());
        let target = one("trgvocab.*.spm", all("trgvocab", ".spm"))?.or(shared);
        let (Some(source_vocabulary), Some(target_vocabulary)) = (source, target) else {
            let wanted = "it lacks vocab.*.spm, or srcvocab.*.spm and trgvocab.*.spm";
            return Err(fault(wanted.to_owned()));
        };
        Ok(Some(BergamotFiles {
            model,
            source_vocabulary,
            target_vocabulary,
            shortlist: one("lex.*.bin", all("lex.", ".bin"))?,
            config: one("config.*.yml", all("config", ".yml"))?,
        }))
    }

    /// The language that the model translates from, where its name says so.
    pub fn source_language(&self) -> Option<&str> {
        let name = self.model.file_name()?.to_str()?;
        let pair = name.split('.').nth(1)?;
        let is_pair = pair.len() == 4 && pair.bytes().all(|b| b.is_ascii_lowercase());
        is_pair.then(|| &pair[..2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let version = if name.ends_with("ctranslate2.bin") {
                6u64
            } else {
                1
            };
            fs::write(folder.path().join(name), version.to_le_bytes()).unwrap();
        }
        folder
    }

    fn found(names: &[&str]) -> Result<Option<Vec<Option<String>>>, BergamotError> {
        let folder = folder(names);
        let files = BergamotFiles::find(folder.path())?;
        let name = |path: &PathBuf| path.file_name()?.to_str().map(str::to_owned);
        Ok(files.map(|files| {
            vec![
                name(&files.model),
                name(&files.source_vocabulary),
                name(&files.target_vocabulary),
                files.shortlist.as_ref().and_then(name),
                files.config.as_ref().and_then(name),
            ]
        }))
    }

    #[test]
    fn files_are_known_by_their_names() {
        let model = "model.bnen.intgemm.alphas.bin";
        let some = |name: &str| Some(name.to_owned());
        let (vocabulary, lex) = ("vocab.bnen.spm", "lex.50.50.bnen.s2t.bin");
        let files = found(&[
            model,
            vocabulary,
            lex,
            "config.intgemm8bitalpha.yml",
            "README.md",
        ]);
        let config = some("config.intgemm8bitalpha.yml");
        let expected = vec![
            some(model),
            some(vocabulary),
            some(vocabulary),
            some(lex),
            config,
        ];
        assert_eq!(files.unwrap(), Some(expected));
        let two = found(&["srcvocab.bnen.spm", "trgvocab.bnen.spm", model]).unwrap();
        let (source, target) = (some("srcvocab.bnen.spm"), some("trgvocab.bnen.spm"));
        assert_eq!(two, Some(vec![some(model), source, target, None, None]));
        assert_eq!(
            found(&["model.ctranslate2.bin", "vocab.spm"]).unwrap(),
            None
        );
        assert_eq!(found(&["config.json"]).unwrap(), None);
        assert_eq!(BergamotFiles::find(Path::new("/nowhere")).unwrap(), None);
    }

    #[test]
    fn a_folder_that_is_not_whole_says_what_it_lacks() {
        let error = |names: &[&str]| found(names).unwrap_err().to_string();
        let model = "model.bnen.intgemm.alphas.bin";
        assert!(error(&[model]).contains("lacks vocab.*.spm"));
        assert!(error(&[model, "srcvocab.bnen.spm"]).contains("lacks"));
        assert!(error(&[model, "model.enbn.bin", "vocab.spm"]).contains("more than one model"));
        assert!(error(&["model.bnen.intgemm.alphas.bin.gz"]).contains("gunzip"));
    }

    #[test]
    fn a_name_says_the_source_language() {
        let language = |name: &str| {
            let folder = folder(&[name, "vocab.spm"]);
            let files = BergamotFiles::find(folder.path()).unwrap().unwrap();
            files.source_language().map(str::to_owned)
        };
        assert_eq!(
            language("model.bnen.intgemm.alphas.bin").as_deref(),
            Some("bn")
        );
        assert_eq!(language("model.intgemm.alphas.bin"), None);
        assert_eq!(language("model.bin"), None);
    }
}
