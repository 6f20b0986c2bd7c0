//! The agent's phone puts the caller on hold: the caller hears music, then the
//! agent again.

use crate::support::{AGENT_HZ, CALLER_HZ, SOON, Scene};
use anyhow::Result;

#[tokio::test]
async fn the_caller_hears_music_and_then_the_agent() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let agent = scene.agent("201").await?;
    let caller = scene.call_into_queue().await?;
    let mut talk = agent.next_call(SOON).await?.answer().await?;
    caller.audio.say_tone(CALLER_HZ);
    talk.audio.say_tone(AGENT_HZ);
    caller.audio.hear_tone(AGENT_HZ, SOON).await?;

    talk.hold().await?;
    scene.until_agent("201", &["hold"]).await?;
    talk.audio.be_silent();
    caller.audio.hear_sound(SOON).await?;

    talk.resume().await?;
    scene.until_agent("201", &["talking"]).await?;
    talk.audio.say_tone(AGENT_HZ);
    caller.audio.hear_tone(AGENT_HZ, SOON).await?;
    talk.audio.hear_tone(CALLER_HZ, SOON).await?;
    talk.hang_up().await?;
    caller.ended(SOON).await?;
    let record = scene.only_record().await?;
    for leg in 0..2 {
        let media = &record["legs"][leg]["media"];
        assert!(media["packets_received"].as_u64() > Some(10), "{record:#}");
        assert!(media["packets_sent"].as_u64() > Some(10), "{record:#}");
        assert!(media["mos_percent"].as_u64() >= Some(350), "{record:#}");
        assert_eq!(media["transcoded"], false, "{record:#}");
    }
    Ok(())
}
