//! Who is banned is listed, and answered again once the operator says so. What
//! a ban does to datagrams signalling's own tests show: loopback is never banned.

use crate::support::{Scene, TENANT, items};
use anyhow::Result;
use serde_json::json;

const BANNED: &str = "192.0.2.66";

#[tokio::test]
async fn the_operator_bans_and_lifts() -> Result<()> {
    let scene = Scene::new().await?;
    let ban = json!({"address": BANNED, "for_s": 600});
    scene.house.api("POST", "/v1/bans", None, Some(&ban)).await?;
    let bans = scene.house.api("GET", "/v1/bans", None, None).await?;
    let listed = &items(&bans)[0];
    assert_eq!((&listed["address"], &listed["offence"]), (&json!(BANNED), &json!("manual")));
    let metrics = String::from_utf8(scene.house.download("/metrics", TENANT).await?)?;
    assert!(metrics.contains("strowger_events_total{event=\"sip.banned\"} 1"), "{metrics}");
    let path = format!("/v1/bans/{BANNED}");
    scene.house.api("DELETE", &path, None, None).await?;
    let again = scene.house.api("DELETE", &path, None, None).await;
    assert!(again.unwrap_err().to_string().contains("not banned"));
    Ok(())
}
