//! What a phone sends before its answer is heard by whoever calls it.

use crate::support::{AGENT_HZ, CALLER_HZ, SOON, Scene, TENANT};
use anyhow::Result;
use strowger_e2e::phone::{Calling, Phone, Ringing};
use strowger_e2e::tenant::{self, DOMAIN};

/// The announcement before the answer.
const EARLY_HZ: f32 = 400.0;

/// A phone that calls another one and hears what that one says before it answers.
struct Announced {
    scene: Scene,
    /// The phones live as long as the test: a call ends with its phone.
    _phones: [Phone; 2],
    calling: Calling,
    ringing: Ringing,
}

impl Announced {
    async fn new() -> Result<Self> {
        let scene = Scene::new().await?;
        let first = tenant::agent(&scene.house, TENANT, DOMAIN, "201").await?;
        let second = tenant::agent(&scene.house, TENANT, DOMAIN, "202").await?;
        let (to, account) = (format!("sip:202@{DOMAIN}"), tenant::account(DOMAIN, "201"));
        let mut calling = first.ring("201", &to, Some(&account)).await?;
        calling.progress(SOON).await?;
        let ringing = second.next_call(SOON).await?;
        ringing.early_media().await?.say_tone(EARLY_HZ);
        while calling.progress(SOON).await? != 183 {}
        calling.audio().hear_tone(EARLY_HZ, SOON).await?;
        Ok(Self { scene, _phones: [first, second], calling, ringing })
    }
}

#[tokio::test]
async fn an_announcement_before_the_answer_is_passed_on() -> Result<()> {
    let early = Announced::new().await?;
    let (caller, answered) = tokio::join!(early.calling.answered(SOON), early.ringing.answer());
    let (caller, answered) = (caller?, answered?);
    caller.audio.say_tone(CALLER_HZ);
    answered.audio.say_tone(AGENT_HZ);
    caller.audio.hear_tone(AGENT_HZ, SOON).await?;
    answered.audio.hear_tone(CALLER_HZ, SOON).await?;
    caller.hang_up().await?;
    answered.ended(SOON).await
}

#[tokio::test]
async fn a_phone_that_refuses_after_an_announcement_leaves_nothing_behind() -> Result<()> {
    let early = Announced::new().await?;
    early.ringing.refuse(486, "Busy Here").await?;
    let refused = early.calling.answered(SOON).await.unwrap_err().to_string();
    assert!(refused.contains("486"), "{refused}");
    let record = early.scene.only_record().await?;
    assert_eq!(record["answered_at"], serde_json::Value::Null, "{record:#}");
    Ok(())
}
