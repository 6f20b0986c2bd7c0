//! A server that runs empty: the calls there are go on, new ones go elsewhere,
//! and what is left is kept for the next start if that is asked for.

use crate::support::{CALLER_HZ, SOON, Scene, TENANT};
use anyhow::Result;
use serde_json::json;
use strowger_e2e::house::{House, Plan, binary};
use strowger_e2e::phone::Talk;
use strowger_e2e::tenant;

async fn talking(scene: &Scene) -> Result<(Talk, Talk)> {
    let phone = scene.agent("201").await?;
    let caller = scene.call_into_queue().await?;
    let agent = phone.next_call(SOON).await?.answer().await?;
    scene.until_heard(&caller, &agent).await?;
    // The phone must live as long as its call.
    std::mem::forget(phone);
    Ok((caller, agent))
}

#[tokio::test]
async fn it_stops_when_the_last_call_is_over() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let (caller, agent) = talking(&scene).await?;
    let order = json!({"within_s": 3600});
    let status = scene.house.api("PUT", "/v1/drain", None, Some(&order)).await?;
    assert_eq!((&status["live_calls"], &status["then"]), (&json!(1), &json!("end")), "{status}");
    let refused = scene.call().await.unwrap_err().to_string();
    assert!(refused.contains("503"), "{refused}");
    caller.audio.say_tone(CALLER_HZ);
    agent.audio.hear_tone(CALLER_HZ, SOON).await?;

    scene.house.api("DELETE", "/v1/drain", None, None).await?;
    let another = scene.call().await?;
    another.hang_up().await?;
    scene.house.api("PUT", "/v1/drain", None, Some(&order)).await?;
    caller.hang_up().await?;
    agent.ended(SOON).await?;
    scene.house.ended(SOON).await
}

#[tokio::test]
async fn time_is_up_for_calls_that_go_on_too_long() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let (caller, agent) = talking(&scene).await?;
    let order = json!({"within_s": 1});
    scene.house.api("PUT", "/v1/drain", None, Some(&order)).await?;
    caller.ended(SOON).await?;
    agent.ended(SOON).await?;
    scene.house.ended(SOON).await
}

#[tokio::test]
async fn an_update_cuts_no_call() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let (mut caller, mut agent) = talking(&scene).await?;
    let order = json!({"within_s": 0, "then": "keep"});
    scene.house.api("PUT", "/v1/drain", None, Some(&order)).await?;
    let Scene { house, caller: _phone, folder } = scene;
    let sip = house.sip;
    house.ended(SOON).await?;
    let house = House::start(&Plan { sip, ..Plan::new(binary()?, folder.path()) }).await?;
    caller.asked_anew(SOON).await?;
    agent.asked_anew(SOON).await?;
    caller.audio.say_tone(CALLER_HZ);
    agent.audio.hear_tone(CALLER_HZ, SOON).await?;
    let live = house.api("GET", "/v1/calls/live", Some(TENANT), None).await?;
    let call = crate::support::items(&live)[0]["call"].as_str().expect("an id").to_owned();
    caller.hang_up().await?;
    agent.ended(SOON).await?;
    let record = tenant::closed_record(&house, TENANT, &call, SOON).await?;
    assert_eq!(record["cause"], "normal", "{record}");
    house.stop(SOON).await
}
