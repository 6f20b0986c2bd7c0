//! A phone calls another extension without any flow of the tenant; numbers in
//! the world only if the tenant's phones may dial out.

use crate::support::{AGENT_HZ, CALLER_HZ, SOON, Scene, TENANT};
use anyhow::Result;
use serde_json::json;
use strowger_e2e::phone::Phone;
use strowger_e2e::tenant::{self, DOMAIN};

const OUTSIDE: &str = "+441632960555";

#[tokio::test]
async fn an_extension_reaches_another_one() -> Result<()> {
    let scene = Scene::new().await?;
    let first = tenant::agent(&scene.house, TENANT, DOMAIN, "201").await?;
    let second = tenant::agent(&scene.house, TENANT, DOMAIN, "202").await?;
    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:202@{DOMAIN}");
    let (calling, ringing) = tokio::join!(first.call("201", &to, Some(&account)), async {
        let ringing = second.next_call(SOON).await?;
        let shown = ringing.from().to_owned();
        anyhow::Ok((shown, ringing.answer().await?))
    },);
    let (caller, (shown, called)) = (calling?, ringing?);
    assert!(shown.contains("sip:201@"), "the phone shows {shown}");
    caller.audio.say_tone(CALLER_HZ);
    called.audio.say_tone(AGENT_HZ);
    caller.audio.hear_tone(AGENT_HZ, SOON).await?;
    called.audio.hear_tone(CALLER_HZ, SOON).await?;
    called.hang_up().await?;
    caller.ended(SOON).await?;
    let record = scene.only_record().await?;
    assert_eq!(record["cause"], "normal");
    assert_eq!(record["to"], "202");
    Ok(())
}

#[tokio::test]
async fn a_number_in_the_world_wants_leave() -> Result<()> {
    let scene = Scene::new().await?;
    let phone = tenant::agent(&scene.house, TENANT, DOMAIN, "201").await?;
    let carrier = Phone::start(scene.house.sip).await?;
    let trunk = json!({"name": "carrier-out", "proxy": carrier.local().to_string()});
    scene.house.api("POST", "/v1/trunks", Some(TENANT), Some(&trunk)).await?;
    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:{OUTSIDE}@{DOMAIN}");
    let refused = phone.call("201", &to, Some(&account)).await.unwrap_err().to_string();
    assert!(refused.contains("403"), "{refused}");

    let path = format!("/v1/tenants/{TENANT}");
    let mut settings = scene.house.api("GET", &path, None, None).await?;
    for shown_only in ["id", "created_at", "updated_at"] {
        settings.as_object_mut().expect("a tenant").remove(shown_only);
    }
    settings["limits"]["phones_dial_out"] = json!(true);
    scene.house.api("PUT", &path, None, Some(&settings)).await?;
    let (talk, ringing) =
        tokio::join!(async { phone.call("201", &to, Some(&account)).await }, async {
            let ringing = carrier.next_call(SOON).await?;
            let dialled = ringing.invite().start.clone();
            anyhow::Ok((dialled, ringing.answer().await?))
        },);
    let (talk, (dialled, answered)) = (talk?, ringing?);
    assert!(dialled.contains(OUTSIDE), "{dialled}");
    talk.hang_up().await?;
    answered.ended(SOON).await
}
