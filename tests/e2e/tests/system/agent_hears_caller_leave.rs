//! A caller who hangs up in conversation: the agent's phone is hung up, the
//! agent is free again, the record says who ended it.

use crate::support::{AGENT_HZ, CALLER_HZ, SOON, Scene};
use anyhow::Result;

#[tokio::test]
async fn the_agent_is_free_after_the_caller_hung_up() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let agent = scene.agent("201").await?;
    let caller = scene.call_into_queue().await?;
    let talk = agent.next_call(SOON).await?.answer().await?;
    caller.audio.say_tone(CALLER_HZ);
    talk.audio.say_tone(AGENT_HZ);
    talk.audio.hear_tone(CALLER_HZ, SOON).await?;
    caller.audio.hear_tone(AGENT_HZ, SOON).await?;
    assert_eq!(scene.until_agent("201", &["talking"]).await?["state"], "talking");

    caller.hang_up().await?;
    talk.ended(SOON).await?;
    scene.until_agent("201", &["ready"]).await?;
    let record = scene.only_record().await?;
    assert_eq!(record["cause"], "normal");
    assert_eq!(record["ended_by"], "caller");
    assert_eq!(record["queue_visits"][0]["outcome"], "served");
    assert!(record["queue_visits"][0]["agent"].is_string());
    Ok(())
}
