//! A recording that cannot be written: the call goes on, an alarm is raised.

use crate::support::{SOON, Scene};
use anyhow::Result;

#[tokio::test]
async fn the_call_goes_on_and_an_alarm_is_raised() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let tenant = scene.get("/v1/tenant").await?;
    let id = tenant["id"].as_str().expect("the tenant's id");
    let recordings = scene.folder.path().join("recordings");
    std::fs::create_dir_all(&recordings)?;
    // A file where the tenant's folder belongs.
    std::fs::write(recordings.join(id), b"in the way")?;

    let caller = scene.call_into_queue().await?;
    let agent = scene.agent("201").await?;
    let talk = agent.next_call(SOON).await?.answer().await?;
    caller.audio.say_tone(1_000.0);
    talk.audio.hear_tone(1_000.0, SOON).await?;
    talk.hang_up().await?;
    caller.ended(SOON).await?;
    assert_eq!(scene.only_record().await?["cause"], "normal");
    let alarms = scene.house.api("GET", "/v1/alarms", None, None).await?;
    assert!(alarms.to_string().contains("recording"), "{alarms}");
    Ok(())
}
