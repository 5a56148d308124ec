//! GGUF files, read in place: metadata through candle, tensors as slices of the mapped bytes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor};
use std::path::Path;

use candle_core::quantized::gguf_file::{Content, TensorInfo, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result, Tensor, bail};
use memmap2::Mmap;

/// Bytes that stay where they are: part of the program, or a mapped file.
pub enum Bytes {
    /// Part of the program.
    Static(&'static [u8]),
    /// A file mapped into memory.
    Mapped(Mmap),
}

impl Bytes {
    /// Maps a file.
    ///
    /// # Errors
    /// If it cannot be opened or mapped.
    pub fn map(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // Safety: the mapping is only read. A file that another process cuts short while it is mapped
        // ends the program by a signal, as with any reader that maps; model files are written once.
        Ok(Bytes::Mapped(unsafe { Mmap::map(&file)? }))
    }

    /// Lets the system take back the memory that the bytes' pages hold; they are read from the file
    /// again when touched.
    fn release_pages(&self) {
        #[cfg(target_os = "linux")]
        {
            use rustix::mm::{Advice, madvise};
            const PAGE: usize = 4096;
            let bytes = self.as_ref().as_ptr_range();
            // Whole pages only: what shares the first and the last may not be ours.
            let start = bytes.start.addr().next_multiple_of(PAGE);
            let length = (bytes.end.addr() / PAGE * PAGE).saturating_sub(start);
            // Safety: the bytes are a private mapping of a file, model or program, that is never written, so
            // its pages hold nothing else. With pages larger than assumed the call fails, and costs memory only.
            let start = bytes.start.with_addr(start).cast_mut().cast();
            let _ = unsafe { madvise(start, length, Advice::LinuxDontNeed) };
        }
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Bytes::Static(bytes) => bytes,
            Bytes::Mapped(map) => map,
        }
    }
}

/// An open GGUF file.
pub struct Gguf {
    bytes: Bytes,
    metadata: HashMap<String, Value>,
    tensors: HashMap<String, TensorInfo>,
    data: usize,
}

impl Gguf {
    /// Reads the header; tensors stay where they are.
    ///
    /// # Errors
    /// If the header is not that of a GGUF file.
    pub fn read(bytes: Bytes) -> Result<Self> {
        let content = Content::read(&mut Cursor::new(bytes.as_ref()))?;
        Ok(Gguf {
            metadata: content.metadata,
            tensors: content.tensor_infos,
            data: content.tensor_data_offset as usize,
            bytes,
        })
    }

    /// The metadata under a key.
    ///
    /// # Errors
    /// If there is no such key.
    pub fn metadata(&self, key: &str) -> Result<&Value> {
        match self.metadata.get(key) {
            Some(value) => Ok(value),
            None => bail!("the GGUF file has no metadata {key:?}"),
        }
    }

    /// Type, shape (rows first) and bytes of a tensor.
    ///
    /// # Errors
    /// If there is no such tensor, or it does not lie inside the file.
    pub fn tensor(&self, name: &str) -> Result<(GgmlDType, &[usize], &[u8])> {
        let Some(info) = self.tensors.get(name) else {
            bail!("the GGUF file has no tensor {name:?}");
        };
        let (dims, dtype) = (info.shape.dims(), info.ggml_dtype);
        let bytes = || {
            let values = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
            let length = (values / dtype.block_size()).checked_mul(dtype.type_size())?;
            let start = self.data.checked_add(usize::try_from(info.offset).ok()?)?;
            self.bytes.as_ref().get(start..start.checked_add(length)?)
        };
        match bytes() {
            Some(bytes) => Ok((dtype, dims, bytes)),
            None => bail!("tensor {name:?} of {dims:?} reaches past the end of the GGUF file"),
        }
    }

    /// A tensor widened to f32 on a device.
    ///
    /// # Errors
    /// As [`Gguf::tensor`], or if the device has no room.
    pub fn dequantized(&self, name: &str, device: &Device) -> Result<Tensor> {
        self.quantized(name, device)?.dequantize(device)
    }

    /// A tensor copied to a device in the file's own type.
    ///
    /// # Errors
    /// As [`Gguf::tensor`], or if the device has no room.
    pub fn quantized(&self, name: &str, device: &Device) -> Result<QTensor> {
        let (dtype, dims, bytes) = self.tensor(name)?;
        quantized(dtype, bytes, dims, device)
    }

    /// Drops the metadata, of which a vocabulary can be a hundred thousand strings; tensors stay.
    pub fn drop_metadata(&mut self) {
        self.metadata = HashMap::new();
    }

    /// Lets the system take back the memory of the file's pages, after tensors have been copied from them.
    pub fn release_pages(&self) {
        self.bytes.release_pages();
    }
}

/// A tensor copied to a device from its bytes.
///
/// # Errors
/// If the device has no room, or the bytes do not begin at a multiple of four, which candle takes for granted; in
/// a GGUF file all tensors do.
pub fn quantized(
    dtype: GgmlDType,
    bytes: &[u8],
    dims: &[usize],
    device: &Device,
) -> Result<QTensor> {
    if !bytes.as_ptr().addr().is_multiple_of(4) {
        bail!("a tensor of {dims:?} does not begin at a multiple of four bytes");
    }
    candle_core::quantized::ggml_file::qtensor_from_ggml(dtype, bytes, dims.to_vec(), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_and_cut_files_are_errors() {
        assert!(Gguf::read(Bytes::Static(b"")).is_err());
        assert!(
            Gguf::read(Bytes::Static(
                b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"
            ))
            .is_err()
        );
        assert!(Gguf::read(Bytes::Static(&[0x5a; 4096])).is_err());
    }

    #[test]
    fn tensors_past_the_end_are_errors() {
        let tensor = Tensor::ones((2, 32), candle_core::DType::F32, &Device::Cpu).unwrap();
        let tensor = QTensor::quantize(&tensor, GgmlDType::Q5_0).unwrap();
        let mut file = Cursor::new(Vec::new());
        candle_core::quantized::gguf_file::write(&mut file, &[], &[("a", &tensor)]).unwrap();
        let file: &'static [u8] = file.into_inner().leak();
        let whole = Gguf::read(Bytes::Static(file)).unwrap();
        assert_eq!(whole.tensor("a").unwrap().2.len(), 44);
        let ones = whole.dequantized("a", &Device::Cpu).unwrap();
        assert_eq!(
            ones.sum_all().unwrap().to_scalar::<f32>().unwrap().round(),
            64.0
        );
        assert!(whole.tensor("b").is_err());
        let end = whole.data + 20;
        let cut = Gguf::read(Bytes::Static(&file[..end])).unwrap();
        assert!(cut.tensor("a").is_err());
    }
}
