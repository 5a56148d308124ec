//! Weights rounded to 8 bits and laid out for the kernels, in a file beside a checkpoint's: written when a model is first
//! used, mapped from then on, so that a start reads only the pages that are used and computes nothing.
//!
//! ```text
//! 0    "ANUBADQ8"
//! 8    version of all this, 4 bytes
//! 16   length of the contents, 8 bytes
//! 24   their SHA-256
//! 64   contents: JSON, zeros up to a multiple of 64
//!      data, each part with zeros up to a multiple of 64:
//!      of a matrix its lines ([`Int8Parts`](crate::kernel::Int8Parts)), scales (f32), offsets (i32); of a tensor its numbers (f32)
//! ```
//!
//! Numbers are little-endian. The contents say what the weights were made from ([`Origin`]); a file of another origin,
//! another version or with damaged contents is made anew. Data has no checksum: whatever stands in it, nothing is read
//! outside of it.

mod keep;
mod origin;
mod reader;
mod writer;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use keep::{Keep, KeepError, Kept, OnRead, load_kept};
pub use origin::Origin;
pub use reader::Quantized;
pub use writer::Record;

const MAGIC: &[u8; 8] = b"ANUBADQ8";
/// Goes up with every change of the form of the file, of the layout of lines, or of how weights are rounded.
const VERSION: u32 = 1;
/// Bytes before the contents; each part of the data begins at a multiple of it.
const ALIGNMENT: usize = 64;
/// Bytes of the contents at most: the largest models have some thousand tensors.
const LONGEST_CONTENTS: u64 = 16 << 20;

/// What is in a file.
#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    origin: Origin,
    /// The tensors of the checkpoint, all of them; those that are one have the same number.
    names: BTreeMap<String, usize>,
    matrices: Vec<MatrixEntry>,
    tensors: Vec<TensorEntry>,
}

/// A matrix of one or several tensors, one under the other.
#[derive(Debug, Serialize, Deserialize)]
struct MatrixEntry {
    names: Vec<String>,
    outputs: usize,
    inputs: usize,
    /// Byte of the data where it begins.
    start: usize,
}

/// A tensor that stays as it is.
#[derive(Debug, Serialize, Deserialize)]
struct TensorEntry {
    name: String,
    shape: Vec<usize>,
    /// Byte of the data where it begins.
    start: usize,
}
