//! Products with 5-bit weights: GGUF's Q5_0, laid out anew for wide integer instructions.
//!
//! Dot products over the rows of a Q5_0 matrix spend most of their time unpacking. Here 16 rows are
//! interleaved into tiles of 16 × 32 values ([`tile`]), so that one 512-bit register holds four
//! neighbouring values of each of the 16 rows, which is what the instruction VPDPBUSD multiplies by
//! four activations and adds to 16 sums. The weights keep their 5 bits in memory (22 bytes for 32
//! values, as before), for a product with one row waits for memory, and the numbers are exactly the
//! file's. Activations are quantised on the fly ([`QuantizedRows`]).

#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod tile;
#[cfg(target_arch = "x86_64")]
mod x86;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::f32_slice;
use super::quantize::{BLOCK, QuantizedRows};
use tile::{ROWS, Tile};

/// A linear layer without bias, `y = x Wᵀ`, with 5-bit weights, on the CPU.
pub struct Q5Linear {
    /// Tiles of the first 16 rows from left to right, then those of the next 16, …
    tiles: Vec<Tile>,
    rows: usize,
    columns: usize,
    path: Path,
}

/// Instructions to compute with; all give the same integers and round their sums alike but for fused additions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// NEON with dot products of bytes.
    #[cfg(target_arch = "aarch64")]
    NeonDot,
    Portable,
}

impl Path {
    /// All, fastest first.
    const ALL: &[Path] = &[
        #[cfg(target_arch = "x86_64")]
        Path::Avx512Vnni,
        #[cfg(target_arch = "x86_64")]
        Path::AvxVnni,
        #[cfg(target_arch = "x86_64")]
        Path::Avx2,
        #[cfg(target_arch = "aarch64")]
        Path::NeonDot,
        Path::Portable,
    ];

    /// Those that this processor has, fastest first.
    fn available() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|path| match path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512Vnni => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "x86_64")]
            Path::AvxVnni => has_avx2() && is_x86_feature_detected!("avxvnni"),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => has_avx2(),
            #[cfg(target_arch = "aarch64")]
            Path::NeonDot => std::arch::is_aarch64_feature_detected!("dotprod"),
            Path::Portable => true,
        })
    }

    fn fastest() -> Self {
        Self::available().next().unwrap_or(Path::Portable)
    }
}

/// AVX2, and what comes with it on all processors but is told apart.
#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c")
}

impl Q5Linear {
    /// Lays out the bytes of a Q5_0 tensor of `rows` × `columns` values.
    ///
    /// # Errors
    /// If `columns` is not a multiple of 32 or `bytes` has another length than the shape asks for.
    pub fn from_q5_0(bytes: &[u8], rows: usize, columns: usize) -> Result<Self> {
        Self::with_path(bytes, rows, columns, Path::fastest())
    }

    fn with_path(bytes: &[u8], rows: usize, columns: usize, path: Path) -> Result<Self> {
        let tiles = tile::tiles(bytes, rows, columns)?;
        Ok(Q5Linear {
            tiles,
            rows,
            columns,
            path,
        })
    }

    /// `x`: f32 on the CPU, (…, columns) → (…, rows).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.apply_op1_no_bwd(self)
    }

    /// The product of rows of activations, row after row.
    fn multiply(&self, x: &[f32]) -> Vec<f32> {
        let x = QuantizedRows::new(x, self.columns);
        let m = x.len();
        let bands = self.rows.div_ceil(ROWS);
        let mut y = vec![0f32; m * self.rows];
        let output = Output {
            values: y.as_mut_ptr(),
            stride: self.rows,
        };
        // A few tasks a thread, so that one that is held up does not hold up all.
        let tasks = match rayon::current_num_threads() {
            1 => 1,
            threads => (4 * threads).min(bands),
        };
        let run = |task: usize| {
            for band in bands * task / tasks..bands * (task + 1) / tasks {
                let tiles = &self.tiles[band * self.columns / BLOCK..][..self.columns / BLOCK];
                self.multiply_band(tiles, &x, |row, sums: &[f32; ROWS]| {
                    let width = ROWS.min(self.rows - band * ROWS);
                    // Safety: bands are disjoint ranges of columns of `y`, each visited by one task only,
                    // and `row < m`, `band * ROWS + width <= self.rows`.
                    unsafe { output.write(row, band * ROWS, &sums[..width]) };
                });
            }
        };
        if tasks == 1 {
            run(0);
        } else {
            (0..tasks).into_par_iter().for_each(run);
        }
        y
    }

    /// One band of 16 output columns for every row of `x`.
    fn multiply_band(
        &self,
        tiles: &[Tile],
        x: &QuantizedRows,
        mut write: impl FnMut(usize, &[f32; ROWS]),
    ) {
        let mut row = 0;
        while row < x.len() {
            let taken = match x.len() - row {
                8.. => self.rows_at_once::<8>(tiles, x, row, &mut write),
                4.. => self.rows_at_once::<4>(tiles, x, row, &mut write),
                _ => self.rows_at_once::<1>(tiles, x, row, &mut write),
            };
            row += taken;
        }
    }

    /// `M` rows of `x` from `row` on share each unpacked tile.
    #[inline(always)]
    fn rows_at_once<const M: usize>(
        &self,
        tiles: &[Tile],
        x: &QuantizedRows,
        row: usize,
        write: &mut impl FnMut(usize, &[f32; ROWS]),
    ) -> usize {
        let sums = match self.path {
            // Safety: `Path::available` found the instructions.
            #[cfg(target_arch = "x86_64")]
            Path::Avx512Vnni => unsafe { x86::avx512_vnni::<M>(tiles, x, row) },
            #[cfg(target_arch = "x86_64")]
            Path::AvxVnni => unsafe { x86::avx_vnni::<M>(tiles, x, row) },
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => unsafe { x86::avx2::<M>(tiles, x, row) },
            #[cfg(target_arch = "aarch64")]
            Path::NeonDot => unsafe { neon::dot::<M>(tiles, x, row) },
            Path::Portable => portable::products::<M>(tiles, x, row),
        };
        for (m, sums) in sums.iter().enumerate() {
            write(row + m, sums);
        }
        M
    }
}

/// Where threads write their own columns of one output.
struct Output {
    values: *mut f32,
    stride: usize,
}

// Safety: writers keep to disjoint ranges, see `Q5Linear::multiply`.
unsafe impl Sync for Output {}

impl Output {
    /// # Safety
    /// The range must lie in the output and belong to the calling task alone.
    unsafe fn write(&self, row: usize, column: usize, values: &[f32]) {
        unsafe {
            let to = self.values.add(row * self.stride + column);
            std::ptr::copy_nonoverlapping(values.as_ptr(), to, values.len());
        }
    }
}

impl CustomOp1 for Q5Linear {
    fn name(&self) -> &'static str {
        "q5-linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut dims = layout.dims().to_vec();
        match dims.last_mut() {
            Some(last) if *last == self.columns => *last = self.rows,
            _ => bail!(
                "input {dims:?} to a linear layer of {} columns",
                self.columns
            ),
        }
        let y = self.multiply(f32_slice(storage, layout)?);
        Ok((CpuStorage::F32(y), Shape::from(dims)))
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::tile::dequantize_q5_0_row;
    use super::*;

    /// Bytes of a Q5_0 tensor with every number and a spread of scales.
    fn tensor(rows: usize, columns: usize, seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut next = move || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 33) as u32
        };
        let mut bytes = Vec::new();
        for _ in 0..rows * columns / BLOCK {
            let scale = f16::from_f32((next() % 2000) as f32 * 1e-5 - 0.01);
            bytes.extend(scale.to_le_bytes());
            bytes.extend((0..20).map(|_| next() as u8));
        }
        bytes
    }

    /// The product over dequantised weights and activations, in double precision: integers are exact, so
    /// only the sums of blocks may round.
    fn expected(bytes: &[u8], rows: usize, columns: usize, x: &[f32]) -> Vec<f64> {
        let q = QuantizedRows::new(x, columns);
        let mut weights = vec![0f32; columns];
        let mut y = vec![0f64; q.len() * rows];
        for r in 0..rows {
            dequantize_q5_0_row(bytes, r, &mut weights).unwrap();
            for m in 0..q.len() {
                y[m * rows + r] = (0..columns)
                    .map(|k| {
                        let at = m * columns + k;
                        f64::from(weights[k])
                            * f64::from(q.quants[at])
                            * f64::from(q.scales[at / BLOCK])
                    })
                    .sum();
            }
        }
        y
    }

    #[test]
    fn every_path_agrees_with_exact_arithmetic_at_all_remainders() {
        println!("instructions: {:?}", Path::available().collect::<Vec<_>>());
        for (rows, columns) in [(16, 32), (1, 64), (37, 96), (48, 640)] {
            let bytes = tensor(rows, columns, (rows * columns) as u64);
            for m in [1, 2, 3, 4, 5, 7, 8, 9, 13, 16] {
                let x: Vec<f32> = (0..m * columns)
                    .map(|i| ((i * 7919 % 4001) as f32 - 2000.0) / 700.0)
                    .collect();
                let expected = expected(&bytes, rows, columns, &x);
                let largest = expected.iter().fold(0f64, |a, b| a.max(b.abs()));
                for path in Path::available() {
                    let y = Q5Linear::with_path(&bytes, rows, columns, path)
                        .unwrap()
                        .multiply(&x);
                    for (i, (y, e)) in y.iter().zip(&expected).enumerate() {
                        let off = (f64::from(*y) - e).abs();
                        assert!(
                            off <= 1e-5 * largest,
                            "{path:?} {rows}×{columns}, {m} rows, value {i}: {y} for {e}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn extreme_numbers_do_not_overflow() {
        let (rows, columns) = (16, 2048);
        // Largest number (31 - 16) everywhere, largest activations of one sign, then of the other.
        let mut bytes = Vec::new();
        for _ in 0..rows * columns / BLOCK {
            bytes.extend(f16::from_f32(1.0).to_le_bytes());
            bytes.extend([0xff; 20]);
        }
        for sign in [1.0, -1.0] {
            let x = vec![127.0 * sign; columns];
            for path in Path::available() {
                let y = Q5Linear::with_path(&bytes, rows, columns, path)
                    .unwrap()
                    .multiply(&x);
                let expected = 15.0 * 127.0 * sign * columns as f32;
                assert!(
                    y.iter().all(|v| (v - expected).abs() < 1.0),
                    "{path:?}: {:?}",
                    &y[..2]
                );
            }
        }
    }

    #[test]
    fn a_row_gets_the_same_bits_in_any_batch() {
        let (rows, columns) = (40, 640);
        let linear = Q5Linear::from_q5_0(&tensor(rows, columns, 3), rows, columns).unwrap();
        let x: Vec<f32> = (0..11 * columns).map(|i| (i as f32 * 0.61).sin()).collect();
        let together = linear.multiply(&x);
        for m in 0..11 {
            let alone = linear.multiply(&x[m * columns..][..columns]);
            assert_eq!(alone, together[m * rows..][..rows]);
        }
    }
}
