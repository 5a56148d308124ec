//! Products with 5-bit weights: GGUF's Q5_0, laid out anew for wide integer instructions.
//!
//! Q5_0 stores a row of the weight matrix as blocks of 32 values: a half-precision scale, 32 high
//! bits, 16 bytes of low nibbles; a value is `scale × (5-bit number - 16)`. Dot products over such rows
//! spend most of their time unpacking. Here 16 rows are interleaved into tiles of 16 × 32 values, so that
//! one 512-bit register holds four neighbouring values of each of the 16 rows, which is what the
//! instruction VPDPBUSD multiplies by four activations and adds to 16 sums. The weights keep their 5 bits
//! in memory (22 bytes for 32 values, as before), for a product with one row waits for memory, and
//! the numbers are exactly the file's. Activations are quantised on the fly ([`QuantizedRows`]).
//!
//! A tile holds, for value `k = 4v + i` (v in 0..8, i in 0..4) of row `r`, at byte `b = 4r + i`:
//! - `nibbles[v % 4][b]`: the low four bits, in the low nibble for v < 4, else in the high one;
//! - `high[b]`: the fifth bit, as bit v;
//! - `scales[r]`: the scale, in half precision.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use half::f16;
use rayon::prelude::*;

use super::f32_slice;
use super::quantize::{BLOCK, QuantizedRows};

/// Rows of the weight matrix in a tile.
const ROWS: usize = 16;
/// Bytes of a Q5_0 block: scale, high bits, nibbles.
const Q5_0_BYTES: usize = 2 + 4 + 16;

#[derive(Clone)]
#[repr(C, align(64))]
struct Tile {
    nibbles: [[u8; 64]; 4],
    high: [u8; 64],
    scales: [f16; ROWS],
}

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
    Avx2,
    Portable,
}

impl Path {
    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni")
            {
                return Path::Avx512Vnni;
            }
            if is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c")
            {
                return Path::Avx2;
            }
        }
        Path::Portable
    }
}

impl Q5Linear {
    /// Lays out the bytes of a Q5_0 tensor of `rows` × `columns` values.
    ///
    /// # Errors
    /// If `columns` is not a multiple of 32 or `bytes` has another length than the shape asks for.
    pub fn from_q5_0(bytes: &[u8], rows: usize, columns: usize) -> Result<Self> {
        Self::with_path(bytes, rows, columns, Path::detect())
    }

    fn with_path(bytes: &[u8], rows: usize, columns: usize, path: Path) -> Result<Self> {
        let row_bytes = columns / BLOCK * Q5_0_BYTES;
        if columns == 0
            || !columns.is_multiple_of(BLOCK)
            || Some(bytes.len()) != rows.checked_mul(row_bytes)
        {
            bail!(
                "Q5_0 tensor of {rows} × {columns} values does not have {} bytes",
                bytes.len()
            );
        }
        let blocks = columns / BLOCK;
        let mut tiles = vec![Tile::ZERO; rows.div_ceil(ROWS) * blocks];
        let bands = tiles
            .par_chunks_mut(blocks)
            .zip(bytes.par_chunks(ROWS * row_bytes));
        bands.for_each(|(tiles, band)| {
            for (r, row) in band.chunks_exact(row_bytes).enumerate() {
                for (tile, block) in tiles.iter_mut().zip(row.chunks_exact(Q5_0_BYTES)) {
                    tile.set_row(r, block);
                }
            }
        });
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
            // Safety: `Path::detect` found the instructions.
            #[cfg(target_arch = "x86_64")]
            Path::Avx512Vnni => unsafe { x86::avx512_vnni::<M>(tiles, x, row) },
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => unsafe { x86::avx2::<M>(tiles, x, row) },
            Path::Portable => portable::<M>(tiles, x, row),
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

impl Tile {
    const ZERO: Tile = Tile {
        nibbles: [[0; 64]; 4],
        high: [0; 64],
        scales: [f16::ZERO; ROWS],
    };

    /// Puts block `b` of a Q5_0 row into row `r`.
    fn set_row(&mut self, r: usize, b: &[u8]) {
        self.scales[r] = f16::from_le_bytes([b[0], b[1]]);
        // The nibbles of byte j of a block are values j and j + 16: the tile's order already.
        for v in 0..4 {
            self.nibbles[v][4 * r..4 * r + 4].copy_from_slice(&b[6 + 4 * v..10 + 4 * v]);
        }
        let bits = u32::from_le_bytes([b[2], b[3], b[4], b[5]]);
        self.high[4 * r..4 * r + 4].copy_from_slice(&transpose_4x8(bits).to_le_bytes());
    }

    /// The 5-bit number of value `k` of row `r`.
    fn number(&self, r: usize, k: usize) -> u8 {
        let (v, b) = (k / 4, 4 * r + k % 4);
        let low = if v < 4 {
            self.nibbles[v][b] & 15
        } else {
            self.nibbles[v - 4][b] >> 4
        };
        low | (self.high[b] >> v & 1) << 4
    }
}

/// Bit `4v + i` to bit `8i + v`, for v in 0..8, i in 0..4.
fn transpose_4x8(mut x: u32) -> u32 {
    // The bits of the index (v2 v1 v0 i1 i0) become (i1 i0 v2 v1 v0), rotated right by two: the inverse
    // of a perfect outer shuffle (Warren, Hacker's Delight, 7-2) rotates them by one.
    for _ in 0..2 {
        for (mask, shift) in [
            (0x2222_2222, 1),
            (0x0c0c_0c0c, 2),
            (0x00f0_00f0, 4),
            (0x0000_ff00, 8),
        ] {
            let t = (x ^ (x >> shift)) & mask;
            x ^= t ^ (t << shift);
        }
    }
    x
}

/// Values of row `row` of a Q5_0 tensor of `columns` values a row, from its bytes.
///
/// # Errors
/// If the tensor has no such row.
pub fn dequantize_q5_0_row(bytes: &[u8], row: usize, out: &mut [f32]) -> Result<()> {
    let row_bytes = out.len() / BLOCK * Q5_0_BYTES;
    let Some(row_data) = bytes.get(row * row_bytes..(row + 1) * row_bytes) else {
        bail!("row {row} lies outside the tensor");
    };
    for (block, out) in row_data
        .chunks_exact(Q5_0_BYTES)
        .zip(out.chunks_exact_mut(BLOCK))
    {
        let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
        let high = u32::from_le_bytes([block[2], block[3], block[4], block[5]]);
        for j in 0..16 {
            let byte = block[6 + j];
            let number = |low: u8, k: usize| i32::from(low | ((high >> k & 1) << 4) as u8) - 16;
            out[j] = scale * number(byte & 15, j) as f32;
            out[j + 16] = scale * number(byte >> 4, j + 16) as f32;
        }
    }
    Ok(())
}

fn portable<const M: usize>(tiles: &[Tile], x: &QuantizedRows, row: usize) -> [[f32; ROWS]; M] {
    let mut sums = [[0f32; ROWS]; M];
    for (block, tile) in tiles.iter().enumerate() {
        let mut numbers = [[0i32; BLOCK]; ROWS];
        for (r, numbers) in numbers.iter_mut().enumerate() {
            for (k, number) in numbers.iter_mut().enumerate() {
                *number = i32::from(tile.number(r, k));
            }
        }
        for (m, sums) in sums.iter_mut().enumerate() {
            let at = (row + m) * x.columns / BLOCK + block;
            let quants = &x.quants[at * BLOCK..][..BLOCK];
            for (r, sum) in sums.iter_mut().enumerate() {
                let products = numbers[r]
                    .iter()
                    .zip(quants)
                    .map(|(w, &q)| w * i32::from(q));
                let dot = products.sum::<i32>() + x.offsets[at];
                *sum += dot as f32 * (tile.scales[r].to_f32() * x.scales[at]);
            }
        }
    }
    sums
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{BLOCK, QuantizedRows, ROWS, Tile};

    /// # Safety
    /// The processor must have AVX-512 F, BW and VNNI; `x` must hold rows `row..row + M` of as many blocks
    /// as there are tiles.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub unsafe fn avx512_vnni<const M: usize>(
        tiles: &[Tile],
        x: &QuantizedRows,
        row: usize,
    ) -> [[f32; ROWS]; M] {
        let blocks = x.columns / BLOCK;
        debug_assert!(tiles.len() == blocks && (row + M) * blocks <= x.scales.len());
        let low_nibble = _mm512_set1_epi8(15);
        let fifth_bit = _mm512_set1_epi8(16);
        let mut sums = [_mm512_setzero_ps(); M];
        for (block, tile) in tiles.iter().enumerate() {
            // Safety: the loads read fields of `tile` and elements of `x` inside the bounds asserted above.
            unsafe {
                let high = _mm512_load_si512(tile.high.as_ptr().cast());
                let mut weights = [_mm512_setzero_si512(); 8];
                // low | (shifted & fifth_bit): bit v of `high` moved to bit 4. Shifts by 16-bit lanes carry
                // bits over from the neighbouring byte only to places that the mask clears.
                macro_rules! unpack {
                    ($($v:literal: $shifted:expr),*) => {$(
                        let nibbles = _mm512_load_si512(tile.nibbles[$v % 4].as_ptr().cast());
                        let low = if $v < 4 { nibbles } else { _mm512_srli_epi16::<4>(nibbles) };
                        let low = _mm512_and_si512(low, low_nibble);
                        weights[$v] = _mm512_ternarylogic_epi32::<0b1111_1000>(low, $shifted, fifth_bit);
                    )*};
                }
                unpack!(
                    0: _mm512_slli_epi16::<4>(high), 1: _mm512_slli_epi16::<3>(high),
                    2: _mm512_slli_epi16::<2>(high), 3: _mm512_slli_epi16::<1>(high),
                    4: high, 5: _mm512_srli_epi16::<1>(high),
                    6: _mm512_srli_epi16::<2>(high), 7: _mm512_srli_epi16::<3>(high)
                );
                let scales = _mm512_cvtph_ps(_mm256_load_si256(tile.scales.as_ptr().cast()));
                for (m, sum) in sums.iter_mut().enumerate() {
                    let at = (row + m) * blocks + block;
                    let quants = x.quants.as_ptr().add(at * BLOCK).cast::<i32>();
                    let mut dot = _mm512_set1_epi32(*x.offsets.get_unchecked(at));
                    for (v, &weights) in weights.iter().enumerate() {
                        let four = _mm512_set1_epi32(quants.add(v).read_unaligned());
                        dot = _mm512_dpbusd_epi32(dot, weights, four);
                    }
                    let scale = _mm512_mul_ps(scales, _mm512_set1_ps(*x.scales.get_unchecked(at)));
                    *sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, *sum);
                }
            }
        }
        let mut out = [[0f32; ROWS]; M];
        for (out, sum) in out.iter_mut().zip(sums) {
            // Safety: `out` has room for 16 floats.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), sum) };
        }
        out
    }

    /// # Safety
    /// The processor must have AVX2, FMA and F16C; `x` must hold rows `row..row + M` of as many blocks as
    /// there are tiles.
    #[target_feature(enable = "avx2,fma,f16c")]
    pub unsafe fn avx2<const M: usize>(
        tiles: &[Tile],
        x: &QuantizedRows,
        row: usize,
    ) -> [[f32; ROWS]; M] {
        let blocks = x.columns / BLOCK;
        debug_assert!(tiles.len() == blocks && (row + M) * blocks <= x.scales.len());
        let low_nibble = _mm256_set1_epi8(15);
        let fifth_bit = _mm256_set1_epi8(16);
        let ones = _mm256_set1_epi16(1);
        let mut sums = [[_mm256_setzero_ps(); 2]; M];
        for (block, tile) in tiles.iter().enumerate() {
            // A register holds eight rows, so a tile is done in two halves.
            for half in 0..2 {
                // Safety: the loads read fields of `tile` and elements of `x` inside the bounds asserted above.
                unsafe {
                    let load =
                        |bytes: &[u8; 64]| _mm256_load_si256(bytes.as_ptr().add(32 * half).cast());
                    let high = load(&tile.high);
                    let mut weights = [_mm256_setzero_si256(); 8];
                    macro_rules! unpack {
                        ($($v:literal: $shifted:expr),*) => {$(
                            let nibbles = load(&tile.nibbles[$v % 4]);
                            let low = if $v < 4 { nibbles } else { _mm256_srli_epi16::<4>(nibbles) };
                            let low = _mm256_and_si256(low, low_nibble);
                            weights[$v] = _mm256_or_si256(low, _mm256_and_si256($shifted, fifth_bit));
                        )*};
                    }
                    unpack!(
                        0: _mm256_slli_epi16::<4>(high), 1: _mm256_slli_epi16::<3>(high),
                        2: _mm256_slli_epi16::<2>(high), 3: _mm256_slli_epi16::<1>(high),
                        4: high, 5: _mm256_srli_epi16::<1>(high),
                        6: _mm256_srli_epi16::<2>(high), 7: _mm256_srli_epi16::<3>(high)
                    );
                    let scales =
                        _mm256_cvtph_ps(_mm_load_si128(tile.scales.as_ptr().add(8 * half).cast()));
                    for (m, sums) in sums.iter_mut().enumerate() {
                        let at = (row + m) * blocks + block;
                        let quants = x.quants.as_ptr().add(at * BLOCK).cast::<i32>();
                        // Pairs of products are at most 31 × 127 × 2; four of them still fit into 16 bits.
                        let mut pairs = [_mm256_setzero_si256(); 2];
                        for (v, &weights) in weights.iter().enumerate() {
                            let four = _mm256_set1_epi32(quants.add(v).read_unaligned());
                            let products = _mm256_maddubs_epi16(weights, four);
                            pairs[v / 4] = _mm256_add_epi16(pairs[v / 4], products);
                        }
                        let dot = _mm256_add_epi32(
                            _mm256_madd_epi16(pairs[0], ones),
                            _mm256_madd_epi16(pairs[1], ones),
                        );
                        let dot =
                            _mm256_add_epi32(dot, _mm256_set1_epi32(*x.offsets.get_unchecked(at)));
                        let scale =
                            _mm256_mul_ps(scales, _mm256_set1_ps(*x.scales.get_unchecked(at)));
                        sums[half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, sums[half]);
                    }
                }
            }
        }
        let mut out = [[0f32; ROWS]; M];
        for (out, sums) in out.iter_mut().zip(sums) {
            // Safety: `out` has room for twice eight floats.
            unsafe {
                _mm256_storeu_ps(out.as_mut_ptr(), sums[0]);
                _mm256_storeu_ps(out.as_mut_ptr().add(8), sums[1]);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
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

    fn paths() -> Vec<Path> {
        let mut paths = vec![Path::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c")
            {
                paths.push(Path::Avx2);
            }
            if is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512bw") {
                paths.push(Path::Avx512Vnni);
            }
        }
        paths
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
        for (rows, columns) in [(16, 32), (1, 64), (37, 96), (48, 640)] {
            let bytes = tensor(rows, columns, (rows * columns) as u64);
            for m in [1, 2, 3, 4, 5, 7, 8, 9, 13, 16] {
                let x: Vec<f32> = (0..m * columns)
                    .map(|i| ((i * 7919 % 4001) as f32 - 2000.0) / 700.0)
                    .collect();
                let expected = expected(&bytes, rows, columns, &x);
                let largest = expected.iter().fold(0f64, |a, b| a.max(b.abs()));
                for path in paths() {
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
            for path in paths() {
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

    #[test]
    fn bits_are_transposed() {
        for bit in 0..32 {
            let (v, i) = (bit / 4, bit % 4);
            assert_eq!(transpose_4x8(1 << bit), 1 << (8 * i + v), "bit {bit}");
        }
    }

    #[test]
    fn wrong_sizes_are_refused() {
        assert!(Q5Linear::from_q5_0(&[0; 22], 1, 48).is_err());
        assert!(Q5Linear::from_q5_0(&[0; 21], 1, 32).is_err());
        assert!(dequantize_q5_0_row(&[0; 22], 1, &mut [0.0; 32]).is_err());
    }
}
