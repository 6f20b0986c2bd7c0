//! Asks for more actions than an event may. Proves that the limit on actions is
//! a fault, not a queue that fills.

use strowger_sdk::prelude::*;

/// Far beyond any limit on actions.
const ACTIONS: u32 = 10_000;

/// See the crate.
pub async fn action_flood(call: Call) {
    for _ in 0..ACTIONS {
        // Begun and stopped at once: another limit is on commands under way.
        drop(call.sleep(secs(3600)));
    }
    // Lives on, so that only the limit can end the call.
    call.ended().await;
}

strowger_sdk::export! { flow: action_flood }
