//! SIPp as the carrier: many answered calls at once, all ended properly.

use crate::support::{Scene, TENANT};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use strowger_e2e::tenant::NUMBER;
use tokio::process::Command;

const CALLS: usize = 100;

#[tokio::test]
async fn every_call_of_a_carrier_is_answered_and_recorded() -> Result<()> {
    let scene = Scene::with_flow("ivr-menu").await?;
    let trunk = json!({"name": "sipp", "addresses": ["127.0.0.1/32"]});
    scene.house.api("POST", "/v1/trunks", Some(TENANT), Some(&trunk)).await?;
    let xml = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sipp/ivr_caller.xml");
    let mut sipp = Command::new("sipp");
    sipp.arg(scene.house.sip.to_string())
        .arg("-sf")
        .arg(xml)
        .args(["-s", NUMBER, "-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", "0"])
        .args(["-m", &CALLS.to_string(), "-r", "25", "-d", "500", "-nostdin", "-timeout", "60"])
        .current_dir(scene.folder.path())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true);
    let run = tokio::time::timeout(Duration::from_secs(90), sipp.output()).await;
    let output = run
        .context("sipp did not end")?
        .context("sipp does not start; install it: apt-get install sip-tester")?;
    ensure!(output.status.success(), "sipp: {}", String::from_utf8_lossy(&output.stderr));

    let records = scene.closed_records(CALLS).await?;
    for record in records {
        assert_eq!(record["cause"], "normal", "{record}");
        assert_eq!(record["ended_by"], "caller", "{record}");
        assert!(record["guest"]["turns"].as_u64() > Some(0), "{record}");
    }
    Ok(())
}
