//! A server that answers as the Hugging Face Hub does, as far as a download needs it, with the faults that networks and
//! servers have. Large files are redirected to a second server, as the Hub redirects to its storage.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// A file of a repository. Large ones are in git-lfs: named by SHA-256, and elsewhere.
#[derive(Debug, Clone)]
pub struct File {
    pub path: String,
    pub content: Vec<u8>,
    pub is_lfs: bool,
}

impl File {
    pub fn small(path: &str, content: impl Into<Vec<u8>>) -> File {
        File {
            path: path.to_owned(),
            content: content.into(),
            is_lfs: false,
        }
    }

    pub fn large(path: &str, content: impl Into<Vec<u8>>) -> File {
        File {
            is_lfs: true,
            ..File::small(path, content)
        }
    }

    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(&self.content))
    }

    /// The name of its content in the cache.
    pub fn etag(&self) -> String {
        match self.is_lfs {
            true => self.sha256(),
            false => {
                let header = format!("blob {}\0", self.content.len());
                hex(&Sha1::new()
                    .chain_update(header)
                    .chain_update(&self.content)
                    .finalize())
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A commit of a repository.
#[derive(Debug, Clone)]
pub struct Commit {
    pub id: String,
    pub files: Vec<File>,
}

/// What goes wrong with a request whose address contains `at`, and how often.
#[derive(Debug, Clone)]
pub struct Fault {
    pub at: &'static str,
    pub times: usize,
    pub kind: Kind,
}

pub const ALWAYS: usize = usize::MAX;

#[derive(Debug, Clone)]
pub enum Kind {
    /// A status, with headers.
    Status(u16, &'static [(&'static str, &'static str)]),
    /// The connection closes after so many bytes of the body.
    Truncate(usize),
    /// Nothing comes after so many bytes of the body, for some seconds.
    Stall(usize),
    /// One byte is another.
    Corrupt,
    /// A range is answered with everything.
    IgnoreRange,
    /// A range is answered with another one.
    WrongRange,
    /// The body comes in pieces, with pauses.
    Slow(Duration),
    /// Some other text.
    Body(String),
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub token: Option<String>,
    /// First byte asked for.
    pub from: usize,
    pub is_storage: bool,
}

#[derive(Default)]
struct State {
    /// By `owner/name@revision`; a commit's name is a revision too.
    commits: HashMap<String, Commit>,
    faults: Vec<Fault>,
    requests: Vec<Request>,
    /// Whether listings tell neither size nor checksum, as some mirrors'.
    is_terse: bool,
    /// A commit that takes the place of another once that was listed.
    after_listing: Option<(String, Commit)>,
}

/// The two servers; they end with the process.
pub struct Server {
    state: Arc<Mutex<State>>,
    hub: SocketAddr,
}

impl Server {
    pub fn start() -> Server {
        let state = Arc::new(Mutex::new(State::default()));
        let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (hub, storage) = (listen(), listen());
        let addresses = (hub.local_addr().unwrap(), storage.local_addr().unwrap());
        for (listener, is_storage) in [(hub, false), (storage, true)] {
            let state = state.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let state = state.clone();
                    // A client that goes away is no concern of the server.
                    std::thread::spawn(move || {
                        let _ = answer(stream, &state, addresses.1, is_storage);
                    });
                }
            });
        }
        Server {
            state,
            hub: addresses.0,
        }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.hub)
    }

    /// Puts files into a repository; the revision means them now.
    pub fn commit(&self, repository: &str, revision: &str, files: &[File]) -> Commit {
        let contents: Vec<String> = files.iter().map(|f| f.path.clone() + &f.etag()).collect();
        let commit = Commit {
            id: hex(&Sha1::digest(contents.join("\n"))),
            files: files.to_vec(),
        };
        let mut state = self.state.lock().unwrap();
        for revision in [revision, &commit.id] {
            state
                .commits
                .insert(format!("{repository}@{revision}"), commit.clone());
        }
        commit
    }

    pub fn fail(&self, at: &'static str, times: usize, kind: Kind) {
        self.state
            .lock()
            .unwrap()
            .faults
            .push(Fault { at, times, kind });
    }

    pub fn heal(&self) {
        self.state.lock().unwrap().faults.clear();
    }

    pub fn be_terse(&self) {
        self.state.lock().unwrap().is_terse = true;
    }

    /// The content of a listed commit is that of another from its listing on.
    pub fn switch_after_listing(&self, repository: &str, listed: &Commit, then: Commit) {
        let key = format!("{repository}@{}", listed.id);
        self.state.lock().unwrap().after_listing = Some((key, then));
    }

    /// The requests since the last call.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }
}

fn answer(
    mut stream: TcpStream,
    state: &Mutex<State>,
    storage: SocketAddr,
    is_storage: bool,
) -> io::Result<()> {
    let Some((path, headers)) = read_request(&stream)? else {
        return Ok(());
    };
    let range = headers
        .get("range")
        .and_then(|range| range.strip_prefix("bytes="));
    let from = range.and_then(|range| range.trim_end_matches('-').parse().ok());
    let (fault, reply) = {
        let mut state = state.lock().unwrap();
        state.requests.push(Request {
            path: path.clone(),
            token: headers.get("authorization").cloned(),
            from: from.unwrap_or(0),
            is_storage,
        });
        let fault = state
            .faults
            .iter_mut()
            .find(|f| f.times > 0 && path.contains(f.at));
        let fault = fault.map(|fault| {
            fault.times -= 1;
            fault.kind.clone()
        });
        (fault, reply(&mut state, &path, storage, is_storage))
    };
    match fault {
        Some(Kind::Status(status, headers)) => {
            let headers: Vec<String> = headers.iter().map(|(k, v)| format!("{k}: {v}")).collect();
            send(&mut stream, status, &headers, b"", None)
        }
        Some(Kind::Body(text)) => send(&mut stream, 200, &[], text.as_bytes(), None),
        fault => deliver(&mut stream, reply, from, fault),
    }
}

fn read_request(stream: &TcpStream) -> io::Result<Option<(String, HashMap<String, String>)>> {
    let mut lines = BufReader::new(stream).lines();
    let Some(first) = lines.next().transpose()? else {
        return Ok(None);
    };
    let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut headers = HashMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    Ok(Some((path, headers)))
}

/// What is at an address when nothing goes wrong.
struct Reply {
    status: u16,
    headers: Vec<String>,
    body: Vec<u8>,
}

fn reply(state: &mut State, path: &str, storage: SocketAddr, is_storage: bool) -> Reply {
    let plain = |status, headers: &[&str]| Reply {
        status,
        headers: headers.iter().map(|h| (*h).to_owned()).collect(),
        body: Vec::new(),
    };
    let (path, _) = path.split_once('?').unwrap_or((path, ""));
    if path == "/api/models" {
        let found = json!([{"id": "acme/mt", "downloads": 7, "pipeline_tag": "translation", "tags": ["license:mit"]}]);
        return Reply {
            body: found.to_string().into_bytes(),
            ..plain(200, &[])
        };
    }
    if let Some(rest) = path.strip_prefix("/api/models/") {
        let (repository, revision) = rest.split_once("/revision/").unwrap();
        let key = format!("{repository}@{revision}");
        let Some(commit) = state.commits.get(&key).cloned() else {
            let is_known = state
                .commits
                .keys()
                .any(|k| k.split('@').next() == Some(repository));
            return match is_known {
                true => plain(404, &["X-Error-Code: RevisionNotFound"]),
                // So that nobody learns which private ones there are.
                false => plain(401, &["X-Error-Code: RepoNotFound"]),
            };
        };
        if let Some((key, then)) = state.after_listing.take() {
            state.commits.insert(key, then);
        }
        return Reply {
            body: listing(&commit, state.is_terse).into_bytes(),
            ..plain(200, &[])
        };
    }
    let (repository, rest) = path[1..].split_once("/resolve/").unwrap_or_default();
    let (revision, file) = rest.split_once('/').unwrap_or_default();
    let commit = state.commits.get(&format!("{repository}@{revision}"));
    let found = commit.and_then(|c| Some((c, c.files.iter().find(|f| f.path == file)?)));
    let Some((commit, file)) = found else {
        return plain(404, &["X-Error-Code: EntryNotFound"]);
    };
    let of_hub = vec![format!("X-Repo-Commit: {}", commit.id)];
    match (file.is_lfs, is_storage) {
        (true, false) => {
            let mut headers = of_hub;
            headers.push(format!("X-Linked-Etag: \"{}\"", file.etag()));
            headers.push(format!("X-Linked-Size: {}", file.content.len()));
            headers.push(format!("Location: http://{storage}{path}?signature=secret"));
            Reply {
                status: 302,
                headers,
                body: Vec::new(),
            }
        }
        (_, true) => Reply {
            status: 200,
            // Storage has names of its own for the same content.
            headers: vec!["ETag: \"d41d8cd98f00b204-2\"".to_owned()],
            body: file.content.clone(),
        },
        (false, false) => Reply {
            status: 200,
            headers: [of_hub, vec![format!("ETag: \"{}\"", file.etag())]].concat(),
            body: file.content.clone(),
        },
    }
}

fn listing(commit: &Commit, is_terse: bool) -> String {
    let sibling = |file: &File| match (is_terse, file.is_lfs) {
        (true, _) => json!({"rfilename": file.path}),
        (false, true) => json!({
            "rfilename": file.path, "size": file.content.len(), "blobId": "0".repeat(40),
            "lfs": {"sha256": file.sha256(), "size": file.content.len(), "pointerSize": 134},
        }),
        (false, false) => json!({
            "rfilename": file.path, "size": file.content.len(), "blobId": file.etag(),
        }),
    };
    let siblings: Vec<_> = commit.files.iter().map(sibling).collect();
    json!({"sha": commit.id, "siblings": siblings, "cardData": {"license": "cc-by-nc-4.0"}})
        .to_string()
}

fn deliver(
    stream: &mut TcpStream,
    mut reply: Reply,
    from: Option<usize>,
    fault: Option<Kind>,
) -> io::Result<()> {
    if let (Some(Kind::Corrupt), Some(byte)) = (&fault, reply.body.last_mut()) {
        *byte ^= 1;
    }
    let size = reply.body.len();
    let is_ignored = matches!(fault, Some(Kind::IgnoreRange));
    if let Some(from) = from.filter(|_| reply.status == 200 && !is_ignored) {
        if from >= size {
            let headers = [format!("Content-Range: bytes */{size}")];
            return send(stream, 416, &headers, b"", None);
        }
        let told = from + usize::from(matches!(fault, Some(Kind::WrongRange)));
        reply
            .headers
            .push(format!("Content-Range: bytes {told}-{}/{size}", size - 1));
        reply.body.drain(..from);
        reply.status = 206;
    }
    send(stream, reply.status, &reply.headers, &reply.body, fault)
}

fn send(
    stream: &mut TcpStream,
    status: u16,
    headers: &[String],
    body: &[u8],
    fault: Option<Kind>,
) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
    head.push_str("Connection: close\r\nAccept-Ranges: bytes\r\n");
    for header in headers {
        head.push_str(&format!("{header}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    match fault {
        Some(Kind::Truncate(bytes)) => stream.write_all(&body[..bytes.min(body.len())]),
        Some(Kind::Stall(bytes)) => {
            stream.write_all(&body[..bytes.min(body.len())])?;
            std::thread::sleep(Duration::from_secs(40));
            Ok(())
        }
        Some(Kind::Slow(pause)) => body.chunks(64 << 10).try_for_each(|chunk| {
            std::thread::sleep(pause);
            stream.write_all(chunk)
        }),
        _ => stream.write_all(body),
    }
}
