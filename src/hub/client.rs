//! Requests to the Hub: redirects followed here, so that the token goes to the Hub alone; failures told apart; patience.

use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

use ureq::http::{HeaderMap, Uri};
use ureq::{Agent, Body};

use super::environment::{Environment, Token};
use super::error::HubError;
use super::reference::RepositoryId;
use super::{Event, OnEvent};

const AGENT: &str = concat!("anubad/", env!("CARGO_PKG_VERSION"));
/// Redirects in a row.
const REDIRECTS: usize = 8;
/// Failures in a row before we give up.
const ATTEMPTS: u32 = 5;
/// The pause after the first failure; it doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How often the user's wish to stop is looked at during a pause.
const POLL: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Speaks with the Hub and with the servers that it sends us to.
pub(super) struct Client {
    agent: Agent,
    endpoint: String,
    token: Option<Token>,
}

/// An answer, after redirects.
pub(super) struct Answer {
    /// Headers of the Hub itself, before any redirect: they tell commit and checksum.
    pub(super) hub: HeaderMap,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// A failed request: what to tell, and whether it is worth another try.
pub(super) struct Failure {
    pub(super) error: HubError,
    retry: Retry,
}

enum Retry {
    Never,
    Soon,
    /// The server said when.
    After(Duration),
}

/// What a request is about, for messages.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) repository: &'a RepositoryId,
    pub(super) revision: &'a str,
    pub(super) file: Option<&'a str>,
}

impl Client {
    pub(super) fn new(environment: &Environment) -> Client {
        // Proxies come from the environment by themselves: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY.
        let config = Agent::config_builder()
            .user_agent(AGENT)
            .max_redirects(0)
            .http_status_as_error(false)
            // A file comes as it is, so that its bytes can be counted.
            .accept_encoding("identity")
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(environment.timeout))
            .timeout_per_read(Some(environment.timeout))
            .build();
        Client {
            agent: config.into(),
            endpoint: environment.endpoint.clone(),
            token: environment.token.clone(),
        }
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
        let mut hub = None;
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
            let hub_headers = hub.get_or_insert_with(|| parts.headers.clone());
            if matches!(status, 301 | 302 | 303 | 307 | 308) {
                url = redirected(&url, header(&parts.headers, "location"))?;
                // The Hub moves a repository that was renamed; what it says there counts.
                if self.is_hub(&url) {
                    hub = None;
                }
                continue;
            }
            if matches!(status, 200 | 206 | 416) {
                return Ok(Answer {
                    hub: hub_headers.clone(),
                    status,
                    headers: parts.headers,
                    body,
                });
            }
            return Err(self.refused(&url, status, &parts.headers, about));
        }
        Err(Failure::never(HubError::Protocol {
            url,
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
        let host = host(url);
        if status == 429 {
            return throttled(host, retry_after(headers));
        }
        if status == 408 || status >= 500 {
            let error = HubError::Status {
                url: without_query(url),
                status,
            };
            let retry = retry_after(headers).map_or(Retry::Soon, Retry::After);
            return Failure { error, retry };
        }
        let Some(about) = about.filter(|_| self.is_hub(url)) else {
            // A storage server whose signed address has grown old: the Hub gives a new one.
            return Failure {
                error: HubError::Status {
                    url: without_query(url),
                    status,
                },
                retry: match status {
                    401 | 403 => Retry::Soon,
                    _ => Retry::Never,
                },
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
            _ => HubError::Status {
                url: without_query(url),
                status,
            },
        })
    }
}

impl Failure {
    /// One that another try would not mend.
    pub(super) fn never(error: HubError) -> Failure {
        Failure {
            error,
            retry: Retry::Never,
        }
    }

    /// One that another try may mend.
    pub(super) fn soon(error: HubError) -> Failure {
        Failure {
            error,
            retry: Retry::Soon,
        }
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Failure {
        Failure::never(error)
    }
}

/// How often something failed in a row.
#[derive(Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    /// Waits before another try, or gives the error back where there is to be none.
    pub(super) fn wait(&mut self, failure: Failure, on: &OnEvent) -> Result<(), HubError> {
        self.failures += 1;
        let after = match failure.retry {
            Retry::Never => return Err(failure.error),
            _ if self.failures >= ATTEMPTS => return Err(failure.error),
            Retry::After(pause) => pause,
            Retry::Soon => PAUSE * 2u32.pow(self.failures - 1) + jitter(),
        };
        let reason = failure.error.to_string();
        let began = Instant::now();
        let retry = Event::Retry {
            reason: &reason,
            after,
        };
        stop(on(retry))?;
        pause(after.saturating_sub(began.elapsed()), on)
    }

    /// Something came: the next failure is the first again.
    pub(super) fn renew(&mut self) {
        self.failures = 0;
    }

    /// Tries until it works or is not worth more tries.
    pub(super) fn until<T>(
        on: &OnEvent,
        mut attempt: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, HubError> {
        let mut patience = Patience::default();
        loop {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(failure) => patience.wait(failure, on)?,
            }
        }
    }
}

/// The user's wish as an error.
pub(super) fn stop(flow: ControlFlow<()>) -> Result<(), HubError> {
    match flow {
        ControlFlow::Break(()) => Err(HubError::Interrupted),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// Waits, unless the user asks to stop.
pub(super) fn pause(time: Duration, on: &OnEvent) -> Result<(), HubError> {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        stop(on(Event::Tick))?;
        std::thread::sleep(left.min(POLL));
    }
    Ok(())
}

/// So that processes that failed together do not come back together.
fn jitter() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Duration::from_millis(now.map_or(0, |now| u64::from(now.subsec_nanos()) % 250))
}

/// The text of a header.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = header(headers, "retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn throttled(host: String, asked: Option<Duration>) -> Failure {
    let minutes = asked.map_or(5, |time| time.as_secs().div_ceil(60).max(1));
    Failure {
        error: HubError::Throttled { host, minutes },
        retry: match asked {
            None => Retry::Soon,
            Some(time) if time <= LONGEST_PAUSE => Retry::After(time),
            Some(_) => Retry::Never,
        },
    }
}

/// A failure of the network, or of what a server says below HTTP.
fn unreachable(url: &str, error: ureq::Error) -> Failure {
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
            endpoint: endpoint.to_owned(),
            token: Token::new("hf_x"),
            offline: false,
            timeout: Duration::from_secs(1),
        })
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

    #[test]
    fn patience_ends() {
        let mut patience = Patience { failures: 4 };
        let failure = || Failure::soon(HubError::Interrupted);
        assert!(
            patience
                .wait(failure(), &|_| ControlFlow::Continue(()))
                .is_err()
        );
        patience.renew();
        assert!(
            patience
                .wait(failure(), &|_| ControlFlow::Continue(()))
                .is_ok()
        );
    }
}
