//! An agent's phone sends the caller on: to another extension, to one that is
//! busy, to a number whose flow takes over.

use crate::support::{AGENT_HZ, CALLER_HZ, SOON, Scene, TENANT};
use anyhow::{Context as _, Result};
use strowger_e2e::tenant::{self, DOMAIN};

/// Heard from whom the transfer leads to.
const TARGET_HZ: f32 = 400.0;

#[tokio::test]
async fn the_caller_talks_to_the_target_and_the_agent_wraps_up() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let agent = scene.agent("201").await?;
    let target = tenant::agent(&scene.house, TENANT, DOMAIN, "202").await?;
    let caller = scene.call_into_queue().await?;
    let mut talk = agent.next_call(SOON).await?.answer().await?;
    caller.audio.say_tone(CALLER_HZ);
    scene.until_heard(&caller, &talk).await?;

    assert_eq!(talk.refer("202", DOMAIN).await?, 202);
    let ringing = target.next_call(SOON).await?;
    assert!(ringing.from().contains("+441632960999"), "the caller is shown: {}", ringing.from());
    let answered = ringing.answer().await?;
    answered.audio.say_tone(TARGET_HZ);
    let told = talk.transferred(SOON).await?;
    assert_eq!((told.first(), told.last()), (Some(&100), Some(&200)), "{told:?}");
    talk.ended(SOON).await?;
    caller.audio.hear_tone(TARGET_HZ, SOON).await?;
    answered.audio.hear_tone(CALLER_HZ, SOON).await?;
    scene.until_agent("201", &["wrap_up", "ready"]).await?;

    answered.hang_up().await?;
    caller.ended(SOON).await?;
    let record = scene.only_record().await?;
    let transfer = &record["transfers"][0];
    assert_eq!(transfer["kind"], "blind", "{record:#}");
    assert_eq!(transfer["target"], "202");
    assert_eq!(transfer["sip_status"], 200);
    assert_eq!(transfer["agent"], record["legs"][1]["agent"]);
    assert_eq!(transfer["leg"], record["legs"][2]["leg"]);
    Ok(())
}

#[tokio::test]
async fn the_two_talk_on_if_the_target_refuses() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let agent = scene.agent("201").await?;
    let target = tenant::agent(&scene.house, TENANT, DOMAIN, "202").await?;
    let caller = scene.call_into_queue().await?;
    let mut talk = agent.next_call(SOON).await?.answer().await?;
    scene.until_heard(&caller, &talk).await?;
    assert_eq!(talk.refer("202", DOMAIN).await?, 202);
    target.next_call(SOON).await?.refuse(486, "Busy Here").await?;
    assert_eq!(talk.transferred(SOON).await?.last(), Some(&486));
    caller.audio.say_tone(CALLER_HZ);
    talk.audio.say_tone(AGENT_HZ);
    caller.audio.hear_tone(AGENT_HZ, SOON).await?;
    talk.audio.hear_tone(CALLER_HZ, SOON).await?;
    assert_eq!(talk.refer("nobody", DOMAIN).await?, 404, "nobody is there");
    assert_eq!(talk.refer("999", DOMAIN).await?, 403, "phones may not dial out");
    assert_eq!(talk.refer("202", "other.example").await?, 202);
    assert_eq!(talk.transferred(SOON).await?.last(), Some(&403), "not our 202");
    caller.hang_up().await?;
    talk.ended(SOON).await
}

#[tokio::test]
async fn a_number_of_the_house_runs_its_flow_for_the_caller() -> Result<()> {
    const OTHER: &str = "+441632960177";
    let scene = Scene::with_flow("demo").await?;
    let wasm = strowger_stock::guest("straight-to-queue").context("no such guest")?;
    tenant::bind(&scene.house, TENANT, "straight-to-queue", wasm, OTHER).await?;
    let agent = scene.agent("201").await?;
    let caller = scene.call_into_queue().await?;
    let mut talk = agent.next_call(SOON).await?.answer().await?;
    scene.until_heard(&caller, &talk).await?;
    assert_eq!(talk.refer(OTHER, DOMAIN).await?, 202);
    assert_eq!(talk.transferred(SOON).await?.last(), Some(&200));
    talk.ended(SOON).await?;
    scene.until_live("another flow", |call| call["flow"] == "straight-to-queue").await?;
    caller.hang_up().await?;
    let record = scene.only_record().await?;
    assert_eq!(record["transfers"][0]["target"], OTHER, "{record:#}");
    Ok(())
}

#[tokio::test]
async fn a_trunk_may_not_unless_it_is_allowed() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let agent = scene.agent("201").await?;
    let mut caller = scene.call_into_queue().await?;
    let talk = agent.next_call(SOON).await?.answer().await?;
    scene.until_heard(&caller, &talk).await?;
    assert_eq!(caller.refer("202", DOMAIN).await?, 403);
    caller.hang_up().await?;
    talk.ended(SOON).await
}
