//! The call's randomness: a sequence that its seed determines.

use uuid::Uuid;

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// An id that no other call draws: the call's own id goes into it.
    pub fn id(&mut self, call: Uuid) -> Uuid {
        let (high, low) = call.as_u64_pair();
        let bytes = Uuid::from_u64_pair(self.next() ^ high, self.next() ^ low).into_bytes();
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}
