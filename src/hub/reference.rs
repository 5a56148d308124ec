//! What a user may type to name a model.

use std::fmt;
use std::path::PathBuf;

use super::catalogue::Catalogue;
use super::entry::Entry;
use super::error::HubError;

/// The branch of a repository that is meant where none is named.
pub(super) const MAIN: &str = "main";
/// Longest name of a repository or revision, in bytes.
const LONGEST: usize = 200;

/// A model as the user names it.
#[derive(Debug, Clone)]
pub enum ModelReference {
    /// A folder, or a GGUF file.
    Path(PathBuf),
    /// A name of the catalogue.
    Named(Box<Entry>),
    /// `owner/name[@revision]`.
    Repository {
        /// The repository.
        id: RepositoryId,
        /// Branch, tag or commit.
        revision: String,
    },
}

impl ModelReference {
    /// Reads a reference. A path that exists wins; then the catalogue; then repositories.
    ///
    /// # Errors
    /// If it can name none of them, or a name that the catalogue does not have; the message lists names that are near.
    pub fn parse(text: &str, catalogue: &Catalogue) -> Result<ModelReference, HubError> {
        let wrong = |reason| HubError::Reference {
            text: text.to_owned(),
            reason,
        };
        if text.is_empty() || text.contains('\0') {
            return Err(wrong("it is empty"));
        }
        let path = PathBuf::from(text);
        if path.exists() {
            return Ok(ModelReference::Path(path));
        }
        if let Some(entry) = catalogue.get(text) {
            return Ok(ModelReference::Named(Box::new(entry.clone())));
        }
        let is_path = text.starts_with(['.', '/', '~']) || text.ends_with(['/', '\\']);
        if is_path || path.is_absolute() || text.contains('\\') || text.ends_with(".gguf") {
            return Err(HubError::NoFolder { path });
        }
        let (id, revision) = text.split_once('@').unwrap_or((text, MAIN));
        if !id.contains('/') {
            return Err(HubError::Unknown {
                name: text.to_owned(),
                advice: catalogue.advice(id),
            });
        }
        let id = RepositoryId::parse(id).ok_or_else(|| {
            wrong("a repository is written owner/name or owner/name@revision, and there is no such folder")
        })?;
        match is_revision(revision) {
            true => Ok(ModelReference::Repository {
                id,
                revision: revision.to_owned(),
            }),
            false => Err(wrong("what stands after @ is no branch, tag or commit")),
        }
    }
}

/// The name of a repository on the Hub, `owner/name`: nothing in it leaves a folder or an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryId(String);

impl RepositoryId {
    /// Reads `owner/name`; none where it is no such name.
    pub fn parse(text: &str) -> Option<RepositoryId> {
        let (owner, name) = text.split_once('/')?;
        let is_part = |part: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty()
                && part.chars().all(fits)
                && !part.starts_with(['.', '-'])
                && !part.ends_with(['.', '-'])
                // The cache writes a slash so.
                && !part.contains("--")
                && !part.contains("..")
        };
        let fits = is_part(owner) && is_part(name) && text.len() <= LONGEST;
        fits.then(|| RepositoryId(text.to_owned()))
    }

    /// `owner/name`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text may be a branch, tag or commit: safe in a path and in an address.
pub(super) fn is_revision(text: &str) -> bool {
    let is_part = |part: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && part.chars().all(fits) && !part.starts_with(['.', '-'])
    };
    text.len() <= LONGEST && text.split('/').all(is_part) && !text.contains("..")
}

/// Whether a text is the full name of a commit.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

pub(super) fn is_hex(text: &str) -> bool {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.bytes().all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ModelReference, HubError> {
        ModelReference::parse(text, &Catalogue::embedded())
    }

    #[test]
    fn names_repositories_and_paths_are_told_apart() {
        let named = parse("nllb-600m").unwrap();
        assert!(matches!(named, ModelReference::Named(entry) if entry.name == "nllb-600m"));
        let Ok(ModelReference::Repository { id, revision }) = parse("facebook/bart-base@v1.0")
        else {
            panic!("a repository")
        };
        assert_eq!(
            (id.as_str(), revision.as_str()),
            ("facebook/bart-base", "v1.0")
        );
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_str().unwrap();
        assert!(matches!(parse(folder), Ok(ModelReference::Path(_))));
        for missing in ["./no-models", "/no/such/folder", "a/b/", "x.gguf", "~/m"] {
            assert!(
                matches!(parse(missing), Err(HubError::NoFolder { .. })),
                "{missing}"
            );
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        let wrong = [
            "", "a/b/c", "a/..", "../b/c/d", "a b/c", "a/b@", "a/b@../x", "a/b@x y", "-a/b",
            "a--b/c", "a/b?x=1",
        ];
        for text in wrong {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_misspelt_name_is_told_with_what_is_near() {
        let error = parse("nlb-600m").unwrap_err().to_string();
        assert!(
            error.contains("nllb-600m") && error.contains("models list"),
            "{error}"
        );
    }
}
