//! `kill -9` in the middle of two hundred live calls and an immediate restart:
//! whoever was in a menu, in a queue, talking or being recorded goes on.
//!
//! Alone in its program: so many calls leave other tests no processor, and those
//! that phones have not heard the end of send on to ports that others may have now.

#[path = "system/support.rs"]
#[expect(dead_code, reason = "shared with other tests, which need more of it")]
mod support;

use crate::support::{AGENT_HZ, CALLER_HZ, SOON, Scene, TENANT, items, record_of};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use strowger_e2e::house::{House, Plan, binary, read_recording};
use strowger_e2e::phone::audio::tone_share;
use strowger_e2e::phone::{Calling, Phone, Talk};
use strowger_e2e::tenant::{self, DOMAIN, NUMBER};

const IN_MENUS: usize = 90;
const WAITING: usize = 60;
const TALKING: usize = 40;
/// Their phones have forgotten the call when the server is back.
const FORGOTTEN: usize = 10;
/// Two hundred calls on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(90);
/// Agents with many calls are made a few at a time, as in life.
const AT_ONCE: usize = 20;

fn number(index: usize) -> String {
    format!("+4416329{index:05}")
}

/// Calls the demo flow and waits until it speaks.
async fn call_menu(scene: &Scene, index: usize) -> Result<Talk> {
    let to = format!("sip:{NUMBER}@{}", scene.house.sip);
    let talk = scene.caller.call(&number(index), &to, None).await?;
    talk.audio.hear_sound(PATIENCE).await?;
    Ok(talk)
}

async fn call_menus(scene: &Scene, indexes: std::ops::Range<usize>) -> Result<Vec<Talk>> {
    let mut talks = Vec::new();
    for start in indexes.clone().step_by(AT_ONCE) {
        let some = start..(start + AT_ONCE).min(indexes.end);
        talks.extend(
            futures_util::future::try_join_all(some.map(|index| call_menu(scene, index))).await?,
        );
    }
    Ok(talks)
}

/// Waits until so many live calls are as wanted.
async fn until_live(
    house: &House,
    what: &str,
    count: usize,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Vec<Value>> {
    let deadline = Instant::now() + PATIENCE;
    let mut clock = tokio::time::interval(Duration::from_millis(100));
    loop {
        clock.tick().await;
        let page = house.api("GET", "/v1/calls/live", Some(TENANT), None).await?;
        let found: Vec<Value> = items(&page).iter().filter(|call| wanted(call)).cloned().collect();
        if found.len() == count {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "{what}: {} instead of {count}", found.len());
    }
}

/// A house full of calls.
struct Full {
    scene: Scene,
    in_menus: Vec<Talk>,
    /// In the order in which they wait.
    waiting: Vec<Talk>,
    /// Callers with whom they talk to.
    talking: Vec<(Talk, Talk)>,
    forgotten: Vec<Talk>,
    agents: Vec<Phone>,
}

async fn full_house() -> Result<Full> {
    let scene = Scene::configured("max_calls = 500\n").await?;
    let limits = json!({"max_calls_per_second": 500, "max_live_calls": 500});
    let body = json!({"name": TENANT, "sip_domain": DOMAIN, "limits": limits});
    scene.house.api("PUT", &format!("/v1/tenants/{TENANT}"), None, Some(&body)).await?;
    scene.bind("demo").await?;

    // Each caller's agent becomes ready when the caller waits: then it is known
    // who talks to whom.
    let (mut agents, mut talking) = (Vec::new(), Vec::new());
    let talkers = call_menus(&scene, 0..TALKING).await?;
    for (index, caller) in talkers.into_iter().enumerate() {
        let extension = format!("{}", 300 + index);
        let phone = scene.agent(&extension).await?;
        caller.audio.press("1");
        let agent = phone.next_call(SOON).await?.answer().await?;
        caller.audio.say_tone(CALLER_HZ);
        agent.audio.say_tone(AGENT_HZ);
        talking.push((caller, agent));
        agents.push(phone);
    }
    let mut waiting = Vec::new();
    for (index, talk) in (TALKING..).zip(call_menus(&scene, TALKING..TALKING + WAITING).await?) {
        talk.audio.press("1");
        // One after the other, so that their order is known.
        let from = number(index);
        until_live(&scene.house, "a caller waits", 1, |call| {
            call["from"] == from.as_str() && call["queue"] == "support"
        })
        .await?;
        waiting.push(talk);
    }
    let first = TALKING + WAITING;
    let in_menus = call_menus(&scene, first..first + IN_MENUS).await?;
    let first = first + IN_MENUS;
    let forgotten = call_menus(&scene, first..first + FORGOTTEN).await?;
    Ok(Full { scene, in_menus, waiting, talking, forgotten, agents })
}

/// Someone whose phone has not been answered when the server dies.
async fn ring_out(scene: &Scene) -> Result<(Phone, Calling)> {
    let callee = tenant::agent(&scene.house, TENANT, DOMAIN, "250").await?;
    let account = tenant::account(DOMAIN, "251");
    let caller = tenant::agent(&scene.house, TENANT, DOMAIN, "251").await?;
    let mut calling = caller.ring("251", &format!("sip:250@{DOMAIN}"), Some(&account)).await?;
    calling.progress(SOON).await?;
    // The phone must live as long as its call.
    std::mem::forget(caller);
    Ok((callee, calling))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_outlive_the_server() -> Result<()> {
    let Full { scene, mut in_menus, mut waiting, mut talking, forgotten, agents } =
        full_house().await?;
    let (callee, ringing) = ring_out(&scene).await?;
    let rung = callee.next_call(SOON).await?;
    let calls = IN_MENUS + WAITING + TALKING + FORGOTTEN;
    let before = until_live(&scene.house, "all calls", calls + 1, |_| true).await?;
    let answered = Instant::now();
    // What the last of them did, too.
    scene.house.until_on_disk(SOON).await?;

    let Scene { house, caller, folder } = scene;
    let sip = house.sip;
    house.kill().await?;
    drop(forgotten);
    let config = "max_calls = 500\n".to_owned();
    let plan = Plan { sip, config, ..Plan::new(binary()?, folder.path()) };
    let dead = Instant::now();
    let house = House::start(&plan).await?;
    let back = dead.elapsed();

    // Every phone is asked, and says that it is there.
    let callers = in_menus.iter_mut().chain(&mut waiting);
    let pairs = talking.iter_mut().flat_map(|(caller, agent)| [caller, agent]);
    let asked = callers.chain(pairs).map(|talk| talk.asked_anew(PATIENCE));
    futures_util::future::try_join_all(asked).await?;
    eprintln!("back after {back:?}, all asked after {:?}", dead.elapsed());
    // The menus know what was said: a digit leads on.
    for talk in &in_menus[..10] {
        talk.audio.press("1");
    }
    let first = TALKING + WAITING;
    let pressed: HashSet<String> = (first..first + 10).map(number).collect();
    until_live(&house, "menus go on", 10, |call| {
        call["queue"] == "support" && call["from"].as_str().is_some_and(|f| pressed.contains(f))
    })
    .await?;

    // Who could not go on was told: the one who rang, the one who was rung.
    let refused = ringing.answered(SOON).await.unwrap_err().to_string();
    ensure!(refused.contains("503"), "{refused}");
    rung.cancelled(SOON).await?;
    // Who has forgotten the call has no call.
    let after = until_live(&house, "the calls that go on", calls - FORGOTTEN, |_| true).await?;
    let ids = |list: &[Value]| -> HashSet<String> {
        list.iter().map(|call| call["call"].to_string()).collect()
    };
    ensure!(ids(&after).is_subset(&ids(&before)), "the same calls go on");

    // People hear each other, and their agents are known to talk.
    for (caller, agent) in &talking {
        caller.audio.hear_tone(AGENT_HZ, PATIENCE).await?;
        agent.audio.hear_tone(CALLER_HZ, PATIENCE).await?;
    }
    for index in 0..TALKING {
        let path = format!("/v1/agents/{}/state", 300 + index);
        let state = house.api("GET", &path, Some(TENANT), None).await?;
        ensure!(state["state"] == "talking", "agent {index} is {state}");
    }
    // Whoever waited hears music, and the first in line is served first.
    for talk in &waiting {
        talk.audio.hear_sound(PATIENCE).await?;
    }
    let mut served = Vec::new();
    let (_, agent) = talking.pop().context("somebody talks")?;
    let _freed = (agent.hang_up().await?, agents.last().context("an agent")?);
    for index in TALKING..TALKING + 3 {
        let ringing = agents[TALKING - 1].next_call(PATIENCE).await?;
        ensure!(ringing.from().contains(&number(index)), "{} rings first", ringing.from());
        let talk = ringing.answer().await?;
        talk.audio.say_tone(AGENT_HZ);
        waiting[index - TALKING].audio.hear_tone(AGENT_HZ, PATIENCE).await?;
        served.push(talk.hang_up().await?);
    }
    // Everybody hangs up; every record is complete.
    let talked = answered.elapsed();
    for (caller, _) in talking {
        caller.hang_up().await?;
    }
    for talk in in_menus.into_iter().chain(waiting) {
        // The flow has said good-bye to those whose agent has hung up.
        let _ = talk.hang_up().await;
    }
    until_live(&house, "no call is left", 0, |_| true).await?;
    records_are_complete(&house, folder.path(), &before, talked).await?;
    drop((caller, callee, agents));
    house.stop(SOON).await
}

/// Every recording, by its call.
async fn recordings(house: &House) -> Result<HashMap<String, Value>> {
    let mut recordings = HashMap::new();
    let mut next = String::new();
    loop {
        let path = format!("/v1/recordings?limit=500{next}");
        let page = house.api("GET", &path, Some(TENANT), None).await?;
        for recording in items(&page) {
            recordings.insert(recording["call"].to_string(), recording.clone());
        }
        match page["next"].as_str() {
            Some(cursor) => next = format!("&after={cursor}"),
            None => return Ok(recordings),
        }
    }
}

async fn records_are_complete(
    house: &House,
    folder: &std::path::Path,
    before: &[Value],
    talked: Duration,
) -> Result<()> {
    // Files are completed when the call is over.
    let deadline = Instant::now() + SOON;
    let recordings = loop {
        let recordings = recordings(house).await?;
        let running = recordings.values().filter(|r| r["state"] == "running").count();
        if running == 0 {
            break recordings;
        }
        ensure!(Instant::now() < deadline, "{running} recordings run still");
    };
    let mut heard = 0;
    for live in before {
        let call = live["call"].as_str().context("an id")?;
        let record = tenant::closed_record(house, TENANT, call, SOON).await?;
        let record = record_of(&record);
        ensure!(record["cause"].is_string() && record["ended_by"].is_string(), "{record}");
        for leg in record["legs"].as_array().context("legs")? {
            ensure!(leg["ended_at"].is_number() && leg["cause"].is_string(), "{record}");
        }
        for visit in record["queue_visits"].as_array().into_iter().flatten() {
            ensure!(visit["left_at"].is_number() && visit["outcome"].is_string(), "{record}");
        }
        if live["flow"] != "demo" {
            continue;
        }
        let recording = recordings.get(&live["call"].to_string());
        let recording = recording.with_context(|| format!("{call} was not recorded"))?;
        ensure!(recording["state"] == "finished", "{recording}");
        let id = recording["id"].as_str().context("an id")?;
        let audio = house.download(&format!("/v1/recordings/{id}/audio"), TENANT).await?;
        let path = folder.join("downloaded.wav");
        std::fs::write(&path, audio)?;
        let (left, right) = read_recording(&path)?;
        let length = Duration::from_millis(left.len() as u64 / 8);
        if live["agent"].is_null() || heard >= 5 {
            continue;
        }
        // Before the crash and after it, on both channels, and no shorter.
        heard += 1;
        ensure!(length + Duration::from_secs(2) > talked, "{length:?} of {talked:?}");
        for (channel, hz) in [(&left, CALLER_HZ), (&right, AGENT_HZ)] {
            let windows: Vec<bool> =
                channel.chunks_exact(1600).map(|window| tone_share(window, hz) > 0.5).collect();
            let first = windows.iter().position(|heard| *heard).context("nothing was heard")?;
            let gap = windows[first..].iter().position(|heard| !heard).context("no gap")?;
            ensure!(
                windows[first + gap..].iter().any(|heard| *heard),
                "{hz} Hz is not heard after the crash"
            );
        }
    }
    ensure!(heard > 0, "no conversation's recording was looked at");
    Ok(())
}
