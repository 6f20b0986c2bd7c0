//! Digits by SIP INFO do what RFC 4733 digits do.

use crate::support::{SOON, Scene};
use anyhow::Result;

#[tokio::test]
async fn lead_into_the_queue() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let mut talk = scene.call().await?;
    talk.audio.hear_sound(SOON).await?;
    talk.press_by_info('1').await?;
    scene.until_live("the caller waits", |call| call["queue"] == "support").await?;
    talk.hang_up().await?;
    assert_eq!(scene.only_record().await?["digits"], "1");
    Ok(())
}
