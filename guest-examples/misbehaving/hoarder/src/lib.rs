//! Takes eight megabytes and keeps them while its caller waits in the queue
//! `support`. Proves that a tenant's guests together hold no more than they may.

use strowger_sdk::prelude::*;

const HOARD_BYTES: usize = 8 << 20;

/// See the crate.
pub async fn hoarder(call: Call) -> Result<(), Error> {
    let hoard = std::hint::black_box(vec![0xff_u8; HOARD_BYTES]);
    call.answer().await?;
    call.enqueue("support").await?;
    // Not freed before.
    std::hint::black_box(&hoard);
    Ok(())
}

strowger_sdk::export! { flow: hoarder }
