//! `anubad models` against a server that is shaped like the Hub, and against caches that other programs wrote, and what
//! is done with what was pulled: the real program, each test with folders of its own.

mod archive;
mod faults;
mod layout;
mod names;
mod processes;
mod pull;
mod quantize;
mod server;
mod translate;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use server::{Commit, File, Server};

const REPOSITORY: &str = "acme/mt";

/// A machine with its own cache, and a Hub.
struct World {
    folder: TempDir,
    server: Server,
}

impl World {
    fn new() -> World {
        World {
            folder: tempfile::tempdir().unwrap(),
            server: Server::start(),
        }
    }

    /// With a repository of a model.
    fn with_model() -> (World, Commit) {
        let world = World::new();
        let commit = world.server.commit(REPOSITORY, "main", &model(1));
        (world, commit)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::from_std(self.process(args));
        command.timeout(std::time::Duration::from_secs(60));
        command
    }

    fn process(&self, args: &[&str]) -> std::process::Command {
        self.anubad(&[&["models"], args].concat())
    }

    /// The program with any verb.
    fn anubad(&self, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(cargo_bin!("anubad"));
        for variable in [
            "SSL_CERT_FILE",
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HF_HUB_CACHE",
            "HF_HUB_OFFLINE",
            "HTTP_PROXY",
            "http_proxy",
            "HTTPS_PROXY",
            "https_proxy",
            "ALL_PROXY",
            "all_proxy",
        ] {
            command.env_remove(variable);
        }
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("HF_HOME", self.path("hf"))
            .env("ANUBAD_HOME", self.path("home"))
            .env("HF_ENDPOINT", self.server.endpoint())
            .env("HF_HUB_DOWNLOAD_TIMEOUT", "2");
        command
    }

    /// Exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        run(&mut self.command(args))
    }

    /// Runs what must succeed; standard output.
    fn ok(&self, args: &[&str]) -> String {
        let (code, out, err) = self.run(args);
        assert_eq!(code, 0, "{args:?}: {err}");
        out
    }

    /// Runs what must fail in a line that has all `words`.
    fn fails(&self, code: i32, args: &[&str], words: &[&str]) -> String {
        let (found, _, err) = self.run(args);
        assert_eq!(found, code, "{args:?}: {err}");
        let last = err.lines().last().unwrap_or_default();
        assert!(last.starts_with("anubad: "), "{err}");
        for word in words {
            assert!(last.contains(word), "{word:?} not in {last:?}");
        }
        err
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of a repository in the cache.
    fn cached(&self, repository: &str) -> PathBuf {
        let name = format!("models--{}", repository.replace('/', "--"));
        self.path("hf/hub").join(name)
    }

    fn snapshot(&self, commit: &Commit) -> PathBuf {
        self.cached(REPOSITORY).join("snapshots").join(&commit.id)
    }

    /// The model is here, whole, and what the Hub has.
    fn assert_whole(&self, commit: &Commit, files: &[&str]) {
        let folder = self.ok(&["path", REPOSITORY]);
        assert_eq!(Path::new(folder.trim_end()), self.snapshot(commit));
        assert_eq!(names(&self.snapshot(commit)), files);
        for file in commit
            .files
            .iter()
            .filter(|file| files.contains(&file.path.as_str()))
        {
            let content = fs::read(self.snapshot(commit).join(&file.path)).unwrap();
            assert!(
                content == file.content,
                "{} is not what the Hub has",
                file.path
            );
        }
        assert_eq!(
            self.ok(&["verify", REPOSITORY]),
            format!("{REPOSITORY}: good\n")
        );
    }

    /// Nothing of the model can be used.
    fn assert_absent(&self) {
        self.fails(
            4,
            &["path", REPOSITORY],
            &["not on this machine", "models pull"],
        );
        assert!(!self.cached(REPOSITORY).join("snapshots").exists());
        assert!(!self.cached(REPOSITORY).join("refs").exists());
    }
}

fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("not killed");
    (code, text(output.stdout), text(output.stderr))
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Content that differs by seed, and repeats nowhere soon.
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// The files of a model that [`model`] makes and `pull` fetches.
const FILES: [&str; 3] = ["config.json", "model.safetensors", "source.spm"];
const WEIGHTS: usize = 3_000_000;

/// A repository as they are: a model, and what other frameworks want.
fn model(seed: u64) -> Vec<File> {
    vec![
        File::small(".gitattributes", "*.safetensors filter=lfs\n"),
        File::small("README.md", "# A model\n"),
        File::small(
            "config.json",
            format!("{{\"model_type\": \"marian\", \"seed\": {seed}}}"),
        ),
        File::large("source.spm", bytes(seed + 100, 20_000)),
        File::large("model.safetensors", bytes(seed, WEIGHTS)),
        File::large("pytorch_model.bin", bytes(seed + 200, 1000)),
        File::large("tf_model.h5", bytes(seed + 300, 1000)),
        File::small("modeling_own.py", "import os\n"),
        File::small("onnx/config.json", "{}"),
    ]
}
