//! Arithmetic of fewer digits, as numpy does it.

/// Sums of more numbers than this are divided in halves.
const PAIRWISE: usize = 128;

/// How many digits numbers keep: numpy's `float32` or `float64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 24 binary digits.
    Single,
    /// 53 binary digits.
    Double,
}

impl Precision {
    /// What is kept of a number. A sum, difference, product or quotient of two numbers of single precision, computed
    /// in double precision and rounded by this, is that of single precision arithmetic (Figueroa 1995, "When is double
    /// rounding innocuous?").
    pub fn round(self, value: f64) -> f64 {
        match self {
            Precision::Single => f64::from(value as f32),
            Precision::Double => value,
        }
    }

    /// `values.mean()`; there is at least one.
    pub(super) fn mean(self, values: &[f64]) -> f64 {
        self.round(self.sum(values) / values.len() as f64)
    }

    /// `values.sum()` of one dimension: eight sums side by side, of halves where there are many.
    fn sum(self, values: &[f64]) -> f64 {
        let add = |a: f64, b: f64| self.round(a + b);
        if values.len() > PAIRWISE {
            let half = values.len() / 2;
            let (left, right) = values.split_at(half - half % 8);
            return add(self.sum(left), self.sum(right));
        }
        let mut eights = values.chunks_exact(8);
        let start = match eights.next() {
            None => 0.0,
            Some(first) => {
                let mut sums: [f64; 8] = std::array::from_fn(|i| first[i]);
                for eight in eights.by_ref() {
                    for (sum, value) in sums.iter_mut().zip(eight) {
                        *sum = add(*sum, *value);
                    }
                }
                let [a, b, c, d, e, f, g, h] = sums;
                add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)))
            }
        };
        eights
            .remainder()
            .iter()
            .fold(start, |sum, value| add(sum, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(1 / np.arange(1, n + 1, dtype=np.float32)).mean()`, and the same of `float64`, by numpy 2.4.
    #[test]
    fn means_are_numpys() {
        let cases = [
            (1, 1.0, 1.0),
            (7, 0.37040820717811584, 0.37040816326530607),
            (130, 0.041912246495485306, 0.04191224106358443),
            (1000, 0.007485471665859222, 0.007485470860550345),
            (12345, 0.0008099038968794048, 0.0008099038127469927),
        ];
        for (count, single, double) in cases {
            let inverse = |precision: Precision| -> Vec<f64> {
                (1..=count)
                    .map(|i| precision.round(1.0 / i as f64))
                    .collect()
            };
            let mean = |precision: Precision| precision.mean(&inverse(precision));
            assert_eq!(mean(Precision::Single), single, "{count}");
            assert_eq!(mean(Precision::Double), double, "{count}");
        }
    }
}
