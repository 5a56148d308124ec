//! The same sums with the integer instructions of x86-64.

use std::arch::x86_64::*;

use super::tile::{ROWS, Tile};
use crate::kernel::quantize::{BLOCK, QuantizedRows};

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

/// Defines the sums with registers of 256 bits, which hold eight rows, so that a tile is done in two halves.
macro_rules! in_halves {
    ($name:ident, $features:literal, $dot:ident) => {
        /// # Safety
        /// The processor must have the instructions, FMA and F16C among them; `x` must hold rows `row..row + M` of as
        /// many blocks as there are tiles.
        #[target_feature(enable = $features)]
        pub unsafe fn $name<const M: usize>(
            tiles: &[Tile],
            x: &QuantizedRows,
            row: usize,
        ) -> [[f32; ROWS]; M] {
            let blocks = x.columns / BLOCK;
            debug_assert!(tiles.len() == blocks && (row + M) * blocks <= x.scales.len());
            let mut sums = [[_mm256_setzero_ps(); 2]; M];
            for (block, tile) in tiles.iter().enumerate() {
                for half in 0..2 {
                    let weights = unpack(tile, half);
                    // Safety: a tile has 16 scales; the other loads read elements of `x` inside the bounds asserted above.
                    unsafe {
                        let scales = tile.scales.as_ptr().add(8 * half).cast();
                        let scales = _mm256_cvtph_ps(_mm_load_si128(scales));
                        for (m, sums) in sums.iter_mut().enumerate() {
                            let at = (row + m) * blocks + block;
                            let quants = x.quants.as_ptr().add(at * BLOCK).cast::<i32>();
                            let fours = std::array::from_fn(|v| {
                                _mm256_set1_epi32(quants.add(v).read_unaligned())
                            });
                            let offset = _mm256_set1_epi32(*x.offsets.get_unchecked(at));
                            let dot = _mm256_cvtepi32_ps($dot(offset, &weights, &fours));
                            let scale = _mm256_set1_ps(*x.scales.get_unchecked(at));
                            let scale = _mm256_mul_ps(scales, scale);
                            sums[half] = _mm256_fmadd_ps(dot, scale, sums[half]);
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
    };
}

in_halves!(avx_vnni, "avx2,fma,f16c,avxvnni", dot_vnni);
in_halves!(avx2, "avx2,fma,f16c", dot_avx2);

/// The numbers of eight rows of a tile, four neighbouring values of each a register.
#[inline]
#[target_feature(enable = "avx2")]
fn unpack(tile: &Tile, half: usize) -> [__m256i; 8] {
    let low_nibble = _mm256_set1_epi8(15);
    let fifth_bit = _mm256_set1_epi8(16);
    let load = |bytes: &[u8; 64]| {
        let bytes = &bytes.as_chunks::<32>().0[half];
        // Safety: 32 bytes, aligned to 32 as each field of a tile is.
        unsafe { _mm256_load_si256(bytes.as_ptr().cast()) }
    };
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
    weights
}

#[inline]
#[target_feature(enable = "avx2,avxvnni")]
fn dot_vnni(offset: __m256i, weights: &[__m256i; 8], fours: &[__m256i; 8]) -> __m256i {
    let fours = weights.iter().zip(fours);
    fours.fold(offset, |dot, (weights, four)| {
        _mm256_dpbusd_avx_epi32(dot, *weights, *four)
    })
}

#[inline]
#[target_feature(enable = "avx2")]
fn dot_avx2(offset: __m256i, weights: &[__m256i; 8], fours: &[__m256i; 8]) -> __m256i {
    let ones = _mm256_set1_epi16(1);
    // Pairs of products are at most 31 × 127 × 2; four of them still fit into 16 bits.
    let mut pairs = [_mm256_setzero_si256(); 2];
    for (v, (weights, four)) in weights.iter().zip(fours).enumerate() {
        let products = _mm256_maddubs_epi16(*weights, *four);
        pairs[v / 4] = _mm256_add_epi16(pairs[v / 4], products);
    }
    let [left, right] = pairs.map(|pairs| _mm256_madd_epi16(pairs, ones));
    _mm256_add_epi32(_mm256_add_epi32(left, right), offset)
}
