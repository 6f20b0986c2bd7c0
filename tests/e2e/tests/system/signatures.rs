//! A version runs only as it was signed: one whose signature was changed in the
//! database is refused, its callers are served by the fallback, and the operator
//! hears of it. Versions of before are signed when the server first has a key.

use crate::rollout::{upload, with_safe_flow};
use crate::support::{SOON, Scene, TENANT};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::process::Command;
use strowger_e2e::house::{House, Plan, binary};
use strowger_e2e::tenant;
use strowger_model::{VersionId, VersionSignature};
use strowger_store::{Place, Store};

/// The server's database, behind its back.
async fn database(scene: &Scene) -> Result<Store> {
    Ok(Store::open(&Place::Sqlite(scene.folder.path().join("strowger.db"))).await?)
}

fn id(version: &Value) -> Result<VersionId> {
    Ok(version.as_str().context("an id")?.parse()?)
}

#[tokio::test]
async fn a_tampered_signature_is_refused_when_the_version_is_loaded() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    with_safe_flow(&scene.house).await?;
    let second = upload(&scene.house, "demo", "straight-to-queue").await?;
    let shown = scene.get("/v1/flows/demo/versions/2").await?;
    let signature = shown["signature"]["signature"].as_str().context("a signature")?;
    let flipped = if signature.starts_with('0') { '1' } else { '0' };
    let forged = VersionSignature {
        key: shown["signature"]["key"].as_str().context("a key")?.to_owned(),
        signature: format!("{flipped}{}", &signature[1..]),
    };
    let store = database(&scene).await?;
    store.set_signature(id(&second)?, &forged).await?;
    store.close().await;
    let promote = json!({"version": 2});
    scene.house.api("PUT", "/v1/flows/demo/current", Some(TENANT), Some(&promote)).await?;
    let alarms = scene.house.api("GET", "/v1/alarms", None, None).await?.to_string();
    assert!(alarms.contains("version.not_loaded") && alarms.contains("does not match"), "{alarms}");
    let talk = scene.call().await?;
    talk.audio.hear_sound(SOON).await?;
    talk.hang_up().await?;
    let record = scene.only_record().await?;
    let fault = record["guest"]["faults"][0].as_str().context("a fault")?;
    assert!(fault.starts_with("instantiation"), "{fault}");
    assert_eq!(record["guest"]["versions"][0]["version"], second);
    Ok(())
}

#[tokio::test]
async fn whoever_downloads_a_version_can_check_it() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let verify = |key: Option<String>| {
        let mut command = Command::new(binary()?);
        command.args(["flow", "verify", "demo", "1", "--json", "--tenant", TENANT]);
        command.args(["--url", &format!("http://{}", scene.house.http)]);
        command.args(["--key", scene.house.key().trim()]);
        if let Some(key) = key {
            command.args(["--public-key", &key]);
        }
        anyhow::Ok(command.output()?)
    };
    let keys = scene.house.api("GET", "/v1/system/signing-keys", None, None).await?;
    let own = keys["items"][0]["public_key"].as_str().context("a key")?.to_owned();
    for key in [None, Some(own)] {
        let done = verify(key)?;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let other = verify(Some("00".repeat(32)))?;
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && said.contains("does not match"), "{said}");
    Ok(())
}

#[tokio::test]
async fn versions_of_before_are_signed_once() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let first = scene.get("/v1/flows/demo/versions/1").await?["id"].clone();
    let Scene { house, caller, folder } = scene;
    drop(caller);
    house.stop(SOON).await?;
    // As a server of before has left it: no key, and a signature that nobody knows.
    std::fs::remove_file(folder.path().join("signing-key"))?;
    std::fs::remove_file(folder.path().join("versions-signed"))?;
    let store = Store::open(&Place::Sqlite(folder.path().join("strowger.db"))).await?;
    let unknown = VersionSignature { key: "unknown".to_owned(), signature: String::new() };
    store.set_signature(id(&first)?, &unknown).await?;
    let house = House::start(&Plan::new(binary()?, folder.path())).await?;
    let caller = strowger_e2e::phone::Phone::start(house.sip).await?;
    tenant::trunk(&house, TENANT, &caller).await?;
    let alarms = house.api("GET", "/v1/alarms", None, None).await?.to_string();
    assert!(!alarms.contains("not_loaded"), "{alarms}");
    let scene = Scene { house, caller, folder };
    let talk = scene.call().await?;
    talk.audio.hear_sound(SOON).await?;
    talk.hang_up().await?;
    // Once: what comes to the database unsigned later does not run.
    store.set_signature(id(&first)?, &unknown).await?;
    store.close().await;
    let Scene { house, folder, .. } = scene;
    house.stop(SOON).await?;
    let house = House::start(&Plan::new(binary()?, folder.path())).await?;
    let alarms = house.api("GET", "/v1/alarms", None, None).await?.to_string();
    assert!(alarms.contains("not trusted here"), "{alarms}");
    house.stop(SOON).await
}
