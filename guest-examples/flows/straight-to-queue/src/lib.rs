//! No menu: the caller is answered, waits with music, and talks to whoever has
//! the skill `support`.

use strowger_sdk::prelude::*;

/// See the crate.
pub async fn straight_to_queue(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let wait = call
        .enqueue("support")
        .skill(Skill::named("support").at_least(1))
        .hears([Music::named("default")])
        .await?;
    if let Wait::Answered(talk) = wait {
        talk.ended().await?;
    }
    Ok(())
}

strowger_sdk::export! { flow: straight_to_queue }
