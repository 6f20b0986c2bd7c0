//! The server packs journals of calls that have been over for a while, which read
//! and replay as before, and takes them away when their time is over.

use crate::support::{AGENT_HZ, SOON, Scene, TENANT, database, items, replayed};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::path::Path;
use strowger_e2e::phone::Phone;
use strowger_e2e::tenant;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const PACKED: &str = "strowger_journals_packed_total";
const REMOVED: &str = "strowger_journals_removed_total";

/// Lets the end of a call be longer ago.
async fn age(folder: &Path, call: &str, by_ms: i64) -> Result<()> {
    let sql = "UPDATE calls SET ended_at = ended_at - $2 WHERE id = $1";
    let aged =
        sqlx::query(sql).bind(call).bind(by_ms).execute(&mut database(folder).await?).await?;
    ensure!(aged.rows_affected() == 1, "there is no call {call}");
    Ok(())
}

/// Bytes of a call's journal, plain and packed.
async fn bytes(folder: &Path, call: &str) -> Result<(i64, i64)> {
    let sql = "SELECT COALESCE(SUM(length(CAST(entries AS BLOB))), 0), \
               COALESCE(SUM(length(packed)), 0) FROM journal WHERE call_id = $1";
    Ok(sqlx::query_as(sql).bind(call).fetch_one(&mut database(folder).await?).await?)
}

/// A call that was answered by an agent and is over.
async fn finished_call(scene: &Scene, phone: &Phone) -> Result<String> {
    let caller = scene.call_into_queue().await?;
    let live = scene.until_live("the call", |_| true).await?;
    let call = live["call"].as_str().context("an id")?.to_owned();
    let agent = phone.next_call(SOON).await?.answer().await?;
    agent.audio.say_tone(AGENT_HZ);
    caller.audio.hear_tone(AGENT_HZ, SOON).await?;
    caller.hang_up().await?;
    agent.ended(SOON).await?;
    tenant::closed_record(&scene.house, TENANT, &call, SOON).await?;
    Ok(call)
}

async fn journal(scene: &Scene, call: &str) -> Result<Vec<Value>> {
    Ok(items(&scene.get(&format!("/v1/calls/{call}/journal")).await?).to_vec())
}

#[tokio::test]
async fn then_they_go() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let phone = scene.agent("201").await?;
    let old = finished_call(&scene, &phone).await?;
    let young = finished_call(&scene, &phone).await?;
    let path = format!("/v1/calls/{old}");
    let record = scene.get(&path).await?;
    let (before, untouched) = (journal(&scene, &old).await?, journal(&scene, &young).await?);
    let told = replayed(&scene.house, &[&old], 0).await?;
    ensure!(told.contains("all the same"), "{told}");

    // Ten minutes after its call a journal is settled.
    let mut plain = (0, 0);
    let scene = scene
        .restart(async |folder: &Path| {
            plain = bytes(folder, &old).await?;
            age(folder, &old, 11 * MINUTE_MS).await
        })
        .await?;
    scene.house.until_metric(PACKED, 1.0, SOON).await?;
    let metric = async |name: &str| scene.house.metric(name).await;
    let bytes_before = metric("strowger_journal_bytes_before_packing_total").await?;
    let bytes_after = metric("strowger_journal_bytes_packed_total").await?;
    ensure!(bytes_after > 0.0 && bytes_after < bytes_before, "{bytes_after} of {bytes_before}");
    let mut after = journal(&scene, &old).await?;
    ensure!(after.len() == before.len(), "{after:?}");
    for (after, before) in after.iter_mut().zip(&before) {
        // Where phones were is nobody's business any more.
        if after["kind"] == "leg" {
            ensure!(after["body"] == json!({}), "{after}");
            after["body"] = before["body"].clone();
        }
    }
    ensure!(after == before, "{after:?} was {before:?}");
    ensure!(replayed(&scene.house, &[&old], 0).await? == told, "it replays otherwise");
    ensure!(journal(&scene, &young).await? == untouched, "the young one was touched");
    ensure!(metric(REMOVED).await? == 0.0, "none is old enough to go");

    // By default journals are kept for 90 days.
    let mut packed = (0, 0);
    let scene = scene
        .restart(async |folder: &Path| {
            packed = bytes(folder, &old).await?;
            age(folder, &old, 91 * DAY_MS).await
        })
        .await?;
    ensure!(plain.0 as f64 == bytes_before && plain.1 == 0, "{plain:?}, not {bytes_before}");
    ensure!(packed == (0, bytes_after as i64), "{packed:?}, not {bytes_after}");
    scene.house.until_metric(REMOVED, 1.0, SOON).await?;
    ensure!(journal(&scene, &old).await?.is_empty(), "the journal is there still");
    ensure!(scene.get(&path).await? == record, "the record has changed");
    ensure!(journal(&scene, &young).await? == untouched, "the young one was touched");
    scene.house.stop(SOON).await
}
