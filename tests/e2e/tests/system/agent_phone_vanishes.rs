//! An agent whose phone is gone without a word: the caller keeps the place and
//! reaches the next agent; the first one is not asked again.

use crate::support::{SOON, Scene, TENANT};
use anyhow::Result;
use serde_json::json;
use strowger_e2e::tenant;

#[tokio::test]
async fn the_caller_reaches_the_next_agent() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let queue = json!({"name": "support", "ring_ms": 2000, "wrap_up_ms": 500});
    scene.house.api("PUT", "/v1/queues/support", Some(TENANT), Some(&queue)).await?;
    let gone = scene.agent("201").await?;
    drop(gone);
    let caller = scene.call_into_queue().await?;
    scene.until_agent("201", &["not_ready"]).await?;

    let second = scene.agent("202").await?;
    let talk = second.next_call(SOON).await?.answer().await?;
    talk.hang_up().await?;
    caller.ended(SOON).await?;
    let record = scene.only_record().await?;
    assert_eq!(record["queue_visits"][0]["outcome"], "served");
    assert_eq!(record["queue_visits"][0]["offers"], 2);
    let legs = record["legs"].as_array().map_or(0, Vec::len);
    assert_eq!(legs, 3, "caller, phone that is gone, phone that answered: {record}");
    let status =
        tenant::order(&scene.house, TENANT, "201", &json!({"state": "signed_out"})).await?;
    assert_eq!(status["state"], "signed_out");
    Ok(())
}
