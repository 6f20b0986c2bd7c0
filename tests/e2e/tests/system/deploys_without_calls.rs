//! A flow that has served no calls is tried on stock calls: where it fails is told,
//! it is not let loose on callers, and nothing outside hears of it.

use crate::support::{SOON, Scene, TENANT, items};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::io::ErrorKind;
use strowger_e2e::house::Events;
use strowger_e2e::tenant::DOMAIN;

/// Deploys a stock flow as the next version of `ivr`; what came of it, and what was
/// told of its dry run.
async fn deploy(scene: &Scene, events: &mut Events, stock: &str) -> Result<(Value, String)> {
    let wasm = strowger_stock::guest(stock).with_context(|| format!("no guest {stock}"))?;
    let path = "/v1/flows/ivr/deployments?promote=true";
    let begun = scene.house.upload(path, TENANT, wasm.to_vec()).await?;
    let id = begun["id"].as_str().context("an id")?;
    let told = loop {
        let event = events.until("deployment.step", SOON).await?;
        let data = &event["data"];
        if data["deployment"] == id && data["step"] == "dry_run" && data["state"] == "done" {
            break data["message"].as_str().context("words")?.to_owned();
        }
    };
    let path = format!("/v1/flows/ivr/deployments/{id}");
    let over = |deployment: &Value| (deployment["state"] != "running").then(|| deployment.clone());
    Ok((scene.until("the deployment's end", &path, over).await?, told))
}

fn step<'a>(deployment: &'a Value, name: &str) -> &'a Value {
    let steps = deployment["steps"].as_array().map_or(&[][..], Vec::as_slice);
    steps.iter().find(|step| step["step"] == name).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn a_flow_that_traps_on_silence_is_found_before_a_caller_is() -> Result<()> {
    let scene = Scene::new().await?;
    let mut events = scene.house.events(TENANT).await?;
    // A service that the flow asks, at the port that the number ends with.
    let service = std::net::TcpListener::bind("127.0.0.1:0")?;
    service.set_nonblocking(true)?;
    let address = service.local_addr()?;
    let settings = json!({"name": TENANT, "sip_domain": DOMAIN,
                          "http_allow": [address.to_string()]});
    scene.house.api("PUT", &format!("/v1/tenants/{TENANT}"), None, Some(&settings)).await?;

    let (first, told) = deploy(&scene, &mut events, "demo").await?;
    assert!(
        told.starts_with("no recorded calls yet: ") && told.ends_with(" stock calls"),
        "{told}"
    );
    assert_eq!(step(&first, "release")["message"], "in force for new calls", "{first}");
    assert_eq!(first["dry_run"]["stock"]["faults"], json!([]), "{first}");
    assert!(first["dry_run"]["stock"]["calls"].as_u64() > Some(30), "{first}");
    assert!(first["dry_run"]["stock"]["fuel_max"].as_u64() > Some(0), "{first}");

    let number = json!({"number": format!("+4416320{:05}", address.port()), "flow": "ivr"});
    scene.house.api("POST", "/v1/numbers", Some(TENANT), Some(&number)).await?;
    let (second, told) = deploy(&scene, &mut events, "no-input").await?;
    assert!(told.contains("as on version 1") && told.contains("fails in "), "{told}");
    assert_eq!(second["state"], "done", "{second}");
    assert_eq!(step(&second, "release")["state"], "skipped", "{second}");
    let stock = &second["dry_run"]["stock"];
    assert_eq!(stock["compared_with"], 1, "{stock}");
    assert!(stock["differing"][0]["stock_call"].is_string(), "{stock}");
    let faults = stock["faults"].as_array().context("faults")?;
    let silent = faults.iter().find(|fault| fault["stock_call"] == "says-nothing");
    let silent = silent.with_context(|| format!("it is not found: {stock}"))?;
    assert!(silent["message"].as_str().is_some_and(|words| words.starts_with("trap: ")));
    assert_eq!(scene.get("/v1/flows/ivr").await?["current"]["number"], 1);

    // Nobody was asked, called or remembered.
    assert_eq!(service.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(items(&scene.get("/v1/calls").await?).len(), 0);
    assert_eq!(items(&scene.get("/v1/kv").await?).len(), 0);
    Ok(())
}
