//! Dialling, bridging and transferring.

use strowger_sdk::{Dialed, Leg, Transferred, prelude::*};
use strowger_testkit::{Cause, Party as By, Script};

const BOSS: &str = "number:+441632960999";

async fn reach_the_boss(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let dialed = call.dial(BOSS).or("extension:201").in_turn().ring_for(secs(15)).await?;
    let words = match dialed {
        Dialed::Answered(leg) => return bridge(call, leg).await,
        Dialed::Busy => "busy",
        Dialed::NoAnswer => "no answer",
        _ => "out of reach",
    };
    call.say("en", words).await?;
    Ok(())
}

async fn bridge(call: Call, leg: Leg) -> Result<(), Error> {
    let by = leg.bridge().await?;
    call.set_attribute("ended-by", if by == Party::Callee { "callee" } else { "other" })?;
    call.say("en", "Good bye").await?;
    Ok(())
}

#[test]
fn targets_in_turn_are_dialled_one_after_the_other() {
    let record = Script::call(reach_the_boss)
        .start()
        .party_does_not_answer(BOSS)
        .party_answers("extension:201")
        .waits(secs(30))
        .party_hangs_up()
        .has_attribute("ended-by", "callee")
        .hears("Good bye")
        .ended();
    assert_eq!(record.legs.len(), 3);
    assert_eq!(record.legs[1].cause, Some(Cause::NoAnswer));
}

#[test]
fn the_last_failure_is_what_the_flow_is_told() {
    Script::call(reach_the_boss)
        .start()
        .party_fails(BOSS, Cause::NotFound)
        .party_fails("extension:201", Cause::Busy)
        .hears("busy")
        .ended();
}

#[test]
fn a_conversation_can_be_limited_in_time() {
    let record = Script::call(async |call: Call| {
        call.answer().await?;
        if let Dialed::Answered(leg) = call.dial(BOSS).await? {
            assert_eq!(call.within(secs(60), leg.bridge()).await?, None);
        }
        Ok::<(), Error>(())
    })
    .start()
    .party_answers(BOSS)
    .waits(millis(59_999))
    .is_answered()
    .waits(millis(1))
    .ended();
    assert_eq!(record.ended_by, Some(By::Flow));
    assert_eq!(record.ended_at, record.answered_at.map(|at| at.plus_ms(60_000)));
}

#[test]
fn a_transfer_takes_the_call_from_the_flow() {
    let record = Script::call(async |call: Call| {
        call.answer().await?;
        assert_eq!(call.transfer("extension:201").await?, Transferred::Talking);
        call.ended().await;
        Ok::<(), Error>(())
    })
    .start()
    .party_answers("extension:201")
    .waits(secs(10))
    .hangs_up()
    .ended();
    assert_eq!(record.ended_by, Some(By::Caller));
}

#[test]
fn an_agent_on_the_phone_may_hold_the_caller() {
    Script::call(async |call: Call| {
        call.answer().await?;
        if let Wait::Answered(talk) = call.enqueue("service").await? {
            call.signal("hold").await?;
            talk.ended().await?;
        }
        Ok::<(), Error>(())
    })
    .start()
    .agent_answers("201")
    .agent_holds()
    .hears("music:default")
    .agent_resumes()
    .hears_nothing()
    .agent_hangs_up()
    .ended();
}
