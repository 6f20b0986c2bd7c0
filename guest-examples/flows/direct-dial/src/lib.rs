//! What a phone of the tenant dials is what it is connected with: another
//! extension, or a number in the world. Which it is, and whether the phone may,
//! the server has decided.

use strowger_sdk::prelude::*;

/// See the crate.
pub async fn direct_dial(call: Call) -> Result<(), Error> {
    let kind = match call.fact("to-kind").as_deref() {
        Some("extension") => "extension",
        _ => "number",
    };
    let target = format!("{kind}:{}", call.to());
    let (status, reason) = match call.transfer(&target).caller_id(&call.from()).await? {
        Transferred::Talking => return Ok(()),
        Transferred::Not(Dialed::Busy) => (486, "Busy Here"),
        Transferred::Not(Dialed::Rejected) => (603, "Decline"),
        Transferred::Not(Dialed::Forbidden) => (403, "Not Allowed To Call This Number"),
        Transferred::Not(Dialed::NoAnswer | Dialed::Stopped) => (480, "Temporarily Unavailable"),
        Transferred::Not(Dialed::Unreachable | Dialed::Answered(_)) => (404, "Not Found"),
    };
    call.reject(status, reason).await
}

strowger_sdk::export! { flow: direct_dial }
