//! Sums and maxima in 16 lanes, which the compiler keeps in vector registers: it may not reorder additions by itself.

/// Σ of 16 numbers, halves added to halves.
#[inline(always)]
pub fn sum(lanes: [f32; 16]) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|i| lanes[i] + lanes[i + 8]);
    let four: [f32; 4] = std::array::from_fn(|i| eight[i] + eight[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// The largest number, negative infinity of none; what is not a number is passed over.
#[inline(always)]
pub fn largest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane = if x > *lane { x } else { *lane };
    }
    let greater = |a: f32, b: f32| if b > a { b } else { a };
    let eight: [f32; 8] = std::array::from_fn(|i| greater(lanes[i], lanes[i + 8]));
    let four: [f32; 4] = std::array::from_fn(|i| greater(eight[i], eight[i + 4]));
    greater(greater(four[0], four[2]), greater(four[1], four[3]))
}
