//! Products with the weights of a linear layer: ours with 8-bit and with f32 weights, and candle's with f32 and Q8_0.
//!
//! `RAYON_NUM_THREADS=1 cargo bench --bench kernels` measures one thread; what follows `--` filters by name. An item is an
//! operation, of which a multiplication and an addition are two. Each call takes the next of many layers, which do not
//! fit into the caches of a core together, as no layer finds its weights there when a model runs.

use std::cell::Cell;
use std::fmt::{Display, Formatter};

use anubad::kernel::{Int8Linear, Then, dense};
use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{Device, Module, Result, Tensor};
use divan::Bencher;
use divan::counter::ItemsCount;

/// Inputs and outputs: attention and feed-forward of Marian base, its vocabulary, feed-forward of NLLB-600M.
const SHAPES: [(usize, usize); 4] = [(512, 512), (512, 2048), (512, 61_440), (1024, 4096)];
const ROWS: [usize; 4] = [1, 4, 16, 64];
/// Bytes of all weights at least.
const COLD: usize = 256 << 20;

/// A product to measure.
#[derive(Clone, Copy)]
struct Case {
    rows: usize,
    inputs: usize,
    outputs: usize,
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter) -> std::fmt::Result {
        write!(f, "{}×{}, {} rows", self.inputs, self.outputs, self.rows)
    }
}

/// Shapes and rows, each with each.
fn cases() -> impl Iterator<Item = Case> {
    let case = |rows, (inputs, outputs)| Case {
        rows,
        inputs,
        outputs,
    };
    SHAPES
        .into_iter()
        .flat_map(move |shape| ROWS.map(|rows| case(rows, shape)))
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("a thread").install(divan::main);
}

fn wave(rows: usize, columns: usize) -> Result<Tensor> {
    let values = (0..rows * columns).map(|i| (i as f32 * 0.37).sin());
    Tensor::from_iter(values, &Device::Cpu)?.reshape((rows, columns))
}

/// Measures what layers make of rows.
fn measure<L>(
    bencher: Bencher,
    case: Case,
    bytes_a_weight: usize,
    make: impl Fn(&Tensor) -> Result<L>,
    forward: impl Fn(&L, &Tensor) -> Result<Tensor>,
) {
    let Case {
        rows,
        inputs,
        outputs,
    } = case;
    let weights = wave(outputs, inputs).expect("weights");
    let count = COLD.div_ceil(inputs * outputs * bytes_a_weight);
    let layers: Result<Vec<L>> = (0..count).map(|_| make(&weights)).collect();
    let layers = layers.expect("layers");
    let x = wave(rows, inputs).expect("activations");
    let next = Cell::new(0);
    bencher
        .counter(ItemsCount::new(2 * rows * inputs * outputs))
        .bench_local(|| {
            next.set((next.get() + 1) % count);
            forward(&layers[next.get()], &x).expect("a product")
        });
}

#[divan::bench(args = cases())]
fn int8(bencher: Bencher, case: Case) {
    let make = |weights: &Tensor| {
        let (outputs, inputs) = weights.dims2()?;
        Int8Linear::quantize(&weights.flatten_all()?.to_vec1::<f32>()?, outputs, inputs)
    };
    let forward = |layer: &Int8Linear, x: &Tensor| layer.forward(x, Then::default());
    measure(bencher, case, 1, make, forward);
}

#[divan::bench(args = cases())]
fn f32(bencher: Bencher, case: Case) {
    measure(bencher, case, 4, Tensor::copy, |weights, x| {
        dense(x, weights)
    });
}

#[divan::bench(args = cases())]
fn candle_f32(bencher: Bencher, case: Case) {
    let forward = |weights: &Tensor, x: &Tensor| x.matmul(&weights.t()?);
    measure(bencher, case, 4, Tensor::copy, forward);
}

#[divan::bench(args = cases())]
fn candle_q8_0(bencher: Bencher, case: Case) {
    let make =
        |weights: &Tensor| QMatMul::from_qtensor(QTensor::quantize(weights, GgmlDType::Q8_0)?);
    measure(bencher, case, 1, make, QMatMul::forward);
}
