//! Marian's binary format (version 1), as far as Bergamot's students use it: named tensors of f32 and of 8-bit integers.
//!
//! A file begins with its version and the number of items, then come one header an item (length of its name, type,
//! dimensions, bytes of data; 64 bits each), all names, all shapes (32 bits a dimension), the length of a gap that
//! aligns what follows, and the data of all items in the same order. Numbers are little-endian.
//!
//! An item of type intgemm8 is the weight of a product, (in, out) by its shape, but stored output after output, as the
//! library intgemm takes it; after the integers comes the f32 by which the weights were multiplied to make them.
//! Tables of embeddings are stored as their shape says, which is the same: a vector of weights an output.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::BergamotError;
use crate::model::Bytes;

/// The item that holds the model's configuration, as YAML.
const CONFIG: &str = "special:model.yml";

const VERSION: u64 = 1;
/// Bytes of a header.
const HEADER: usize = 4 * 8;
/// Dimensions of a tensor at most.
const MOST_DIMENSIONS: u64 = 8;
/// Bytes of a name at most; the longest in use have some fifty.
const LONGEST_NAME: u64 = 1024;

/// A file of named tensors.
pub struct Binary {
    path: PathBuf,
    bytes: Bytes,
    items: HashMap<String, Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    kind: u64,
    shape: Vec<usize>,
    /// Its place in the file, checked to lie inside.
    data: Range<usize>,
}

/// Types of items that are read, by their numbers in the file.
mod kind {
    pub const INT8: u64 = 0x0101;
    pub const FLOAT32: u64 = 0x0404;
    pub const INTGEMM8: u64 = 0x4101;
}

/// Weights of a product in 8 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Integers<'a> {
    /// (out, in), row-major.
    pub values: &'a [i8],
    /// What the weights were multiplied by before they were rounded.
    pub multiplier: f32,
}

impl Binary {
    /// Whether a file begins as this format does.
    pub fn is_at(path: &Path) -> bool {
        let begins = || -> io::Result<bool> {
            let mut version = [0; 8];
            io::Read::read_exact(&mut fs::File::open(path)?, &mut version)?;
            Ok(u64::from_le_bytes(version) == VERSION)
        };
        path.is_file() && begins().unwrap_or(false)
    }

    /// Maps a file and reads its table of contents.
    ///
    /// # Errors
    /// If it cannot be read or is not such a file, whole.
    pub fn open(path: &Path) -> Result<Self, BergamotError> {
        // A pipe would wait for its other end for ever.
        let map = || match fs::metadata(path)?.is_file() {
            true => Bytes::map(path),
            false => Err(io::Error::other("not a regular file")),
        };
        let bytes = map().map_err(|source| BergamotError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let damaged = |reason| BergamotError::Damaged {
            path: path.to_owned(),
            reason,
        };
        let items = contents(bytes.as_ref()).map_err(damaged)?;
        Ok(Binary {
            path: path.to_owned(),
            bytes,
            items,
        })
    }

    /// The configuration, as YAML.
    ///
    /// # Errors
    /// If there is none.
    pub fn config(&self) -> Result<&str, BergamotError> {
        let item = self.item(CONFIG)?;
        if item.kind != kind::INT8 {
            return Err(self.damaged(format!("{CONFIG} has type {:#x}", item.kind)));
        }
        let text = self.data(item);
        let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
        std::str::from_utf8(&text[..end]).map_err(|e| self.damaged(format!("{CONFIG}: {e}")))
    }

    /// The f32 values of a vector, (1, width) in the file.
    ///
    /// # Errors
    /// If it is not there, of another type or of another length.
    pub fn vector(&self, name: &str, width: usize) -> Result<Vec<f32>, BergamotError> {
        let item = self.typed(name, kind::FLOAT32, &[1, width])?;
        let values = self.data(item)[..4 * width].chunks_exact(4);
        Ok(values
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect())
    }

    /// The weights of a product with `rows` outputs and `columns` inputs.
    ///
    /// # Errors
    /// If they are not there, of another type or shape, or their multiplier is no number above zero.
    pub fn weights(
        &self,
        name: &str,
        (rows, columns): (usize, usize),
    ) -> Result<Integers<'_>, BergamotError> {
        self.integers(name, &[columns, rows])
    }

    /// A table with a vector of `columns` values for each of `rows` tokens.
    ///
    /// # Errors
    /// As [`Binary::weights`].
    pub fn table(
        &self,
        name: &str,
        (rows, columns): (usize, usize),
    ) -> Result<Integers<'_>, BergamotError> {
        self.integers(name, &[rows, columns])
    }

    fn integers(&self, name: &str, shape: &[usize]) -> Result<Integers<'_>, BergamotError> {
        let item = self.typed(name, kind::INTGEMM8, shape)?;
        let count = shape.iter().product();
        let (values, after) = self.data(item).split_at(count);
        let multiplier = f32::from_le_bytes([after[0], after[1], after[2], after[3]]);
        if !(multiplier.is_normal() && multiplier > 0.0) {
            return Err(self.damaged(format!("{name} is quantised by {multiplier}")));
        }
        let values = as_signed(values);
        if values.contains(&i8::MIN) {
            return Err(self.damaged(format!("{name} holds {}, below all weights", i8::MIN)));
        }
        Ok(Integers { values, multiplier })
    }

    fn typed(&self, name: &str, kind: u64, shape: &[usize]) -> Result<&Item, BergamotError> {
        let item = self.item(name)?;
        if item.kind != kind {
            return Err(BergamotError::Unsupported {
                path: self.path.clone(),
                what: format!("{name} has type {:#x} where {kind:#x} is read", item.kind),
            });
        }
        match item.shape == shape {
            true => Ok(item),
            false => Err(self.damaged(format!(
                "{name} has shape {:?}, but the configuration makes it {shape:?}",
                item.shape
            ))),
        }
    }

    fn item(&self, name: &str) -> Result<&Item, BergamotError> {
        let missing = || self.damaged(format!("it has no {name}"));
        self.items.get(name).ok_or_else(missing)
    }

    fn data(&self, item: &Item) -> &[u8] {
        &self.bytes.as_ref()[item.data.clone()]
    }

    fn damaged(&self, reason: String) -> BergamotError {
        BergamotError::Damaged {
            path: self.path.clone(),
            reason,
        }
    }
}

fn as_signed(bytes: &[u8]) -> &[i8] {
    // Safety: both types are a byte, and every byte is a value of either.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) }
}

/// The bytes that are still to be read.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let rest = &self.bytes[self.at..];
        let taken = usize::try_from(length).ok().and_then(|n| rest.get(..n));
        let taken = taken.ok_or_else(|| {
            format!(
                "{length} bytes are wanted at byte {}, {} are left",
                self.at,
                rest.len()
            )
        })?;
        self.at += taken.len();
        Ok(taken)
    }

    fn u64(&mut self) -> Result<u64, String> {
        let bytes = self.take(8)?.try_into().expect("eight bytes were taken");
        Ok(u64::from_le_bytes(bytes))
    }
}

/// The items of a file, each checked to lie inside it and to hold what its type and shape ask for.
fn contents(bytes: &[u8]) -> Result<HashMap<String, Item>, String> {
    let mut reader = Reader { bytes, at: 0 };
    let (version, count) = (reader.u64()?, reader.u64()?);
    if version != VERSION {
        return Err(format!("its version is {version}, not {VERSION}"));
    }
    // So that no more is asked for than the file can have.
    if count > (bytes.len() / HEADER) as u64 {
        return Err(format!("it cannot hold {count} items"));
    }
    let headers = (0..count)
        .map(|_| Ok([reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?]))
        .collect::<Result<Vec<_>, String>>()?;
    let mut names = Vec::with_capacity(headers.len());
    for &[length, ..] in &headers {
        if length > LONGEST_NAME {
            return Err(format!("a name has {length} bytes"));
        }
        let name = reader.take(length)?;
        let name = name.strip_suffix(&[0]).unwrap_or(name);
        let name = std::str::from_utf8(name).map_err(|e| format!("a name is not text: {e}"))?;
        names.push(name);
    }
    let mut shapes = Vec::with_capacity(headers.len());
    for (&[_, _, dimensions, _], name) in headers.iter().zip(&names) {
        if dimensions > MOST_DIMENSIONS {
            return Err(format!("{name} has {dimensions} dimensions"));
        }
        let sizes = reader.take(4 * dimensions)?.chunks_exact(4);
        let sizes = sizes.map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let shape: Result<Vec<usize>, _> = sizes.map(usize::try_from).collect();
        shapes.push(shape.map_err(|_| format!("{name} has a negative size"))?);
    }
    let gap = reader.u64()?;
    reader.take(gap)?;
    let mut items = HashMap::with_capacity(headers.len());
    for ((&[_, kind, _, length], name), shape) in headers.iter().zip(names).zip(shapes) {
        let start = reader.at;
        let held = reader.take(length)?.len();
        let count = shape
            .iter()
            .try_fold(1usize, |n, &size| n.checked_mul(size));
        let needed = count.and_then(|count| match kind {
            kind::FLOAT32 => count.checked_mul(4),
            kind::INTGEMM8 => count.checked_add(4),
            // Others are not read, and what follows the last one is only alignment.
            _ => Some(0),
        });
        if needed.is_none_or(|needed| needed > held) {
            return Err(format!("{name} of shape {shape:?} has only {held} bytes"));
        }
        let item = Item {
            kind,
            shape,
            data: start..start + held,
        };
        if items.insert(name.to_owned(), item).is_some() {
            return Err(format!("it has {name} twice"));
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of items: name, type, shape, data.
    fn file(items: &[(&str, u64, &[i32], &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let number = |n: u64, bytes: &mut Vec<u8>| bytes.extend(n.to_le_bytes());
        number(VERSION, &mut bytes);
        number(items.len() as u64, &mut bytes);
        for (name, kind, shape, data) in items {
            number(name.len() as u64 + 1, &mut bytes);
            number(*kind, &mut bytes);
            number(shape.len() as u64, &mut bytes);
            number(data.len() as u64, &mut bytes);
        }
        for (name, ..) in items {
            bytes.extend(name.bytes());
            bytes.push(0);
        }
        for (_, _, shape, _) in items {
            bytes.extend(shape.iter().flat_map(|size| size.to_le_bytes()));
        }
        number(3, &mut bytes);
        bytes.extend([0; 3]);
        bytes.extend(items.iter().flat_map(|(.., data)| *data));
        bytes
    }

    fn sample() -> Vec<u8> {
        let floats: Vec<u8> = [1.5f32, -2.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let mut integers = vec![1, 2, 255, 4, 5, 6];
        integers.extend(8f32.to_le_bytes());
        integers.extend([0; 7]);
        file(&[
            ("b", kind::FLOAT32, &[1, 2], &floats),
            ("W", kind::INTGEMM8, &[3, 2], &integers),
            (CONFIG, kind::INT8, &[8], b"a: 1\0\0\0\0"),
        ])
    }

    fn opened(bytes: &[u8]) -> Result<Binary, BergamotError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        Binary::open(file.path())
    }

    #[test]
    fn items_are_found_by_name_and_type() {
        let binary = opened(&sample()).unwrap();
        assert_eq!(binary.vector("b", 2).unwrap(), [1.5, -2.0]);
        let weights = binary.weights("W", (2, 3)).unwrap();
        assert_eq!(weights.values, [1, 2, -1, 4, 5, 6]);
        assert_eq!(weights.multiplier, 8.0);
        assert_eq!(binary.table("W", (3, 2)).unwrap(), weights);
        assert_eq!(binary.config().unwrap(), "a: 1");
        let error = |result: Result<Integers, BergamotError>| result.unwrap_err().to_string();
        assert!(error(binary.weights("W", (3, 2))).contains("[3, 2]"));
        assert!(error(binary.weights("b", (2, 1))).contains("type 0x404"));
        assert!(error(binary.weights("x", (2, 1))).contains("has no x"));
        assert!(binary.vector("W", 2).is_err() && binary.vector("b", 3).is_err());
    }

    /// Whatever is cut off, and whatever byte of the table of contents is another, there is an error or the same
    /// kinds of items.
    #[test]
    fn damaged_files_are_refused() {
        let whole = sample();
        for length in 0..whole.len() {
            assert!(opened(&whole[..length]).is_err(), "{length} bytes");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                if let Ok(binary) = opened(&bytes) {
                    let _ = binary.vector("b", 2);
                    let _ = binary.weights("W", (2, 3));
                    let _ = binary.config();
                }
            }
        }
    }

    #[test]
    fn counts_and_sizes_are_bounded() {
        let error = |bytes: &[u8]| opened(bytes).err().expect("an error").to_string();
        let mut many = sample();
        many[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(error(&many).contains("cannot hold"));
        let huge = file(&[(
            "W",
            kind::INTGEMM8,
            &[i32::MAX, i32::MAX, i32::MAX],
            &[0; 8],
        )]);
        assert!(error(&huge).contains("only 8 bytes"));
        let negative = file(&[("W", kind::INTGEMM8, &[-1, 2], &[0; 8])]);
        assert!(error(&negative).contains("negative"));
        let twice = file(&[("b", kind::INT8, &[], &[]), ("b", kind::INT8, &[], &[])]);
        assert!(error(&twice).contains("twice"));
        let mut version = sample();
        version[0] = 2;
        assert!(error(&version).contains("version is 2"));
        for multiplier in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let data = [&[1; 2][..], &f32::to_le_bytes(multiplier)].concat();
            let binary = opened(&file(&[("W", kind::INTGEMM8, &[1, 2], &data)])).unwrap();
            assert!(binary.weights("W", (2, 1)).is_err(), "{multiplier}");
        }
        let lowest = [&[0x80, 1][..], &f32::to_le_bytes(2.0)].concat();
        let binary = opened(&file(&[("W", kind::INTGEMM8, &[1, 2], &lowest)])).unwrap();
        let error = binary.weights("W", (2, 1)).unwrap_err().to_string();
        assert!(error.contains("-128"), "{error}");
    }
}
