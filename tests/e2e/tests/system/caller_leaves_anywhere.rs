//! A caller who hangs up before the answer, in the menu, in the queue, and while
//! the agent's phone rings: each time the record is complete and nobody is stuck.

use crate::support::{SOON, Scene};
use anyhow::Result;
use strowger_e2e::tenant::NUMBER;

#[tokio::test]
async fn in_the_menu() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let talk = scene.call().await?;
    talk.audio.hear_sound(SOON).await?;
    talk.hang_up().await?;
    let record = scene.only_record().await?;
    assert_eq!(record["ended_by"], "caller");
    assert!(record["answered_at"].is_number());
    assert_eq!(record["queue_visits"].as_array().map(Vec::len), Some(0));
    Ok(())
}

#[tokio::test]
async fn in_the_queue() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let talk = scene.call_into_queue().await?;
    talk.hang_up().await?;
    let record = scene.only_record().await?;
    assert_eq!(record["queue_visits"][0]["outcome"], "abandoned");
    assert_eq!(record["ended_by"], "caller");
    Ok(())
}

#[tokio::test]
async fn while_the_agents_phone_rings() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let agent = scene.agent("201").await?;
    let talk = scene.call_into_queue().await?;
    let ringing = agent.next_call(SOON).await?;
    talk.hang_up().await?;
    ringing.cancelled(SOON).await?;
    scene.until_agent("201", &["ready"]).await?;
    let record = scene.only_record().await?;
    assert_eq!(record["queue_visits"][0]["outcome"], "abandoned");
    Ok(())
}

/// The number leads to no flow and the tenant's fallback is to hang up, so only
/// the cancelled INVITE itself can end the call before that; a flow that answers
/// at once may win the race, which the phone reports as an error and is fine too.
#[tokio::test]
async fn before_the_answer() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let to = format!("sip:{NUMBER}@{}", scene.house.sip);
    let calling = scene.caller.ring("+441632960999", &to, None).await?;
    let cancelled = calling.cancel().await;
    let record = scene.only_record().await;
    match cancelled {
        Ok(()) => assert_eq!(record?["cause"], "cancelled"),
        Err(error) => assert!(error.to_string().contains("in spite of CANCEL"), "{error:#}"),
    }
    Ok(())
}
