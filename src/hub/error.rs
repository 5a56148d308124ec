//! What can go wrong with models and the Hub, each in one line that says what to do.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a model cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HubError {
    /// The name is in no catalogue.
    #[error("no model is called {name:?}; {advice}")]
    Unknown {
        /// The name.
        name: String,
        /// Names that are near, and where to look.
        advice: String,
    },
    /// The words cannot name a model.
    #[error("{text:?} names no model: {reason}")]
    Reference {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A path that was named is not there.
    #[error(
        "{path}: no such file or folder; name one, a catalogue name (`anubad models list`) or owner/name"
    )]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// The model is not on this machine.
    #[error("model {name} is not on this machine; run `anubad models pull {name}`")]
    NotPulled {
        /// The model.
        name: String,
    },
    /// Some file of the model is not in the cache.
    #[error("model {name} is not whole: {file} is missing; run `anubad models pull {name}`")]
    Incomplete {
        /// The model.
        name: String,
        /// The file.
        file: String,
    },
    /// The model is a folder of the user, which the Hub knows nothing of.
    #[error("{name} is a folder of your own, not a model of the Hub; copy or check it as it is")]
    LocalFolder {
        /// The model.
        name: String,
    },
    /// The network is needed and forbidden.
    #[error(
        "{name} has to be fetched, and HF_HUB_OFFLINE is set; unset it, or on a machine with a network run \
         `anubad models pull {name}` and `anubad models pack {name}`, and `anubad models unpack` here"
    )]
    Offline {
        /// The model.
        name: String,
    },
    /// The same, for a search.
    #[error(
        "the Hub cannot be searched while HF_HUB_OFFLINE is set; unset it, or search the catalogue"
    )]
    SearchOffline,
    /// The server cannot be reached, or the connection broke again and again.
    #[error(
        "{host} cannot be reached: {reason}; check the network, HTTPS_PROXY and HF_ENDPOINT, or bring the model from \
         another machine by `anubad models pack` and `anubad models unpack`"
    )]
    Unreachable {
        /// The server.
        host: String,
        /// What the network says.
        reason: String,
    },
    /// A server, or who stands between, has a certificate of an authority that is not trusted.
    #[error(
        "the connection to {host} is not to be trusted ({reason}); where your network looks into connections, set \
         SSL_CERT_FILE to the certificates of its authority, in PEM"
    )]
    Untrusted {
        /// The server.
        host: String,
        /// What is wrong with its certificate.
        reason: String,
    },
    /// The licence has to be accepted first, or access asked for.
    #[error(
        "{repository} is gated: accept its licence at {url} and set HF_TOKEN to a token of that account{seen}"
    )]
    Gated {
        /// The repository.
        repository: String,
        /// Its page.
        url: String,
        /// Whether a token was sent.
        seen: &'static str,
    },
    /// There is no such repository, or none that this user may see.
    #[error(
        "{repository} is not on the Hub, or it is private: check the name at {url}; for a private one set HF_TOKEN"
    )]
    NoRepository {
        /// The repository.
        repository: String,
        /// Where its page would be.
        url: String,
    },
    /// The repository has no such branch, tag or commit.
    #[error("{repository} has no revision {revision:?}; look at its branches on the Hub{advice}")]
    NoRevision {
        /// The repository.
        repository: String,
        /// The revision.
        revision: String,
        /// What else may help.
        advice: &'static str,
    },
    /// The repository has no such file.
    #[error("{repository} has no file {file:?} in this revision{advice}")]
    NoFile {
        /// The repository.
        repository: String,
        /// The file.
        file: String,
        /// What there is.
        advice: String,
    },
    /// There is nothing in the repository that could be run.
    #[error("{repository} has no weights that can be run: {reason}")]
    NoWeights {
        /// The repository.
        repository: String,
        /// What is missing.
        reason: String,
    },
    /// The server asks for more patience than we have.
    #[error(
        "{host} limits requests: try again in {minutes} min, or set HF_TOKEN for a higher limit"
    )]
    Throttled {
        /// The server.
        host: String,
        /// How long it asks to wait.
        minutes: u64,
    },
    /// The server answered with an error, again and again where that made sense.
    #[error("{url}: the server answers {status}; try again later")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server's answer makes no sense.
    #[error("{url}: unexpected answer: {reason}; is HF_ENDPOINT a Hub?")]
    Protocol {
        /// The address.
        url: String,
        /// What is unexpected.
        reason: String,
    },
    /// A file is not the one that was announced.
    #[error(
        "{repository}: {file} changed on the Hub while it was fetched ({reason}); pull it again"
    )]
    Changed {
        /// The repository.
        repository: String,
        /// The file.
        file: String,
        /// What is different.
        reason: String,
    },
    /// A file has another checksum than it must.
    #[error("{file} is damaged: its checksum should be {expected}, it is {found}; {advice}")]
    Damaged {
        /// The file.
        file: String,
        /// The checksum that it must have.
        expected: String,
        /// The one it has.
        found: String,
        /// What to do.
        advice: String,
    },
    /// Too little room.
    #[error(
        "{folder}: {needed} more are needed and {free} are free; free some, or set HF_HUB_CACHE to another disk"
    )]
    DiskFull {
        /// The cache.
        folder: PathBuf,
        /// What is needed, readable.
        needed: String,
        /// What is free, readable.
        free: String,
    },
    /// A file or folder cannot be written.
    #[error("{path}: cannot write: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file or folder cannot be read.
    #[error("{path}: cannot read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A catalogue entry is not as it must be.
    #[error("{path}: not a valid catalogue entry: {reason}")]
    Entry {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The lock file is not as it must be.
    #[error(
        "{path}: not a valid lock file: {reason}; move it away, and pull the models again (what is there is kept)"
    )]
    Lock {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An archive is not one that `pack` writes, or was damaged or tampered with.
    #[error("{archive}: not a packed model: {reason}; nothing was unpacked")]
    Archive {
        /// The archive.
        archive: String,
        /// What is wrong.
        reason: String,
    },
    /// A setting in the environment makes no sense.
    #[error("{variable}: {reason}")]
    Environment {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process fetches the model.
    #[error("{name} is being fetched by another process; stop that first")]
    Busy {
        /// The model.
        name: String,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl HubError {
    /// A file that cannot be written, for `map_err`.
    pub(super) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> HubError {
        let path = path.into();
        move |source| HubError::Write { path, source }
    }

    /// A file that cannot be read, for `map_err`.
    pub(super) fn read(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> HubError {
        let path = path.into();
        move |source| HubError::Read { path, source }
    }
}

/// Bytes for a reader: `1.2 GB` (powers of 1000, as shops and the Hub count).
pub fn readable_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    match value < 9.95 {
        true => format!("{value:.1} {}", UNITS[unit]),
        false => format!("{value:.0} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 999, 1000, 9_949, 999_600, 2_460_000_000, u64::MAX];
        let readable = sizes.map(readable_size);
        assert_eq!(
            readable,
            [
                "0 B", "999 B", "1.0 kB", "9.9 kB", "1.0 MB", "2.5 GB", "18447 PB"
            ]
        );
    }
}
