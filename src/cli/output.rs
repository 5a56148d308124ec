//! Where results go: standard output, one file, or a folder with a file for each article.

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
    File { file: BufWriter<AtomicFile>, path: PathBuf },
    Folder { path: PathBuf, names: FileNames },
}

impl Output {
    /// Opens what `--output` names, standard output without it. It is a folder where it exists as
    /// one, ends in a separator, or has no extension while several inputs are given.
    pub fn open(
        to: Option<&Path>,
        several: bool,
        format: Format,
        view: View,
        interrupt: &Interrupt,
    ) -> Result<Output, Failure> {
        let place = match to {
            None => Place::Stdout(BufWriter::new(io::stdout())),
            Some(path) if is_folder(path, several) => {
                // A folder that cannot be written is found before the work, not after.
                std::fs::create_dir_all(path)
                    .and_then(|()| tempfile::tempfile_in(path))
                    .map_err(|error| write_failure(error, &path.display().to_string()))?;
                Place::Folder { path: path.to_owned(), names: FileNames::default() }
            }
            Some(path) => {
                let file = AtomicFile::create(path, interrupt)
                    .map_err(|error| write_failure(error, &path.display().to_string()))?;
                Place::File { file: BufWriter::new(file), path: path.to_owned() }
            }
        };
        Ok(Output { format, view, interrupt: interrupt.clone(), place, articles: 0 })
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
            Place::Folder { path, names } => {
                let path = path.join(names.name(&report.translation.id, self.format.extension()));
                refuse_to_replace_the_source(&path, &report.translation.id)?;
                let whole = [self.format.opening(), &article, self.format.closing()].concat();
                AtomicFile::create(&path, &self.interrupt)
                    .and_then(|mut file| file.write_all(whole.as_bytes()).and_then(|()| file.commit()))
                    .map_err(|error| write_failure(error, &path.display().to_string()))
            }
        }
    }

    /// Ends the output. A file gets its name now, unless no article was written.
    pub fn finish(self) -> Result<(), Failure> {
        let opening = if self.articles == 0 { self.format.opening() } else { "" };
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
            let _ = out.write_all(self.format.closing().as_bytes()).and_then(|()| out.flush());
        }
    }
}

fn is_folder(path: &Path, several: bool) -> bool {
    let ends_in_separator =
        path.as_os_str().to_string_lossy().ends_with(|c| std::path::is_separator(c));
    path.is_dir() || ends_in_separator || (several && path.extension().is_none() && !path.exists())
}

/// An article keeps its source: `--output` may name the folder that it came from.
fn refuse_to_replace_the_source(path: &Path, id: &str) -> Result<(), Failure> {
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if same(path, Path::new(id)) {
        let error = anyhow::anyhow!(
            "{}: this is the article itself; give another folder to --output",
            path.display()
        );
        return Err(Failure::new(Exit::Output, error));
    }
    Ok(())
}
