//! A phone takes a call that rings at another one, or that another one talks in.

use crate::support::{CALLER_HZ, SOON, Scene, TENANT};
use anyhow::Result;
use strowger_e2e::tenant::{self, DOMAIN};

const PICKER_HZ: f32 = 400.0;

#[tokio::test]
async fn a_call_that_rings_is_answered_elsewhere() -> Result<()> {
    let scene = Scene::new().await?;
    let first = tenant::agent(&scene.house, TENANT, DOMAIN, "201").await?;
    let second = tenant::agent(&scene.house, TENANT, DOMAIN, "202").await?;
    let third = tenant::agent(&scene.house, TENANT, DOMAIN, "203").await?;
    let (to, account) = (format!("sip:202@{DOMAIN}"), tenant::account(DOMAIN, "201"));
    let calling = first.ring("201", &to, Some(&account)).await?;
    let (caller, picked) = tokio::join!(calling.answered(SOON), async {
        let ringing = second.next_call(SOON).await?;
        let account = tenant::account(DOMAIN, "203");
        let to = format!("sip:202@{DOMAIN}");
        let replaces = Some(ringing.replaces()?);
        let picking = third.ring_in_place_of("203", &to, Some(&account), replaces).await?;
        let (picked, cancelled) = tokio::join!(picking.answered(SOON), ringing.cancelled(SOON));
        cancelled?;
        picked
    });
    let (caller, picked) = (caller?, picked?);
    caller.audio.say_tone(CALLER_HZ);
    picked.audio.say_tone(PICKER_HZ);
    caller.audio.hear_tone(PICKER_HZ, SOON).await?;
    picked.audio.hear_tone(CALLER_HZ, SOON).await?;
    picked.hang_up().await?;
    caller.ended(SOON).await?;
    let record = scene.only_record().await?;
    assert_eq!(record["transfers"][0]["kind"], "picked_up", "{record:#}");
    assert_eq!(record["transfers"][0]["target"], "203", "{record:#}");
    Ok(())
}

#[tokio::test]
async fn a_conversation_goes_on_at_another_phone() -> Result<()> {
    let scene = Scene::new().await?;
    let first = tenant::agent(&scene.house, TENANT, DOMAIN, "201").await?;
    let second = tenant::agent(&scene.house, TENANT, DOMAIN, "202").await?;
    let third = tenant::agent(&scene.house, TENANT, DOMAIN, "203").await?;
    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:202@{DOMAIN}");
    let (caller, called) = tokio::join!(first.call("201", &to, Some(&account)), async {
        second.next_call(SOON).await?.answer().await
    });
    let (caller, called) = (caller?, called?);
    let account = tenant::account(DOMAIN, "203");
    let replaces = Some(called.replaces()?);
    let picking = third.ring_in_place_of("203", &to, Some(&account), replaces).await?;
    let picked = picking.answered(SOON).await?;
    called.ended(SOON).await?;
    caller.audio.say_tone(CALLER_HZ);
    picked.audio.say_tone(PICKER_HZ);
    caller.audio.hear_tone(PICKER_HZ, SOON).await?;
    picked.audio.hear_tone(CALLER_HZ, SOON).await?;
    picked.hang_up().await?;
    caller.ended(SOON).await
}
