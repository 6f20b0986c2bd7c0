//! Writes more log than an event may. Proves that the log of one tenant cannot
//! fill the disk.

use strowger_sdk::prelude::*;

/// Far beyond any limit on lines.
const LINES: u32 = 10_000;

/// See the crate.
pub async fn log_flood(call: Call) {
    for line in 0..LINES {
        strowger_sdk::info!("line {line} of far too many");
    }
    call.ended().await;
}

strowger_sdk::export! { flow: log_flood }
