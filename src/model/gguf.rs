//! GGUF files, read in place: metadata through candle, tensors as slices of the mapped bytes.

use std::collections::HashMap;
use std::io::Cursor;

use candle_core::quantized::gguf_file::{Content, TensorInfo, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result, Tensor, bail};

use crate::bytes::Bytes;

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
        // candle divides by the header's alignment without looking at it: a malformed file may make it panic.
        let read = std::panic::catch_unwind(|| Content::read(&mut Cursor::new(bytes.as_ref())));
        let content = match read {
            Ok(content) => content?,
            Err(_) => bail!("the header of the GGUF file is malformed"),
        };
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

    /// The metadata under a key, if there is such a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    /// A whole number under a key, of whatever width; none if there is no such key.
    ///
    /// # Errors
    /// If something else stands there, or it is negative.
    pub fn number(&self, key: &str) -> Result<Option<usize>> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let number = match value {
            Value::I8(n) => u64::try_from(*n).ok(),
            Value::I16(n) => u64::try_from(*n).ok(),
            Value::I32(n) => u64::try_from(*n).ok(),
            Value::I64(n) => u64::try_from(*n).ok(),
            Value::U8(_) | Value::U16(_) | Value::U32(_) | Value::U64(_) => value.to_u64().ok(),
            _ => None,
        };
        match number.and_then(|n| usize::try_from(n).ok()) {
            Some(number) => Ok(Some(number)),
            None => bail!("metadata {key:?} of the GGUF file is no whole number"),
        }
    }

    /// A real number under a key; none if there is no such key.
    ///
    /// # Errors
    /// If something else stands there.
    pub fn real(&self, key: &str) -> Result<Option<f32>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::F32(x)) if x.is_finite() => Ok(Some(*x)),
            Some(Value::F64(x)) if x.is_finite() => Ok(Some(*x as f32)),
            Some(_) => bail!("metadata {key:?} of the GGUF file is no real number"),
        }
    }

    /// A text under a key; none if there is no such key.
    ///
    /// # Errors
    /// If something else stands there.
    pub fn text(&self, key: &str) -> Result<Option<&str>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => bail!("metadata {key:?} of the GGUF file is no text"),
        }
    }

    /// Yes or no under a key; none if there is no such key.
    ///
    /// # Errors
    /// If something else stands there.
    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => bail!("metadata {key:?} of the GGUF file is neither true nor false"),
        }
    }

    /// Names of all tensors, in no order.
    pub fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
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
        let is_whole = |row: &usize| row.is_multiple_of(dtype.block_size());
        if dims.contains(&0) || !dims.last().is_some_and(is_whole) {
            bail!(
                "tensor {name:?} of {dims:?} has rows that are no whole number of {dtype:?} blocks"
            );
        }
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
        let (dtype, dims, bytes) = self.tensor(name)?;
        quantized(dtype, bytes, dims, device)?.dequantize(device)
    }

    /// A vector of `length` values, widened to f32 on a device.
    ///
    /// # Errors
    /// As [`Gguf::dequantized`], or if it has another shape.
    pub fn vector(&self, name: &str, length: usize, device: &Device) -> Result<Tensor> {
        match self.tensor(name)?.1 {
            [n] if *n == length => self.dequantized(name, device),
            dims => bail!("tensor {name:?} is of {dims:?}, not of {length} values"),
        }
    }

    /// Drops the metadata, of which a vocabulary can be a hundred thousand strings; tensors stay.
    pub(super) fn drop_metadata(&mut self) {
        self.metadata = HashMap::new();
    }

    /// Lets the system take back the memory of the file's pages, after tensors have been copied from them.
    pub(super) fn release_pages(&self) {
        self.bytes.release_pages();
    }
}

/// A tensor copied to a device from its bytes.
///
/// # Errors
/// If the device has no room, or the bytes do not begin at a multiple of four, which candle takes for granted; in
/// a GGUF file all tensors do; or if there are more or fewer bytes than values.
pub fn quantized(
    dtype: GgmlDType,
    bytes: &[u8],
    dims: &[usize],
    device: &Device,
) -> Result<QTensor> {
    if !bytes.as_ptr().addr().is_multiple_of(4) {
        bail!("a tensor of {dims:?} does not begin at a multiple of four bytes");
    }
    let values: usize = dims.iter().product();
    if values / dtype.block_size() * dtype.type_size() != bytes.len()
        || !values.is_multiple_of(dtype.block_size())
    {
        bail!(
            "{} bytes are not a tensor of {dims:?} values as {dtype:?}",
            bytes.len()
        );
    }
    candle_core::quantized::ggml_file::qtensor_from_ggml(dtype, bytes, dims.to_vec(), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_and_cut_files_are_errors() {
        assert!(Gguf::read(Bytes::from(Vec::new())).is_err());
        assert!(
            Gguf::read(Bytes::from(
                b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()
            ))
            .is_err()
        );
        assert!(Gguf::read(Bytes::from(vec![0x5a; 4096])).is_err());
    }

    #[test]
    fn tensors_past_the_end_are_errors() {
        let tensor = Tensor::ones((2, 32), candle_core::DType::F32, &Device::Cpu).unwrap();
        let tensor = QTensor::quantize(&tensor, GgmlDType::Q5_0).unwrap();
        let mut file = Cursor::new(Vec::new());
        candle_core::quantized::gguf_file::write(&mut file, &[], &[("a", &tensor)]).unwrap();
        let file = file.into_inner();
        let whole = Gguf::read(Bytes::from(file.clone())).unwrap();
        assert_eq!(whole.tensor("a").unwrap().2.len(), 44);
        let ones = whole.dequantized("a", &Device::Cpu).unwrap();
        assert_eq!(
            ones.sum_all().unwrap().to_scalar::<f32>().unwrap().round(),
            64.0
        );
        assert!(whole.tensor("b").is_err());
        let end = whole.data + 20;
        let cut = Gguf::read(Bytes::from(file[..end].to_vec())).unwrap();
        assert!(cut.tensor("a").is_err());
    }

    #[test]
    fn rows_that_are_no_whole_blocks_are_errors() {
        let tensor = Tensor::ones((1, 64), candle_core::DType::F32, &Device::Cpu).unwrap();
        let tensor = QTensor::quantize(&tensor, GgmlDType::Q8_0).unwrap();
        let mut file = Cursor::new(Vec::new());
        candle_core::quantized::gguf_file::write(&mut file, &[], &[("a", &tensor)]).unwrap();
        let file = file.into_inner();
        // The row length stands after the name, its length and the number of dimensions.
        let at = file
            .windows(5)
            .position(|w| w == b"\x01\0\0\0a" || w == b"a\x02\0\0\0")
            .unwrap()
            + 5;
        for length in [48u64, 0, u64::MAX] {
            let mut file = file.clone();
            file[at..at + 8].copy_from_slice(&length.to_le_bytes());
            let tensor =
                Gguf::read(Bytes::from(file)).and_then(|gguf| gguf.tensor("a").map(|_| ()));
            assert!(tensor.is_err(), "a row of {length} values");
        }
    }
}
