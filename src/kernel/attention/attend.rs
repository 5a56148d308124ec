//! The kernel: one token at a time, its heads against the slots that it sees.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, bail};
use half::bf16;
use multiversion::multiversion;
use rayon::prelude::*;

use super::plan::{AttentionPlan, PositionBias};
use crate::kernel::activation::exp;
use crate::kernel::lanes::{self, largest};

/// Attention of the rows of `q`, (rows, heads × d), to the slots of `k` and `v`, (slots, key heads × d).
pub struct Attention<'a> {
    pub plan: &'a AttentionPlan,
    pub heads: usize,
    pub window: Option<usize>,
    pub scale: f32,
}

impl CustomOp3 for Attention<'_> {
    fn name(&self) -> &'static str {
        "slot-attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let q = Matrix::new(q.as_slice::<f32>()?, q_layout)?;
        match (k, v) {
            (CpuStorage::F32(k), CpuStorage::F32(v)) => {
                let (k, v) = (Matrix::new(k, k_layout)?, Matrix::new(v, v_layout)?);
                self.run(q, |task, out| attend_f32(task, k, v, out), k.width)
            }
            (CpuStorage::BF16(k), CpuStorage::BF16(v)) => {
                let (k, v) = (Matrix::new(k, k_layout)?, Matrix::new(v, v_layout)?);
                self.run(q, |task, out| attend_bf16(task, k, v, out), k.width)
            }
            _ => bail!("keys and values are neither all f32 nor all bf16"),
        }
    }
}

impl Attention<'_> {
    fn run(
        &self,
        q: Matrix<f32>,
        attend: impl Fn(&Task, &mut [f32]) + Sync,
        key_width: usize,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, width) = (self.plan.rows(), q.width);
        let mut out = vec![0f32; rows * width];
        let row = |(row, out): (usize, &mut [f32])| {
            let seen = self.plan.seen(row, self.window);
            let task = Task {
                q: q.row(row),
                heads: self.heads,
                d: width / self.heads,
                key_heads: self.heads * key_width / width,
                bias: self.plan.row_bias(row, seen.start),
                slots: &self.plan.slots_of(row)[seen],
                scale: self.scale,
            };
            attend(&task, out);
        };
        if rayon::current_num_threads() == 1 {
            out.chunks_mut(width).enumerate().for_each(row);
        } else {
            out.par_chunks_mut(width).enumerate().for_each(row);
        }
        Ok((CpuStorage::F32(out), Shape::from((rows, width))))
    }
}

/// Rows of equal width, one after another at equal distances.
#[derive(Clone, Copy)]
pub struct Matrix<'a, T> {
    values: &'a [T],
    pub width: usize,
    distance: usize,
}

impl<'a, T> Matrix<'a, T> {
    pub fn new(values: &'a [T], layout: &Layout) -> Result<Self> {
        let (rows, width) = layout.shape().dims2()?;
        let (&[distance, 1], values) = (layout.stride(), &values[layout.start_offset()..]) else {
            bail!("values of a row are not neighbours: {layout:?}");
        };
        if rows > 0 && values.len() < (rows - 1) * distance + width {
            bail!("a matrix beyond its storage: {layout:?}");
        }
        Ok(Matrix {
            values,
            width,
            distance,
        })
    }

    #[inline(always)]
    pub fn row(&self, n: usize) -> &'a [T] {
        &self.values[n * self.distance..][..self.width]
    }
}

/// A number that keys and values are kept as.
trait Number: Copy {
    fn widen(self) -> f32;
}

impl Number for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
}

impl Number for bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
}

/// What one token attends to.
struct Task<'a> {
    /// Head after head.
    q: &'a [f32],
    heads: usize,
    /// Values of a head.
    d: usize,
    key_heads: usize,
    slots: &'a [u32],
    scale: f32,
    bias: Option<RowBias<'a>>,
}

/// The bias of one token at `position`, for slots from position `first` on.
pub struct RowBias<'a> {
    pub bias: &'a PositionBias,
    pub position: usize,
    pub first: usize,
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
fn attend_f32(task: &Task, k: Matrix<f32>, v: Matrix<f32>, out: &mut [f32]) {
    attend(task, k, v, out);
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
fn attend_bf16(task: &Task, k: Matrix<bf16>, v: Matrix<bf16>, out: &mut [f32]) {
    attend(task, k, v, out);
}

#[inline(always)]
fn attend<T: Number>(task: &Task, k: Matrix<T>, v: Matrix<T>, out: &mut [f32]) {
    let count = task.slots.len();
    let mut weights = vec![0f32; task.heads * count];
    match task.d {
        32 => scores::<T, 32>(task, k, v, &mut weights),
        64 => scores::<T, 64>(task, k, v, &mut weights),
        128 => scores::<T, 128>(task, k, v, &mut weights),
        256 => scores::<T, 256>(task, k, v, &mut weights),
        _ => scores_of_any_width(task, k, &mut weights),
    }
    if let Some(row) = &task.bias {
        for (head, weights) in weights.chunks_exact_mut(count).enumerate() {
            row.bias.add_to(head, row.position, row.first, weights);
        }
    }
    let group = task.heads / task.key_heads;
    for (head, weights) in weights.chunks_exact_mut(count).enumerate() {
        let sum = exponentials(weights);
        let (start, out) = (head / group * task.d, &mut out[head * task.d..][..task.d]);
        match task.d {
            32 => mean::<T, 32>(weights, v, start, task.slots, out),
            64 => mean::<T, 64>(weights, v, start, task.slots, out),
            128 => mean::<T, 128>(weights, v, start, task.slots, out),
            256 => mean::<T, 256>(weights, v, start, task.slots, out),
            _ => mean_of_any_width(weights, v, start, task.slots, out),
        }
        out.iter_mut().for_each(|out| *out /= sum);
    }
}

/// scale · q kᵀ, head after head, for heads of `D` values. The slots are far apart in memory: while keys are read, values
/// are fetched.
#[inline(always)]
fn scores<T: Number, const D: usize>(task: &Task, k: Matrix<T>, v: Matrix<T>, scores: &mut [f32]) {
    let (count, group) = (task.slots.len(), task.heads / task.key_heads);
    let q = task.q.as_chunks::<D>().0;
    for (i, &slot) in task.slots.iter().enumerate() {
        let slot = slot as usize;
        fetch(v.row(slot));
        if let Some(&ahead) = task.slots.get(i + 4) {
            fetch(k.row(ahead as usize));
        }
        let keys = k.row(slot).as_chunks::<D>().0;
        for (head, q) in q.iter().enumerate() {
            scores[head * count + i] = dot(q, &keys[head / group]) * task.scale;
        }
    }
}

#[inline(always)]
fn scores_of_any_width<T: Number>(task: &Task, k: Matrix<T>, scores: &mut [f32]) {
    let (count, group) = (task.slots.len(), task.heads / task.key_heads);
    for (i, &slot) in task.slots.iter().enumerate() {
        let keys = k.row(slot as usize);
        for (head, q) in task.q.chunks_exact(task.d).enumerate() {
            let key = &keys[head / group * task.d..][..task.d];
            scores[head * count + i] = dot(q, key) * task.scale;
        }
    }
}

#[inline(always)]
fn dot<T: Number>(q: &[f32], k: &[T]) -> f32 {
    let mut sums = [0f32; 16];
    let ((q, q_rest), (k, k_rest)) = (q.as_chunks::<16>(), k.as_chunks::<16>());
    for (q, k) in q.iter().zip(k) {
        for i in 0..16 {
            sums[i] += q[i] * k[i].widen();
        }
    }
    for ((sum, q), k) in sums.iter_mut().zip(q_rest).zip(k_rest) {
        *sum += q * k.widen();
    }
    lanes::sum(sums)
}

/// Replaces scores by exponentials of them less the largest, and returns their sum.
#[inline(always)]
fn exponentials(scores: &mut [f32]) -> f32 {
    let largest = largest(scores);
    let mut sums = [0f32; 16];
    let (chunks, rest) = scores.as_chunks_mut::<16>();
    for chunk in chunks {
        for (x, sum) in chunk.iter_mut().zip(&mut sums) {
            *x = exp(*x - largest);
            *sum += *x;
        }
    }
    for (x, sum) in rest.iter_mut().zip(&mut sums) {
        *x = exp(*x - largest);
        *sum += *x;
    }
    lanes::sum(sums)
}

/// Σ weight × value of a head of `D` values, from place `start` of each slot on.
#[inline(always)]
fn mean<T: Number, const D: usize>(
    weights: &[f32],
    v: Matrix<T>,
    start: usize,
    slots: &[u32],
    out: &mut [f32],
) {
    let mut sums = [0f32; D];
    for (weight, &slot) in weights.iter().zip(slots) {
        let value = &v.row(slot as usize)[start..][..D];
        for i in 0..D {
            sums[i] += weight * value[i].widen();
        }
    }
    out.copy_from_slice(&sums);
}

#[inline(always)]
fn mean_of_any_width<T: Number>(
    weights: &[f32],
    v: Matrix<T>,
    start: usize,
    slots: &[u32],
    out: &mut [f32],
) {
    for (weight, &slot) in weights.iter().zip(slots) {
        let value = &v.row(slot as usize)[start..][..out.len()];
        for (out, value) in out.iter_mut().zip(value) {
            *out += weight * value.widen();
        }
    }
}

/// Asks the processor for memory that will be read soon.
#[inline(always)]
fn fetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in values.chunks(64 / size_of::<T>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // Safety: the instruction reads nothing and may be given any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}
