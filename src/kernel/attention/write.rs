//! Keys and values into their slots.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};
use half::bf16;
use multiversion::multiversion;

use super::attend::Matrix;

/// Writes row i of `rows`, (n, width), which may be parts of longer ones, into slot `slots[i]` of `cache`,
/// (slots, width), f32 or bf16, in place.
///
/// # Errors
/// If they do not fit.
pub fn write_rows(cache: &Tensor, rows: &Tensor, slots: &[u32]) -> Result<()> {
    if cache.device().is_cpu() {
        return cache.inplace_op2(rows, &WriteRows { slots });
    }
    // Free slots mostly follow one another: one copy a run.
    let mut start = 0;
    for run in slots.chunk_by(|a, b| a + 1 == *b) {
        let rows = rows.narrow(0, start, run.len())?.contiguous()?;
        let rows = rows.to_dtype(cache.dtype())?;
        cache.slice_set(&rows, 0, run[0] as usize)?;
        start += run.len();
    }
    Ok(())
}

struct WriteRows<'a> {
    slots: &'a [u32],
}

impl InplaceOp2 for WriteRows<'_> {
    fn name(&self) -> &'static str {
        "write-rows"
    }

    fn cpu_fwd(
        &self,
        cache: &mut CpuStorage,
        layout: &Layout,
        rows: &CpuStorage,
        rows_layout: &Layout,
    ) -> Result<()> {
        let (slots, width) = layout.shape().dims2()?;
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("the cache is not contiguous: {layout:?}");
        };
        let rows = Matrix::new(rows.as_slice()?, rows_layout)?;
        if rows.width != width
            || rows_layout.dims()[0] != self.slots.len()
            || self.slots.iter().any(|&slot| slot as usize >= slots)
        {
            bail!(
                "rows of {:?} values do not fit into {} slots of {width}",
                rows_layout.dims(),
                self.slots.len()
            );
        }
        match cache {
            CpuStorage::F32(cache) => self.write(rows, &mut cache[start..end], copy),
            CpuStorage::BF16(cache) => self.write(rows, &mut cache[start..end], round),
            _ => bail!("the cache is neither f32 nor bf16"),
        }
        Ok(())
    }
}

impl WriteRows<'_> {
    fn write<T>(&self, rows: Matrix<f32>, cache: &mut [T], write: fn(&[f32], &mut [T])) {
        let width = rows.width;
        for (n, &slot) in self.slots.iter().enumerate() {
            write(rows.row(n), &mut cache[slot as usize * width..][..width]);
        }
    }
}

fn copy(from: &[f32], to: &mut [f32]) {
    to.copy_from_slice(from);
}

/// To the nearest bf16, of two the even one; what is not a number stays so.
#[multiversion(targets = "simd")]
fn round(from: &[f32], to: &mut [bf16]) {
    for (to, x) in to.iter_mut().zip(from) {
        let bits = x.to_bits();
        let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
        let rounded = if x.is_nan() { 0x7fc0 } else { rounded };
        *to = bf16::from_bits(rounded as u16);
    }
}
