//! What the Hub says of a repository: the commit that a revision means, its files with sizes and checksums.

use hf_hub::{Repo, RepoType};
use serde::Deserialize;

use super::OnEvent;
use super::checksum::Checksum;
use super::client::{About, Client, header};
use super::error::HubError;
use super::files::is_safe_path;
use super::patience::{Failure, Patience};
use super::reference::{RepositoryId, is_commit};

/// Longest listing of a repository, in bytes.
const LONGEST_LISTING: u64 = 32 << 20;
/// Repositories that a search gives at most.
const FOUND_AT_MOST: usize = 20;

/// A file of a repository at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RemoteFile {
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) checksum: Checksum,
}

/// A repository at a commit.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) commit: String,
    pub(super) files: Vec<RemoteFile>,
    /// What the model card names, where it names one.
    pub(super) licence: Option<String>,
}

/// A repository that a search found.
#[derive(Debug, Clone, Deserialize)]
pub struct Found {
    /// `owner/name`.
    pub id: String,
    /// Downloads of the last month.
    #[serde(default)]
    pub downloads: u64,
    /// What it is for, as its card says: `translation`, `summarization`, …
    #[serde(default)]
    pub pipeline_tag: Option<String>,
    /// Tags, `license:…` among them.
    #[serde(default)]
    pub tags: Vec<String>,
}

#[derive(Deserialize)]
struct Info {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
    #[serde(default, rename = "cardData")]
    card: Option<Card>,
}

#[derive(Deserialize)]
struct Card {
    #[serde(default)]
    license: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    blob_id: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
    size: Option<u64>,
}

impl Client {
    /// Asks what a revision is and holds.
    pub(super) fn listing(
        &self,
        id: &RepositoryId,
        revision: &str,
        on: &OnEvent,
    ) -> Result<Listing, HubError> {
        let repo =
            Repo::with_revision(id.as_str().to_owned(), RepoType::Model, revision.to_owned());
        let url = self.address(&format!("/api/{}?blobs=true", repo.api_url()));
        let about = About {
            repository: id,
            revision,
            file: None,
        };
        let text = Patience::until(on, || self.text(&url, LONGEST_LISTING, Some(about)))?;
        let wrong = |reason: String| HubError::Protocol {
            url: url.clone(),
            reason,
        };
        let info: Info = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if !is_commit(&info.sha) {
            return Err(wrong(format!("{:?} is no commit", info.sha)));
        }
        if is_commit(revision) && revision != info.sha {
            return Err(wrong(format!(
                "asked for commit {revision}, got {}",
                info.sha
            )));
        }
        // A name that could leave its folder is none of ours to fetch.
        let safe = info
            .siblings
            .into_iter()
            .filter(|s| is_safe_path(&s.rfilename));
        let files = safe.map(|sibling| self.file(sibling, id, &info.sha, on));
        let licence = info.card.and_then(|card| card.license);
        Ok(Listing {
            files: files.collect::<Result<_, _>>()?,
            licence: licence.and_then(|name| Some(name.as_str()?.to_owned())),
            commit: info.sha,
        })
    }

    /// Where a file is at a commit.
    pub(super) fn file_address(&self, id: &RepositoryId, commit: &str, path: &str) -> String {
        self.address(&format!("/{id}/resolve/{commit}/{}", escaped(path)))
    }

    /// Looks for repositories.
    pub(super) fn search(&self, words: &str, on: &OnEvent) -> Result<Vec<Found>, HubError> {
        let query = escaped(words);
        let url = self.address(&format!("/api/models?search={query}&limit={FOUND_AT_MOST}"));
        let text = Patience::until(on, || self.text(&url, LONGEST_LISTING, None))?;
        let mut found: Vec<Found> =
            serde_json::from_str(&text).map_err(|e| HubError::Protocol {
                url,
                reason: e.to_string(),
            })?;
        found.truncate(FOUND_AT_MOST);
        found.retain(|found| RepositoryId::parse(&found.id).is_some());
        Ok(found)
    }

    /// A file with size and checksum; a Hub that lists them not is asked file by file.
    fn file(
        &self,
        sibling: Sibling,
        id: &RepositoryId,
        commit: &str,
        on: &OnEvent,
    ) -> Result<RemoteFile, HubError> {
        let lfs_size = sibling.lfs.as_ref().and_then(|lfs| lfs.size);
        let digits = sibling.lfs.map(|lfs| lfs.sha256).or(sibling.blob_id);
        let checksum = digits.as_deref().and_then(Checksum::parse);
        let path = sibling.rfilename;
        match (checksum, lfs_size.or(sibling.size)) {
            (Some(checksum), Some(size)) => Ok(RemoteFile {
                path,
                size,
                checksum,
            }),
            _ => Patience::until(on, || self.describe(id, commit, &path)),
        }
    }

    /// Size and checksum of a file from the headers of its address.
    fn describe(&self, id: &RepositoryId, commit: &str, path: &str) -> Result<RemoteFile, Failure> {
        let url = self.file_address(id, commit, path);
        let about = About {
            repository: id,
            revision: commit,
            file: Some(path),
        };
        let answer = self.get(&url, 0, Some(about))?;
        let etag = header(&answer.hub, "x-linked-etag").or(header(&answer.hub, "etag"));
        let size =
            header(&answer.hub, "x-linked-size").or(header(&answer.headers, "content-length"));
        let file = etag
            .and_then(Checksum::parse)
            .zip(size.and_then(|s| s.parse().ok()));
        let (checksum, size) = file.ok_or_else(|| HubError::Protocol {
            url,
            reason: "neither the listing nor the headers tell size and checksum".to_owned(),
        })?;
        Ok(RemoteFile {
            path: path.to_owned(),
            size,
            checksum,
        })
    }
}

impl Found {
    /// The licence among its tags.
    pub fn licence(&self) -> Option<&str> {
        self.tags
            .iter()
            .find_map(|tag| tag.strip_prefix("license:"))
    }
}

/// Text as part of an address; slashes stay.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            true => escaped.push(byte.into()),
            false => escaped.push_str(&format!("%{byte:02X}")),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(escaped("a b/c?d#é.json"), "a%20b/c%3Fd%23%C3%A9.json");
    }
}
