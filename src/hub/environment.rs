//! The environment variables that Python's `huggingface_hub` reads too, and our own.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, parse_pem};

use super::error::HubError;

const ENDPOINT: &str = "https://huggingface.co";
/// The variable of OpenSSL, which Python and curl heed too.
const AUTHORITIES: &str = "SSL_CERT_FILE";
/// Longest silence of a server before a request is made again.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where models are kept and how the Hub is reached.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The cache shared with Python: `HF_HUB_CACHE`, `$HF_HOME/hub`, or `~/.cache/huggingface/hub`.
    pub cache: PathBuf,
    /// Our own folder: `ANUBAD_HOME`, or `anubad` in the user's data folder. Holds the lock file and the user's catalogue.
    pub home: PathBuf,
    /// The folder of weights that were rounded to 8 bits: `quantized` in `ANUBAD_HOME`, or `anubad/quantized` in the user's cache
    /// folder. Whatever is in it can be made anew.
    pub quantized: PathBuf,
    /// The Hub: `HF_ENDPOINT`, or huggingface.co. Without a slash at its end.
    pub endpoint: String,
    /// `HF_TOKEN`, or what the file `HF_TOKEN_PATH` or `$HF_HOME/token` says.
    pub token: Option<Token>,
    /// `HF_HUB_OFFLINE`: whether the network must not be used.
    pub offline: bool,
    /// `SSL_CERT_FILE`: the authorities to trust in place of Mozilla's, as PEM; of a company whose proxy looks into
    /// connections, for instance.
    pub authorities: Option<PathBuf>,
    /// `HF_HUB_DOWNLOAD_TIMEOUT`: the longest silence of a server.
    pub timeout: Duration,
}

/// A secret of the user; never shown.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token; none where it is empty or could not stand in a header.
    pub fn new(text: &str) -> Option<Token> {
        let text = text.trim();
        let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Token(text.to_owned()))
    }

    /// The header that proves who asks.
    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Environment {
    /// What the environment says.
    ///
    /// # Errors
    /// If a variable makes no sense, or there is no home folder and none is named.
    pub fn from_env() -> Result<Environment, HubError> {
        let caches = || path("XDG_CACHE_HOME").or_else(|| Some(env::home_dir()?.join(".cache")));
        let hf_home = path("HF_HOME").or_else(|| Some(caches()?.join("huggingface")));
        let cache = path("HF_HUB_CACHE").or_else(|| Some(hf_home.as_ref()?.join("hub")));
        let own = path("ANUBAD_HOME");
        let quantized = match &own {
            Some(own) => Some(own.clone()),
            None if cfg!(windows) => data_folder().map(|folder| folder.join("anubad")),
            None => caches().map(|folder| folder.join("anubad")),
        };
        let home = own.or_else(|| Some(data_folder()?.join("anubad")));
        let missing = |variable| HubError::Environment {
            variable,
            reason: "there is no home folder; set this variable to a folder".to_owned(),
        };
        Ok(Environment {
            cache: cache.ok_or_else(|| missing("HF_HOME"))?,
            home: home.ok_or_else(|| missing("ANUBAD_HOME"))?,
            quantized: quantized
                .ok_or_else(|| missing("ANUBAD_HOME"))?
                .join("quantized"),
            endpoint: endpoint(&text("HF_ENDPOINT").unwrap_or(ENDPOINT.to_owned()))?,
            token: token(hf_home.as_deref()),
            offline: text("HF_HUB_OFFLINE").is_some_and(|value| is_true(&value)),
            authorities: path(AUTHORITIES),
            timeout: text("HF_HUB_DOWNLOAD_TIMEOUT")
                .and_then(|seconds| seconds.trim().parse().ok())
                .filter(|seconds| (1..=3600).contains(seconds))
                .map_or(TIMEOUT, Duration::from_secs),
        })
    }

    /// What servers' certificates are checked against.
    ///
    /// # Errors
    /// If the user's file cannot be read or holds no certificate.
    pub(super) fn root_certificates(&self) -> Result<RootCerts, HubError> {
        let Some(path) = &self.authorities else {
            return Ok(RootCerts::WebPki);
        };
        let wrong = |reason: &dyn fmt::Display| HubError::Environment {
            variable: AUTHORITIES,
            reason: format!("{}: {reason}", path.display()),
        };
        let pem = fs::read(path).map_err(|error| wrong(&error))?;
        let mut certificates = Vec::new();
        for item in parse_pem(&pem) {
            if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(&error))? {
                certificates.push(certificate);
            }
        }
        match certificates.is_empty() {
            true => Err(wrong(&"there is no certificate in it")),
            false => Ok(RootCerts::from(certificates)),
        }
    }

    /// The lock file.
    pub fn lock_file(&self) -> PathBuf {
        self.home.join("models.lock")
    }

    /// The folder of the user's catalogue entries.
    pub fn catalogue_folder(&self) -> PathBuf {
        self.home.join("catalog")
    }
}

fn text(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}

fn path(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).filter(|value| !value.is_empty())?;
    let path = PathBuf::from(value);
    match path.strip_prefix("~") {
        Ok(rest) => Some(env::home_dir()?.join(rest)),
        Err(_) => std::path::absolute(path).ok(),
    }
}

fn data_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        return path("LOCALAPPDATA");
    }
    path("XDG_DATA_HOME").or_else(|| Some(env::home_dir()?.join(".local/share")))
}

fn token(hf_home: Option<&Path>) -> Option<Token> {
    if let Some(token) = text("HF_TOKEN") {
        return Token::new(&token);
    }
    let file = path("HF_TOKEN_PATH").or_else(|| Some(hf_home?.join("token")))?;
    Token::new(&fs::read_to_string(file).ok()?)
}

fn is_true(value: &str) -> bool {
    matches!(
        value.trim().to_ascii_lowercase().as_str(),
        "1" | "true" | "yes" | "on"
    )
}

fn endpoint(text: &str) -> Result<String, HubError> {
    let text = text.trim().trim_end_matches('/');
    let uri = text.parse::<Uri>().ok();
    let is_web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    let has_host = |uri: &Uri| uri.host().is_some_and(|host| !host.is_empty());
    match uri {
        Some(uri) if is_web(&uri) && has_host(&uri) && uri.query().is_none() => Ok(text.to_owned()),
        _ => Err(HubError::Environment {
            variable: "HF_ENDPOINT",
            reason: format!("{text:?} is no address; write one like {ENDPOINT}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        let token = Token::new(" hf_secret\n").unwrap();
        assert_eq!(token.bearer(), "Bearer hf_secret");
        assert!(!format!("{token:?}").contains("secret"));
        assert!(Token::new("a\r\nHost: x").is_none() && Token::new(" ").is_none());
    }

    #[test]
    fn an_endpoint_is_an_address_of_the_web() {
        assert_eq!(
            endpoint("http://127.0.0.1:80/").unwrap(),
            "http://127.0.0.1:80"
        );
        for wrong in ["", "huggingface.co", "ftp://x", "https://", "file:///x"] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn offline_is_what_python_takes_for_true() {
        assert!(["1", "TRUE", "yes", "ON"].iter().all(|v| is_true(v)));
        assert!(!["", "0", "false", "no"].iter().any(|v| is_true(v)));
    }
}
