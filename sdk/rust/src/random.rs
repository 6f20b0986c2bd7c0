//! Randomness that a replay repeats.

use crate::state;

/// A random number, drawn from the seed of the event being handled.
pub fn random() -> u64 {
    // SplitMix64: one step per number, good from any seed.
    state::with(|state| {
        state.random = state.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// A random number below `bound`; 0 if `bound` is 0.
pub fn random_below(bound: u32) -> u32 {
    // The high half of a product spreads evenly up to one part in 2^32.
    let product = (random() >> 32) * u64::from(bound);
    u32::try_from(product >> 32).unwrap_or(0)
}
