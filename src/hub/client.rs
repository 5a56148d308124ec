//! Requests to the Hub: redirects followed here, so that the token goes to the Hub alone; failures told apart.

use std::io;
use std::time::Duration;

use ureq::http::{HeaderMap, Uri};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body};

use super::environment::{Environment, Token};
use super::error::HubError;
use super::patience::Failure;
use super::reference::RepositoryId;

const AGENT: &str = concat!("anubad/", env!("CARGO_PKG_VERSION"));
/// The header in which the Hub names the commit of a file.
pub(super) const COMMIT: &str = "x-repo-commit";
/// Redirects in a row.
const REDIRECTS: usize = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Speaks with the Hub and with the servers that it sends us to.
pub(super) struct Client {
    agent: Agent,
    endpoint: String,
    token: Option<Token>,
}

/// An answer, after redirects.
pub(super) struct Answer {
    /// Headers of the Hub itself, whatever it redirects to: they tell commit and checksum.
    pub(super) hub: HeaderMap,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// What a request is about, for messages.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) repository: &'a RepositoryId,
    pub(super) revision: &'a str,
    pub(super) file: Option<&'a str>,
}

impl Client {
    /// # Errors
    /// If the environment names certificates that cannot be used.
    pub(super) fn new(environment: &Environment) -> Result<Client, HubError> {
        let roots = environment.root_certificates()?;
        // Proxies come from the environment by themselves: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY.
        let config = Agent::config_builder()
            .user_agent(AGENT)
            .max_redirects(0)
            .http_status_as_error(false)
            // A file comes as it is, so that its bytes can be counted.
            .accept_encoding("identity")
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(environment.timeout))
            .timeout_per_read(Some(environment.timeout))
            .build();
        Ok(Client {
            agent: config.into(),
            endpoint: environment.endpoint.clone(),
            token: environment.token.clone(),
        })
    }

    /// The address of a page, a file or an answer of the Hub; `path` begins with a slash.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.endpoint)
    }

    /// GET, from a byte on where that is not the first.
    pub(super) fn get(
        &self,
        url: &str,
        from: u64,
        about: Option<About>,
    ) -> Result<Answer, Failure> {
        let mut url = url.to_owned();
        let mut hub = HeaderMap::new();
        for _ in 0..REDIRECTS {
            let mut request = self.agent.get(&url);
            if let Some(token) = self.token.as_ref().filter(|_| self.is_hub(&url)) {
                request = request.header("Authorization", token.bearer());
            }
            if from > 0 {
                request = request.header("Range", format!("bytes={from}-"));
            }
            let response = request.call().map_err(|error| unreachable(&url, error))?;
            let status = response.status().as_u16();
            let (parts, body) = response.into_parts();
            let is_redirect = matches!(status, 301 | 302 | 303 | 307 | 308);
            // A renamed repository is redirected before anything is said of the file.
            if self.is_hub(&url) && !hub.contains_key(COMMIT) {
                hub = parts.headers.clone();
                if is_redirect {
                    // It would be that of the redirect itself.
                    hub.remove("etag");
                }
            }
            if is_redirect {
                url = redirected(&url, header(&parts.headers, "location"))?;
                continue;
            }
            if matches!(status, 200 | 206 | 416) {
                return Ok(Answer {
                    hub,
                    status,
                    headers: parts.headers,
                    body,
                });
            }
            return Err(self.refused(&url, status, &parts.headers, about));
        }
        Err(Failure::never(HubError::Protocol {
            url: without_query(&url),
            reason: "too many redirects".to_owned(),
        }))
    }

    /// GET of a short text.
    pub(super) fn text(
        &self,
        url: &str,
        limit: u64,
        about: Option<About>,
    ) -> Result<String, Failure> {
        let mut answer = self.get(url, 0, about)?;
        let body = answer.body.with_config().limit(limit).read_to_string();
        body.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(limit) => Failure::never(HubError::Protocol {
                url: url.to_owned(),
                reason: format!("longer than {limit} bytes"),
            }),
            error => unreachable(url, error),
        })
    }

    fn is_hub(&self, url: &str) -> bool {
        let origin = |url: &str| {
            let uri: Uri = url.parse().ok()?;
            let scheme = uri.scheme_str()?.to_ascii_lowercase();
            let port = uri
                .port_u16()
                .unwrap_or(if scheme == "https" { 443 } else { 80 });
            Some((scheme, uri.host()?.to_ascii_lowercase(), port))
        };
        let hub = origin(&self.endpoint);
        hub.is_some() && origin(url) == hub
    }

    /// What the Hub means by a status; its own error code says more than the number.
    fn refused(
        &self,
        url: &str,
        status: u16,
        headers: &HeaderMap,
        about: Option<About>,
    ) -> Failure {
        let code = header(headers, "x-error-code").unwrap_or("");
        let asked = retry_after(headers);
        if status == 429 {
            let host = host(url);
            let minutes = asked.map_or(5, |time| time.as_secs().div_ceil(60).max(1));
            return Failure::after(HubError::Throttled { host, minutes }, asked);
        }
        let plain = HubError::Status {
            url: without_query(url),
            status,
        };
        if status == 408 || status >= 500 {
            return Failure::after(plain, asked);
        }
        let Some(about) = about.filter(|_| self.is_hub(url)) else {
            // A storage server whose signed address has grown old: the Hub gives a new one.
            return match status {
                401 | 403 => Failure::soon(plain),
                _ => Failure::never(plain),
            };
        };
        let repository = about.repository.to_string();
        let page = self.address(&format!("/{repository}"));
        Failure::never(match (status, code) {
            (401 | 404, "RepoNotFound") => HubError::NoRepository {
                repository,
                url: page,
            },
            (401 | 403, _) => HubError::Gated {
                repository,
                url: page,
                seen: match self.token {
                    Some(_) => " (the token that was sent has no access)",
                    None => "",
                },
            },
            (404, "RevisionNotFound") => HubError::NoRevision {
                repository,
                revision: about.revision.to_owned(),
                advice: "",
            },
            (404, _) => match about.file {
                Some(file) => HubError::NoFile {
                    repository,
                    file: file.to_owned(),
                    advice: String::new(),
                },
                None => HubError::NoRepository {
                    repository,
                    url: page,
                },
            },
            _ => plain,
        })
    }
}

/// The text of a header.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = header(headers, "retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// A failure of the network, or of what a server says below HTTP.
fn unreachable(url: &str, error: ureq::Error) -> Failure {
    if let ureq::Error::Io(inner) = &error
        && inner.kind() == io::ErrorKind::InvalidData
        && inner.to_string().contains("certificate")
    {
        return Failure::never(HubError::Untrusted {
            host: host(url),
            reason: inner.to_string(),
        });
    }
    let passes = match &error {
        ureq::Error::Io(error) => error.kind() != io::ErrorKind::InvalidInput,
        ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Protocol(_) | ureq::Error::BodyStalled => true,
        _ => false,
    };
    let error = HubError::Unreachable {
        host: host(url),
        reason: error.to_string(),
    };
    match passes {
        true => Failure::soon(error),
        false => Failure::never(error),
    }
}

fn redirected(from: &str, location: Option<&str>) -> Result<String, Failure> {
    let wrong = |reason: &str| {
        Failure::never(HubError::Protocol {
            url: without_query(from),
            reason: reason.to_owned(),
        })
    };
    let location = location.ok_or_else(|| wrong("a redirect to nowhere"))?;
    let base: Uri = from.parse().map_err(|_| wrong("an address that is none"))?;
    let origin = format!(
        "{}://{}",
        base.scheme_str().unwrap_or("https"),
        base.authority().map_or("", |authority| authority.as_str())
    );
    let is_absolute = location.starts_with("https://") || location.starts_with("http://");
    match location {
        _ if location.starts_with("http://") && from.starts_with("https://") => {
            Err(wrong("a redirect from https to http"))
        }
        _ if is_absolute => Ok(location.to_owned()),
        _ if location.starts_with("//") => Err(wrong("a redirect to another host without https")),
        _ if location.starts_with('/') => Ok(format!("{origin}{location}")),
        _ => Err(wrong("a redirect to no address")),
    }
}

/// The host of an address, for messages.
pub(super) fn host(url: &str) -> String {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(|uri| uri.host());
    host.unwrap_or(url).to_owned()
}

/// An address for messages: what follows `?` may be a secret.
pub(super) fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or(url).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(endpoint: &str) -> Client {
        Client::new(&Environment {
            cache: "cache".into(),
            home: "home".into(),
            quantized: "quantized".into(),
            endpoint: endpoint.to_owned(),
            token: Token::new("hf_x"),
            authorities: None,
            offline: false,
            timeout: Duration::from_secs(1),
        })
        .unwrap()
    }

    #[test]
    fn the_token_is_for_the_hub_alone() {
        let client = client("https://huggingface.co");
        assert!(client.is_hub("https://huggingface.co/a/b"));
        assert!(client.is_hub("https://HuggingFace.co:443/a/b"));
        for other in [
            "http://huggingface.co/a",
            "https://huggingface.co:8443/a",
            "https://huggingface.co.evil.example/a",
            "https://cdn-lfs.huggingface.co/a",
            "https://evil.example/huggingface.co",
        ] {
            assert!(!client.is_hub(other), "{other}");
        }
    }

    #[test]
    fn redirects_lead_to_addresses() {
        let to = |location| redirected("https://h.co/a?x=1", Some(location)).ok();
        assert_eq!(to("/b?c").as_deref(), Some("https://h.co/b?c"));
        assert_eq!(to("https://cdn/x").as_deref(), Some("https://cdn/x"));
        for wrong in ["http://cdn/x", "//cdn/x", "x", "file:///etc/passwd", ""] {
            assert_eq!(to(wrong), None, "{wrong}");
        }
    }
}
