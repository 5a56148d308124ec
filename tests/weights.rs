//! Weights in every container and type that the Hub has them in (`scripts/make_seq2seq_fixtures.py` writes them with
//! PyTorch and safetensors), whole, damaged and hostile.

use std::fs;
use std::path::{Path, PathBuf};

use anubad::model::{Weights, WeightsError};
use candle_core::Device;

/// The same tensors in each.
const CONTAINERS: [&str; 8] = [
    "legacy",
    "legacy-bf16",
    "zip",
    "zip-f16",
    "zip-f64-sharded",
    "safetensors-f32",
    "safetensors-f16",
    "safetensors-bf16",
];

fn folder(name: &str) -> PathBuf {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model/weights");
    weights.join(name)
}

fn open(folder: &Path) -> Result<Weights, WeightsError> {
    Weights::open(folder, &Device::Cpu)
}

fn values(weights: &Weights, name: &str, shape: &[usize]) -> Vec<f32> {
    let tensor = weights.get(name, shape).unwrap();
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn every_container_and_type_gives_the_same_numbers() {
    let a: Vec<f32> = (0..12u8).map(|i| (f32::from(i) - 4.0) / 4.0).collect();
    let transposed: Vec<f32> = (0..12).map(|i| a[i % 3 * 4 + i / 3]).collect();
    for name in CONTAINERS {
        let weights = open(&folder(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(values(&weights, "a", &[3, 4]), a, "{name}");
        assert_eq!(values(&weights, "tied", &[3, 4]), a, "{name}");
        assert_eq!(
            values(&weights, "transposed", &[4, 3]),
            transposed,
            "{name}"
        );
        assert_eq!(values(&weights, "row", &[4]), a[4..8], "{name}");
        assert_eq!(values(&weights, "parameter", &[2, 4]), a[..8], "{name}");
        assert_eq!(values(&weights, "scalar", &[]), [2.5], "{name}");
        assert_eq!(
            values(&weights, "ints", &[4]),
            [-2.0, -1.0, 0.0, 1.0],
            "{name}"
        );
        assert_eq!(values(&weights, "mask", &[2]), [1.0, 0.0], "{name}");
    }
}

#[test]
fn tied_tensors_are_known_to_be_one() {
    for name in ["legacy", "zip", "zip-f16"] {
        let weights = open(&folder(name)).unwrap();
        assert!(weights.are_one("a", "tied"), "{name}");
        assert!(!weights.are_one("a", "transposed"), "{name}");
        assert!(!weights.are_one("nothing", "nothing"), "{name}");
    }
}

#[test]
fn what_is_missing_or_of_another_shape_is_named() {
    let weights = open(&folder("zip")).unwrap();
    let missing = weights.get("b", &[1]).unwrap_err().to_string();
    assert!(missing.contains("no tensor b"), "{missing}");
    let shape = weights.get("a", &[4, 3]).unwrap_err().to_string();
    assert!(shape.contains("tensor a has shape [3, 4]"), "{shape}");
}

#[test]
fn code_in_a_file_is_named_and_not_run() {
    for name in ["hostile-zip", "hostile-legacy"] {
        let error = open(&folder(name)).err().expect("refused").to_string();
        assert!(
            error.contains("posix.system") && error.contains("do not trust"),
            "{error}"
        );
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for (name, file) in [
        ("legacy", "pytorch_model.bin"),
        ("zip", "pytorch_model.bin"),
        ("safetensors-f16", "model.safetensors"),
    ] {
        let whole = fs::read(folder(name).join(file)).unwrap();
        let copy = tempfile::tempdir().unwrap();
        for length in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
            fs::write(copy.path().join(file), &whole[..length]).unwrap();
            let error = open(copy.path())
                .err()
                .unwrap_or_else(|| panic!("{name} cut at {length}"));
            let line = error.to_string();
            assert!(line.contains(file) && !line.contains('\n'), "{line}");
        }
    }
}

#[test]
fn a_changed_byte_is_an_error_or_harmless() {
    for (name, file) in [
        ("legacy", "pytorch_model.bin"),
        ("zip", "pytorch_model.bin"),
        ("safetensors-f16", "model.safetensors"),
    ] {
        let whole = fs::read(folder(name).join(file)).unwrap();
        let copy = tempfile::tempdir().unwrap();
        for at in (0..whole.len().min(2500)).step_by(11) {
            for value in [0, b'9', 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                fs::write(copy.path().join(file), &bytes).unwrap();
                let Ok(weights) = open(copy.path()) else {
                    continue;
                };
                for (tensor, shape) in [("a", &[3, 4][..]), ("transposed", &[4, 3]), ("ints", &[4])]
                {
                    let _ = weights.get(tensor, shape);
                }
            }
        }
    }
}
