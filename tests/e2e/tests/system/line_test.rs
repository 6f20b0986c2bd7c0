//! A flow listens to its caller: speech is answered with a beep, a busy tone ends
//! the call.

use crate::support::{SOON, Scene};
use anyhow::Result;
use std::time::Duration;

/// European busy tone: 425 Hz, half a second on, half a second off. The cadence is
/// what the flow is to recognise; the test waits for the record.
const BUSY_HZ: f32 = 425.0;
const BUSY_MS: u64 = 500;

#[tokio::test]
async fn speech_and_tones_reach_the_flow() -> Result<()> {
    let scene = Scene::with_flow("feature-codes").await?;
    let caller = scene.call().await?;
    caller.audio.hear_sound(SOON).await?;
    caller.audio.press("5#");
    let busy = async {
        loop {
            caller.audio.say_tone(BUSY_HZ);
            tokio::time::sleep(Duration::from_millis(BUSY_MS)).await;
            caller.audio.be_silent();
            tokio::time::sleep(Duration::from_millis(BUSY_MS)).await;
        }
    };
    let record = tokio::select! {
        () = busy => unreachable!("it is busy for ever"),
        record = scene.only_record() => record?,
    };
    let attributes = record["attributes"].to_string();
    assert!(attributes.contains("tone") && attributes.contains("busy"), "{record:#}");
    Ok(())
}
