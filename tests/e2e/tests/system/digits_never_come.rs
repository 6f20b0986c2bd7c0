//! A caller who presses nothing is asked again and then sent home by the flow.

use crate::support::Scene;
use anyhow::Result;
use std::time::Duration;

#[tokio::test]
async fn the_flow_ends_the_call() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let talk = scene.call().await?;
    // Three prompts and three waits for a digit.
    talk.ended(Duration::from_secs(90)).await?;
    let record = scene.only_record().await?;
    assert_eq!(record["ended_by"], "flow");
    assert_eq!(record["digits"], "");
    Ok(())
}
