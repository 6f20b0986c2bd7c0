//! An agent asks a colleague and then joins caller and colleague: two calls of
//! ours become one.

use crate::support::{CALLER_HZ, SOON, Scene, TENANT};
use anyhow::Result;
use strowger_e2e::tenant::{self, DOMAIN};

const TARGET_HZ: f32 = 400.0;

#[tokio::test]
async fn caller_and_colleague_hear_each_other() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let agent = scene.agent("201").await?;
    let colleague = tenant::agent(&scene.house, TENANT, DOMAIN, "202").await?;
    let caller = scene.call_into_queue().await?;
    let mut talk = agent.next_call(SOON).await?.answer().await?;
    talk.hold().await?;

    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:202@{DOMAIN}");
    let (asking, asked) = tokio::join!(agent.call("201", &to, Some(&account)), async {
        colleague.next_call(SOON).await?.answer().await
    });
    let (asking, asked) = (asking?, asked?);
    asking.audio.say_tone(TARGET_HZ);
    asked.audio.hear_tone(TARGET_HZ, SOON).await?;

    assert_eq!(talk.refer_to_other("202", DOMAIN, &asking).await?, 202);
    assert_eq!(talk.transferred(SOON).await?.last(), Some(&200));
    talk.ended(SOON).await?;
    asking.ended(SOON).await?;
    caller.audio.say_tone(CALLER_HZ);
    asked.audio.say_tone(TARGET_HZ);
    caller.audio.hear_tone(TARGET_HZ, SOON).await?;
    asked.audio.hear_tone(CALLER_HZ, SOON).await?;
    scene.until_agent("201", &["wrap_up", "ready"]).await?;

    caller.hang_up().await?;
    asked.ended(SOON).await?;
    let records = scene.closed_records(2).await?;
    for record in &records {
        let transfer = &record["transfers"][0];
        assert_eq!(transfer["kind"], "attended", "{record:#}");
        assert_eq!(transfer["sip_status"], 200, "{record:#}");
        let other = records.iter().find(|other| other["call"] != record["call"]);
        assert_eq!(other.map(|other| &other["call"]), Some(&transfer["other_call"]));
    }
    Ok(())
}
