//! Answers, and panics in the same event. Proves that a trap undoes what the
//! event asked for, and that the log says where it was.

use strowger_sdk::prelude::*;

/// See the crate.
pub async fn trap(call: Call) {
    call.answer().detach();
    panic!("this flow always breaks");
}

strowger_sdk::export! { flow: trap }
