//! Randomness of a simulation: SplitMix64, so that a seed means the same for ever.

/// A seeded sequence.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// At least `low`, less than `high`.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.draw() % (high - low).max(1)
    }

    /// True in so many of a thousand cases.
    pub fn per_mille(&mut self, of: u32) -> bool {
        self.draw() % 1_000 < u64::from(of)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, of: u32) -> bool {
        self.per_mille(of * 10)
    }
}
