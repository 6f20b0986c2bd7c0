//! Never comes back from its first event. Proves that fuel, and behind it the
//! clock, end a turn, and that nobody else waits for it.

use strowger_sdk::prelude::*;

/// See the crate.
pub async fn endless_loop(_: Call) {
    let mut turns = 0_u64;
    loop {
        // Kept from being optimised into nothing or into a trap.
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

strowger_sdk::export! { flow: endless_loop }
