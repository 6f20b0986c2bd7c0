//! Calls that really were made are replayed from the command line: one, a whole
//! day, step by step, for programs, and on a version that does something else.

use crate::support::{SOON, Scene, TENANT, replay, replayed};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use strowger_e2e::tenant::NUMBER;

async fn upload(scene: &Scene, flow: &str, stock: &str) -> Result<Value> {
    let wasm = strowger_stock::guest(stock).context("a stock guest")?.to_vec();
    scene.house.upload(&format!("/v1/flows/{flow}/versions"), TENANT, wasm).await
}

#[tokio::test]
async fn on_the_same_version_and_on_another_one() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    for digits in ["", "1"] {
        let talk = scene.call().await?;
        talk.audio.hear_sound(SOON).await?;
        if !digits.is_empty() {
            talk.audio.press(digits);
            scene.until_live("the caller waits", |call| call["queue"] == "support").await?;
        }
        talk.hang_up().await?;
    }
    let records = scene.closed_records(2).await?;
    let waited = records.iter().find(|record| record["digits"] == "1").context("two calls")?;
    let call = waited["call"].as_str().context("an id")?;

    // The version that served it, alone and among all calls of the day.
    let said = replayed(&scene.house, &[call], 0).await?;
    ensure!(said.contains("replayed on demo version 1 (the recorded program)"), "{said}");
    ensure!(said.contains("wait in queue support") && said.contains("all the same"), "{said}");
    let today = day(waited["started_at"].as_u64().context("a time")?);
    let said = replayed(&scene.house, &["--day", &today], 0).await?;
    ensure!(said.trim() == "2 calls: 2 the same", "{said}");
    let said = replayed(&scene.house, &["--day", &today, "--number", "+441632960199"], 0).await?;
    ensure!(said.trim() == "0 calls: 0 the same", "{said}");

    // Another version, which nobody has promoted.
    let made = upload(&scene, "demo", "straight-to-queue").await?;
    ensure!(made["number"] == 2, "{made}");
    let said = replayed(&scene.house, &[call, "--version", "2"], 2).await?;
    ensure!(said.contains("replayed on demo version 2 (not the recorded program)"), "{said}");
    ensure!(said.contains("parts here: nothing is recorded of what comes of"), "{said}");
    let said = replayed(&scene.house, &[call, "--version", "2", "--json"], 2).await?;
    let json: Value = serde_json::from_str(&said)?;
    ensure!(json["verdict"] == "differs", "{json:#}");
    let first = &json["first_difference"]["difference"];
    ensure!(first["recorded"].as_str() != first["replayed"].as_str(), "{json:#}");
    ensure!(json["seats"][0]["turns"][0]["event"] == "started", "{json:#}");

    // For programs: a line for each call and one for all.
    let line = ["--since", "0", "--number", NUMBER, "--version", "2", "--json"];
    let said = replayed(&scene.house, &line, 2).await?;
    let lines: Vec<Value> = said.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(lines.len() == 3 && lines[2]["summary"]["differs"] == 2, "{said}");

    // A local build, here the very one that served the call.
    let file = scene.folder.path().join("local.wasm");
    std::fs::write(&file, strowger_stock::guest("demo").context("demo")?)?;
    let file = file.to_str().context("UTF-8")?.to_owned();
    replayed(&scene.house, &[call, "--file", &file], 0).await?;
    let said =
        replayed(&scene.house, &["--day", &today, "--limit", "1", "--file", &file], 0).await?;
    ensure!(said.trim() == "1 calls: 1 the same", "{said}");

    // Step by step: a turn for each line, and no further.
    let output = replay(&scene.house, &[call, "--step"], "\n\nq\n").await?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(said.matches("journal entry").count() == 2, "{said}");
    ensure!(output.status.success(), "{:?}", output.status);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_replayed_says_what_to_do() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let talk = scene.call().await?;
    talk.audio.hear_sound(SOON).await?;
    talk.hang_up().await?;
    let record = scene.only_record().await?;
    let call = record["call"].as_str().context("an id")?;

    let unknown = "019a0000-0000-7000-8000-000000000000";
    replayed(&scene.house, &[unknown], 1).await?;
    let output = replay(&scene.house, &[call, "--version", "7"], "").await?;
    let complained = String::from_utf8(output.stderr)?;
    ensure!(complained.contains("flow demo has no version 7"), "{complained}");
    ensure!(output.status.code() == Some(1), "{:?}", output.status);

    // The flow that served the call is deleted.
    let path = format!("/v1/numbers/{NUMBER}");
    let unbound = serde_json::json!({"note": ""});
    scene.house.api("PUT", &path, Some(TENANT), Some(&unbound)).await?;
    scene.house.api("DELETE", "/v1/flows/demo", Some(TENANT), None).await?;
    let output = replay(&scene.house, &[call], "").await?;
    let complained = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(1), "{:?} {complained}", output.status);
    ensure!(
        complained.contains("which is deleted") && complained.contains("--file"),
        "{complained}"
    );
    let said = replayed(&scene.house, &["--since", "0"], 1).await?;
    ensure!(said.contains("1 cannot be replayed"), "{said}");
    let file = scene.folder.path().join("local.wasm");
    std::fs::write(&file, strowger_stock::guest("demo").context("demo")?)?;
    replayed(&scene.house, &[call, "--file", file.to_str().context("UTF-8")?], 0).await?;
    Ok(())
}

/// The day of a time, by counting through the calendar.
fn day(ms: u64) -> String {
    let mut days = ms / 86_400_000;
    let mut year = 1970;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let months = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, days + 1)
}
