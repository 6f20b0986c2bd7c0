//! How long decisions take is counted whatever they follow from: signalling, a
//! digit, the end of a prompt.

use crate::support::{SOON, Scene};
use anyhow::Result;
use serde_json::Value;

#[tokio::test]
async fn digits_and_ends_of_prompts_included() -> Result<()> {
    let scene = Scene::with_flow("feature-codes").await?;
    let talk = scene.call().await?;
    talk.audio.hear_sound(SOON).await?;
    // No such code: the flow says so and hangs up.
    talk.audio.press("9#");
    talk.ended(SOON).await?;
    let record = scene.only_record().await?;
    // Begun, answered, the digits, the prompt's end.
    let counted = |latency: &Value| latency["count"].as_u64().filter(|count| *count >= 4);
    let count = scene.until("four decisions", "/v1/usage/latency", counted).await?;
    assert!(Some(count) <= record["guest"]["turns"].as_u64(), "{count}, {record}");
    Ok(())
}
