//! Where results go: standard output, one file, or a folder with a file for each article.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::atomic::AtomicFile;
use super::exit::{Exit, Failure, write_failure};
use super::format::{Format, Report, View};
use super::interrupt::Interrupt;
use super::names::FileNames;

/// The place that results go to, in the order in which they are written.
pub struct Output {
    format: Format,
    view: View,
    interrupt: Interrupt,
    place: Place,
    articles: usize,
}

enum Place {
    Stdout(BufWriter<io::Stdout>),
    File {
        file: BufWriter<AtomicFile>,
        path: PathBuf,
    },
    Folder {
        path: PathBuf,
        names: FileNames,
        protected: Protected,
    },
}

impl Output {
    /// Opens what `--output` names, standard output without it. It is a folder where it exists as
    /// one, ends in a separator, or has no extension while several inputs are given. None of
    /// the files that are `read` is replaced.
    pub fn open(
        to: Option<&Path>,
        several: bool,
        read: &[PathBuf],
        format: Format,
        view: View,
        interrupt: &Interrupt,
    ) -> Result<Output, Failure> {
        let protected = match to {
            Some(_) => Protected::new(read),
            None => Protected::default(),
        };
        let place = match to {
            None => Place::Stdout(BufWriter::new(io::stdout())),
            Some(path) if is_folder(path, several) => {
                // A folder that cannot be written is found before the work, not after.
                std::fs::create_dir_all(path)
                    .and_then(|()| tempfile::tempfile_in(path))
                    .map_err(|error| write_failure(error, &path.display().to_string()))?;
                Place::Folder {
                    path: path.to_owned(),
                    names: FileNames::default(),
                    protected,
                }
            }
            Some(path) => {
                if protected.contains(path) {
                    return Err(would_replace_input(path));
                }
                let file = AtomicFile::create(path, interrupt)
                    .map_err(|error| write_failure(error, &path.display().to_string()))?;
                Place::File {
                    file: BufWriter::new(file),
                    path: path.to_owned(),
                }
            }
        };
        Ok(Output {
            format,
            view,
            interrupt: interrupt.clone(),
            place,
            articles: 0,
        })
    }

    /// Writes what is to be said about one article.
    pub fn write(&mut self, report: &Report) -> Result<(), Failure> {
        let article = self.format.article(report, &self.view);
        let before = match self.articles {
            0 => self.format.opening().to_owned(),
            _ => self.format.separator(report, &self.view),
        };
        self.articles += 1;
        match &mut self.place {
            Place::Stdout(out) => out
                .write_all(before.as_bytes())
                .and_then(|()| out.write_all(article.as_bytes()))
                .and_then(|()| out.flush())
                .map_err(|error| write_failure(error, "standard output")),
            Place::File { file, path } => file
                .write_all(before.as_bytes())
                .and_then(|()| file.write_all(article.as_bytes()))
                .map_err(|error| write_failure(error, &path.display().to_string())),
            Place::Folder {
                path,
                names,
                protected,
            } => {
                let path = path.join(names.name(&report.translation.id, self.format.extension()));
                if protected.contains(&path) {
                    return Err(would_replace_input(&path));
                }
                let whole = [self.format.opening(), &article, self.format.closing()].concat();
                AtomicFile::create(&path, &self.interrupt)
                    .and_then(|mut file| {
                        file.write_all(whole.as_bytes())
                            .and_then(|()| file.commit())
                    })
                    .map_err(|error| write_failure(error, &path.display().to_string()))
            }
        }
    }

    /// Ends the output. A file gets its name now, unless no article was written.
    pub fn finish(self) -> Result<(), Failure> {
        let opening = if self.articles == 0 {
            self.format.opening()
        } else {
            ""
        };
        let end = [opening, self.format.closing()].concat();
        match self.place {
            Place::Stdout(mut out) => out
                .write_all(end.as_bytes())
                .and_then(|()| out.flush())
                .map_err(|error| write_failure(error, "standard output")),
            Place::File { .. } if self.articles == 0 => Ok(()),
            Place::File { mut file, path } => file
                .write_all(end.as_bytes())
                .and_then(|()| file.into_inner().map_err(|error| error.into_error()))
                .and_then(AtomicFile::commit)
                .map_err(|error| write_failure(error, &path.display().to_string())),
            Place::Folder { .. } => Ok(()),
        }
    }

    /// Ends an output that is not complete: what stands on standard output is made whole, a file is
    /// not begun.
    pub fn abandon(self) {
        if let (Place::Stdout(mut out), true) = (self.place, self.articles > 0) {
            let _ = out
                .write_all(self.format.closing().as_bytes())
                .and_then(|()| out.flush());
        }
    }
}

fn is_folder(path: &Path, several: bool) -> bool {
    let ends_in_separator = path
        .as_os_str()
        .to_string_lossy()
        .ends_with(std::path::is_separator);
    path.is_dir() || ends_in_separator || (several && path.extension().is_none() && !path.exists())
}

/// The files that are read: `--output` may name one of them, or the folder that they are in.
#[derive(Default)]
struct Protected(HashSet<PathBuf>);

impl Protected {
    fn new(inputs: &[PathBuf]) -> Protected {
        Protected(
            inputs
                .iter()
                .filter_map(|path| path.canonicalize().ok())
                .collect(),
        )
    }

    fn contains(&self, path: &Path) -> bool {
        path.canonicalize()
            .is_ok_and(|path| path.is_file() && self.0.contains(&path))
    }
}

fn would_replace_input(path: &Path) -> Failure {
    let error = anyhow::anyhow!(
        "{}: is an input and is not replaced; give --output another name",
        path.display()
    );
    Failure::new(Exit::Output, error)
}
