//! What a tenant's guests hold together has a limit: past it calls go to the
//! fallback, the neighbour does not notice, and all of it comes back.

use crate::support::{SOON, Scene, TENANT};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use strowger_e2e::tenant::{self, DOMAIN};

const NEIGHBOUR: &str = "neighbour";
const LIMIT: u64 = 24 << 20;
/// More than the tenant's router holds, and less than any of its calls.
const ROUTER: u64 = 4 << 20;

#[tokio::test]
async fn until_the_fallback_takes_the_calls() -> Result<()> {
    let scene = Scene::with_flow("hoarder").await?;
    let demo = strowger_stock::guest("demo").context("demo")?;
    let path = "/v1/flows/safe/versions?promote=true";
    scene.house.upload(path, TENANT, demo.to_vec()).await?;
    let settings = json!({"name": TENANT, "sip_domain": DOMAIN,
        "fallback": {"kind": "flow", "value": "safe"},
        "limits": {"guest": {"memory_bytes": LIMIT}}});
    scene.house.api("PUT", &format!("/v1/tenants/{TENANT}"), None, Some(&settings)).await?;
    tenant::create(&scene.house, NEIGHBOUR, "neighbour.example").await?;

    // Each takes eight megabytes and a little: there is room for two.
    let mut waiting = Vec::new();
    for calls in 1..=2_usize {
        waiting.push(scene.call().await?);
        let wait = |page: &Value| {
            let live = crate::support::items(page).iter();
            (live.filter(|call| call["queue"] == "support").count() == calls).then_some(())
        };
        scene.until("a caller who waits", "/v1/calls/live", wait).await?;
    }
    let memory = scene.get("/v1/usage/memory").await?;
    assert_eq!((&memory["limit_bytes"], &memory["refused"]), (&json!(LIMIT), &json!(0)));
    assert!(memory["held_bytes"].as_u64() > Some(16 << 20), "{memory}");

    let third = scene.call().await?;
    third.audio.hear_sound(SOON).await.context("the fallback speaks")?;
    third.hang_up().await?;
    let record = scene.only_record().await?;
    let fault = record["guest"]["faults"][0].as_str().context("a fault")?;
    assert!(fault.starts_with("tenant_memory: ") && fault.contains("24 MiB"), "{fault}");
    let path = "/v1/usage/memory";
    let other = scene.house.api("GET", path, Some(NEIGHBOUR), None).await?;
    assert_eq!((&other["held_bytes"], &other["refused"]), (&json!(0), &json!(0)), "{other}");
    let metrics = String::from_utf8(scene.house.download("/metrics", TENANT).await?)?;
    for wanted in [
        format!("strowger_guest_memory_limit_bytes{{tenant=\"{TENANT}\"}} {LIMIT}"),
        format!("strowger_guest_memory_bytes{{tenant=\"{NEIGHBOUR}\"}} 0"),
    ] {
        assert!(metrics.lines().any(|line| line == wanted), "{wanted} is not in {metrics}");
    }
    assert!(metrics.contains("tenant_memory"), "counted by reason: {metrics}");

    for talk in waiting {
        talk.hang_up().await?;
    }
    // But for the router's, which goes on.
    let free =
        |memory: &Value| (memory["held_bytes"].as_u64() < Some(ROUTER)).then(|| memory.clone());
    let memory = scene.until("what was held is free", path, free).await?;
    assert!(memory["refused"].as_u64() > Some(0), "{memory}");
    Ok(())
}
