//! A version that fails again and again is disabled: new calls go to the fallback
//! without trying it, until somebody resets it. What it has used is on the bill.

use crate::support::{SOON, Scene, TENANT, items};
use anyhow::{Context as _, Result};
use serde_json::json;
use strowger_e2e::tenant::DOMAIN;

/// Faults that disable it here.
const FAULTS: usize = 3;

#[tokio::test]
async fn until_it_is_reset() -> Result<()> {
    let scene = Scene::with_flow("trap").await?;
    let mut events = scene.house.events(TENANT).await?;
    let demo = strowger_stock::guest("demo").context("demo")?;
    let path = "/v1/flows/safe/versions?promote=true";
    scene.house.upload(path, TENANT, demo.to_vec()).await?;
    let settings = json!({"name": TENANT, "sip_domain": DOMAIN,
        "fallback": {"kind": "flow", "value": "safe"},
        "limits": {"guest": {"breaker": {"faults": FAULTS, "pause_s": 3_600}}}});
    scene.house.api("PUT", &format!("/v1/tenants/{TENANT}"), None, Some(&settings)).await?;
    for _ in 0..=FAULTS {
        call_and_hear(&scene).await?;
    }
    let told = events.until("version.disabled", SOON).await?;
    assert_eq!(told["data"]["flow"], "trap", "{told}");
    let disabled = scene.get("/v1/breakers").await?;
    assert_eq!(items(&disabled).len(), 1, "{disabled}");
    assert_eq!(items(&disabled)[0]["state"], "open", "{disabled}");
    let alarms = scene.house.api("GET", "/v1/alarms", None, None).await?;
    assert!(alarms.to_string().contains("version.disabled"), "{alarms}");

    scene.house.api("POST", "/v1/flows/trap/reset", Some(TENANT), Some(&json!({}))).await?;
    assert!(items(&scene.get("/v1/breakers").await?).is_empty());
    call_and_hear(&scene).await?;
    let mut faults: Vec<String> = Vec::new();
    for record in scene.closed_records(FAULTS + 2).await? {
        let fault = record["guest"]["faults"][0].as_str().unwrap_or_default();
        faults.push(fault.split(':').next().unwrap_or_default().to_owned());
    }
    faults.sort();
    assert_eq!(faults, ["disabled", "trap", "trap", "trap", "trap"]);

    scene.house.stop(SOON).await?;
    Ok(())
}

#[tokio::test]
async fn what_it_has_used_is_on_the_bill() -> Result<()> {
    let scene = Scene::with_flow("trap").await?;
    let caller = scene.call().await;
    assert!(caller.is_err(), "nobody takes the call");
    let usage = scene
        .until("usage", "/v1/usage", |page| {
            items(page).iter().find(|row| row["module"] == "flow/trap").cloned()
        })
        .await?;
    assert_eq!((&usage["calls"], &usage["turns"]), (&json!(1), &json!(1)), "{usage}");
    assert_eq!(usage["faults"], json!({"trap": 1}), "{usage}");
    assert!(usage["version"].is_string() && usage["fuel"].as_u64() > Some(0), "{usage}");
    Ok(())
}

async fn call_and_hear(scene: &Scene) -> Result<()> {
    let talk = scene.call().await?;
    talk.audio.hear_sound(SOON).await?;
    talk.hang_up().await
}
