//! A flow that loops, traps or eats memory costs its own call only its flow: the
//! tenant's fallback takes over, and the record says whose fault it was.

use crate::support::{SOON, Scene, TENANT};
use anyhow::{Context as _, Result};
use serde_json::json;
use strowger_e2e::phone::Phone;
use strowger_e2e::tenant::{DOMAIN, NUMBER};

#[tokio::test]
async fn to_another_flow() -> Result<()> {
    for faulty in ["endless-loop", "trap", "memory-hog", "action-flood"] {
        let scene = Scene::with_flow(faulty).await?;
        let demo = strowger_stock::guest("demo").context("demo")?;
        let path = "/v1/flows/safe/versions?promote=true";
        scene.house.upload(path, TENANT, demo.to_vec()).await?;
        let settings = json!({"name": TENANT, "sip_domain": DOMAIN,
                              "fallback": {"kind": "flow", "value": "safe"}});
        let path = format!("/v1/tenants/{TENANT}");
        scene.house.api("PUT", &path, None, Some(&settings)).await?;
        let talk = scene.call().await.context(faulty)?;
        talk.audio.hear_sound(SOON).await.context(faulty)?;
        talk.hang_up().await?;
        let record = scene.only_record().await?;
        let faults = record["guest"]["faults"].as_array().map_or(0, Vec::len);
        assert_eq!(faults, 1, "{faulty}: {record}");
    }
    Ok(())
}

#[tokio::test]
async fn to_a_number_over_a_trunk() -> Result<()> {
    let scene = Scene::with_flow("trap").await?;
    let carrier = Phone::start(scene.house.sip).await?;
    let trunk = json!({"name": "out", "proxy": carrier.local().to_string()});
    scene.house.api("POST", "/v1/trunks", Some(TENANT), Some(&trunk)).await?;
    let settings = json!({"name": TENANT, "sip_domain": DOMAIN,
                          "fallback": {"kind": "number", "value": "+441632960555"}});
    let path = format!("/v1/tenants/{TENANT}");
    scene.house.api("PUT", &path, None, Some(&settings)).await?;
    let to = format!("sip:{NUMBER}@{}", scene.house.sip);
    let calling = scene.caller.ring("+441632960999", &to, None).await?;
    let ringing = carrier.next_call(SOON).await?;
    assert!(ringing.invite().start.contains("+441632960555"), "{}", ringing.invite().start);
    let out = ringing.answer().await?;
    let caller = calling.answered(SOON).await?;
    caller.audio.say_tone(1_000.0);
    out.audio.hear_tone(1_000.0, SOON).await?;
    out.hang_up().await?;
    caller.ended(SOON).await?;
    let record = scene.only_record().await?;
    assert_eq!(record["legs"].as_array().map(Vec::len), Some(2), "{record}");
    Ok(())
}
