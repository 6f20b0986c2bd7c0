//! Asks for memory and writes to it until it gets no more. Proves that an
//! instance cannot grow beyond its limit.

use strowger_sdk::prelude::*;

/// See the crate.
pub async fn memory_hog(_: Call) {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(std::hint::black_box(vec![0xff; 1 << 20]));
    }
}

strowger_sdk::export! { flow: memory_hog }
