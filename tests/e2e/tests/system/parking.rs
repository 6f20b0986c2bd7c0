//! A caller parks, another one picks up; and a call that rings at one phone is
//! taken by a code.

use crate::support::{AGENT_HZ, CALLER_HZ, SOON, Scene, TENANT};
use anyhow::{Context as _, Result};
use strowger_e2e::phone::Talk;
use strowger_e2e::tenant::{self, DOMAIN};

async fn dials(scene: &Scene, code: &str) -> Result<Talk> {
    let caller = scene.call().await?;
    caller.audio.hear_sound(SOON).await?;
    caller.audio.press(code);
    Ok(caller)
}

async fn talk(one: &Talk, other: &Talk) -> Result<()> {
    one.audio.say_tone(CALLER_HZ);
    other.audio.say_tone(AGENT_HZ);
    one.audio.hear_tone(AGENT_HZ, SOON).await?;
    other.audio.hear_tone(CALLER_HZ, SOON).await
}

#[tokio::test]
async fn whoever_is_parked_talks_to_whoever_picks_up() -> Result<()> {
    let scene = Scene::with_flow("feature-codes").await?;
    let parked = dials(&scene, "2701#").await?;
    // Nobody is at the other slot, and this one is taken.
    let wrong = dials(&scene, "3702#").await?;
    wrong.ended(SOON).await?;
    let picks_up = dials(&scene, "3701#").await?;
    talk(&parked, &picks_up).await?;
    picks_up.hang_up().await?;
    parked.ended(SOON).await?;
    let records = scene.closed_records(3).await?;
    let by_legs = |legs: usize| {
        let mut found = records.iter();
        found.find(|record| record["legs"].as_array().is_some_and(|all| all.len() == legs))
    };
    let conversation = by_legs(2).context("nobody was picked up")?;
    assert_eq!(conversation["legs"][1]["cause"], "normal", "{conversation:#}");
    let picking = records.iter().find(|record| !record["transfers"][0].is_null());
    let picking = picking.context("no record says that it went over")?;
    assert_eq!(picking["transfers"][0]["other_call"], conversation["call"], "{picking:#}");
    Ok(())
}

#[tokio::test]
async fn a_ringing_phone_is_answered_by_a_code() -> Result<()> {
    const CODES: &str = "+441632960188";
    let scene = Scene::new().await?;
    let wasm = strowger_stock::guest("feature-codes").context("no such guest")?;
    tenant::bind(&scene.house, TENANT, "feature-codes", wasm, CODES).await?;
    let first = tenant::agent(&scene.house, TENANT, DOMAIN, "201").await?;
    let second = tenant::agent(&scene.house, TENANT, DOMAIN, "202").await?;
    let third = tenant::agent(&scene.house, TENANT, DOMAIN, "203").await?;
    let (to, account) = (format!("sip:202@{DOMAIN}"), tenant::account(DOMAIN, "201"));
    let calling = first.ring("201", &to, Some(&account)).await?;
    let codes = format!("sip:{CODES}@{DOMAIN}");
    let (caller, picker) = tokio::join!(calling.answered(SOON), async {
        let ringing = second.next_call(SOON).await?;
        let account = tenant::account(DOMAIN, "203");
        let picker = third.call("203", &codes, Some(&account)).await?;
        picker.audio.hear_sound(SOON).await?;
        picker.audio.press("4202#");
        ringing.cancelled(SOON).await?;
        anyhow::Ok(picker)
    });
    let (caller, picker) = (caller?, picker?);
    talk(&caller, &picker).await?;
    caller.hang_up().await?;
    picker.ended(SOON).await
}
