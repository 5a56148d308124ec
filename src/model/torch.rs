//! `pytorch_model.bin`, or the checkpoint of a training: what `torch.save` writes, as a table of contents.
//!
//! Since PyTorch 1.6 it is a zip archive, its entries not compressed: `…/data.pkl`, a pickle of the tensors as views
//! of storages, and one entry `…/data/<key>` a storage. Before, it was one file: pickles of a magic number, a
//! version, the sizes of C's numbers, the tensors, and the keys of the storages, then the storages in that order,
//! each after its count of numbers.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::checkpoint::{Extent, row_major};
use super::number::NumberType;
use super::pickle::{Contents, Pickle, PickleError, Storage, TensorView};
use super::weights::WeightsError;

/// A pickle of the number that the old format begins with.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// A storage's bytes, as places in the file.
#[derive(Debug, Clone, Copy)]
struct Region {
    start: usize,
    length: usize,
}

/// Names and extents of the tensors in a file; no code of it is run.
///
/// # Errors
/// If it is neither format, wants to run code, or a tensor lies outside its storage.
pub fn read(bytes: &[u8], path: &Path) -> Result<Vec<(String, Extent)>, WeightsError> {
    extents(bytes, path, Contents::Weights)
}

/// The same of the model that a checkpoint of PyTorch Lightning holds, under `state_dict`, beside what is needed to
/// train on.
///
/// # Errors
/// As [`read`].
pub fn read_training(bytes: &[u8], path: &Path) -> Result<Vec<(String, Extent)>, WeightsError> {
    extents(bytes, path, Contents::Training)
}

fn extents(
    bytes: &[u8],
    path: &Path,
    contents: Contents,
) -> Result<Vec<(String, Extent)>, WeightsError> {
    let at = |problem: Problem| match problem {
        Problem::Damaged(reason) => WeightsError::Damaged {
            path: path.to_owned(),
            reason,
        },
        Problem::Pickle(source) => WeightsError::Pickle {
            path: path.to_owned(),
            source,
        },
    };
    let (pickle, regions) = if bytes.starts_with(b"PK") {
        open_zip(bytes, contents).map_err(at)?
    } else if bytes.starts_with(MAGIC) {
        open_legacy(bytes, contents).map_err(at)?
    } else {
        return Err(at(damaged("it is neither of PyTorch's formats")));
    };
    let tensors = match contents {
        Contents::Weights => pickle.tensors(),
        Contents::Training => pickle.tensors_in("state_dict"),
    };
    let tensors = tensors.map_err(|e| at(Problem::Pickle(e)))?;
    let extent = |(name, tensor): &(&str, &TensorView)| {
        let extent = extent(tensor, &regions);
        let extent = extent.ok_or_else(|| at(damaged(&format!("tensor {name} is not inside it"))));
        Ok(((*name).to_owned(), extent?))
    };
    tensors.iter().map(extent).collect()
}

enum Problem {
    Damaged(String),
    Pickle(PickleError),
}

impl From<PickleError> for Problem {
    fn from(error: PickleError) -> Self {
        Problem::Pickle(error)
    }
}

fn damaged(reason: &str) -> Problem {
    Problem::Damaged(reason.to_owned())
}

type Regions = HashMap<String, Region>;

fn open_zip(bytes: &[u8], contents: Contents) -> Result<(Pickle, Regions), Problem> {
    let broken = |e: zip::result::ZipError| Problem::Damaged(e.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let (mut pickle, mut regions) = (None, HashMap::new());
    for i in 0..archive.len() {
        let entry = archive.by_index(i).map_err(broken)?;
        if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            return Err(damaged("an entry of the archive is compressed"));
        }
        let start = entry.data_start().map(|start| start as usize);
        let data = start.and_then(|start| bytes.get(start..)?.get(..entry.size() as usize));
        let (Some(start), Some(data)) = (start, data) else {
            return Err(damaged("an entry of the archive lies outside it"));
        };
        // The first folder has the name that the file once had.
        let name = entry.name().map_err(broken)?;
        match name.split_once('/').map(|(_, name)| name) {
            Some("data.pkl") if pickle.is_some() => {
                return Err(damaged("the archive has two data.pkl"));
            }
            Some("data.pkl") => pickle = Some(Pickle::read(data, contents)?.0),
            Some("byteorder") if data != b"little" => {
                return Err(damaged("its numbers are not little-endian"));
            }
            Some(name) => {
                if let Some(key) = name.strip_prefix("data/") {
                    let region = Region {
                        start,
                        length: data.len(),
                    };
                    regions.insert(key.to_owned(), region);
                }
            }
            None => {}
        }
    }
    let pickle = pickle.ok_or_else(|| damaged("the archive has no data.pkl"))?;
    Ok((pickle, regions))
}

fn open_legacy(bytes: &[u8], contents: Contents) -> Result<(Pickle, Regions), Problem> {
    let mut at = 0;
    let mut next = || -> Result<Pickle, PickleError> {
        let (pickle, length) = Pickle::read(&bytes[at..], contents)?;
        at += length;
        Ok(pickle)
    };
    let (_magic, _version, _sizes) = (next()?, next()?, next()?);
    let (pickle, keys) = (next()?, next()?);
    let numbers: HashMap<&str, NumberType> = pickle
        .storages()
        .map(|storage| (storage.key.as_str(), storage.number))
        .collect();
    let mut regions = HashMap::new();
    for key in keys.texts()? {
        let count = bytes.get(at..).and_then(|rest| rest.first_chunk());
        let count = count.map(|count| u64::from_le_bytes(*count));
        // The type of a storage's numbers, and so its length, is known from where it is named.
        let size = numbers.get(key).map(|number| number.size() as u64);
        let length = size
            .zip(count)
            .and_then(|(size, count)| count.checked_mul(size));
        let start = at + 8;
        let data =
            length.and_then(|length| bytes.get(start..)?.get(..usize::try_from(length).ok()?));
        let Some(data) = data else {
            return Err(damaged("it is cut short"));
        };
        let region = Region {
            start,
            length: data.len(),
        };
        regions.insert(key.to_owned(), region);
        at = start + data.len();
    }
    drop(numbers);
    Ok((pickle, regions))
}

/// A tensor's place in the file, if it lies inside its storage and holds no number twice.
fn extent(tensor: &TensorView, regions: &Regions) -> Option<Extent> {
    let Storage { key, number, view } = &tensor.storage;
    let region = regions.get(key)?;
    let mut numbers = region.length / number.size();
    let mut first = usize::try_from(tensor.offset).ok()?;
    if let &Some((view_first, view_numbers)) = view {
        let end = view_first.checked_add(view_numbers)?;
        if end > numbers as u64 || tensor.offset > view_numbers {
            return None;
        }
        first = first.checked_add(view_first as usize)?;
        numbers = end as usize;
    }
    let counts = |counts: &[u64]| -> Option<Vec<usize>> {
        counts.iter().map(|&n| usize::try_from(n).ok()).collect()
    };
    let (shape, mut strides) = (counts(&tensor.shape)?, counts(&tensor.strides)?);
    if shape.len() != strides.len() {
        return None;
    }
    let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
    if count == 0 {
        strides.fill(0);
    } else {
        let mut last = first;
        for (&d, &stride) in shape.iter().zip(&strides) {
            last = last.checked_add((d - 1).checked_mul(stride)?)?;
        }
        if last >= numbers {
            return None;
        }
        // The stride of a dimension of one place says nothing.
        for ((d, stride), dense) in shape.iter().zip(&mut strides).zip(row_major(&shape)) {
            if *d == 1 {
                *stride = dense;
            }
        }
    }
    if count > numbers || first > numbers {
        return None;
    }
    Some(Extent {
        number: *number,
        shape,
        strides,
        start: region.start + first * number.size(),
    })
}
