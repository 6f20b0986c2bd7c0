//! `kill -9` among live calls, and the journal of one of them does not survive it
//! whole: that call is ended towards both its sides and closed with the reason, an
//! alarm and a metric name it, and the others go on.

use crate::support::{AGENT_HZ, CALLER_HZ, SOON, Scene, TENANT, database, items};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::path::Path;
use strowger_e2e::phone::{Phone, Talk};
use strowger_e2e::tenant::{self, NUMBER};

const UNLUCKY: &str = "+441632960201";
const LUCKY: &str = "+441632960202";
const IN_MENU: &str = "+441632960203";

/// Calls the demo flow and hears it speak.
async fn call(scene: &Scene, from: &str) -> Result<Talk> {
    let to = format!("sip:{NUMBER}@{}", scene.house.sip);
    let talk = scene.caller.call(from, &to, None).await?;
    talk.audio.hear_sound(SOON).await?;
    Ok(talk)
}

/// A caller who talks to the agent of this extension.
async fn conversation(scene: &Scene, from: &str, extension: &str) -> Result<(Talk, Talk, Phone)> {
    let phone = scene.agent(extension).await?;
    let caller = call(scene, from).await?;
    caller.audio.press("1");
    let ringing = match phone.next_call(SOON).await {
        Ok(ringing) => ringing,
        Err(why) => {
            let calls = scene.get("/v1/calls/live").await?;
            let agents = scene.get("/v1/agents/status").await?;
            anyhow::bail!("{why:#}; calls: {calls}; agents: {agents}");
        }
    };
    let agent = ringing.answer().await?;
    caller.audio.say_tone(CALLER_HZ);
    agent.audio.hear_tone(CALLER_HZ, SOON).await?;
    scene.until_heard(&caller, &agent).await?;
    Ok((caller, agent, phone))
}

async fn id_of(scene: &Scene, from: &str) -> Result<String> {
    let live = scene.until_live(from, |call| call["from"] == from).await?;
    Ok(live["call"].as_str().context("an id")?.to_owned())
}

/// Cuts the first byte off what was written last.
async fn damage(folder: &Path, call: &str) -> Result<()> {
    let sql = "UPDATE journal SET entries = substr(entries, 2) WHERE call_id = $1 \
               AND seq = (SELECT MAX(seq) FROM journal WHERE call_id = $1)";
    let done = sqlx::query(sql).bind(call).execute(&mut database(folder).await?).await?;
    ensure!(done.rows_affected() == 1, "there is no journal to damage");
    Ok(())
}

#[tokio::test]
async fn costs_its_own_call_only() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let (mut caller, agent, phone) = conversation(&scene, UNLUCKY, "201").await?;
    let (mut others_caller, mut others_agent, others_phone) =
        conversation(&scene, LUCKY, "202").await?;
    let mut in_menu = call(&scene, IN_MENU).await?;
    let (unlucky, lucky) = (id_of(&scene, UNLUCKY).await?, id_of(&scene, LUCKY).await?);
    scene.house.until_on_disk(SOON).await?;
    // Something of its own, to be lost.
    let path = format!("/v1/calls/{unlucky}/journal");
    let before = items(&scene.get(&path).await?).len();
    caller.hold().await?;
    let more = |page: &Value| (items(page).len() > before).then_some(());
    scene.until("the hold is in the journal", &path, more).await?;
    scene.house.until_on_disk(SOON).await?;

    let scene = scene.kill(async |folder: &Path| damage(folder, &unlucky).await).await?;
    caller.ended(SOON).await.context("the caller")?;
    agent.ended(SOON).await.context("the agent")?;
    let record = tenant::closed_record(&scene.house, TENANT, &unlucky, SOON).await?;
    ensure!(record["cause"] == "server_restart" && record["ended_by"] == "host", "{record}");
    let faults = record["guest"]["faults"].to_string();
    ensure!(faults.contains(&format!("journal of call {unlucky}")), "{record}");
    // All that was known before the damage is in it, and has an end.
    let legs = record["legs"].as_array().context("legs")?;
    ensure!(legs.len() == 2 && legs[1]["agent"].is_string(), "{record}");
    for leg in legs {
        ensure!(leg["answered_at"].is_number() && leg["ended_at"].is_number(), "{record}");
        ensure!(leg["cause"] == "server_restart", "{record}");
    }
    let visit = &record["queue_visits"][0];
    ensure!(visit["agent"].is_string() && visit["left_at"].is_number(), "{record}");
    ensure!(record["digits"] == "1", "{record}");

    let alarms = scene.house.api("GET", "/v1/alarms", None, None).await?;
    let name = format!("journal.not_continued/{unlucky}");
    ensure!(items(&alarms).iter().any(|alarm| alarm["name"] == name.as_str()), "{alarms}");
    let counted = "strowger_events_total{event=\"journal.not_continued\"}";
    ensure!(scene.house.metric(counted).await? == 1.0, "one such call");
    ensure!(scene.house.metric("strowger_calls_cut_off_total").await? == 1.0, "one cut off");
    ensure!(scene.house.metric("strowger_calls_recovered_total").await? == 2.0, "two go on");
    // What can still be read of it is not taken for the whole.
    let refused = scene.get(&path).await.unwrap_err().to_string();
    ensure!(refused.contains("answered 500"), "{refused}");

    others_caller.asked_anew(SOON).await?;
    others_agent.asked_anew(SOON).await?;
    others_caller.audio.hear_tone(AGENT_HZ, SOON).await?;
    others_agent.audio.hear_tone(CALLER_HZ, SOON).await?;
    in_menu.asked_anew(SOON).await?;
    in_menu.audio.press("1");
    scene
        .until_live("the menu goes on", |call| {
            call["from"] == IN_MENU && call["queue"] == "support"
        })
        .await?;
    others_caller.hang_up().await?;
    others_agent.ended(SOON).await?;
    let record = tenant::closed_record(&scene.house, TENANT, &lucky, SOON).await?;
    ensure!(record["cause"] == "normal", "{record}");
    in_menu.hang_up().await?;
    drop((phone, others_phone));
    scene.house.stop(SOON).await
}
