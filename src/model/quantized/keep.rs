//! A model from its quantized weights, which are made where there are none, or none of use.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use thiserror::Error;

use super::reader::{Quantized, Unusable, read_contents};
use super::{Origin, Record};
use crate::files::TEMPORARY;
use crate::model::checkpoint::{Checkpoint, Files};
use crate::model::encoder_decoder::EncoderDecoder;
use crate::model::loader::Plan;
use crate::model::weights::{Weights, WeightsError};
use crate::model::{LoadError, Model};

/// How long a file under a temporary name may take to be written.
const LONGEST_WRITING: Duration = Duration::from_secs(24 * 60 * 60);

/// Is told how many bytes of a checkpoint have been read, and how many there are.
pub type OnRead = Box<dyn Fn(u64, u64) + Send>;

/// A model with 8-bit weights on the CPU.
pub struct Kept {
    /// The model.
    pub model: Box<dyn Model>,
    /// Whether the next start will be fast.
    pub keep: Result<Keep, KeepError>,
    /// Bytes of the checkpoint.
    pub checkpoint_size: u64,
}

/// How it comes that weights are in a file of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// They were there, and are read in place.
    Found,
    /// They were made from the checkpoint, and written.
    Written,
}

/// Why weights that were rounded are not kept, and will be rounded again at the next start.
#[derive(Debug, Error)]
pub enum KeepError {
    /// The file cannot be written.
    #[error(
        "{path}: cannot write the quantized weights: {source}; ANUBAD_HOME names another folder for them"
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process writes the file.
    #[error("{path}: another process is writing the quantized weights")]
    Busy {
        /// The file.
        path: PathBuf,
    },
}

/// Loads the encoder-decoder in a folder onto the CPU, its matrices rounded to 8 bits, by way of the file at `path`:
/// where that is of these weights it is mapped and no others are read; otherwise the weights are rounded and the file is
/// written. `on_read` is told how far reading is.
///
/// Nobody may change the file in place; this replaces it as a whole. Files beside it whose checkpoints are gone are
/// removed when it is written.
///
/// # Errors
/// As [`load_folder`](crate::model::load_folder). That the file cannot be written is no error here: see [`Kept::keep`].
pub fn load_kept(folder: &Path, path: &Path, on_read: Option<OnRead>) -> Result<Kept, LoadError> {
    let plan = Plan::read(folder)?;
    let files = Files::find(folder)?;
    let origin = Origin::of(folder, &files).map_err(|source| WeightsError::Unreadable {
        path: folder.to_owned(),
        source,
    })?;
    let (model, keep) = match open(&plan, path, &origin) {
        Some(model) => (model, Ok(Keep::Found)),
        None => {
            let checkpoint = Checkpoint::open(&files)?;
            let record = Record::new(&checkpoint, on_read);
            let weights = Weights::recorded(checkpoint, record);
            let model = plan.build(&weights)?;
            let written = write(&weights.into_record(), path, &origin);
            (model, written.map(|()| Keep::Written))
        }
    };
    Ok(Kept {
        model: Box::new(model),
        keep,
        checkpoint_size: origin.size(),
    })
}

/// The model of quantized weights, if they are there and of use.
fn open(plan: &Plan, path: &Path, origin: &Origin) -> Option<EncoderDecoder> {
    let quantized = Quantized::open(path, origin).ok()?;
    plan.build(&Weights::quantized(quantized)).ok()
}

fn write(record: &Record, path: &Path, origin: &Origin) -> Result<(), KeepError> {
    let failed = |source| KeepError::Write {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    // One process is enough.
    let lock = path.with_extension("lock");
    let guard = File::create(&lock).map_err(failed)?;
    match guard.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let path = path.to_owned();
            return Err(KeepError::Busy { path });
        }
        Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
            return Err(failed(error));
        }
        _ => {}
    }
    sweep(folder, path.extension());
    let written = record.write(path, origin).map_err(failed);
    // Whoever takes a lock of that name meanwhile writes the same under another temporary name.
    let _ = fs::remove_file(lock);
    written
}

/// Removes quantized weights whose checkpoints are gone, or that this version of the program does not read, and what killed
/// processes left half written.
fn sweep(folder: &Path, extension: Option<&OsStr>) {
    for item in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = item.path();
        let is_temporary = item.file_name().to_string_lossy().starts_with(TEMPORARY);
        let is_useless = match is_temporary {
            true => is_abandoned(&path),
            false => path.extension() == extension && is_orphan(&path),
        };
        if is_useless {
            // Nobody is harmed by one that stays.
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether nobody can be writing a file any more.
fn is_abandoned(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    let age = modified.map(|time| SystemTime::now().duration_since(time));
    matches!(age, Ok(Ok(age)) if age > LONGEST_WRITING)
}

/// Whether a file is one of quantized weights and no start will read it. What is somebody else's is none.
fn is_orphan(path: &Path) -> bool {
    match read_contents(path) {
        Ok((_, contents, _)) => !contents.origin.folder.exists(),
        Err(error) => matches!(error, Unusable::Version | Unusable::Damaged(_)),
    }
}
