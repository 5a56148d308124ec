//! Types of numbers in files of weights.

use half::{bf16, f16};
use safetensors::Dtype;

/// Type of the numbers in a tensor's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    BF16,
    /// IEEE 754 binary64.
    F64,
    /// Signed, eight bytes.
    I64,
    /// Signed, four bytes.
    I32,
    /// Signed, two bytes.
    I16,
    /// Signed byte.
    I8,
    /// Unsigned byte.
    U8,
    /// One byte, 0 or 1.
    Bool,
}

impl NumberType {
    /// Bytes of a number.
    pub fn size(self) -> usize {
        match self {
            NumberType::F64 | NumberType::I64 => 8,
            NumberType::F32 | NumberType::I32 => 4,
            NumberType::F16 | NumberType::BF16 | NumberType::I16 => 2,
            NumberType::I8 | NumberType::U8 | NumberType::Bool => 1,
        }
    }

    /// By the name of PyTorch's class of storages.
    pub fn of_storage(class: &str) -> Option<Self> {
        Some(match class {
            "FloatStorage" => NumberType::F32,
            "HalfStorage" => NumberType::F16,
            "BFloat16Storage" => NumberType::BF16,
            "DoubleStorage" => NumberType::F64,
            "LongStorage" => NumberType::I64,
            "IntStorage" => NumberType::I32,
            "ShortStorage" => NumberType::I16,
            "CharStorage" => NumberType::I8,
            "ByteStorage" => NumberType::U8,
            "BoolStorage" => NumberType::Bool,
            _ => return None,
        })
    }

    /// By the name that safetensors have for it.
    pub fn of_safetensors(dtype: Dtype) -> Option<Self> {
        Some(match dtype {
            Dtype::F32 => NumberType::F32,
            Dtype::F16 => NumberType::F16,
            Dtype::BF16 => NumberType::BF16,
            Dtype::F64 => NumberType::F64,
            Dtype::I64 => NumberType::I64,
            Dtype::I32 => NumberType::I32,
            Dtype::I16 => NumberType::I16,
            Dtype::I8 => NumberType::I8,
            Dtype::U8 => NumberType::U8,
            Dtype::BOOL => NumberType::Bool,
            _ => return None,
        })
    }

    /// Numbers as they stand in a little-endian file, in f32.
    pub fn widen(self, bytes: &[u8]) -> Vec<f32> {
        fn each<const N: usize>(bytes: &[u8], widen: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes.as_chunks::<N>().0.iter().map(|b| widen(*b)).collect()
        }
        match self {
            NumberType::F32 => each(bytes, f32::from_le_bytes),
            NumberType::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f32()),
            NumberType::BF16 => each(bytes, |b| bf16::from_le_bytes(b).to_f32()),
            NumberType::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
            NumberType::I64 => each(bytes, |b| i64::from_le_bytes(b) as f32),
            NumberType::I32 => each(bytes, |b| i32::from_le_bytes(b) as f32),
            NumberType::I16 => each(bytes, |b| i16::from_le_bytes(b).into()),
            NumberType::I8 => each(bytes, |b| i8::from_le_bytes(b).into()),
            NumberType::U8 | NumberType::Bool => each(bytes, |[b]| b.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_widened() {
        let run = |bytes: &[u8], number: NumberType| number.widen(bytes);
        assert_eq!(run(&(-1.5f64).to_le_bytes(), NumberType::F64), [-1.5]);
        assert_eq!(
            run(&f16::from_f32(0.25).to_le_bytes(), NumberType::F16),
            [0.25]
        );
        assert_eq!(
            run(&bf16::from_f32(-2.0).to_le_bytes(), NumberType::BF16),
            [-2.0]
        );
        assert_eq!(run(&(-7i64).to_le_bytes(), NumberType::I64), [-7.0]);
        assert_eq!(run(&[0xff], NumberType::I8), [-1.0]);
        assert_eq!(run(&[0xff], NumberType::U8), [255.0]);
    }
}
