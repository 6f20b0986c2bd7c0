//! The flow of `cargo xtask demo`: a welcome, one digit, a wait with position and
//! music for an agent with the skill `support`, a conversation.

use strowger_sdk::prelude::*;

/// See the crate.
pub async fn demo(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let recording = call.record().start();
    let wants_support = call
        .menu([
            Say::text("en", "Welcome to Strowger."),
            Say::text("en", "To talk to support, press 1."),
        ])
        .choice('1', true)
        .retries(2)
        .await?;
    if wants_support.is_none() {
        call.say("en", "Good bye.").await?;
        return Ok(());
    }
    call.set_attribute("topic", "support")?;

    let wait = call
        .enqueue("support")
        .skill(Skill::named("support").at_least(3))
        .hears([Queue::position("en"), Music::named("default"), Queue::wait("en")])
        .await?;
    match wait {
        Wait::Answered(talk) => {
            call.set_attribute("agent", talk.agent())?;
            talk.ended().await?;
        }
        Wait::TimedOut | Wait::Left | Wait::Overflowed => {
            call.say("en", "Nobody is free at the moment. Please call again later.").await?;
        }
    }
    recording.detach();
    Ok(())
}

strowger_sdk::export! { flow: demo }
