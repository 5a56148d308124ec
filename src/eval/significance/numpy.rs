//! Random numbers of numpy: `numpy.random.default_rng(seed)`.
//!
//! A `SeedSequence` (O'Neill, "Developing a seed_seq alternative",
//! 2015) starts a PCG64 (O'Neill 2014, variant XSL RR 128/64), whose numbers are brought below a bound without
//! division (Lemire, "Fast random integer generation in an interval", 2019).

/// numpy's default generator of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Generator {
    state: u128,
    increment: u128,
    /// The upper half of a number of which the lower was taken.
    half: Option<u32>,
}

impl Generator {
    const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

    /// `numpy.random.default_rng(seed)`
    pub(super) fn new(seed: u64) -> Generator {
        let [state_high, state_low, stream_high, stream_low] = seed_words(seed);
        let mut generator = Generator {
            state: 0,
            increment: join(stream_high, stream_low) << 1 | 1,
            half: None,
        };
        generator.step();
        generator.state = generator.state.wrapping_add(join(state_high, state_low));
        generator.step();
        generator
    }

    fn step(&mut self) {
        let product = self.state.wrapping_mul(Self::MULTIPLIER);
        self.state = product.wrapping_add(self.increment);
    }

    fn next_u64(&mut self) -> u64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    /// 32 random bits. `Generator.integers(2, size, dtype=bool)` takes them one by one, the lowest first.
    pub(super) fn next_u32(&mut self) -> u32 {
        if let Some(half) = self.half.take() {
            return half;
        }
        let both = self.next_u64();
        self.half = Some((both >> 32) as u32);
        both as u32
    }

    /// Numbers below `bound`, which is at least 1: `Generator.choice(bound, count)`, with replacement.
    pub(super) fn choice(&mut self, bound: usize, count: usize) -> Vec<usize> {
        // A copy stays in registers.
        let mut generator = self.clone();
        let draw = |_| generator.below(bound as u64) as usize;
        let drawn = (0..count).map(draw).collect();
        *self = generator;
        drawn
    }

    fn below(&mut self, bound: u64) -> u64 {
        match u32::try_from(bound - 1) {
            Ok(0) => 0,
            Ok(u32::MAX) => self.next_u32().into(),
            Ok(_) => self.below_u32(bound as u32).into(),
            Err(_) => self.below_u64(bound),
        }
    }

    fn below_u32(&mut self, bound: u32) -> u32 {
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            let low = product as u32;
            // The remainder is only needed where the number may be one of the few that would favour some results.
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 32) as u32;
            }
        }
    }

    fn below_u64(&mut self, bound: u64) -> u64 {
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            let low = product as u64;
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }
}

fn join(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// `SeedSequence(seed).generate_state(4, uint64)`
fn seed_words(seed: u64) -> [u64; 4] {
    const INIT_A: u32 = 0x43b0_d7e5;
    const MULT_A: u32 = 0x931e_8875;
    const INIT_B: u32 = 0x8b51_f9dd;
    const MULT_B: u32 = 0x58f3_8ded;
    const MIX_LEFT: u32 = 0xca01_f9dd;
    const MIX_RIGHT: u32 = 0x4973_f715;

    fn hash(value: u32, constant: &mut u32, multiplier: u32) -> u32 {
        let value = value ^ *constant;
        *constant = constant.wrapping_mul(multiplier);
        let value = value.wrapping_mul(*constant);
        value ^ value >> 16
    }

    let mut constant = INIT_A;
    let mut pool = [seed as u32, (seed >> 32) as u32, 0, 0];
    for word in &mut pool {
        *word = hash(*word, &mut constant, MULT_A);
    }
    for source in 0..pool.len() {
        for target in (0..pool.len()).filter(|target| *target != source) {
            let right = hash(pool[source], &mut constant, MULT_A).wrapping_mul(MIX_RIGHT);
            let mixed = pool[target].wrapping_mul(MIX_LEFT).wrapping_sub(right);
            pool[target] = mixed ^ mixed >> 16;
        }
    }

    let mut constant = INIT_B;
    let mut words = [0; 4];
    for (i, word) in words.iter_mut().enumerate() {
        let low = hash(pool[2 * i % 4], &mut constant, MULT_B);
        let high = hash(pool[(2 * i + 1) % 4], &mut constant, MULT_B);
        *word = u64::from(high) << 32 | u64::from(low);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `default_rng(seed).choice(bound, 6)` of numpy 1.26 and 2.4.
    #[test]
    fn numbers_below_a_bound_are_numpys() {
        const LARGE: u64 = (1 << 32) + 7;
        #[rustfmt::skip]
        let cases: [(u64, u64, [u64; 6]); 17] = [
            (0, 1, [0; 6]),
            (0, 2, [1, 1, 1, 0, 0, 0]),
            (0, 997, [848, 635, 509, 268, 306, 40]),
            (0, 3_000_000_000, [2551872677, 1910885061, 1533409439, 809360140, 923488268, 122920571]),
            (0, 1 << 32, [3653403231, 2735729615, 2195314465, 1158725112, 1322117304, 175979945]),
            (0, (1 << 32) + 11, [2735729622, 1158725115, 175979945, 70985654, 3492969089, 3920255363]),
            (12345, 1, [0; 6]),
            (12345, 2, [1, 0, 1, 0, 0, 1]),
            (12345, 997, [697, 226, 786, 315, 203, 794]),
            (12345, 3_000_000_000, [2097645094, 682008066, 2365940964, 950275018, 2392096371, 2028764011]),
            (12345, 1 << 32, [3003105693, 976400781, 3387213022, 1360466709, 876933081, 3424658562]),
            (12345, (1 << 32) + 11, [976400784, 1360466713, 3424658570, 2904491702, 1679802733, 1429424939]),
            (LARGE, 2, [1, 1, 1, 0, 0, 0]),
            (LARGE, 997, [867, 767, 873, 111, 258, 188]),
            (LARGE, 3_000_000_000, [2610780143, 2310422852, 335781732, 567293199, 657739499, 479865784]),
            (LARGE, 1 << 32, [3737738445, 3307730197, 3761774060, 480723853, 1111937810, 812168580]),
            (LARGE, (1 << 32) + 11, [3307730206, 480723855, 812168582, 687002618, 1855291968, 2154907382]),
        ];
        for (seed, bound, expected) in cases {
            let mut generator = Generator::new(seed);
            let drawn: [u64; 6] = std::array::from_fn(|_| generator.below(bound));
            assert_eq!(drawn, expected, "seed {seed}, bound {bound}");
        }
    }

    /// `rng.integers(2, size=66, dtype=bool)`, then `rng.choice(997, 3)`.
    #[test]
    fn bits_are_numpys_and_numbers_go_on_behind_them() {
        let mut generator = Generator::new(12345);
        let words: Vec<u32> = (0..3).map(|_| generator.next_u32()).collect();
        let bits: String = (0..66)
            .map(|i| char::from(b'0' + (words[i / 32] >> (i % 32) & 1) as u8))
            .collect();
        let expected = "101110011000001111111111010011011\
                        011000110001101010011000101110001";
        assert_eq!(bits, expected);
        assert_eq!(generator.choice(997, 3), [315, 203, 794]);
    }
}
